"""What matters stands in words, and not on pictures alone.

Most mail programs show no pictures at first, and filters distrust mail that is only a picture; then label and footer
are all that is left of it (15 U.S.C. 7704(a)(2), DUTIES D42, D44).
"""

from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import FinishedMessage
from mailer.compliance.visible import Run

RULE = "images_only"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); Google sender guidelines"
REVIEWED = Reviewed("2026-11-30", version=1, duties="D42 D44")
LEAST_LETTERS = 20  # fewer are a greeting or a link’s name
OURS = frozenset({"note", "contentinfo"})  # label and footer; authors can't write a role of these


def check(message: FinishedMessage) -> Iterator[Finding]:
    written = [run for run in message.runs if not run.hidden and not _is_ours(run)]
    if not any(run.is_image and run.element.get("src") for run in written):
        return
    letters = sum(map(str.isalpha, "".join(run.text for run in written if not run.is_image)))
    if letters < LEAST_LETTERS:
        yield Finding(
            RULE,
            Severity.WARN,
            "The message is made of pictures only. Many readers see none at first, and filters distrust it: write what "
            "matters as text too.",
            SOURCE,
            "html",
        )


def _is_ours(run: Run) -> bool:
    return any(element.get("role") in OURS for element in (run.element, *run.element.iterancestors()))
