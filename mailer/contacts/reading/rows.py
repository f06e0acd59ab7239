"""The rows of a table, one by one: each becomes a person to bring in or a refusal in words."""

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from mailer.contacts import statuses
from mailer.contacts.reading.columns import Columns, is_digest
from mailer.contacts.reading.lines import Lines
from mailer.contacts.reading.persons import address_in, name_in, zone_in
from mailer.contacts.reading.refusals import refuse_minors
from mailer.contacts.reading.staged import ROW_KEPT, Refused, Staged, as_csv, readable

_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)

Written = Callable[[list[str]], list[str]]


class Rows:
    """The rows of one table. What was noticed on the way is counted in `flagged`."""

    def __init__(
        self, columns: Columns, *, implied: str, flagged: Counter[str], today: date, written: Written
    ) -> None:
        """`implied` is what the file as a whole says of its people; `written` puts a refused row under the header."""
        self._columns = columns
        self._implied = implied
        self._flagged = flagged
        self._today = today
        self._written = written
        self._says_status = bool(implied) or columns.says_status

    def of(self, lines: Lines, delimiter: str) -> Iterator[Staged]:
        # Strict: lenient reading would glue a name with a stray quotation mark to the hundred rows below it.
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            line = lines.begin_row()
            try:
                cells = next(reader)
                if any(cells):
                    yield self._person(line, cells)
            except StopIteration:
                return
            except csv.Error as wrong:
                row = lines.give_back_all_but_first().rstrip("\r\n")
                yield _refusal(line, Refused("broken_row", _in_words(wrong)), self._without_birth(row))
            except Refused as wrong:
                yield _refusal(line, wrong, self._kept(cells))

    def _kept(self, cells: list[str]) -> str:
        """What is kept of a refused row: no date of birth, whosever it is (D105)."""
        born = self._columns.born
        if born >= 0 and len(cells) != self._columns.count:
            return self._without_birth(as_csv(cells))
        if born >= 0:
            cells = [*cells[:born], "", *cells[born + 1 :]]
        return as_csv(self._written(cells))

    def _without_birth(self, row: str) -> str:
        """A row whose columns can't be told apart; nothing of it where one holds dates of birth."""
        return "" if self._columns.born >= 0 else row

    def _person(self, line: int, cells: list[str]) -> Staged:
        """The person in a row. Raises Refused."""
        columns = self._columns
        if len(cells) != columns.count:
            cells = _of_length(cells, columns.count)
        if columns.born >= 0:
            refuse_minors(cells[columns.born], self._today)
        if columns.digest >= 0:
            return Staged(line, digest=_digest(cells[columns.digest]))
        address = address_in(cells[columns.email], self._flagged)
        person = Staged(
            line,
            address.text,
            address.address_key,
            address.mailbox_key,
            name_in(cells[columns.first_name], self._flagged) if columns.first_name >= 0 else "",
            name_in(cells[columns.last_name], self._flagged) if columns.last_name >= 0 else "",
            self._status(cells) if self._says_status else None,
            self._since(cells) if columns.since else None,
        )
        return self._with_zone(person, cells) if columns.zone >= 0 else person

    def _with_zone(self, person: Staged, cells: list[str]) -> Staged:
        """The person with their time zone; without it, and with words about that, where nobody knows such a zone."""
        try:
            return person._replace(zone=_zone(cells[self._columns.zone]))
        except Refused as wrong:
            self._flagged[wrong.reason] += 1
            words = f"The row counts, but without its time zone. {wrong}"
            return person._replace(words=words, row=readable(self._kept(cells)[:ROW_KEPT]))

    # -- what the row says of them -------------------------------------------------------------------

    def _status(self, cells: list[str]) -> str | None:
        """The strongest reason not to mail that the row gives, None if it gives none. Raises Refused."""
        columns = self._columns
        yes = frozenset(reason for index, reason in columns.flags if statuses.is_yes(cells[index]))
        return _strongest(self._implied, yes, tuple(cells[index] for index in columns.statuses))

    def _since(self, cells: list[str]) -> datetime | None:
        """Since when they are subscribed, by the last time given; None where none can be read."""
        read = [time for index in self._columns.since if (time := _time(cells[index]))]
        return max((time for time in read if _EARLIEST <= time <= _end_of(self._today)), default=None)


@lru_cache(maxsize=1_024)  # a file says few different things of its people
def _strongest(implied: str, yes: frozenset[str], said: tuple[str, ...]) -> str | None:
    """What counts of all that a row says; what nobody has taught us lets nobody through. Raises Refused."""
    given = {implied, *yes}
    unknown = ""
    for word in said:
        try:
            given.add(statuses.reason_of(word))
        except statuses.StatusUnknown:
            unknown = word
    strongest = statuses.strongest(given)
    if unknown and strongest != statuses.Reason.OPT_OUT:
        raise Refused(
            "status_unknown",
            f"Candor does not know the status “{readable(unknown.strip()[:40])}”. Write “subscribed” or "
            "“unsubscribed”, or leave it empty if the person may be mailed.",
        )
    if strongest == statuses.NOT_ASKED:
        raise Refused(
            "no_consent",
            "By its status in the other system, this person has not asked for mail, or not confirmed it. If they "
            "did ask, write “subscribed”; else invite them through a sign-up form.",
        )
    return strongest or None


_zone = lru_cache(maxsize=1_024)(zone_in)  # a file is of people in few zones


def _digest(cell: str) -> bytes:
    if not is_digest(cell):
        raise Refused(
            "not_a_digest",
            "This is no MD5, SHA-1 or SHA-256 of an address: these have 32, 40 or 64 digits from 0 to 9 and a to f.",
        )
    return bytes.fromhex(cell.strip())


def _of_length(cells: list[str], count: int) -> list[str]:
    if len(cells) > count and not any(cells[count:]):
        return cells[:count]
    raise Refused(
        "broken_row",
        f"The row has {len(cells)} cells, but the first line names {count} columns. A cell that holds the "
        "separator must stand in quotation marks.",
    )


def _time(cell: str) -> datetime | None:
    """A moment in ISO 8601 or as MySQL writes it; others are read differently in different countries."""
    try:
        time = datetime.fromisoformat(cell.strip().removesuffix(" UTC"))
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _end_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)


def _in_words(wrong: csv.Error) -> str:
    return (
        f"The row can't be read ({wrong}). Where a cell holds a quotation mark, double it and put the whole "
        'cell in quotation marks: "the ""Rex"" cinema".'
    )


def _refusal(line: int, wrong: Refused, row: str) -> Staged:
    kept = readable(row[:ROW_KEPT]) if wrong.keeps_row else ""
    return Staged(line, refused=wrong.reason, words=str(wrong), row=kept)


def as_it_stands(cells: list[str]) -> list[str]:
    """A row that already is in the order of the header."""
    return cells


def rearranged(header: Sequence[str], into: Sequence[str], status: str) -> Written:
    """How rows under `header` are written under `into`, with what their file says of all of them as a status."""
    places = [into.index(name) for name in header]

    def written(cells: list[str]) -> list[str]:
        row = [""] * len(into)
        for place, cell in zip(places, cells, strict=False):
            row[place] = cell
        if status:
            row[-1] = status
        return row

    return written
