"""Label, content and footer stand in Candor's own boxes, and nothing is there whose effect can't be judged.

15 U.S.C. 7704(a)(5)(A): “clear and conspicuous” must hold in every reader's mail program, so what isn't understood
isn't vouched for (DUTIES D37, D42).
"""

from collections.abc import Iterator
from itertools import islice

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import FinishedMessage

RULE = "frame_intact"
SOURCE = "15 U.S.C. 7704(a)(5)(A)"
REVIEWED = Reviewed("2026-11-30", version=1, duties="D37 D42")
MOST = 5  # a foreign newsletter has thousands


def check(message: FinishedMessage) -> Iterator[Finding]:
    for doubt in islice(message.sight.doubts, MOST):
        yield Finding(RULE, Severity.BLOCK, f"{doubt} Make the message anew."[:300], SOURCE, "html")
