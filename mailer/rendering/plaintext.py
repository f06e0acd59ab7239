"""The text part: what the author wrote, or what the HTML says; and HTML for those who wrote only text.

Read aloud or in a terminal it is all there is. So tables that only place things are taken apart, headings are
underlined, links are written out behind their words, and pictures say what they show.
"""

import html
import re

from inscriptis import Inscriptis
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.html_properties import Display
from inscriptis.model.config import ParserConfig
from inscriptis.model.html_element import HtmlElement as Box
from lxml.html import Element, HtmlElement, document_fromstring

from mailer.rendering.authored import in_query
from mailer.rendering.facts import Problem
from mailer.rendering.fields import Marks, Place, left_over, take_out

WHERE = "text"
LONGEST = 200_000  # characters, asked before anything else
LINK = re.compile(r"https?://[^\s<>\"]+")
# More than one blank line says nothing and could push the footer out of sight.
BLANK_LINES = re.compile(r"\n(?:[ \t\xa0]*\n){2,}")
TRAILING = re.compile(r"[ \t\xa0]+$", re.MULTILINE)
UNDERLINES = {"h1": "=", "h2": "-", "h3": "-"}
LONGEST_UNDERLINE = 60
INDENTED = Box(display=Display.block, margin_before=1, margin_after=1, padding_inline=4)
APART = Box(display=Display.block, margin_before=1, margin_after=1)
AS_BLOCKS = {
    "section": APART,
    "blockquote": INDENTED,
    "dt": Box(display=Display.block),
    "dd": Box(display=Display.block, padding_inline=2),
}
READABLE = ParserConfig(css={**CSS_PROFILES["strict"], **AS_BLOCKS}, display_images=True)
PLACED = frozenset({"table", "tbody", "thead", "tfoot", "tr", "td", "th"})
BLOCKS_IN_TABLES = ".//h1|.//h2|.//h3|.//ul|.//ol|.//img|.//table"


def written(text: str, marks: Marks, problems: list[Problem]) -> str:
    """An author's own text with a mark for each merge field."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    marked = take_out(lines, Place.TEXT, marks, problems, WHERE)
    problems += left_over(marked, WHERE)
    return _tidy(LINK.sub(lambda found: _link(found[0], marks, problems), marked))


def _link(link: str, marks: Marks, problems: list[Problem]) -> str:
    if not marks.pattern.search(link):
        return link
    if in_query(link, marks):
        return marks.moved(link, Place.QUERY)
    problems.append(
        Problem(
            "merge_field_place",
            "In a link, a merge field can only stand behind the question mark, such as "
            'https://example.com/hello?name={{ first_name|default:"" }}.',
            WHERE,
        )
    )
    return link


def from_html(cleaned: str, marks: Marks) -> str:
    """Clean HTML in plain text."""
    if not cleaned.strip():
        return ""
    tree = document_fromstring(f"<div>{cleaned}</div>")
    _take_tables_apart(tree)
    _underline_headings(tree, marks)
    for line in list(tree.iter("hr")):
        _say(line, "* * *")
    for link in list(tree.iter("a")):
        _write_out(link)
    text = Inscriptis(tree, READABLE).get_text()
    return _tidy(marks.moved(text, Place.TEXT, only=Place.HTML))


def _take_tables_apart(tree: HtmlElement) -> None:
    """What only places things becomes one thing after the other; tables of facts stay tables."""
    for table in [table for table in tree.iter("table") if _only_places(table)]:
        for part in [part for part in table.iter(*PLACED) if _table_of(part) is table]:
            part.tag = "section" if part.tag in {"td", "th"} else "div"


def _only_places(table: HtmlElement) -> bool:
    own = [cell for cell in table.iter("td", "th") if _table_of(cell) is table]
    rows = {cell.getparent() for cell in own}
    return table.get("role") == "presentation" or len(own) == len(rows) or bool(table.xpath(BLOCKS_IN_TABLES))


def _table_of(part: HtmlElement) -> HtmlElement | None:
    return part if part.tag == "table" else next(part.iterancestors("table"), None)


def _underline_headings(tree: HtmlElement, marks: Marks) -> None:
    for heading in list(tree.iter(*UNDERLINES)):
        words = " ".join(marks.without(heading.text_content(), "a name").split())
        if words and heading.getparent() is not None and not heading.xpath(".//img|.//br"):
            line = UNDERLINES[str(heading.tag)] * min(len(words), LONGEST_UNDERLINE)
            heading.append(Element("br"))
            heading[-1].tail = line


def _write_out(link: HtmlElement) -> None:
    """“words (address)”, or “words: address” where nothing else stands beside it; once, where the words are it."""
    href = link.get("href", "")
    for scheme in ("mailto:", "tel:"):
        href = href.removeprefix(scheme)
    words = " ".join(link.text_content().split())
    around = link.getparent()
    is_alone = around is not None and " ".join(around.text_content().split()) == words and len(around) == 1
    pictures = [] if words else [image for image in link.iter("img") if image.get("alt")]
    for picture in pictures:  # in one line with its address, whatever its style says
        picture.tag, picture.text = "span", f"[{picture.get('alt')}]"
        picture.attrib.clear()
    shown = words or pictures
    following = link.getnext()
    if following is not None and following.tag == "a" and not link.tail:
        link.tail = " "
    if not href or words.rstrip("/") in {href.rstrip("/"), href.partition("://")[2].rstrip("/")}:
        return
    link.append(Element("span"))
    link[-1].text = f": {href}" if shown and is_alone else f" ({href})" if shown else href


def _say(element: HtmlElement, words: str) -> None:
    element.tag, element.text = "p", words


def to_html(text: str, marks: Marks) -> str:
    """Plain text as paragraphs, with its links made ones that can be clicked."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "\n".join(f'<p style="margin:0 0 16px">{_paragraph(each, marks)}</p>' for each in paragraphs)


def _paragraph(text: str, marks: Marks) -> str:
    escaped = html.escape(marks.moved(text, Place.HTML, only=Place.TEXT))
    linked = LINK.sub(lambda found: _anchor(found[0]), escaped)
    return linked.replace("\n", "<br>\n")


def _anchor(link: str) -> str:
    bare = link.rstrip(".,;:!?)")
    return f'<a href="{bare}">{bare}</a>{link[len(bare) :]}'


def _tidy(text: str) -> str:
    return BLANK_LINES.sub("\n\n", TRAILING.sub("", text)).strip("\n").rstrip()
