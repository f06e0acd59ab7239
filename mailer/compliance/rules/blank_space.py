"""The footer is not pushed out of sight by emptiness.

“Clear and conspicuous” is what nobody has to search for (15 U.S.C. 7704(a)(5)(A); DUTIES D42). Long text is
fine: people read on. Screens of nothing say that the message has ended.
"""

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import FinishedMessage
from mailer.compliance.visible import is_blank
from mailer.rendering.styles import declarations, pixels

RULE = "blank_space"
SOURCE = "15 U.S.C. 7704(a)(5)(A)"
REVIEWED = Reviewed("2026-11-30", version=2, duties="D42")
MOST_PIXELS = 2000  # about three phone screens
MOST_GAPS = 5000  # all stretches together that are higher than GAP: a dot between them changes nothing
GAP = 300
LINE = 24.0
LETTERS = 40.0  # blank ones that fill a line on a phone
HARD_BLANK = re.compile(r"[^ \t\r\n\f]")  # what browsers don't fold into one space
LINES = frozenset({"br", "p", "tr", "li", "div", "hr"})
VERTICAL = ("height", "min-height", "padding-top", "padding-bottom", "margin-top", "margin-bottom")


def check(message: FinishedMessage) -> Iterator[Finding]:
    stretches = list(_stretches(message.tree))
    gaps = sum(height for height in stretches if height > GAP)
    if max(stretches, default=0) > MOST_PIXELS or gaps > MOST_GAPS:
        yield Finding(
            RULE,
            Severity.BLOCK,
            "A long stretch of the HTML is empty, so readers may think the message ends there and never see the "
            "opt-out. Take out empty lines and high spacers.",
            SOURCE,
            "html",
        )


def _stretches(tree: HtmlElement) -> Iterator[float]:
    """Heights without anything to read, in pixels, roughly: each ends at the next words or picture."""
    height = 0.0
    for element in tree.iter("*"):
        height += _height(element)
        for words in (element.text, element.get("alt"), element.tail):
            if words and not is_blank(words):
                yield height
                height = 0.0
            elif words:
                height += LINE * (len(HARD_BLANK.findall(words)) // LETTERS)
    yield height


def _height(element: HtmlElement) -> float:
    styles = declarations(element.get("style", ""))
    explicit = [pixels(styles.get(name, ""), 0) or 0.0 for name in VERTICAL]
    for name in ("margin", "padding"):
        sides = [pixels(side, 0) or 0.0 for side in styles.get(name, "").split()]
        explicit += [sides[0], sides[2 if len(sides) > 2 else 0]] if sides else []
    attribute = pixels(element.get("height", ""), 0) or 0.0
    return max(attribute, sum(explicit)) + (LINE if element.tag in LINES else 0.0)
