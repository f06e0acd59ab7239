"""Which style values an author may use, so that nothing can cover, push away or imitate what Candor adds.

nh3 checks the names of properties, not their values: it lets `margin-top:-900px` pass. So each property
here has values of its own; what has none is dropped, and the content then shows plainly.
"""

import re
from collections.abc import Callable, Iterator

from mailer import colours

PIXELS_PER = {
    "px": 1.0,
    "pt": 4 / 3,
    "in": 96.0,
    "cm": 37.8,
    "mm": 3.78,
    "pc": 16.0,
    "em": 16.0,
    "rem": 16.0,
    "": 1.0,
}
SIZE = re.compile(r"(-?\d{0,5}(?:\.\d{1,6})?)(px|pt|in|cm|mm|pc|em|rem|%|)")
COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
RGB = r"rgb\(\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*\)"
RGBA = re.compile(r"rgba\([\d\s.,]{5,40}\)")
COLOUR = re.compile(rf"#[0-9a-f]{{3}}|#[0-9a-f]{{6}}|{RGB}|{'|'.join(colours.NAMED)}")
OLD_COLOUR = re.compile(rf"#[0-9a-f]{{3}}|#[0-9a-f]{{6}}|{'|'.join(colours.NAMED)}")  # of bgcolor and color
SIDES = ("", "-top", "-right", "-bottom", "-left")

Allowed = Callable[[str], bool]


def declarations(style: str) -> dict[str, str]:
    """Property → value of a style attribute, in lower case; of one name the last counts, or the last !important one.

    Escapes are not undone: a value that needs them matches nothing that is allowed.
    """
    found: dict[str, str] = {}
    insisted: set[str] = set()
    for declaration in _declarations(COMMENT.sub(" ", style)):
        name, colon, value = declaration.partition(":")
        name, value = name.strip().lower(), " ".join(value.lower().split())
        if colon and ("!important" in value or name not in insisted):
            insisted |= {name} if "!important" in value else set()
            found[name] = value.replace("!important", "").strip()
    return found


def _declarations(style: str) -> Iterator[str]:
    """Split at semicolons outside quotes and brackets, in one pass."""
    start, closing = 0, ""
    for index, character in enumerate(style):
        if closing:
            closing = "" if character == closing else closing
        elif character in "\"'(":
            closing = ")" if character == "(" else character
        elif character == ";":
            yield style[start:index]
            start = index + 1
    yield style[start:]


def pixels(value: str, percent_of: float = 16.0) -> float | None:
    """A length in pixels, or None if it is none; em, rem and % count from `percent_of`."""
    found = SIZE.fullmatch(value)
    if not found or not any(character.isdigit() for character in found[1]):
        return None
    number, unit = float(found[1]), found[2]
    if unit == "%":
        return number * percent_of / 100
    return number * (percent_of if unit == "em" else PIXELS_PER[unit])


# -- what is allowed ------------------------------------------------------------------------------------


def length(least: float, most: float, most_percent: float = 100, words: str = "") -> Allowed:
    def allowed(value: str) -> bool:
        if value in words.split("|"):
            return True
        found = SIZE.fullmatch(value)
        size = pixels(value)
        if size is None or found is None:
            return False
        if found[2] == "%":
            return 0 <= float(found[1]) <= most_percent
        return least <= size <= most and (found[2] != "" or size == 0)

    return allowed


def several(one: Allowed, most: int = 4) -> Allowed:
    return lambda value: 0 < len(value.split()) <= most and all(map(one, value.split()))


def words(choices: str) -> Allowed:
    chosen = frozenset(choices.split("|"))
    return lambda value: value in chosen


def matching(pattern: str | re.Pattern[str]) -> Allowed:
    compiled = re.compile(pattern)
    return lambda value: bool(compiled.fullmatch(value))


def line_height(value: str) -> bool:
    """0 and little is how layouts make lines a pixel high; text in them is then judged on finished bytes."""
    if re.fullmatch(r"\d{0,2}(?:\.\d{1,6})?", value):
        return bool(value) and 0 <= float(value) <= 4
    return length(0, 200, 400, "normal")(value)


def font_size(value: str) -> bool:
    """0 is how layouts close gaps between columns; what stands in it is then judged on finished bytes."""
    return value in {"0", "0px"} or length(8, 100, 400, "small|medium|large|x-large|xx-large")(value)


def border(value: str) -> bool:
    styles = words("none|solid|dashed|dotted|double|thin|medium")
    width = length(0, 20)
    parts = re.findall(rf"{RGB}|\S+", value)
    return 0 < len(parts) <= 3 and all(
        styles(part) or width(part) or COLOUR.fullmatch(part) or part == "transparent" for part in parts
    )


def background(value: str) -> str | None:
    """The one colour in a background; images are dropped, since no text over them can be vouched for."""
    without_images = re.sub(r"url\([^)]*\)", " ", value)
    if "transparent" in without_images.split():
        return "transparent"
    found = re.search(rf"(?<![\w#-])(?:{COLOUR.pattern})(?![\w-])", without_images)
    return found[0] if found else None


colour = matching(COLOUR)
space = length(0, 200, 25, "auto")
ALLOWED: dict[str, Allowed] = {
    "color": colour,
    "background-color": lambda value: value == "transparent" or colour(value),
    "font-family": matching(r"""[\w\s,'"-]{1,200}"""),
    "font-size": font_size,
    "font-weight": words("normal|bold|bolder|lighter|100|200|300|400|500|600|700|800|900"),
    "font-style": words("normal|italic|oblique"),
    "line-height": line_height,
    "letter-spacing": length(-1, 20, 0, "normal"),
    "text-align": words("left|right|center|justify|start|end"),
    "text-decoration": words("none|underline|line-through|overline"),
    "text-decoration-line": words("none|underline|line-through|overline"),
    "text-indent": length(0, 100, 25),
    "text-transform": words("none|uppercase|lowercase|capitalize"),
    "vertical-align": words("baseline|top|middle|bottom|text-top|text-bottom|sub|super"),
    "white-space": words("normal|nowrap|pre-line|pre-wrap"),
    "word-break": words("normal|break-word|break-all|keep-all"),
    "overflow-wrap": words("normal|break-word|anywhere"),
    "word-wrap": words("normal|break-word"),
    "direction": words("ltr|rtl"),
    "display": words(
        "block|inline|inline-block|list-item|table|inline-table|table-row|table-cell|table-row-group|"
        "table-header-group|table-footer-group|table-caption"
    ),
    "float": words("left|right|none"),
    "clear": words("left|right|both|none"),
    "width": length(0, 1200, 100, "auto"),
    "min-width": length(0, 800, 100),
    "max-width": length(40, 1200, 100, "none"),
    "height": length(0, 1000, 100, "auto"),
    "min-height": length(0, 1000, 0),
    "border-collapse": words("collapse|separate"),
    "border-spacing": several(length(0, 50, 0), 2),
    "border-radius": several(length(0, 1000, 50)),
    "border-color": several(colour),
    "border-style": several(words("none|solid|dashed|dotted|double")),
    "border-width": several(length(0, 20, 0)),
    "list-style": words("none|disc|circle|square|decimal|lower-alpha|upper-alpha|lower-roman|upper-roman"),
    "list-style-type": words(
        "none|disc|circle|square|decimal|lower-alpha|upper-alpha|lower-roman|upper-roman"
    ),
    "table-layout": words(
        "auto"
    ),  # fixed, cells are no wider than they were told, and words run over each other
    "mso-line-height-rule": words("exactly"),
    "mso-table-lspace": length(0, 20, 0),
    "mso-table-rspace": length(0, 20, 0),
    **{f"margin{side}": space if side else several(space) for side in SIDES},
    **{f"padding{side}": length(0, 200, 25) if side else several(length(0, 200, 25)) for side in SIDES},
    **{f"border{side}": border for side in SIDES},
}
FONT = re.compile(
    r"(?P<words>(?:(?:normal|italic|oblique|bold|bolder|lighter|[1-9]00|small-caps) )*)"
    r"(?P<size>[a-z-]+|[\d.]+[a-z%]*)(?: ?/ ?(?P<line>[\d.]+[a-z%]*|normal))? (?P<family>.+)"
)
# These boxes grow with what is in them; in any other a fixed height lets content run over what follows.
GROWING = frozenset({"table", "tr", "td", "th", "img"})
INLINE = frozenset({
    "a", "abbr", "b", "big", "cite", "code", "del", "dfn", "em", "font", "i", "ins", "kbd", "mark", "q", "s",
    "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var",
})  # fmt: skip
COLUMNS = frozenset({"col", "colgroup"})
MOST_INLINE = 16.0  # pixels beside the letters that fit between usual lines


def limited(tag: str, style: str) -> str:
    """What of an author's style attribute stays, written anew; empty if nothing does."""
    kept = dict(_kept(tag, declarations(style)))
    if kept.get("display", "inline" if tag in INLINE else "block") == "inline" and _reaches_out(kept):
        kept["display"] = "inline-block"
    return ";".join(f"{name}:{value}" for name, value in kept.items())


def _reaches_out(kept: dict[str, str]) -> bool:
    """Whether an inline box would be painted over the lines above and below, which make no place for it."""
    heights = kept.get("padding", "").split()[0:3:2]
    heights += [kept.get(name, "") for name in ("padding-top", "padding-bottom", "border-width")]
    heights += [part for side in SIDES for part in kept.get(f"border{side}", "").split()]
    return any((pixels(height, 400) or 0) > MOST_INLINE for height in heights)


def _kept(tag: str, wanted: dict[str, str]) -> Iterator[tuple[str, str]]:
    for name, written in wanted.items():
        if tag in COLUMNS and name != "width":  # its colour would lie behind cells that know nothing of it
            continue
        # the colour of text in Windows, as Word writes it
        value = RGBA.sub(
            lambda found: colours.mixed(found[0]) or found[0], written.replace("windowtext", "black")
        )
        if name == "font":
            yield from _font(value)
            continue
        if name == "background":
            shown = background(value)
            if shown:
                yield "background-color", shown
            continue
        kept = "min-height" if name == "height" and tag not in GROWING else name
        if kept in ALLOWED and ALLOWED[kept](value):
            yield kept, value


def _font(value: str) -> Iterator[tuple[str, str]]:
    """The shorthand's parts, each as far as it is allowed by itself."""
    found = FONT.fullmatch(value)
    if found is None:
        return
    parts = [
        ("font-size", found["size"]),
        ("line-height", found["line"] or "normal"),
        ("font-family", found["family"]),
    ]
    for word in found["words"].split():
        parts += [("font-style", word), ("font-weight", word)]
    for name, part in parts:
        if ALLOWED[name](part):
            yield name, part


# -- what hides -------------------------------------------------------------------------------------------


def hides(wanted: dict[str, str]) -> bool:
    """Whether a browser would show nothing of an element with these declarations.

    `mso-hide` is none of them: buttons have it, whose twin for Outlook stands in a comment. The comment is not sent,
    nor is mso-hide, so the button shows everywhere.
    """
    if wanted.get("display") == "none" or wanted.get("visibility") in {"hidden", "collapse"}:
        return True
    if _transparent(wanted.get("opacity", "1")):
        return True
    return any(_is_zero(wanted.get(name, "")) for name in ("max-height", "max-width")) or (
        wanted.get("overflow", "").startswith("hidden")
        and any(_is_zero(wanted.get(name, "")) for name in ("height", "width"))
    )


def _is_zero(value: str) -> bool:
    size = pixels(value)
    return size is not None and size < 2


def _transparent(value: str) -> bool:
    size = pixels(value, 1)
    return size is not None and size < 0.2
