"""One table of a file: its encoding, its separator, what its columns are, where its rows begin."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from mailer.contacts.reading.archives import Opener
from mailer.contacts.reading.columns import (
    Columns,
    assert_nothing_lost,
    is_address,
    is_digest,
    shape_of,
)
from mailer.contacts.reading.encodings import HEAD, encoding_of
from mailer.contacts.reading.lines import Lines
from mailer.contacts.reading.staged import NOT_TEXT, ColumnsUnclear, FileRefused
from mailer.contacts.reading.systems import Origin, may_be_of_people_who_left, origin_of

DELIMITERS = ",;\t|"
SAMPLE_ROWS = 50
MOST_LINES_OF_A_HEADER = 20


Mappings = Mapping[str, Sequence[str]]  # by the shape of a table: what each of its columns says


@dataclass(frozen=True, slots=True)
class Head:
    """What the beginning of a table shows before anything is decided about its columns."""

    name: str
    open: Opener
    encoding: str
    delimiter: str
    header: tuple[str, ...]  # column names, or the cells of the first row
    has_header: bool
    header_lines: int  # physical lines to skip
    sample: tuple[list[str], ...]  # rows below the column names, or from the first on

    @property
    def shape(self) -> str:
        return shape_of(self.header, self.has_header)

    @property
    def headings(self) -> tuple[str, ...]:
        """What the columns are called to a person."""
        if self.has_header:
            return self.header
        return tuple(f"column {index + 1}" for index in range(self.count))

    @property
    def count(self) -> int:
        """How many columns there are."""
        return len(self.header) if self.has_header else max(map(len, self.sample), default=0)

    def guessed(self) -> Columns | None:
        """What the columns seem to say; None where none seems to hold addresses."""
        return Columns.of(self.header, self.sample) if self.has_header else Columns.of_cells(self.sample)

    def columns(self, mappings: Mappings) -> Columns | None:
        """What they say, by what a person has said of tables of this shape, or else as it seems."""
        guessed, wanted = self.guessed(), mappings.get(self.shape)
        if wanted is None or len(wanted) != self.count:
            return guessed
        assert_nothing_lost(self.meanings(), wanted, self.headings)
        return Columns.from_meanings(wanted)

    def meanings(self) -> list[str]:
        """What each column seems to say, also where none seems to hold addresses."""
        guessed = self.guessed()
        if guessed is not None:
            return guessed.meanings
        return Columns.without_addresses(self.header).meanings if self.has_header else [""] * self.count


@dataclass(frozen=True, slots=True)
class Table:
    """What was found out about one table before its rows are read."""

    head: Head
    header: tuple[str, ...]  # under which its refused rows are written
    columns: Columns
    origin: Origin

    @property
    def name(self) -> str:
        return self.head.name

    @property
    def is_unclear(self) -> bool:
        """Whether it might be of people who left, and says of none of them whether they did."""
        if self.columns.says_status or self.columns.digest >= 0 or self.origin.system == "Mailchimp":
            return False
        return may_be_of_people_who_left(self.name, self.header)

    @contextmanager
    def lines(self) -> Iterator[Lines]:
        """Its physical lines, below the column names."""
        with text_of(self.head.open(), self.head.encoding) as lines:
            for _ in range(self.head.header_lines):
                next(lines)
                lines.begin_row()
            yield lines


@contextmanager
def text_of(file: BinaryIO, encoding: str) -> Iterator[Lines]:
    errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
    text = io.TextIOWrapper(file, encoding=encoding, errors=errors, newline="")
    try:
        yield Lines(text)
    finally:
        text.detach()  # the file is another's to close


def examine(name: str, opener: Opener, mappings: Mappings) -> Table:
    """Find out how a table is to be read. Raises FileRefused if it is none, ColumnsUnclear if none has addresses."""
    head = look_at(name, opener)
    columns = head.columns(mappings)
    if columns is None:
        raise _no_addresses(head.header)
    return Table(
        head=head,
        header=head.header if head.has_header else _made_up(columns),
        columns=columns,
        origin=origin_of(name, head.header if head.has_header else ()),
    )


def look_at(name: str, opener: Opener) -> Head:
    """What the beginning of a table shows. Raises FileRefused if it is none."""
    _refuse_other_kinds(opener().read(HEAD))
    encoding = encoding_of(opener())
    with text_of(opener(), encoding) as lines:
        first, above = _first_line(lines)
        below = lines.number
        lines.begin_row()
        delimiter, header = _header(first)
        if not header:
            header = _split(first, max(DELIMITERS, key=lambda each: len(_split(first, each))))
        sample = _sample(lines, delimiter)
    has_header = not any(is_address(cell) or is_digest(cell) for cell in header)
    return Head(
        name=name,
        open=opener,
        encoding=encoding,
        delimiter=delimiter,
        header=tuple(header),
        has_header=has_header,
        header_lines=below if has_header else above,
        sample=tuple(sample if has_header else [header, *sample]),
    )


def _refuse_other_kinds(head: bytes) -> None:
    if not head.strip(b" \t\r\n\0\xff\xfe\xef\xbb\xbf"):
        raise FileRefused(
            "The file is empty. Export it again; it needs a line with column names and a row per person."
        )
    if head.startswith((b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b")) or _is_binary(head):
        raise FileRefused("This is not a text file. Export the people as CSV in UTF-8 and try again.")


def _is_binary(head: bytes) -> bool:
    """Zeros are every second byte of UTF-16, and a rarity in other text."""
    zeros = head.count(b"\0")
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff")) or not head[0::2].count(0) or not head[1::2].count(0)
    return zeros * 20 > len(head) and not (wide and zeros * 4 > len(head))


def _first_line(lines: Lines) -> tuple[str, int]:
    """The line of column names, whose cells may hold line breaks, and how many lines stand above it."""
    above = 0
    try:
        for line in lines:
            if line.strip() and not line.lower().startswith("sep="):
                return _whole(line, lines), above
            above = lines.number
            lines.begin_row()
    except csv.Error as wrong:
        raise FileRefused(
            f"The first line can't be read: {wrong}. Export the people as CSV again."
        ) from wrong
    raise FileRefused(
        "The file is empty. Export it again; it needs a line with column names and a row per person."
    )


def _whole(line: str, lines: Lines) -> str:
    if NOT_TEXT.search(line):
        raise FileRefused(
            "The first line holds unreadable characters. Save the file as “CSV UTF-8” and try again."
        )
    for _ in range(MOST_LINES_OF_A_HEADER):
        if line.count('"') % 2 == 0:
            break
        line += next(lines, "")
    return line


def _header(first: str) -> tuple[str, list[str]]:
    """The separator and the cells: the separator between which a column of addresses or an address appears."""
    readings = {delimiter: _split(first, delimiter) for delimiter in DELIMITERS}
    for delimiter, cells in readings.items():
        found = Columns.of(cells)
        if cells and (found is not None or any(is_address(cell) or is_digest(cell) for cell in cells)):
            return delimiter, cells
    widest = max(DELIMITERS, key=lambda delimiter: len(readings[delimiter]))
    return widest, readings[widest]


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _sample(lines: Lines, delimiter: str) -> list[list[str]]:
    sample = []
    try:
        for line in islice(lines, SAMPLE_ROWS):
            sample.append(_split(line, delimiter))
            lines.begin_row()
    except csv.Error:
        pass  # the rows will say so on their line
    return [row for row in sample if row]


def _made_up(columns: Columns) -> tuple[str, ...]:
    """Names for a table without any, so that its refused rows can be corrected and dropped in again."""
    names = [f"column {index + 1}" for index in range(columns.count)]
    for name, index in (
        ("email", columns.email),
        ("hash", columns.digest),
        ("first_name", columns.first_name),
        ("last_name", columns.last_name),
        ("zone", columns.zone),
    ):
        if index >= 0:
            names[index] = name
    for index in columns.statuses:
        names[index] = "status"
    return tuple(names)


def _no_addresses(header: Sequence[str]) -> ColumnsUnclear:
    named = ", ".join(f"“{name.strip()[:40]}”" for name in header[:12]) or "no columns"
    return ColumnsUnclear(
        f"No column of addresses: the first line names {named}. Say which holds them, or call it “email” in the file."
    )
