"""The journal: each opt-out, and each lift of one, is also a line in a file, apart from the database.

So neither an outage of the database nor an older dump of it loses an opt-out: `mailer.replaying` enters what the
ledger lacks. A line names keys only, never an address, and ends with a code under ADDRESS_KEY, so that one that is
torn or damaged is seen. Each process writes a file of its own; a line is on the disk when `write` returns.
"""

from mailer.journal.ledger import UNWRITTEN, tell_unwritten, write_entries, write_ledger
from mailer.journal.lines import (
    NOTHING,
    DamagedLine,
    Line,
    What,
    fields_of,
    line_of,
    line_of_lift,
    line_of_voided,
    parse,
)
from mailer.journal.marks import mark, set_mark, tell_waiting, told_waiting
from mailer.journal.reading import JournalUnreadable, files, lines_of
from mailer.journal.writing import Flush, JournalUnwritable, begin, write

__all__ = [
    "NOTHING",
    "UNWRITTEN",
    "DamagedLine",
    "Flush",
    "JournalUnreadable",
    "JournalUnwritable",
    "Line",
    "What",
    "begin",
    "fields_of",
    "files",
    "line_of",
    "line_of_lift",
    "line_of_voided",
    "lines_of",
    "mark",
    "parse",
    "set_mark",
    "tell_unwritten",
    "tell_waiting",
    "told_waiting",
    "write",
    "write_entries",
    "write_ledger",
]
