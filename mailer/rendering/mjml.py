"""MJML, read by ourselves and drawn by mrml.

mrml says nothing of tags it does not know, stops at the first `<br>` and tells no author where. So Candor reads the
structure itself, strictly and in bounded time, says what is wrong in which line, and hands mrml a document that it
wrote anew: in it, words stand for all HTML of the author, which is put back once mrml is done.
"""

import difflib
import hashlib
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import mrml

from mailer.rendering.facts import Problem

WHERE = "html"
MOST_TAGS = 2_000  # of MJML; three hundred are a long newsletter
MOST_ATTRIBUTES = 60  # of one tag
LONGEST_VALUE = 3_000  # characters of an attribute

COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
PROLOG = re.compile(r"\s*(?:<\?xml[^>]{0,200}\?>)?\s*(?:<!doctype[^>]{0,200}>)?", re.IGNORECASE)
OPENING = re.compile(r"<(/?)(mj[a-z-]{0,40})(?![\w-])", re.IGNORECASE)
ATTRIBUTE = re.compile(r"\s*([a-zA-Z][\w:-]{0,40})\s*=\s*(?:\"([^\"]{0,3000})\"|'([^']{0,3000})')")
END_OF_TAG = re.compile(r"\s*(/?)>")

SHOWN = (
    "mj-text",
    "mj-image",
    "mj-button",
    "mj-divider",
    "mj-spacer",
    "mj-table",
    "mj-social",
    "mj-navbar",
    "mj-raw",
)
STYLED = (
    "mj-body",
    "mj-wrapper",
    "mj-section",
    "mj-group",
    "mj-column",
    "mj-social-element",
    "mj-navbar-link",
)
# What may stand in what. What is not here is no tag that Candor sends.
CHILDREN: dict[str, frozenset[str]] = {
    "": frozenset({"mjml"}),
    "mjml": frozenset({"mj-head", "mj-body"}),
    "mj-head": frozenset({"mj-attributes", "mj-style", "mj-title", "mj-preview", "mj-font", "mj-breakpoint"}),
    "mj-attributes": frozenset({"mj-all", "mj-class", *SHOWN, *STYLED}) - {"mj-raw"},
    "mj-body": frozenset({"mj-section", "mj-wrapper", "mj-raw"}),
    "mj-wrapper": frozenset({"mj-section", "mj-raw"}),
    "mj-section": frozenset({"mj-column", "mj-group", "mj-raw"}),
    "mj-group": frozenset({"mj-column", "mj-raw"}),
    "mj-column": frozenset(SHOWN),
    "mj-social": frozenset({"mj-social-element", "mj-raw"}),
    "mj-navbar": frozenset({"mj-navbar-link", "mj-raw"}),
}  # fmt: skip
# These hold HTML or CSS, and no further MJML.
ENDING = frozenset({
    "mj-text", "mj-button", "mj-table", "mj-raw", "mj-style", "mj-title", "mj-preview", "mj-social-element",
    "mj-navbar-link",
})  # fmt: skip
EMPTY = frozenset({"mj-image", "mj-divider", "mj-spacer", "mj-font", "mj-breakpoint", "mj-all", "mj-class"})
KNOWN = frozenset().union(*CHILDREN.values())
NOT_SENT = {
    "mj-include": "Candor opens no other files while it compiles. Paste in what it holds.",
    "mj-hero": "Pictures behind text are not sent, since nobody can vouch that the text over them is legible. Use "
    "mj-section with a background-color, and mj-image above the words.",
    "mj-carousel": "Mail programs that can’t turn its pages would hide most of it. Use mj-image for each picture.",
    "mj-accordion": "Mail programs that can’t open it would hide what it holds. Use mj-text.",
    "mj-html-attributes": "Candor writes the attributes of HTML itself. Leave it out.",
}
NOT_SENT |= dict.fromkeys(
    ("mj-carousel-image", "mj-accordion-element", "mj-accordion-title", "mj-accordion-text", "mj-selector"),
    "Leave it out.",
)
WITHOUT = {"mj-navbar": {"hamburger"}, "mj-style": {"inline"}}

Tokens = dict[str, str]


@dataclass(slots=True)
class Node:
    """One element of MJML. `inside` is the HTML of those that hold HTML."""

    tag: str
    at: int  # in the source
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Node"] = field(default_factory=list)
    inside: str = ""

    def every(self) -> Iterator["Node"]:
        yield self
        for child in self.children:  # eight levels at most, by CHILDREN
            yield from child.every()


class _Broken(ValueError):
    """What is wrong, and at which character: lines are counted only then."""

    def __init__(self, at: int, message: str) -> None:
        super().__init__(message)
        self.at = at


def is_mjml(source: str) -> bool:
    """Whether it starts as MJML does."""
    return COMMENT.sub("", source[:20_000]).lstrip("\ufeff \t\r\n").lower().startswith("<mjml")


def read(source: str, problems: list[Problem]) -> Node | None:
    """The document's structure; None, and why in `problems`, if it has none that can be sent."""
    source = COMMENT.sub(_line_ends, source)
    try:
        return _read(source)
    except _Broken as wrong:
        where = f"Line {_line(source, wrong.at)} of the MJML: {wrong}"
        problems.append(Problem("mjml", where, WHERE))
        return None


def rendered(document: Node, problems: list[Problem]) -> str:
    """HTML by mrml, with everything that the author wrote put back in its place; empty with a problem if it fails."""
    tokens: Tokens = {}
    written = _written(document, _stem(document), tokens)
    try:
        drawn = mrml.to_html(written, None, mrml.RenderOptions(disable_comments=True, fonts={})).content
    except (
        BaseException
    ) as wrong:  # a panic of the Rust library is no Exception, and no reason to stop a worker
        if isinstance(wrong, (KeyboardInterrupt, SystemExit, GeneratorExit)):
            raise
        problems.append(Problem("mjml", f"The MJML can’t be compiled: {wrong}.", WHERE))
        return ""
    return _put_back(drawn, tokens)


def said_by(document: Node) -> str:
    """The HTML within the body in its order, without any layout: what the message says."""
    body = next((child for child in document.children if child.tag == "mj-body"), None)
    pieces = [] if body is None else [_said(node) for node in body.every()]
    return "\n".join(filter(None, pieces))


def _said(node: Node) -> str:
    if node.tag == "mj-image":
        return f'<p><img src="{node.attributes.get("src", "")}" alt="{node.attributes.get("alt", "")}"></p>'
    if node.tag == "mj-table":
        return f"<table>{node.inside}</table>"
    if node.tag in {"mj-button", "mj-navbar-link", "mj-social-element"}:
        return f'<p><a href="{node.attributes.get("href", "")}">{node.inside}</a></p>'
    return f"<div>{node.inside}</div>" if node.tag in {"mj-text", "mj-raw"} else ""


# -- reading --------------------------------------------------------------------------------------------


def _read(source: str) -> Node:
    if source.lower().count("<mj") > MOST_TAGS:
        raise _Broken(0, f"It has more than {MOST_TAGS:,} tags. Shorten it or split the message.")
    root = Node("", 0)
    opening = PROLOG.match(source)
    open_nodes, end = [root], opening.end() if opening else 0
    for at in OPENING.finditer(source):
        if at.start() < end:
            continue  # within the HTML of an element that was read already
        _nothing_between(source, end, at.start(), open_nodes[-1])
        end = _element(source, at, open_nodes)
    _nothing_between(source, end, len(source), open_nodes[-1])
    if len(open_nodes) > 1:
        raise _Broken(open_nodes[-1].at, f"<{open_nodes[-1].tag}> is never closed.")
    return _whole(root)


def _element(source: str, at: re.Match[str], open_nodes: list[Node]) -> int:
    """Take in one tag; where reading goes on."""
    tag, above = at[2].lower(), open_nodes[-1]
    if at[1]:
        return _closed(source, at, open_nodes)
    _assert_fits(tag, above, at.start())
    node = Node(tag, at.start())
    end, is_closed = _attributes(source, at.end(), node)
    above.children.append(node)
    if is_closed:
        return end
    if tag in ENDING and above.tag != "mj-attributes":
        return _inside(source, end, node)
    open_nodes.append(node)
    return end


def _closed(source: str, at: re.Match[str], open_nodes: list[Node]) -> int:
    tag, here = at[2].lower(), open_nodes[-1]
    if here.tag != tag:
        opened = f"; <{here.tag}> of line {_line(source, here.at)} is still open" if here.tag else ""
        raise _Broken(at.start(), f"</{tag}> closes nothing{opened}.")
    closing = END_OF_TAG.match(source, at.end())
    if not closing:
        raise _Broken(at.start(), f"</{tag} has no “>”.")
    open_nodes.pop()
    return closing.end()


def _assert_fits(tag: str, above: Node, at: int) -> None:
    if tag in NOT_SENT:
        raise _Broken(at, f"<{tag}> is not sent. {NOT_SENT[tag]}")
    if tag not in KNOWN:
        near = difflib.get_close_matches(tag, KNOWN, 1)
        raise _Broken(at, f"There is no <{tag}>." + (f" Is it <{near[0]}>?" if near else ""))
    if above.tag in EMPTY:
        raise _Broken(above.at, f"<{above.tag}> is not closed. End it with “/>”.")
    if tag not in CHILDREN.get(above.tag, frozenset()):
        around = sorted(name for name, inner in CHILDREN.items() if tag in inner and name != "mj-attributes")
        raise _Broken(
            at,
            f"<{tag}> can’t stand {f'in <{above.tag}>' if above.tag else 'by itself'}; it belongs into "
            f"{' or '.join(f'<{name}>' for name in around if name) or 'nothing else'}.",
        )


def _attributes(source: str, start: int, node: Node) -> tuple[int, bool]:
    """Where the tag ends, and whether it closed itself."""
    while found := ATTRIBUTE.match(source, start):
        value = found[2] if found[2] is not None else found[3]
        node.attributes[found[1].lower()] = html.escape(html.unescape(value))
        start = found.end()
    closing = END_OF_TAG.match(source, start)
    if not closing or len(node.attributes) > MOST_ATTRIBUTES:
        shown = " ".join(source[start : start + 30].split())
        raise _Broken(
            start,
            f'<{node.tag}> can’t be read from “{shown}” on. Write attributes as name="value", each value '
            f"with both quotes and at most {LONGEST_VALUE:,} characters.",
        )
    for name in WITHOUT.get(node.tag, ()):
        node.attributes.pop(name, None)
    if node.tag == "mj-social-element" and "src" not in node.attributes:
        raise _Broken(
            node.at,
            "<mj-social-element> needs a src of your own: the usual icons lie on another company’s server, which "
            "would see every reader.",
        )
    return closing.end(), bool(closing[1])


def _inside(source: str, start: int, node: Node) -> int:
    """Read the HTML up to the element's own end."""
    closing = re.compile(rf"</{node.tag}\s*>", re.IGNORECASE).search(source, start)
    if not closing:
        raise _Broken(node.at, f"<{node.tag}> is never closed.")
    node.inside = source[start : closing.start()]
    within = OPENING.search(node.inside)
    if within:
        raise _Broken(
            start + within.start(),
            f"<{within[1]}{within[2]}> stands in <{node.tag}> of line {_line(source, node.at)}, which holds HTML "
            "only. Close that first.",
        )
    return closing.end()


def _nothing_between(source: str, start: int, end: int, above: Node) -> None:
    words = " ".join(source[start:end].split())
    if words:
        place = f"in <{above.tag}>" if above.tag else "outside of <mjml>"
        at = start + len(source[start:end]) - len(source[start:end].lstrip())
        raise _Broken(
            at,
            f"“{words[:40]}” stands {place}, where nobody would see it. Put it into <mj-text>.",
        )


def _whole(root: Node) -> Node:
    if len(root.children) != 1:
        raise _Broken(0, "It needs one <mjml> around everything.")
    document = root.children[0]
    if [child.tag for child in document.children].count("mj-body") != 1:
        raise _Broken(document.at, "It needs one <mj-body>.")
    document.children.sort(key=lambda child: child.tag == "mj-body")
    return document


def _line(source: str, at: int) -> int:
    return source.count("\n", 0, at) + 1


def _line_ends(found: re.Match[str]) -> str:
    return "\n" * found[0].count("\n")


# -- writing --------------------------------------------------------------------------------------------


def _stem(document: Node) -> str:
    everything = "\0".join(node.inside for node in document.every())
    return f"y{hashlib.sha256(everything.encode('utf-8', 'surrogatepass')).hexdigest()[:20]}i"


def _written(node: Node, stem: str, tokens: Tokens) -> str:
    inside = "".join(_written(child, stem, tokens) for child in node.children)
    if node.inside.strip():
        inside = f"{stem}{len(tokens)}y"
        tokens[inside] = node.inside
    attributes = "".join(f' {name}="{value}"' for name, value in node.attributes.items())
    return f"<{node.tag}{attributes}>{inside}</{node.tag}>"


def _put_back(drawn: str, tokens: Tokens) -> str:
    if not tokens:
        return drawn
    stem = next(iter(tokens))[:22]
    return re.sub(rf"{stem}\d+y", lambda found: tokens.get(found[0], ""), drawn)
