"""HTML as a browser's parser reads it.

html5ever, which is in css-inline, follows the same standard as browsers do and writes out what it understood, each
element closed. That is read back here letter by letter, so that no second parser's opinion comes in: libxml2's own
differs on open tags, tables and comments, which is what hiding is made of.
"""

import re

import css_inline
from lxml.html import HtmlElement, html_parser

PARSER = css_inline.CSSInliner(
    inline_style_tags=False, keep_style_tags=True, keep_link_tags=True, load_remote_stylesheets=False
)
MOST_TAGS = 25_000  # an author's most and the frame; html5ever takes long for a few more of the worst kind
DEEPEST = 200  # levels
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
                  "track", "wbr"})  # fmt: skip
RAW = frozenset({"script", "xmp", "iframe", "noembed", "noframes", "plaintext", "noscript", "template"})
STANDARD = re.compile(r"\s*<!doctype html\s*>", re.IGNORECASE)
PIECE = re.compile(
    r"<!--.*?-->|<!DOCTYPE[^>]*>|</(?P<end>[^\s<>/]+)>"
    r'|<(?P<start>[^\s<>/!]+)(?P<attributes>(?: [^\s"=<>]+="[^"]*")*)>|(?P<text>[^<]+)',
    re.DOTALL,
)
ATTRIBUTE = re.compile(r' ([^\s"=<>]+)="([^"]*)"')
ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&nbsp;": "\xa0", "&amp;": "&"}
ENTITY = re.compile("|".join(ENTITIES))
STYLE_END = "</style>"


class NotUnderstood(ValueError):
    """Something in the HTML that nobody here can vouch for, in words."""


class TooMuch(NotUnderstood):
    """More than anybody reads: it isn't looked at any further."""


def browser_tree(html: str) -> HtmlElement:
    """The document's <html> element. Raises NotUnderstood."""
    if not STANDARD.match(html):
        raise NotUnderstood("The HTML does not begin with <!DOCTYPE html>, so browsers read it by old rules.")
    if html.count("<") > MOST_TAGS:
        raise TooMuch(f"The HTML has more than {MOST_TAGS:,} tags.")
    conditional = re.search(r"<!(?:--)?\s*\[(?:if|endif)", html, re.IGNORECASE)
    if conditional:
        raise NotUnderstood("A conditional comment shows different things to different mail programs.")
    return _Building().of(PARSER.inline(html))


class _Building:
    """What of the tree stands already."""

    def __init__(self) -> None:
        self.open: list[HtmlElement] = []
        self.root: HtmlElement | None = None
        self.last: HtmlElement | None = None  # the element that was closed last, at this level

    def of(self, written: str) -> HtmlElement:
        position = 0
        while position < len(written):
            piece = PIECE.match(written, position)
            if piece is None:
                raise NotUnderstood("The HTML can’t be read.")
            position = piece.end()
            try:
                self._take(piece)
            except ValueError as unwritable:  # lxml's, on names and letters that XML has none of
                raise NotUnderstood(str(unwritable)) from unwritable
            if piece["start"] == "style":
                position = self._sheet(written, position)
        if self.root is None or self.open:
            raise NotUnderstood("The HTML can’t be read.")
        return self.root

    def _take(self, piece: re.Match[str]) -> None:
        if piece["start"]:
            self._start(piece["start"], piece["attributes"])
        elif piece["end"]:
            if not self.open or self.open[-1].tag != piece["end"]:
                raise NotUnderstood("The HTML can’t be read.")
            self.last = self.open.pop()
        elif piece["text"]:
            self._text(_unescaped(piece["text"]))

    def _start(self, tag: str, attributes: str) -> None:
        if tag in RAW:
            raise NotUnderstood(f"The HTML holds <{tag}>, which may change what shows.")
        element = html_parser.makeelement(tag)
        for name, value in ATTRIBUTE.findall(attributes):
            element.set(name, _unescaped(value))
        if self.open:
            self.open[-1].append(element)
        elif self.root is not None:
            raise NotUnderstood("The HTML can’t be read.")
        else:
            self.root = element
        self.last = element if tag in VOID else None
        if tag not in VOID:
            self.open.append(element)
        if len(self.open) > DEEPEST:
            raise TooMuch(f"The HTML nests more than {DEEPEST} elements inside each other.")

    def _text(self, text: str) -> None:
        if not self.open:
            if text.strip():
                raise NotUnderstood("The HTML can’t be read.")
        elif self.last is not None:
            self.last.tail = (self.last.tail or "") + text
        else:
            self.open[-1].text = (self.open[-1].text or "") + text

    def _sheet(self, written: str, position: int) -> int:
        end = written.find(STYLE_END, position)
        if end == -1:
            raise NotUnderstood("The HTML can’t be read.")
        self.open[-1].text = written[position:end]
        return end


def _unescaped(text: str) -> str:
    return ENTITY.sub(lambda found: ENTITIES[found[0]], text) if "&" in text else text
