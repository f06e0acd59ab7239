"""The text part: what the author wrote, or what the HTML says; and HTML for those who wrote only text."""

import html
import re

import inscriptis
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig

from mailer.rendering.authored import in_query
from mailer.rendering.facts import Problem
from mailer.rendering.fields import Marks, Place, left_over, take_out

WHERE = "text"
LONGEST = 200_000  # characters, asked before anything else
LINK = re.compile(r"https?://[^\s<>\"]+")
# More than two blank lines say nothing and could push the footer out of sight.
BLANK_LINES = re.compile(r"\n(?:[ \t\xa0]*\n){3,}")
SHOW_LINKS = ParserConfig(css=CSS_PROFILES["strict"].copy(), display_links=True, display_images=True)


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
    """Clean HTML in plain text, links written out in brackets."""
    text = inscriptis.get_text(f"<div>{cleaned}</div>", SHOW_LINKS)
    return _tidy(marks.moved(text, Place.TEXT, only=Place.HTML))


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
    return BLANK_LINES.sub("\n\n\n", text).strip("\n").rstrip()
