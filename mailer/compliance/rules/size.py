"""The footer is not cut off.

Mail programs show about 102 kB of HTML and hide the rest behind a link, the opt-out with it, which then is
hardly “clear and conspicuous” (15 U.S.C. 7704(a)(5)(A); DUTIES D43).
"""

from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import FinishedMessage

RULE = "size"
SOURCE = "15 U.S.C. 7704(a)(5)(A)"
REVIEWED = Reviewed("2026-11-22", version=1, duties="D43")
WARN_AT, BLOCK_AT = 90_000, 102_000  # bytes of decoded HTML


def check(message: FinishedMessage) -> Iterator[Finding]:
    size = len(message.html.encode())
    if size >= BLOCK_AT:
        severity = Severity.BLOCK
    elif size >= WARN_AT:
        severity = Severity.WARN
    else:
        return
    yield Finding(
        RULE,
        severity,
        f"The HTML has {round(size / 1000)} kB. Mail programs cut a message at about 102 kB, and the opt-out with "
        "it: shorten the text, or take formatting out.",
        SOURCE,
        "html",
    )
