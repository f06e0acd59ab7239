"""There is a subject, and it is short enough to be read.

15 U.S.C. 7704(a)(2): a subject tells what the message is; an empty one tells nothing.
"""

from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import FinishedMessage

RULE = "subject_length"
SOURCE = "15 U.S.C. 7704(a)(2)"
REVIEWED = Reviewed("2026-11-22", version=1, duties="D18 D25")
LONGEST = 200


def check(message: FinishedMessage) -> Iterator[Finding]:
    subject = message.subject
    if not any(character.isalnum() for character in subject):
        yield Finding(
            RULE,
            Severity.BLOCK,
            "The subject is empty, at least for people whose name we don’t know. Write what the messa"
            "ge is about.",
            SOURCE,
            "subject",
        )
    elif len(subject) > LONGEST:
        yield Finding(
            RULE,
            Severity.BLOCK,
            f"The subject has {len(subject)} characters; {LONGEST} is the most. Most phones show about 40.",
            SOURCE,
            "subject",
        )
