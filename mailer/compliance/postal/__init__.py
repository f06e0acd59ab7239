"""Could post reach the sender here? Pure: no tables, no network.

15 U.S.C. 7704(a)(5)(A)(iii) and 16 CFR 316.2(p) ask for a valid physical postal address. No program can see
whether somebody lives there; this one refuses what can't be an address and says what it doubts (D40, D41).
"""

from mailer.compliance.postal.judging import judge
from mailer.compliance.postal.kinds import names_po_box, names_private_mailbox, says_private_mailbox
from mailer.compliance.postal.parts import FIELDS, Judgement, Parts, Remark

__all__ = [
    "FIELDS",
    "Judgement",
    "Parts",
    "Remark",
    "judge",
    "names_po_box",
    "names_private_mailbox",
    "says_private_mailbox",
]
