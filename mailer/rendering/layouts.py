"""Layouts: what an author wrote, drawn as a newsletter, an announcement or a letter in the sender's colours.

A layout is MJML of ours (templates/mailer/email) around the author's body, which is cleaned before and once more after:
nothing depends on mrml or on a template being kind.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.template.loader import render_to_string

from mailer.rendering import authored, blocks, columns, mjml
from mailer.rendering.authored import Cleaned, Dropped
from mailer.rendering.brands import WHITE, Brand, Look, look_of, look_on
from mailer.rendering.facts import Content, Problem
from mailer.rendering.fields import Marks, Place, take_out

OWN_HTML, MJML = "", "mjml"
CUT_AT = 102_000  # bytes, where mail programs cut a message: nothing is drawn around what the gate would stop anyway


@dataclass(frozen=True, slots=True)
class Composed:
    """The author's part as it is sent; `said` is the HTML that the text part is made from."""

    html: str = ""
    said: str = ""
    look: Look = field(default_factory=Look)
    dropped: tuple[Dropped, ...] = ()


def compose(
    source: str, layout: str, brand: Brand, name: str, marks: Marks, problems: list[Problem]
) -> Composed:
    """The author's body in its layout; what forbids to send it is added to `problems`."""
    if not source.strip():
        return Composed(look=look_of(brand))
    if layout == OWN_HTML:
        cleaned = authored.clean(source, marks, problems)
        return Composed(cleaned.html, cleaned.html, look_of(brand), cleaned.dropped)
    if layout == MJML:
        return _of_mjml(source, brand, marks, problems)
    if layout not in SHIPPED:
        problems.append(Problem("layout", f"There is no layout “{layout}”. Choose another.", "layout"))
        return Composed()
    cleaned = authored.clean(source, marks, problems)
    problems += _too_large(cleaned)
    if problems or not cleaned.html:
        return Composed()
    return _shipped(cleaned, layout, brand, name, marks, problems)


def _too_large(cleaned: Cleaned) -> list[Problem]:
    size = len(cleaned.html.encode())
    if size < CUT_AT:
        return []
    words = (
        f"The message has {round(size / 1000):,} kB of HTML. Mail programs cut a message at about 102 kB, and the "
        "opt-out with it: shorten the text, or take formatting out."
    )
    return [Problem("html_size", words, authored.WHERE)]


def body_of(content: Content) -> str:
    """The HTML that the author wrote, with its merge fields: of MJML what its body says, without its layout."""
    if content.layout != MJML:
        return content.html
    marks = Marks(content.html)
    document = mjml.read(take_out(content.html, Place.HTML, marks, [], authored.WHERE), [])
    return marks.restored(mjml.said_by(document)) if document else ""


def _of_mjml(source: str, brand: Brand, marks: Marks, problems: list[Problem]) -> Composed:
    marked = take_out(source, Place.HTML, marks, problems, authored.WHERE)
    document = mjml.read(marked, problems)
    if document is None:
        return Composed()
    cleaned = _drawn(document, marks, problems)
    body = next(node for node in document.children if node.tag == "mj-body")
    paper = body.attributes.get("background-color", WHITE)
    return Composed(cleaned.html, cleaned.html, look_on(brand, paper), cleaned.dropped)


def _drawn(document: mjml.Node, marks: Marks, problems: list[Problem]) -> Cleaned:
    drawn = mjml.rendered(document, problems)
    cleaned = authored.clean_marked(drawn, marks, problems, columns.names_in(drawn))
    problems += _too_large(cleaned)
    return cleaned


# -- our own -----------------------------------------------------------------------------------------


def _newsletter(body: list[blocks.Block]) -> dict[str, Any]:
    """A second heading starts an article; one that has a picture first stands beside it."""
    lead, *articles = blocks.articles(body)
    return {"lead": blocks.joined(lead), "articles": [blocks.article(each) for each in articles]}


def _announcement(body: list[blocks.Block]) -> dict[str, Any]:
    """One thing, with its picture on top."""
    picture, rest = blocks.first_picture(body)
    return {"picture": picture, "body": blocks.joined(rest)}


def _letter(body: list[blocks.Block]) -> dict[str, Any]:
    """As one writes to one person: no buttons."""
    return {"body": blocks.joined(blocks.without_buttons(body))}


SHIPPED: dict[str, Callable[[list[blocks.Block]], dict[str, Any]]] = {
    "newsletter": _newsletter,
    "announcement": _announcement,
    "letter": _letter,
}


def _shipped(
    cleaned: Cleaned, layout: str, brand: Brand, name: str, marks: Marks, problems: list[Problem]
) -> Composed:
    parts = SHIPPED[layout](blocks.read(cleaned.html))
    source = render_to_string(f"mailer/email/{layout}.mjml", {**parts, "brand": brand, "name": name})
    document = mjml.read(source, problems)
    if document is None:
        return Composed()
    drawn = _drawn(document, marks, problems)
    paper = WHITE if layout == "letter" else brand.ground
    return Composed(drawn.html, cleaned.html, look_on(brand, paper), cleaned.dropped)
