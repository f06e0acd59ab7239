"""Finds what was changed behind Candor's back: each changed, removed, reordered or inserted row, and a cut tail.

Reads seals and rows side by side in pieces, so that memory stays flat and no snapshot is held for long.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import connection

from mailer.evidence import ledger
from mailer.evidence.chain import ROW, Row, seal_of, sealing_key
from mailer.evidence.heads import Head

PIECE = 5_000  # seals and rows in memory at a time
TOLD = 20  # broken places that are told in words; beyond, they are counted
# Only for the first broken places is it found out where a seal or row belongs, and only so many seals around:
# it costs a seal's time for each.
SEARCHED = 5
AROUND = 10_000
# No transaction lasts for a day, and no sealer is left standing so long: what claims to be older than that against
# what was sealed before it was put in later.
LATE = timedelta(days=1)

LINES = f"""
SELECT seal.position, seal.evidence_id, seal.seal, extract(epoch FROM seal.sealed_at)::text,
       row.id IS NOT NULL, {ROW}
FROM (SELECT * FROM mailer_seal WHERE position > %s ORDER BY position LIMIT %s) AS seal
LEFT JOIN mailer_evidence AS row ON row.id = seal.evidence_id
ORDER BY seal.position
"""
SEALS_AROUND = "SELECT position, seal FROM mailer_seal WHERE position BETWEEN %s AND %s ORDER BY position"
ROWS_AROUND = f"SELECT {ROW} FROM mailer_evidence AS row WHERE id BETWEEN %s AND %s ORDER BY id"
SEAL_AT = "SELECT seal FROM mailer_seal WHERE position = %s"
UNSEALED = """
SELECT count(*), count(*) FILTER (WHERE at < %(late)s), min(at), min(act.id) FILTER (WHERE at < %(late)s)
FROM mailer_evidence AS act
WHERE NOT EXISTS (SELECT FROM mailer_seal AS seal WHERE seal.evidence_id = act.id)
"""


@dataclass(frozen=True, slots=True)
class Break:
    """One broken place. `position` numbers a seal, `row` a row of evidence; either may be unknown."""

    kind: str
    position: int | None
    row: int | None
    words: str


@dataclass(slots=True)
class Verdict:
    """What a walk over the chain found so far; it can be carried on from `reached`."""

    reached: int = 0
    newest: float = float("-inf")  # the latest time that an authentic row bears
    broken: int = 0
    breaks: list[Break] = field(default_factory=list)
    unsealed: int = 0
    oldest_unsealed: datetime | None = None

    @property
    def is_whole(self) -> bool:
        return not self.broken

    def note(self, found: Break) -> None:
        self.broken += 1
        if len(self.breaks) < TOLD:
            self.breaks.append(found)


@dataclass(frozen=True, slots=True)
class Line:
    """One seal, with the row that it is for, if that is still there."""

    position: int
    evidence_id: int
    seal: bytes
    sealed_at: str
    is_there: bool
    row: Row


@dataclass(frozen=True, slots=True)
class Suspect:
    """A seal that does not fit; the next one tells whether it or its row was changed. `due` is what it should be."""

    line: Line
    due: bytes


def verify(heads: Iterable[Head] = ()) -> Verdict:
    """Walk over all seals and rows. Changes nothing, so a role that may only read can do it."""
    recorded, verdict = list(heads), Verdict()
    for _ in walk(verdict, recorded):
        pass
    look_behind(verdict, recorded)
    return verdict


def lines() -> Iterator[Line]:
    """All seals with their rows, in the order of the seals."""
    behind = -(2**63)
    while piece := _lines(behind):
        yield from piece
        behind = piece[-1].position


def walk(verdict: Verdict, heads: Iterable[Head]) -> Iterator[int]:
    """Go on from `verdict.reached` to the end of the chain, noting in `verdict` what is broken.

    Yields the number of seals looked at, after each piece. Between pieces a walk may end, and another go on later.
    """
    checker = _Checker(verdict, {head.position: head.seal for head in heads})
    looked_at = 0
    while piece := _lines(behind=verdict.reached if looked_at or verdict.reached else -(2**63)):
        for line in piece:
            checker.look_at(line)
        verdict.reached = piece[-1].position
        looked_at += len(piece)
        if checker.suspect is None:  # else the next seal is needed to tell what was changed
            yield looked_at
    checker.settle_suspect(None)


def look_behind(verdict: Verdict, heads: Iterable[Head]) -> None:
    """After the walk: a recorded head beyond the end? What has no seal? Is the ledger as evidence tells it?"""
    beyond = [head for head in heads if head.position > verdict.reached]
    if beyond:
        last = max(beyond, key=lambda head: head.position)
        verdict.note(
            Break(
                "cut", last.position, None,
                f"The end was cut off: on {_day(last.sealed_at)} there were {last.position:,} seals, "
                f"now there are {max(verdict.reached, 0):,}.",
            )
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(UNSEALED, {"late": datetime.now(UTC) - LATE})
        verdict.unsealed, late, verdict.oldest_unsealed, first = cursor.fetchone()
    if late:
        verdict.note(
            Break(
                "unsealed", None, first,
                f"Row {first} has no seal though it claims to be more than a day old: it was put in later, or its "
                f"seal was taken out, or nothing was sealed since. In all, {_rows(late)} so.",
            )
        )  # fmt: skip
    for kind, row, words in ledger.breaks():
        verdict.note(Break(kind, None, row, words))


class _Checker:
    """Follows the chain line by line."""

    def __init__(self, verdict: Verdict, heads: dict[int, bytes]) -> None:
        self.verdict = verdict
        self.heads = heads
        self.key = sealing_key()
        self.expected = verdict.reached + 1
        # The recorded seal before; None behind a gap, where it is not known.
        self.before: bytes | None = _seal_at(verdict.reached) if verdict.reached else b""
        self.suspect: Suspect | None = None

    def look_at(self, line: Line) -> None:
        if line.position < self.expected:
            words = f"There is a seal at position {line.position}, where none can be: it was put in."
            self.verdict.note(Break("inserted seal", line.position, line.evidence_id, words))
            return
        if line.position > self.expected:
            self.settle_suspect(None)
            self.verdict.note(_gap(self.expected, line))
            self.before = None
        self._head(line)
        if not line.is_there:
            self.settle_suspect(None)
            self.verdict.note(self._missing_row(line))
        elif self.before is not None:
            self._link(line, self.before)
        self.before, self.expected = line.seal, line.position + 1

    def _head(self, line: Line) -> None:
        recorded = self.heads.get(line.position)
        if recorded is not None and recorded != line.seal:
            words = (
                f"Seal {line.position:,} is not the one that was recorded as the head: seals were made anew."
            )
            self.verdict.note(Break("other head", line.position, line.evidence_id, words))

    def _link(self, line: Line, before: bytes) -> None:
        due = seal_of(self.key, before, line.sealed_at, line.row)
        if due == line.seal:
            self.settle_suspect("row")
            self._time(line)
        elif self.suspect and seal_of(self.key, self.suspect.due, line.sealed_at, line.row) == line.seal:
            self.settle_suspect("seal")
            self._time(line)
        else:
            self.settle_suspect(None)
            self._suspect_or_misplaced(line, before, due)

    def _suspect_or_misplaced(self, line: Line, before: bytes, due: bytes) -> None:
        misplaced = self._misplaced(line, before) if self.verdict.broken < SEARCHED else None
        if misplaced:
            self.verdict.note(misplaced)
        else:
            self.suspect = Suspect(line, due)

    def settle_suspect(self, changed: str | None) -> None:
        """Tell of the seal that did not fit what was changed, as far as the next seal or a recorded head shows it."""
        if self.suspect is None:
            return
        line, due, self.suspect = self.suspect.line, self.suspect.due, None
        recorded = self.heads.get(line.position)
        if changed is None and recorded is not None:
            changed = "row" if recorded == line.seal else "seal" if recorded == due else None
        self.verdict.note(_changed(line, changed))

    def _misplaced(self, line: Line, before: bytes) -> Break | None:
        """A seal and a row that are both authentic, but not here: found among those around."""
        for position, other in _seals_around(line.position):
            if seal_of(self.key, other, line.sealed_at, line.row) == line.seal:
                words = (
                    f"Seals were reordered: the one at position {line.position:,}, of row {line.evidence_id}, was "
                    f"made behind the one that now stands at position {position:,}."
                )
                return Break("reordered", line.position, line.evidence_id, words)
        for row in _rows_around(line.evidence_id):
            if seal_of(self.key, before, line.sealed_at, row) == line.seal:
                words = (
                    f"Seals were reordered: the one at position {line.position:,} names row {line.evidence_id}, but "
                    f"was made for row {row[0]}."
                )
                return Break("reordered", line.position, line.evidence_id, words)
        return None

    def _missing_row(self, line: Line) -> Break:
        words = f"Row {line.evidence_id}, sealed at position {line.position:,}, was removed."
        if self.before is not None and self.verdict.broken < SEARCHED:
            for row in _rows_around(line.evidence_id):
                if seal_of(self.key, self.before, line.sealed_at, row) == line.seal:
                    words = (
                        f"The seal at position {line.position:,} names row {line.evidence_id}, which is not there; it "
                        f"was made for row {row[0]}."
                    )
                    return Break("reordered", line.position, line.evidence_id, words)
        return Break("removed", line.position, line.evidence_id, words)

    def _time(self, line: Line) -> None:
        """An authentic row that claims a time at which it can't have been written was put in by force."""
        at = float(line.row[1] or "nan")
        if at > float(line.sealed_at) + LATE.total_seconds():
            self.verdict.note(_out_of_time(line, f"was sealed before, at {_moment(float(line.sealed_at))}"))
            return
        if at < self.verdict.newest - LATE.total_seconds():
            self.verdict.note(_out_of_time(line, f"was sealed behind rows of {_moment(self.verdict.newest)}"))
        self.verdict.newest = max(self.verdict.newest, at)


# -- words -------------------------------------------------------------------------------------------


def _changed(line: Line, what: str | None) -> Break:
    row, place = line.evidence_id, f"position {line.position:,}"
    if what == "row":
        words = f"Row {row}, sealed at {place}, was changed, or the time of its seal was."
    elif what == "seal":
        words = f"The seal at {place} was changed; its row, {row}, is as it was."
    else:
        words = f"Row {row} and its seal, at {place}, do not fit: one of them was changed."
    return Break(f"changed {what}" if what else "changed", line.position, row, words)


def _gap(expected: int, line: Line) -> Break:
    missing = line.position - expected
    which = f"Seal {expected:,} is" if missing == 1 else f"Seals {expected:,} to {line.position - 1:,} are"
    words = f"{which} not there: taken out, or moved. The next, of row {line.evidence_id}, can't be checked without."
    return Break("removed seal", expected, None, words)


def _out_of_time(line: Line, against: str) -> Break:
    words = (
        f"Row {line.evidence_id} claims to be of {_moment(float(line.row[1] or 'nan'))}, but {against}: it was put in "
        "by hand, or the database's clock was wrong."
    )
    return Break("inserted", line.position, line.evidence_id, words)


def _rows(number: int) -> str:
    return "1 row is" if number == 1 else f"{number:,} rows are"


def _moment(at: float) -> str:
    try:
        return _day(datetime.fromtimestamp(at, UTC))
    except (ValueError, OverflowError):  # a time that no calendar of ours holds
        return f"{at} seconds after 1970"


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%d %B %Y, %H:%M} UTC"


# -- reading -----------------------------------------------------------------------------------------


def _lines(behind: int) -> list[Line]:
    with connection.cursor() as cursor:
        cursor.execute(LINES, [behind, PIECE])
        return [
            Line(position, number, bytes(seal), sealed_at, is_there, tuple(row))
            for position, number, seal, sealed_at, is_there, *row in cursor
        ]


def _seal_at(position: int) -> bytes | None:
    with connection.cursor() as cursor:
        cursor.execute(SEAL_AT, [position])
        found = cursor.fetchone()
    return bytes(found[0]) if found else None


def _seals_around(position: int) -> list[tuple[int, bytes]]:
    """Nearest first, and the beginning of the chain among them."""
    with connection.cursor() as cursor:
        cursor.execute(SEALS_AROUND, [position - AROUND, position + AROUND])
        found = [(number, bytes(seal)) for number, seal in cursor]
    if position <= AROUND:
        found.append((0, b""))
    return sorted(found, key=lambda one: abs(one[0] - position))


def _rows_around(number: int) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(ROWS_AROUND, [number - AROUND, number + AROUND])
        return cursor.fetchall()
