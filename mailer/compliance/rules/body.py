"""There is something to read between label and footer, in both parts.

15 U.S.C. 7704(a)(2): a subject must have contents to match; DUTIES D44: each part carries everything.
"""

from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import FinishedMessage
from mailer.rendering import kinds

RULE = "body"
SOURCE = "15 U.S.C. 7704(a)(2)"
REVIEWED = Reviewed("2026-11-30", version=3, duties="D44")
BROKEN = "\ufffd"


def check(message: FinishedMessage) -> Iterator[Finding]:
    opening = kinds.nature(message.skeleton.sender, message.skeleton.kind)
    label = kinds.label(message.skeleton.sender, message.skeleton.kind)
    between = message.text.removeprefix(label).rpartition(opening)[0].strip("-\r\n\t \xa0")
    if not between:
        yield _finding(
            Severity.BLOCK,
            "The message says nothing in plain text. Write what it says, or give its pictures words (alt).",
        )
    if BROKEN in message.text or BROKEN in message.html:
        yield _finding(Severity.WARN, "A character could not be read (�). Save the content as UTF-8.")


def _finding(severity: Severity, message: str) -> Finding:
    return Finding(RULE, severity, message, SOURCE, "html")
