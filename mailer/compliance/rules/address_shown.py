"""The postal address stands in both parts, line by line as it was attested.

15 U.S.C. 7704(a)(5)(A)(iii); DUTIES D40, D44.
"""

from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import FinishedMessage

RULE = "address_shown"
SOURCE = "15 U.S.C. 7704(a)(5)(A)(iii)"
REVIEWED = Reviewed("2026-11-22", version=1, duties="D40 D44")


def check(message: FinishedMessage) -> Iterator[Finding]:
    wanted = [" ".join(line.split()) for line in message.skeleton.sender.address_lines]
    text = [" ".join(line.split()) for line in message.text.splitlines()]
    shown = [" ".join(run.text.split()) for run in message.runs if not (run.hidden or run.is_image)]
    for lines, part in ((text, "plain text"), (shown, "HTML")):
        if not wanted or not all(line in lines for line in wanted):
            yield Finding(
                RULE, Severity.BLOCK, f"The {part} lacks the sender’s postal address. Make it anew.", SOURCE
            )
