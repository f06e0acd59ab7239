"""The HTML holds nothing that could hide what must be seen.

Visibility is judged in process, on inline styles alone. So whatever that judgement doesn't understand (a style sheet,
a script, a position, a folded <details>) is a finding of its own: nobody can vouch for what shows (DUTIES D42).
"""

import re
from collections.abc import Iterator
from itertools import islice

from lxml.html import HtmlComment, HtmlElement

from mailer.compliance.audit.claims import PREHEADER_STYLE
from mailer.compliance.audit.received import ReceivedMessage
from mailer.compliance.findings import Finding, Severity
from mailer.rendering.authored import TAGS
from mailer.rendering.columns import is_ours
from mailer.rendering.styles import ALLOWED, COLOUR, declarations

RULE = "foreign_markup"
SOURCE = "15 U.S.C. 7704(a)(5)(A)"
HIDING = frozenset(
    {"display", "visibility", "opacity", "max-height", "height", "width", "overflow", "font-size"}
)
MOST = 20  # findings; a foreign newsletter has thousands
FRAME_TAGS = frozenset({"html", "head", "meta", "title", "body"})
CLIPPING = {"overflow-x": "auto", "overflow-y": "hidden"}  # of the author's box
FRAME_FONT = re.compile(r"(?:bold|normal) \d{1,3}px/(?:\d{1,3}px|1\.5) [\w, \"'-]{1,200}")


def check(message: ReceivedMessage) -> Iterator[Finding]:
    found = dict.fromkeys(_findings(message))
    yield from islice(found, MOST)


def _findings(message: ReceivedMessage) -> Iterator[Finding]:
    tree, unseen = message.tree, _unseen(message)
    first = tree.body[0] if tree.body is not None and len(tree.body) else None
    for element in tree.iter():
        if isinstance(element, HtmlComment):
            if "[if" in (element.text or "").lower():
                yield _finding("A conditional comment shows different things to different mail programs.")
        elif not isinstance(element.tag, str):
            yield _finding("The HTML holds an instruction to a program.")
        else:
            yield from _element(element, is_understood=element is first or element in unseen)


def _unseen(message: ReceivedMessage) -> set[HtmlElement]:
    """What the judge itself knows to hide all that is in it: a rule says so of the text."""
    shown = {run.element for run in message.runs if not run.hidden}
    above = {each for element in shown for each in (element, *element.iterancestors())}
    hidden = {run.element for run in message.runs if run.hidden}
    return {each for element in hidden for each in (element, *element.iterancestors())} - above


def _element(element: HtmlElement, is_understood: bool) -> Iterator[Finding]:
    tag = str(element.tag)
    is_known = tag in TAGS | FRAME_TAGS or (tag == "style" and is_ours(element.text or ""))
    if not is_known or "http-equiv" in element.attrib:
        yield _finding(f"The HTML holds <{tag[:20]}>, which Candor never sends; it may change what shows.")
    if any(name.lower().startswith("on") for name in element.attrib):
        yield _finding("The HTML holds a script in an attribute.")
    style = element.get("style", "")
    if style == PREHEADER_STYLE and is_understood:
        return
    for name, value in declarations(style).items():
        if name in HIDING and is_understood:
            continue
        if not _is_known(name, value):
            yield _finding(f"The style “{name}: {value}” may hide or move what it is on."[:160])


def _is_known(name: str, value: str) -> bool:
    if name == "font":
        return bool(FRAME_FONT.fullmatch(value))
    if name == "background":
        return bool(COLOUR.fullmatch(value))
    return CLIPPING.get(name) == value or (name in ALLOWED and ALLOWED[name](value))


def _finding(message: str) -> Finding:
    return Finding(RULE, Severity.BLOCK, message, SOURCE, "html")
