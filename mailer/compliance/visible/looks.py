"""How big text is, which colour it has, and everything that may lie behind it.

Boxes as CSS 2.1 makes them, as far as the styles go that are understood. Nothing is laid out; what matters is
whether a box surely grows round what is in it. Where it need not (a float, a line that can't break, a table wider
than its place), the text may come to stand on whatever lies further out, and must be legible there too.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from lxml.html import HtmlElement

from mailer import colours
from mailer.colours import Colour
from mailer.rendering.styles import INLINE, declarations, hides, pixels

BLACK, WHITE, BROWSER_BLUE, MARKER = (0, 0, 0), (255, 255, 255), (0, 0, 238), (255, 255, 0)
# as browsers' own style sheet has them (HTML §15.3)
SCALED = {
    "h1": 2.0, "h2": 1.5, "h3": 1.17, "h5": 0.83, "h6": 0.67, "small": 5 / 6, "big": 1.2, "sub": 5 / 6, "sup": 5 / 6,
    "code": 0.8125, "kbd": 0.8125, "samp": 0.8125, "tt": 0.8125, "pre": 0.8125,
}  # fmt: skip
WORD_SIZES = {"small": 13.0, "medium": 16.0, "large": 18.0, "x-large": 24.0, "xx-large": 32.0}
FONT_SIZES = {"1": 10.0, "2": 13.0, "3": 16.0, "4": 18.0, "5": 24.0, "6": 32.0, "7": 48.0}
FONT_SHORTHAND = re.compile(r"(\d+(?:\.\d+)?)px(?:/(\d+(?:\.\d+)?(?:px)?))?")
KINDS = {
    "table": "table", "thead": "row", "tbody": "row", "tfoot": "row", "tr": "row", "td": "cell", "th": "cell",
    "caption": "caption", "img": "inline-block",
}  # fmt: skip
DISPLAYS = {
    "block": "block", "list-item": "block", "inline": "inline", "inline-block": "inline-block",
    "table": "table", "inline-table": "table", "table-row": "row", "table-row-group": "row",
    "table-header-group": "row", "table-footer-group": "row", "table-cell": "cell", "table-caption": "caption",
}  # fmt: skip
INDENTED = {"ul": 40.0, "ol": 40.0, "dd": 40.0, "blockquote": 80.0}
NORMAL_LINE = 1.15
LEAST_LINE = 0.8  # of the letters' height; below, letters stick out of the box that has the background


@dataclass(frozen=True, slots=True)
class Look:
    """How text at one place of the tree is shown."""

    pixels: float = 16.0
    colour: Colour = BLACK
    beneath: frozenset[Colour] = frozenset({WHITE})  # whatever may lie behind it
    hidden: bool = False
    line: float = NORMAL_LINE  # height of a line, in heights of a letter
    cramped: bool = False  # whether it doesn't fit into its box, and so may lie over other text

    @property
    def contrast(self) -> float:
        """The least there can be (WCAG 2)."""
        return min(colours.ratio(self.colour, below) for below in self.beneath)


@dataclass(frozen=True, slots=True)
class Style:
    """What an element's style and old attributes say."""

    background: Colour | None
    colour: Colour | None
    size: str
    line: str
    kind: str
    floats: bool
    nowrap: bool | None
    width: str  # one that the box keeps, whatever is in it
    shrinks: bool
    fills: bool
    backwards: bool
    indent: float
    spacing: float
    rounded: bool
    shifted: bool
    sides: float
    hides: bool


def style_of(element: HtmlElement) -> Style:
    get = element.get
    return _style(
        str(element.tag), get("style", ""), get("bgcolor", ""), get("color", ""), get("align", ""),
        get("width", ""), get("cellpadding", ""), get("dir", ""), "hidden" in element.attrib,
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _style(
    tag: str,
    written: str,
    bgcolor: str,
    color: str,
    align: str,
    width: str,
    padding: str,
    direction: str,
    hidden: bool,
) -> Style:
    """Cached: a message of a thousand paragraphs has a few styles only."""
    styles = declarations(written)
    shorthand = FONT_SHORTHAND.search(styles.get("font", ""))
    background = styles.get("background-color") or styles.get("background", "")
    kind = KINDS.get(tag, "inline" if tag in INLINE else "block")
    aligned = tag in {"table", "img"} and align.strip().lower() in {"left", "right"}
    wide = styles.get("width") or (f"{width}px" if width.strip().isdigit() else width.strip())
    most = styles.get("max-width", "none")
    return Style(
        background=colours.written(background)
        or colours.in_attribute(bgcolor.strip().lower())
        or (MARKER if tag == "mark" else None),
        colour=colours.written(styles.get("color", ""))
        or colours.in_attribute(color.strip().lower())
        or (BLACK if tag == "mark" else None),
        size=styles.get("font-size") or (f"{shorthand[1]}px" if shorthand else ""),
        line=styles.get("line-height") or (shorthand[2] or "" if shorthand else ""),
        kind=DISPLAYS.get(styles.get("display", ""), kind),
        floats=aligned or styles.get("float", "none") != "none",
        nowrap=_nowrap(tag, styles.get("white-space", "")),
        width=most if most != "none" and not most.endswith("%") else ("" if wide in {"auto", "100%"} else wide),
        shrinks=most.endswith("%") or wide.endswith("%"),
        fills=wide == "100%",
        backwards=direction.strip().lower() == "rtl" or styles.get("direction") == "rtl",
        indent=_px(styles.get("text-indent", "")),
        spacing=max(0.0, _px(styles.get("letter-spacing", ""))),
        rounded=any(side.endswith("%") or _px(side) > 16 for side in styles.get("border-radius", "").split()),
        shifted=styles.get("vertical-align", "baseline") not in {"baseline", "middle"} or tag in {"sub", "sup"},
        sides=_sides(styles) + 2 * (float(padding) if padding.isdigit() else 0.0) + INDENTED.get(tag, 0.0),
        hides=hidden or hides(styles),
    )  # fmt: skip


def _nowrap(tag: str, white_space: str) -> bool | None:
    """Whether lines can't break; None if nothing is said."""
    if white_space:
        return white_space in {"nowrap", "pre"}
    return True if tag == "pre" else None


def _px(value: str) -> float:
    return pixels(value, 100.0) or 0.0


def _sides(styles: dict[str, str]) -> float:
    """What padding, margin and border take of a box's width, at most."""
    total = 0.0
    for name in ("padding", "margin"):
        sides = [_px(side) for side in styles.get(name, "").split()]
        if sides:
            total += (
                sides[1 if len(sides) > 1 else 0] + sides[-1 if len(sides) == 4 else min(1, len(sides) - 1)]
            )
        total += _px(styles.get(f"{name}-left", "")) + _px(styles.get(f"{name}-right", ""))
    borders = (styles.get(name, "") for name in ("border", "border-left", "border-right", "border-width"))
    return total + 2 * max((_px(part) for border in borders for part in border.split()), default=0.0)


def letters(tag: str, size: str, font_size: str, above: float) -> float:
    """The height of letters in an element, in pixels."""
    if size:
        found = WORD_SIZES.get(size, pixels(size, above))
        return above if found is None else found
    if tag == "font" and font_size:
        return FONT_SIZES.get(font_size, above)
    return above * SCALED.get(tag, 1.0)


def line_of(written: str, above: str, size: float) -> tuple[str, float]:
    """The line height as children inherit it, and in heights of a letter of `size` here.

    A bare number goes down as it is; everything else in pixels (CSS 2.1 §10.8.1).
    """
    line = written or above
    if line in {"", "normal"}:
        return "", NORMAL_LINE
    if re.fullmatch(r"\d*\.?\d+", line):
        return line, float(line)
    if line.endswith(("%", "em")) and not line.endswith("rem"):
        line = f"{pixels(line, size) or 0:.4f}px"
    tall = pixels(line) or 0.0
    return line, tall / size if size else NORMAL_LINE


def narrowest(text: str, look: Look, style_spacing: float, nowrap: bool) -> float:
    """How wide text is at the most that can't be broken, in pixels."""
    tokens = [text] if nowrap else text.split(None)
    longest = max(tokens, key=len, default="")
    widest = max((_width(token) for token in {longest, *tokens[:200]}), default=0.0)
    return widest * look.pixels + style_spacing * len(longest)


def _width(token: str) -> float:
    """In letters' heights: wide capitals nearly a whole one, pictures more."""
    return sum(0.66 if "a" <= c <= "z" or c.isdigit() or c == " " else 0.3 if c in ".,:;'|!" else 1.0 if c < "\u3000"
               else 1.4 for c in token)  # fmt: skip
