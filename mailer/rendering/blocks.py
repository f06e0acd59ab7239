"""An author's body in blocks, as layouts place them: words, pictures, buttons, tables, lines.

A link that stands alone in its paragraph is a button; a picture alone in its paragraph is as wide as its column.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from html import escape

from lxml.html import HtmlElement, document_fromstring, tostring

BOXES = frozenset({"div", "center", "blockquote"})
BLOCKS = frozenset({
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "hr", "pre", "blockquote", "div", "center",
})  # fmt: skip
WIDEST = 1200


class Kind(StrEnum):
    WORDS = "words"
    HEADING = "heading"
    PICTURE = "picture"
    BUTTON = "button"
    TABLE = "table"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class Block:
    """One thing in a column. `html` is what it was in the author's body."""

    kind: Kind
    html: str = ""
    tag: str = ""
    words: str = ""  # of a button; of a picture, in place of it
    link: str = ""
    source: str = ""
    width: int = 0  # of a picture, as its author gave it

    @property
    def is_heading(self) -> bool:
        return self.kind is Kind.HEADING


@dataclass(frozen=True, slots=True)
class Article:
    """A part of a newsletter; with a picture, that stands beside it where there is room."""

    picture: Block | None
    body: list[Block]


def read(cleaned: str) -> list[Block]:
    """The blocks of clean HTML, in order; nothing that shows is left out."""
    body = document_fromstring(f"<div>{cleaned}</div>").find(".//div")
    return [] if body is None else list(_blocks(body))


def joined(body: list[Block]) -> list[Block]:
    """With neighbouring words in one block."""
    together: list[Block] = []
    for block in body:
        last = together[-1] if together else None
        if last and {block.kind, last.kind} <= {Kind.WORDS, Kind.HEADING}:
            together[-1] = replace(last, kind=Kind.WORDS, html=f"{last.html}\n{block.html}")
        else:
            together.append(block)
    return together


def articles(body: list[Block]) -> list[list[Block]]:
    """The lead, and what stands under each second heading."""
    parts: list[list[Block]] = [[]]
    for block in body:
        if block.is_heading and block.tag == "h2":
            parts.append([])
        parts[-1].append(block)
    for before in parts[:-1]:
        if before and before[-1].kind is Kind.LINE:  # the layout draws one of its own there
            before.pop()
    return parts


def article(body: list[Block]) -> Article:
    """One article, with the picture right under its heading taken out to stand beside it."""
    picture = next((block for block in body[:2] if block.kind is Kind.PICTURE), None)
    rest = [block for block in body if block is not picture]
    if picture is None or not any(block.kind is Kind.WORDS for block in rest):
        return Article(None, joined(body))
    return Article(picture, joined(rest))


def first_picture(body: list[Block]) -> tuple[Block | None, list[Block]]:
    """A picture at the top, and all that follows."""
    if body and body[0].kind is Kind.PICTURE:
        return body[0], body[1:]
    return None, body


def without_buttons(body: list[Block]) -> list[Block]:
    """With links again where buttons would stand."""
    return [
        Block(Kind.WORDS, f'<p><a href="{escape(block.link)}">{escape(block.words)}</a></p>', "p")
        if block.kind is Kind.BUTTON
        else block
        for block in body
    ]


# -- reading ----------------------------------------------------------------------------------------


def _blocks(box: HtmlElement) -> Iterator[Block]:
    """Blocks of a box; loose words and pictures between them become paragraphs."""
    loose: list[str] = [escape(box.text or "")]
    for child in box:
        if child.tag in BLOCKS or _is_picture(child):
            yield from _loose(loose)
            loose = []
            yield from _block(child)
        else:
            loose.append(_html(child))
        loose.append(escape(child.tail or ""))
    yield from _loose(loose)


def _loose(pieces: list[str]) -> Iterator[Block]:
    words = "".join(pieces).strip()
    if words:
        paragraph = document_fromstring(f"<p>{words}</p>").find(".//p")
        if paragraph is not None and (paragraph.text_content().strip() or len(paragraph)):
            yield from _block(paragraph)


def _block(element: HtmlElement) -> Iterator[Block]:
    tag = str(element.tag)
    if tag in BOXES and any(child.tag in BLOCKS for child in element) and not element.get("style"):
        if tag == "blockquote":
            yield Block(Kind.WORDS, _html(element), tag)
        else:
            yield from _blocks(element)
    elif tag == "hr":
        yield Block(Kind.LINE, tag=tag)
    elif tag == "table":
        yield Block(Kind.TABLE, "".join(map(_html, element)), tag)
    elif (picture := _only(element, "img")) is not None:
        yield _picture(picture)
    elif (link := _only(element, "a")) is not None and link.get("href") and link.text_content().strip():
        words = " ".join(link.text_content().split())
        yield Block(Kind.BUTTON, _html(element), tag, words, link.get("href", ""))
    elif tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:
        yield Block(Kind.HEADING, _html(element), tag)
    elif element.text_content().strip() or element.find(".//img") is not None:
        yield Block(Kind.WORDS, _html(element), tag)


def _is_picture(element: HtmlElement) -> bool:
    return element.tag == "img" or (element.tag == "a" and _only(element, "img") is not None)


def _only(element: HtmlElement, tag: str) -> HtmlElement | None:
    """The one `tag` in it, if there is nothing else to see."""
    found = [element] if element.tag == tag else list(element.iter(tag))
    if len(found) != 1 or element.tag in {"ul", "ol", "dl", "pre", "table"}:
        return None
    is_alone = element.text_content().strip() == (found[0].text_content().strip() if tag == "a" else "")
    return found[0] if is_alone and (tag == "img" or element.find(".//img") is None) else None


def _picture(image: HtmlElement) -> Block:
    above = image.getparent()
    link = above.get("href", "") if above is not None and above.tag == "a" else ""
    given = image.get("width", "").removesuffix("px")
    width = min(int(given), WIDEST) if given.isdecimal() else 0
    return Block(
        Kind.PICTURE,
        words=image.get("alt", ""),
        link=link,
        source=image.get("src", ""),
        width=width,
    )


def _html(element: HtmlElement) -> str:
    return str(tostring(element, encoding="unicode", with_tail=False))
