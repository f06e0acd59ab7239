"""What we could show a court: acts recorded in their transactions, sealed one after the other, and verified.

`record` adds a row, `seal` places every row without a seal into the chain, `write_head` notes its end outside of the
database, `verify` finds what was changed behind Candor's back. How a seal is made: docs/evidence.md.
"""

from mailer.evidence.asking import ask, carry_on, is_verification_waiting
from mailer.evidence.chain import COLUMNS, sealing_key
from mailer.evidence.heads import Head, HeadsUnreadable, current_head, heads_file, read_heads, write_head
from mailer.evidence.recording import Act, by, record, record_all
from mailer.evidence.roles import grants, owns_the_tables
from mailer.evidence.sealing import is_anything_unsealed, seal, standing_still_since
from mailer.evidence.verifying import Break, Line, Verdict, lines, verify
from mailer.evidence.warnings import head_recorded, warnings

__all__ = [
    "COLUMNS",
    "Act",
    "Break",
    "Head",
    "HeadsUnreadable",
    "Line",
    "Verdict",
    "ask",
    "by",
    "carry_on",
    "current_head",
    "grants",
    "head_recorded",
    "heads_file",
    "is_anything_unsealed",
    "is_verification_waiting",
    "lines",
    "owns_the_tables",
    "read_heads",
    "record",
    "record_all",
    "seal",
    "sealing_key",
    "standing_still_since",
    "verify",
    "warnings",
    "write_head",
]
