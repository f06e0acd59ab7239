"""What a file's rows become: people to bring in, or refusals in words."""

import csv
import io
import re
from datetime import datetime
from typing import NamedTuple

ROW_KEPT = 2_000  # characters of a refused row that are kept for its owner to correct
NOT_TEXT = re.compile("[\0\ud800-\udfff]")  # NUL, and what surrogateescape leaves of bytes that are no text
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class FileRefused(ValueError):
    """The file as a whole can't be read; the message says what to do, to a marketer."""


class FileUnclear(FileRefused):
    """The file may be of people to mail or of people not to mail, and nothing in it says which."""


class ColumnsUnclear(FileUnclear):
    """No column of the file looks as if it held addresses; a person can say which does."""


class Refused(ValueError):
    """One row can't come in. `reason` is a code, the message is for a marketer.

    `keeps_row` is False where even keeping the row would be wrong (a child's data, D105).
    """

    def __init__(self, reason: str, words: str, *, keeps_row: bool = True) -> None:
        super().__init__(words)
        self.reason = reason
        self.keeps_row = keeps_row


class Staged(NamedTuple):
    """One row of the file as the staging table takes it: a person, or a refusal with its reason.

    A person who came in without something that was not understood has `words` about it and the row, too.
    """

    line: int
    email: str | None = None
    address_key: bytes | None = None
    mailbox_key: bytes | None = None
    first_name: str | None = None
    last_name: str | None = None
    status: str | None = None
    subscribed_at: datetime | None = None
    refused: str | None = None
    words: str | None = None
    row: str | None = None
    digest: bytes | None = None  # of somebody's address, in a suppression list that shows no addresses
    zone: str | None = None


def readable(text: str) -> str:
    """What PostgreSQL can keep of it: no NUL, no half of a character."""
    return NOT_TEXT.sub("\ufffd", text)


def as_csv(cells: list[str]) -> str:
    """One row in the dialect in which refused rows are kept and given out."""
    row = io.StringIO()
    # Python 3.11 puts a cell in quotation marks only for the line ends that it writes itself.
    csv.writer(row, lineterminator="\r\n").writerow(cells)
    return row.getvalue().removesuffix("\r\n")


def without_formula(cell: str) -> str:
    """The cell as a spreadsheet shows it without running it (OWASP: CSV injection)."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
