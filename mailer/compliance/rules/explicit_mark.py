"""The header of sexually oriented mail starts with its mark, byte by byte, and its preview shows nothing of it.

16 CFR 316.4(a)(1): “SEXUALLY-EXPLICIT: ” as the first 19 characters of the subject, in capitals; (b): characters are
those of ASCII, so an encoded subject has none of them (DUTIES D36, T15).
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import FinishedMessage
from mailer.compliance.rules.subject_explicit import MARK

RULE = "explicit_mark"
SOURCE = "15 U.S.C. 7704(d); 16 CFR 316.4(a)(1), (b)"
REVIEWED = Reviewed("2026-11-30", version=1, duties="D36")
FIELD = re.compile(rb"^Subject: (.*)\r$", re.MULTILINE)


def check(message: FinishedMessage) -> Iterator[Finding]:
    if not message.skeleton.kind.is_explicit:
        return
    found = FIELD.search(message.header)
    if found is None or not found[1].startswith(MARK.encode("ascii")):
        yield _finding(
            f"The subject does not reach its reader with “{MARK}” as its first 19 characters. Write them so, and in "
            "the rest use letters, digits and marks of plain English only.",
            "subject",
        )
    if message.preheader:
        yield _finding("Sexually oriented mail has no preview line. Leave it empty.", "preheader")


def _finding(message: str, where: str) -> Finding:
    return Finding(RULE, Severity.BLOCK, message, SOURCE, where)
