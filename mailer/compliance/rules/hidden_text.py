"""No text is there that a reader can't see, but Candor's own preheader.

15 U.S.C. 7704(a)(2) and Google's guidelines (“don't use HTML and CSS to hide content”): what is hidden from
readers is meant for filters (DUTIES D32, D42).
"""

from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import FinishedMessage
from mailer.compliance.visible import Run

RULE = "hidden_text"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); Google sender guidelines"
REVIEWED = Reviewed("2026-11-30", version=2, duties="D32 D42")
LEAST_PIXELS = 8
LEAST_CONTRAST = 1.5
LEAST_LINE = 0.7  # of the letters' height: below, each line covers the one above


def check(message: FinishedMessage) -> Iterator[Finding]:
    texts = [run for run in message.runs if not run.is_image]
    hidden = [run for run in texts if run.hidden]
    if [run.text for run in hidden] != ([message.preheader] if message.preheader else []):
        yield _finding(
            "Some text is hidden. Take it out; the preheader field is the place for a preview line."
        )
    for run in texts:
        wrong = "" if run.hidden else trouble(run)
        if wrong:
            yield _finding(f"“{_shown(run)}” {wrong}")


def trouble(run: Run) -> str:
    """Why nobody could read this text, in words; empty if one can."""
    if run.look.pixels < LEAST_PIXELS:
        return f"is in letters too small to read. Use at least {LEAST_PIXELS} px."
    if run.look.contrast < LEAST_CONTRAST:
        return (
            "has nearly the colour of what may lie behind it. Choose another colour; background images are not "
            "sent, so text needs a background colour, on the table cell or on the text itself."
        )
    if run.look.line < LEAST_LINE:
        return "has a line-height too small for its letters, so its lines cover each other. Use at least 1."
    if run.look.cramped:
        return "does not fit into the width that its box was given, so it may lie over other text. Make it wider."
    return ""


def _shown(run: Run) -> str:
    text = " ".join(run.text.split())
    return text if len(text) <= 40 else f"{text[:39]}…"


def _finding(message: str) -> Finding:
    return Finding(RULE, Severity.BLOCK, message, SOURCE, "html")
