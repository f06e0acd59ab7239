"""What of a document can be vouched for: Candor's frame, exactly, and in it what its cleaning would leave as it is.

A list of what is understood, not of what is dangerous: hiding has no end of ways. Nothing in the author's box can
reach out of it then: the box clips, and no value of a style that is understood moves anything outside its place.
Whatever else a document holds, its finding says so, and nobody vouches for what shows.
"""

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

from mailer.colours import LEAST_CONTRAST, contrast
from mailer.rendering import frame
from mailer.rendering.authored import ATTRIBUTES, EVERYWHERE, TAGS, allowed_attribute
from mailer.rendering.brands import FONTS, Look
from mailer.rendering.columns import WRAPPER, is_ours

META = (
    {"charset": "utf-8"},
    {"name": "viewport", "content": "width=device-width, initial-scale=1"},
    {"name": "color-scheme", "content": "light"},
)
# what of a label's style varies with the brand; whether a link's colour is legible is asked of the text itself
LABEL = re.compile(
    r"display:block;margin:0;padding:8px (?P<inset>16|24)px;"
    r"background:(?P<paper>#[0-9a-f]{6});color:(?P<ink>#[0-9a-f]{6});"
    r"font:bold 14px/20px (?P<letters>[^;]+);text-align:left(?P<rule>;border-bottom:1px solid #[0-9a-f]{6})?",
    re.IGNORECASE,
)
WORDS = re.compile(r"display:block;max-width:(\d{3,4})px;margin:0 auto")
LABEL_BOX = {"role": "note", "lang": "en", "dir": "ltr"}
FOOTER_BOX = {"role": "contentinfo", "lang": "en", "dir": "ltr"}


def doubts(tree: HtmlElement) -> Iterator[str]:
    """What can't be vouched for, each in words."""
    parts = [child.tag for child in tree]
    if parts != ["head", "body"] or set(tree.attrib) - {"lang"}:
        yield "The HTML is not a head and a body."
        return
    yield from _head(tree[0])
    yield from _body(tree[1])


def _head(head: HtmlElement) -> Iterator[str]:
    if _has_text(head):
        yield "The HTML has words in its head."
    sheets = head.findall("style")
    if len(sheets) > 1 or any(sheet.attrib or not is_ours(sheet.text or "") for sheet in sheets):
        yield "The HTML holds a style sheet whose effect can’t be judged."
    for element in head:
        if element.tag == "meta" and dict(element.attrib) in META:
            continue
        if element.tag not in {"title", "style"}:
            yield f"The HTML holds <{str(element.tag)[:20]}> in its head, which may change what shows."


def _body(body: HtmlElement) -> Iterator[str]:
    boxes = list(body)
    if boxes and boxes[0].get("style") == frame.PREHEADER_STYLE:
        preheader = boxes.pop(0)
        if len(preheader) or preheader.tag != "div" or set(preheader.attrib) != {"style", "aria-hidden"}:
            yield "The preheader holds more than words."
    look = _look(boxes[0]) if len(boxes) == 3 else None
    if look is None or _has_text(body) or dict(body.attrib) != {"style": frame.body_style(look)}:
        yield "Label, content and footer don’t stand alone on the page, in the boxes that Candor puts them into."
        return
    label, author, footer = boxes
    wanted = (
        (label, LABEL_BOX | {"style": frame.label_style(look)}),
        (author, {"class": WRAPPER, "style": frame.author_style(look)}),
        (footer, FOOTER_BOX | {"style": frame.footer_style(look)}),
    )
    for box, attributes in wanted:
        if box.tag != "div" or dict(box.attrib) != attributes:
            yield "The box of label, content or footer has been changed."
    for box in (label, footer):
        if look.width and [each.get("style") for each in box] != [frame.words_style(look)]:
            yield "The box of label, content or footer has been changed."
    if len(label) > bool(look.width) or (look.width and len(label[0])):
        yield "The label holds more than words."
    for box in boxes[1:]:
        for element in box.iterdescendants():
            yield from _element(element)


def _look(label: HtmlElement) -> Look | None:
    """The brand's look, read off the label; None if Candor makes no such label."""
    found = LABEL.fullmatch(label.get("style", ""))
    if (
        found is None
        or found["letters"] not in FONTS.values()
        or contrast(found["paper"], found["ink"]) < LEAST_CONTRAST
    ):
        return None
    words = WORDS.fullmatch(label[0].get("style", "")) if len(label) else None
    inset = int(found["inset"])
    return Look(
        paper=found["paper"],
        ink=found["ink"],
        letters=found["letters"],
        width=int(words[1]) + 2 * inset if words else 0,
        inset=inset,
        is_ruled=found["rule"] is not None,
    )


def _element(element: HtmlElement) -> Iterator[str]:
    tag = str(element.tag)
    if tag not in TAGS:
        yield f"The HTML holds <{tag[:20]}>, which Candor never sends; it may change what shows."
        return
    for name, value in element.attrib.items():
        if name == "class":  # a name has no effect but a column's width, in a sheet that is understood
            continue
        known = name in EVERYWHERE or name in ATTRIBUTES.get(tag, ())
        if not known or allowed_attribute(tag, name, value) != value:
            yield f"“{name}={value[:60]}” on <{tag}> may hide or move what it is on."


def _has_text(element: HtmlElement) -> bool:
    return any((text or "").strip() for text in (element.text, *(child.tail for child in element)))
