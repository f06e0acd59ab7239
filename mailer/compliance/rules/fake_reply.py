"""Nothing pretends to be an answer or something passed on.

15 U.S.C. 7704(a)(2); Google's guidelines: no “Re:” or “Fwd:” unless it is one (DUTIES D29, T4). No message of
a campaign is a reply, so this can be proved, and is never overridden.
"""

from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import FinishedMessage
from mailer.rendering.reply_marks import looks_like_a_reply

RULE = "fake_reply"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); Google sender guidelines"
REVIEWED = Reviewed("2026-11-22", version=1, duties="D29")


def check(message: FinishedMessage) -> Iterator[Finding]:
    for where, line in message.lines():
        if looks_like_a_reply(line):
            yield Finding(
                RULE,
                Severity.BLOCK,
                f"The {where} starts like a reply or a forwarded message, and this is neither. Take the "
                "beginning away.",
                SOURCE,
                where,
            )
