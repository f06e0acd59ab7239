"""An author's HTML, made safe to stand between Candor's label and footer.

In order: merge fields become marks; libxml2 balances the tags (in linear time, whatever it is given);
hidden parts are taken out; css-inline turns style sheets into style attributes and drops them; nh3
(html5ever) keeps only listed tags, attributes and style values and writes it all out balanced, as
browsers read it. What comes out has no class, id, style sheet, script, form or position of its own.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import css_inline
import nh3
from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring, tostring

from mailer.rendering import columns, pictures
from mailer.rendering.facts import Problem
from mailer.rendering.fields import Marks, Place, left_over, take_out
from mailer.rendering.fitting import fit
from mailer.rendering.styles import OLD_COLOUR, declarations, hides, limited

WHERE = "html"
LONGEST = 1_000_000  # characters, asked before anything else; ten times what mail programs show in full
MOST_TAGS = 20_000
DEEPEST = 150  # levels; libxml2 stops reading at 256, and tables grow by a tbody when browsers read them

TAGS = frozenset({
    "a", "abbr", "b", "big", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup",
    "dd", "del", "dfn", "div", "dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i",
    "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strike",
    "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var",
})  # fmt: skip
DROPPED_WITH_CONTENT = frozenset({
    "script", "style", "template", "noscript", "noframes", "svg", "math", "title", "textarea", "select",
    "option", "iframe", "object", "embed", "applet", "video", "audio", "canvas", "frameset", "dialog",
    "head",
})  # fmt: skip
ACTIVE = ("script", "form", "iframe", "object", "embed", "video", "audio", "svg", "canvas")
EVERYWHERE = {"style", "dir", "lang", "title", "align"}
ATTRIBUTES = {
    "*": EVERYWHERE,
    "a": {"href"},
    "img": {"src", "alt", "width", "height", "border"},
    "font": {"color", "face", "size"},
    "table": {"width", "height", "border", "cellpadding", "cellspacing", "bgcolor", "role", "class"},
    "div": {"class"},
    "tr": {"valign", "bgcolor", "height"},
    "td": {"width", "height", "valign", "bgcolor", "colspan", "rowspan", "class"},
    "th": {"width", "height", "valign", "bgcolor", "colspan", "rowspan"},
    "col": {"width", "span"},
    "colgroup": {"width", "span"},
    "ol": {"start", "type"},
    "ul": {"type"},
    "hr": {"width", "size", "color"},
}
NUMBER = re.compile(r"(\d{1,4})(px|%)?")
MOST = {"width": 1200, "height": 1000, "size": 20}
FORMATS = {
    "align": re.compile(r"left|right|center|justify|middle|top|bottom", re.IGNORECASE),
    "valign": re.compile(r"top|middle|bottom|baseline", re.IGNORECASE),
    "dir": re.compile(r"ltr|rtl", re.IGNORECASE),
    "lang": re.compile(r"[A-Za-z0-9-]{1,35}"),
    "face": re.compile(r"[\w\s,'\"-]{1,200}"),
    "type": re.compile(r"[1aAiI]|disc|circle|square", re.IGNORECASE),
    "role": re.compile(r"presentation"),  # of tables that are no tables, for those who listen
    "class": re.compile(rf"{columns.OURS.pattern}(?: {columns.OURS.pattern})*"),
}
ELSEWHERE = re.compile(r"https://\S+", re.IGNORECASE)
EMBEDDED = re.compile(r"(?:data|cid):", re.IGNORECASE)
NUMBERS = frozenset({
    "width", "height", "border", "cellpadding", "cellspacing", "colspan", "rowspan", "span", "start",
    "size",
})  # fmt: skip
COLOURS = frozenset({"bgcolor", "color"})
QUERY = re.compile(r"https?://[^/?#\s]+[^?#\s]*\?[^#\s]*", re.IGNORECASE)

DECLARED = re.compile(r"[a-z-]{1,40}")
INLINER = css_inline.CSSInliner(load_remote_stylesheets=False)


TOO_DEEP = Problem(
    "html_depth",
    f"The HTML nests more than {DEEPEST} elements inside each other. Mail programs give up on that: take out layers "
    "of tables or div elements.",
    WHERE,
)
ALL_HIDDEN = Problem(
    "all_hidden",
    "Everything in the HTML is hidden by its own styles. Take display:none and the like away, or close the element "
    "that hides a preview line.",
    WHERE,
)


class Dropped(StrEnum):
    """What an author wrote and no reader will see: worth a word before it goes out."""

    HIDDEN = "hidden"
    PICTURE = "picture"
    EMBEDDED = "embedded"
    ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Safe, balanced HTML with a mark for each merge field, and what is missing from it."""

    html: str = ""
    dropped: tuple[Dropped, ...] = ()


def clean(source: str, marks: Marks, problems: list[Problem]) -> Cleaned:
    """An author's HTML as it may be sent; what forbids to send it is added to `problems`."""
    return clean_marked(take_out(source, Place.HTML, marks, problems, WHERE), marks, problems)


def clean_marked(
    source: str, marks: Marks, problems: list[Problem], names: Mapping[str, str] | None = None
) -> Cleaned:
    """The same of HTML whose merge fields are marks; of its classes those of columns stay, by our `names` for them."""
    too_much = list(_bounds(source))
    problems += too_much
    if too_much or not source.strip():
        return Cleaned()
    tree = _parse(source)
    if tree is None:
        return Cleaned()
    if _depth(tree) > DEEPEST:
        problems.append(TOO_DEEP)
        return Cleaned()
    styled = _parse(_inlined(tree, problems))
    if styled is None:
        return Cleaned()
    pictures.place(styled, problems)
    dropped = tuple(_dropped(styled))
    if Dropped.HIDDEN in dropped and not _says_something(styled):
        problems.append(ALL_HIDDEN)
    _name_columns(styled, columns.names_in(source) if names is None else names)
    fit(styled)
    _place_marks(styled, marks, problems)
    cleaned = CLEANER.clean(_balanced(styled)).strip()
    problems += left_over(_words_of(cleaned), WHERE)
    return Cleaned(cleaned, dropped)


def _inlined(tree: HtmlElement, problems: list[Problem]) -> str:
    """Style sheets taken into style attributes; css-inline stops at attributes such as `color:;`, which are common."""
    document = _balanced(tree)
    try:
        return INLINER.inline(document)
    except css_inline.InlineError:
        _tidy_styles(tree)
    try:
        return INLINER.inline(_balanced(tree))
    except css_inline.InlineError as wrong:
        words = f"A style sheet in the HTML can’t be read ({wrong}). Mend it or take it out."
        problems.append(Problem("style_sheet", words, WHERE))
        return ""


def _tidy_styles(tree: HtmlElement) -> None:
    for element in tree.iterfind(".//*[@style]"):
        wanted = declarations(element.get("style", "")).items()
        kept = (f"{name}:{value}" for name, value in wanted if DECLARED.fullmatch(name) and value)
        element.set("style", ";".join(kept))


def _name_columns(tree: HtmlElement, names: Mapping[str, str]) -> None:
    for element in tree.iterfind(".//*[@class]"):
        ours = columns.ours(element.attrib.pop("class"), names)
        if ours:
            element.set("class", ours)


def _dropped(tree: HtmlElement) -> Iterator[Dropped]:
    if _take_out_hidden(tree):
        yield Dropped.HIDDEN
    left_out = [
        source for image in tree.iter("img") if not _is_source(source := image.get("src", "").strip())
    ]
    if any(EMBEDDED.match(source) for source in left_out):
        yield Dropped.EMBEDDED
    if not all(EMBEDDED.match(source) for source in left_out):
        yield Dropped.PICTURE
    if next(tree.iter(*ACTIVE), None) is not None:
        yield Dropped.ACTIVE


def _bounds(source: str) -> Iterator[Problem]:
    """What is refused before any parser sees it, so that none can be made to work for minutes."""
    if source.count("<") > MOST_TAGS:
        yield Problem(
            "html_size", f"The HTML has more than {MOST_TAGS:,} tags. Shorten it or split the message.", WHERE
        )


def _parse(source: str) -> HtmlElement | None:
    """The document as libxml2 reads it; None if there is nothing in it."""
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        return document_fromstring(source.encode(), parser=parser)
    except etree.ParserError:  # only comments, or nothing at all
        return None


def _depth(tree: HtmlElement) -> int:
    deepest = level = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        level += 1 if event == "start" else -1
        deepest = max(deepest, level)
    return deepest


def _balanced(tree: HtmlElement) -> str:
    # the body's own colours and fonts belong to the author's part now, not to Candor's
    for body in tree.findall("body"):
        paint = f"background-color:{body.get('bgcolor')};" if body.get("bgcolor") else ""
        if paint or body.get("style"):
            body.set("style", paint + body.get("style", ""))
            body.tag = "div"
    return tostring(tree, encoding="unicode")


def _take_out_hidden(tree: HtmlElement) -> bool:
    """Nothing hidden passes but Candor's own preheader: what a reader can't see could say anything.

    True if something that said anything was taken out.
    """
    found = False
    for element in list(tree.iter("*")):
        if element.getparent() is None:
            continue
        if "hidden" in element.attrib or hides(declarations(element.get("style", ""))):
            found = found or _says_something(element)
            element.drop_tree()
    return found


def _says_something(tree: HtmlElement) -> bool:
    return bool(tree.text_content().strip()) or tree.find(".//img") is not None


def _place_marks(tree: HtmlElement, marks: Marks, problems: list[Problem]) -> None:
    """Tell fields in links from fields in text, since each is escaped for where it lands."""
    for element in tree.iter():
        for name, value in element.attrib.items():
            if not marks.pattern.search(value) or name in {"alt", "title"}:
                continue
            if name == "href" and in_query(value, marks):
                element.set(name, marks.moved(value, Place.QUERY))
            else:
                problems.append(_misplaced(name))


def in_query(link: str, marks: Marks) -> bool:
    """Whether every field in a link is a value of its query, where it can't change where the link goes."""
    first = marks.pattern.search(link)
    return (
        first is not None and bool(QUERY.fullmatch(link[: first.start()])) and "#" not in link.split("?")[0]
    )


def _misplaced(name: str) -> Problem:
    if name == "href":
        return Problem(
            "merge_field_place",
            "In a link, a merge field can only stand behind the question mark, such as "
            'https://example.com/hello?name={{ first_name|default:"" }}: so nobody’s name can change where '
            "the link goes.",
            WHERE,
        )
    return Problem(
        "merge_field_place",
        f"A merge field stands in the attribute “{name}”. It can stand in text, in alt and title, and in the "
        "query of a link.",
        WHERE,
    )


def _words_of(cleaned: str) -> str:
    """All text and attribute values that readers may come to see."""
    tree = _parse(f"<div>{cleaned}</div>")
    if tree is None:
        return ""
    attributes = (element.get(name, "") for element in tree.iter() for name in ("href", "alt", "title"))
    return " ".join([*tree.itertext(), *attributes])


def allowed_attribute(tag: str, name: str, value: str) -> str | None:
    if name == "style":
        return limited(tag, value) or None
    if name in NUMBERS:
        return value if _number(value.strip(), MOST.get(name, 100)) else None
    if name in COLOURS:
        return value if OLD_COLOUR.fullmatch(value.strip().lower()) else None
    if name == "src":
        return value if _is_source(value.strip()) else None
    if name in FORMATS:
        return value if FORMATS[name].fullmatch(value.strip()) else None
    return value


def _is_source(value: str) -> bool:
    """Where a picture may come from: ours, over whatever a local installation is reached by, or over https."""
    return bool(ELSEWHERE.fullmatch(value)) or pictures.is_ours(value)


def _number(value: str, most: int) -> bool:
    found = NUMBER.fullmatch(value)
    return found is not None and int(found[1]) <= (100 if found[2] == "%" else most)


CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags=set(DROPPED_WITH_CONTENT),
    attributes=ATTRIBUTES,
    attribute_filter=allowed_attribute,
    url_schemes={"http", "https", "mailto", "tel"},
    url_relative="deny",
    link_rel=None,
    strip_comments=True,
)
