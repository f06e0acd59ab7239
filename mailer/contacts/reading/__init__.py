"""Files of people, as a stream: CSV in any common dialect and encoding, or a ZIP of such.

Memory does not grow with the file, nor with a line: what never ends is cut and refused.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from mailer.contacts.reading.archives import members
from mailer.contacts.reading.columns import Columns, Meaning, assert_nothing_lost
from mailer.contacts.reading.rows import Rows, Written, as_it_stands, rearranged
from mailer.contacts.reading.staged import (
    ColumnsUnclear,
    FileRefused,
    FileUnclear,
    Staged,
    as_csv,
    without_formula,
)
from mailer.contacts.reading.tables import Head, Mappings, Table, examine, look_at
from mailer.contacts.statuses import Reason

__all__ = [
    "Columns",
    "ColumnsUnclear",
    "FileRefused",
    "FileUnclear",
    "Holds",
    "Look",
    "Mappings",
    "Meaning",
    "People",
    "Staged",
    "as_csv",
    "assert_nothing_lost",
    "look",
    "read",
    "without_formula",
]

SHOWN = 3  # rows of a table that a person is shown


class Holds(StrEnum):
    """What the person who brings a file says it holds, where the file does not say it."""

    UNSAID = ""
    PEOPLE = "people"
    OPT_OUTS = "opt-outs"


@dataclass(frozen=True, slots=True)
class Understood:
    """How a table was read, for its reader to check; it holds nobody's data."""

    name: str
    system: str
    encoding: str
    delimiter: str
    headings: list[str]
    meanings: list[str]


@dataclass(frozen=True, slots=True)
class Look:
    """The beginning of a table, with what its columns are taken for."""

    name: str
    shape: str
    headings: list[str]
    meanings: list[str]  # as somebody said of this shape, or as they seem
    guessed: list[str]
    sample: list[list[str]]


@dataclass(slots=True)
class People:
    """What a file holds, row by row, with what was noticed on the way."""

    header: list[str]  # the columns of refused rows
    tables: list[Understood]
    rows: Iterator[Staged]
    position: Callable[[], int]  # bytes of the file read so far
    flagged: Counter[str] = field(default_factory=Counter)

    @property
    def systems(self) -> list[str]:
        """Whose export it is, where that could be told."""
        return sorted({table.system for table in self.tables} - {""})


@contextmanager
def read(
    path: Path, name: str, today: date, holds: Holds = Holds.UNSAID, mappings: Mappings = MappingProxyType({})
) -> Iterator[People]:
    """The people in a file, whose original `name` counts, since some systems say in it who has left.

    `mappings` is what somebody has said of the columns of tables, by shape. Raises FileRefused if the file can't
    be read, ColumnsUnclear if it has no column of addresses, and FileUnclear if it may be a suppression list and
    `holds` does not say.
    """
    with path.open("rb") as file, members(file, name) as found:
        tables = [examine(member, opener, mappings) for member, opener in found]
        if holds == Holds.UNSAID:
            _ask_if_unclear(tables)
        if holds == Holds.PEOPLE and any(table.columns.digest >= 0 for table in tables):
            raise FileRefused(
                "The file holds digests of addresses, to which no mail can be sent. Bring the addresses."
            )
        statuses = [_implied(table, holds) for table in tables]
        header = _header(tables, statuses)
        flagged: Counter[str] = Counter()
        for table in tables:
            if table.columns.ignored:
                flagged["ignored_columns"] += table.columns.ignored
            if table.head.encoding not in {"utf-8-sig", "utf-16"}:
                flagged[f"read_as_{_spoken(table.head.encoding)}"] += 1
        with closing(_rows(tables, statuses, header, flagged, today)) as rows:
            yield People(
                header=header,
                tables=[_understood(table) for table in tables],
                rows=rows,
                position=file.tell,
                flagged=flagged,
            )


def look(path: Path, name: str, mappings: Mappings = MappingProxyType({})) -> list[Look]:
    """What the beginning of each table shows, for a person to say what its columns are. Raises FileRefused."""
    with path.open("rb") as file, members(file, name) as found:
        heads = [look_at(member, opener) for member, opener in found]
    return [
        Look(
            head.name,
            head.shape,
            list(head.headings),
            _wanted(head, mappings),
            head.meanings(),
            [row[:] for row in head.sample[:SHOWN]],
        )
        for head in heads
    ]


def _wanted(head: Head, mappings: Mappings) -> list[str]:
    wanted = mappings.get(head.shape)
    return list(wanted) if wanted and len(wanted) == head.count else head.meanings()


def _understood(table: Table) -> Understood:
    return Understood(
        table.name,
        table.origin.system,
        _spoken(table.head.encoding),
        table.head.delimiter,
        [heading[:80] for heading in table.head.headings],
        table.columns.meanings,
    )


def _spoken(encoding: str) -> str:
    return {"cp1252": "windows-1252", "cp932": "shift_jis", "utf-8-sig": "utf-8"}.get(encoding, encoding)


def _ask_if_unclear(tables: Sequence[Table]) -> None:
    for table in tables:
        if table.is_unclear:
            raise FileUnclear(
                f"“{table.name}” may be a list of people who do not want mail, and nothing in it says whether it is. "
                "Say which: people to mail, or people who must not be mailed."
            )


def _implied(table: Table, holds: Holds) -> str:
    """What the file says of all its people."""
    return Reason.OPT_OUT if holds == Holds.OPT_OUTS else table.origin.status


def _header(tables: Sequence[Table], statuses: Sequence[str]) -> list[str]:
    """The columns under which the refused rows of all tables can be written."""
    header = list(tables[0].header)
    for table in tables[1:]:
        header += [name for name in table.header if name not in header]
    if any(statuses):
        header.append("status" if "status" not in header else "subscription status")
    return header


def _rows(
    tables: Sequence[Table], statuses: Sequence[str], header: list[str], flagged: Counter[str], today: date
) -> Generator[Staged, None, None]:
    for table, status in zip(tables, statuses, strict=True):
        rows = Rows(
            table.columns,
            implied=status,
            flagged=flagged,
            today=today,
            written=_written(table, status, header),
        )
        with table.lines() as lines:
            staged = rows.of(lines, table.head.delimiter)
            yield from staged if len(tables) == 1 else _named(staged, table.name)


def _written(table: Table, status: str, header: list[str]) -> Written:
    return as_it_stands if list(table.header) == header else rearranged(table.header, header, status)


def _named(rows: Iterator[Staged], name: str) -> Iterator[Staged]:
    """Of several files, what is said of a row says in which its line is."""
    for row in rows:
        yield row._replace(words=f"{name}: {row.words}") if row.words else row
