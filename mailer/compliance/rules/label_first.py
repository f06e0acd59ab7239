"""The first thing a reader sees is that this is an advertisement, or what else it is, and whose.

15 U.S.C. 7704(a)(5)(A)(i): clear and conspicuous identification (DUTIES D37, D42).
"""

from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import FinishedMessage
from mailer.compliance.visible import Run
from mailer.rendering import kinds

RULE = "label_first"
SOURCE = "15 U.S.C. 7704(a)(5)(A)(i)"
REVIEWED = Reviewed("2026-11-30", version=2, duties="D37 D42")
LEAST_PIXELS = 12
LEAST_CONTRAST = 4.5
LEAST_LINE = 1.0  # heights of a letter


def check(message: FinishedMessage) -> Iterator[Finding]:
    label = kinds.label(message.skeleton.sender, message.skeleton.kind)
    if message.text.splitlines()[:1] != [label]:
        yield _finding("The plain text does not start with its label. Make the message anew.")
    first = next((run for run in message.runs if not run.hidden), None)
    if first is None or first.is_image or " ".join(first.text.split()) != " ".join(label.split()):
        yield _finding("The label is not the first thing that shows. Make the message anew.")
    elif not is_legible(first):
        yield _finding("The label is too small or too pale. Make the message anew.")


def is_legible(run: Run) -> bool:
    """Clear and conspicuous in numbers: WCAG 2 AA contrast, and letters of 12 px with a line for each (D42)."""
    look = run.look
    return (
        look.pixels >= LEAST_PIXELS
        and look.contrast >= LEAST_CONTRAST
        and look.line >= LEAST_LINE
        and not look.cramped
    )


def _finding(message: str) -> Finding:
    return Finding(RULE, Severity.BLOCK, message, SOURCE)
