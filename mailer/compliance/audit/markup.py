"""The HTML holds nothing that could hide what must be seen.

Visibility is judged in process, on inline styles alone. So whatever that judgement doesn't understand (a style sheet,
a script, a position, a folded <details>) is a finding of its own: nobody can vouch for what shows (DUTIES D42).
"""

import re
from collections.abc import Iterator
from itertools import islice

from lxml.html import HtmlComment, HtmlElement

from mailer.compliance.audit.received import PREHEADER_STYLE, Received
from mailer.compliance.findings import Finding, Severity
from mailer.rendering.authored import TAGS
from mailer.rendering.styles import ALLOWED, COLOUR, declarations

RULE = "foreign_markup"
SOURCE = "15 U.S.C. 7704(a)(5)(A)"
MOST = 20  # findings; a foreign newsletter has thousands
FRAME_TAGS = frozenset({"html", "head", "meta", "title", "body"})
FRAME_FONT = re.compile(r"(?:bold|normal) \d{1,3}px/\d{1,3}px [\w, \"'-]{1,200}")


def check(received: Received) -> Iterator[Finding]:
    found = dict.fromkeys(_findings(received.message.tree))
    yield from islice(found, MOST)


def _findings(tree: HtmlElement) -> Iterator[Finding]:
    first = tree.body[0] if tree.body is not None and len(tree.body) else None
    for element in tree.iter():
        if isinstance(element, HtmlComment):
            if "[if" in (element.text or "").lower():
                yield _finding("A conditional comment shows different things to different mail programs.")
        elif not isinstance(element.tag, str):
            yield _finding("The HTML holds an instruction to a program.")
        else:
            yield from _element(element, is_preheader=element is first)


def _element(element: HtmlElement, is_preheader: bool) -> Iterator[Finding]:
    tag = str(element.tag)
    if tag not in TAGS | FRAME_TAGS or "http-equiv" in element.attrib:
        yield _finding(f"The HTML holds <{tag[:20]}>, which Candor never sends; it may change what shows.")
    if any(name.lower().startswith("on") for name in element.attrib):
        yield _finding("The HTML holds a script in an attribute.")
    style = element.get("style", "")
    if is_preheader and style == PREHEADER_STYLE:
        return
    for name, value in declarations(style).items():
        if not _is_known(name, value):
            yield _finding(f"The style “{name}: {value}” may hide or move what it is on."[:160])


def _is_known(name: str, value: str) -> bool:
    if name == "font":
        return bool(FRAME_FONT.fullmatch(value))
    if name == "background":
        return bool(COLOUR.fullmatch(value))
    return name in ALLOWED and ALLOWED[name](value)


def _finding(message: str) -> Finding:
    return Finding(RULE, Severity.BLOCK, message, SOURCE, "html")
