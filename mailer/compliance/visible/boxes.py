"""Text and pictures in their order, each with its look: boxes measured from inside out, painted from outside in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from lxml.html import HtmlElement

from mailer.colours import Colour
from mailer.compliance.visible.looks import (
    BROWSER_BLUE,
    WHITE,
    Look,
    Style,
    letters,
    line_of,
    narrowest,
    style_of,
)
from mailer.rendering.styles import pixels

UNSEEN_TAGS = frozenset({"head", "title", "style", "script", "template", "noscript", "meta", "link"})
PHONE = 375.0  # pixels; the narrowest screen that is judged for
PICTURE = 600.0  # of a picture that says no width
# letters that show nothing: formats, fillers and blanks besides Unicode's own spaces
BLANK = re.compile(
    r"[\s\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
GROWING = frozenset({"table", "row", "cell"})

Colours = frozenset[Colour]


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text that is not blank, or an image (`text` is its alternative then)."""

    text: str
    look: Look
    element: HtmlElement
    is_image: bool = False

    @property
    def hidden(self) -> bool:
        return self.look.hidden


@dataclass(slots=True)
class Box:
    """An element, and how much place it needs at least."""

    element: HtmlElement
    style: Style
    look: Look
    line: str
    nowrap: bool
    pieces: "list[str | Box]" = field(default_factory=list)
    inner: float = 0.0  # the narrowest that what is in it can be
    least: float = 0.0  # the narrowest that it makes itself from outside
    firm: float = 0.0  # the same where long words are broken, as they are in blocks but not in tables
    columns: list[float] = field(default_factory=list)
    tight: bool = False  # what is in it needs more place than its style gives it
    bursts: bool = False  # something in it needs more place than a box gives that doesn't grow
    flow: set[Colour] = field(default_factory=set)  # backgrounds that a float in it may come to lie on

    @property
    def contains(self) -> bool:
        """Whether floats can't reach out of it, nor in."""
        return self.style.floats or self.style.kind in {"table", "row", "cell", "caption", "inline-block"}

    @property
    def grows(self) -> bool:
        return self.style.kind in GROWING or (self.contains and not self.style.width)


def is_blank(text: str) -> bool:
    return not BLANK.sub("", text)


def runs(tree: HtmlElement) -> Iterator[Run]:
    """All text and images of `tree` in order, hidden ones too."""
    box = _measured(tree, None, 0.0)
    if box is not None:
        white = frozenset({WHITE})
        found: list[Run] = []
        _paint(box, _Place(PHONE, white, white, white, frozenset(box.flow)), found)
        yield from found


def shown(tree: HtmlElement) -> list[tuple[HtmlElement, str, bool]]:
    """Where each text and image stands, its words, and whether it is an image; without what a style hides.

    Looks are not worked out: ten times as quick as `runs`, for who only reads.
    """
    found: list[tuple[HtmlElement, str, bool]] = []
    _read(tree, found)
    return found


def _read(element: HtmlElement, found: list[tuple[HtmlElement, str, bool]]) -> None:
    if not isinstance(element.tag, str) or element.tag in UNSEEN_TAGS or style_of(element).hides:
        return
    if element.tag == "img":
        found.append((element, element.get("alt", ""), True))
    if element.text and not is_blank(element.text):
        found.append((element, element.text, False))
    for child in element:
        _read(child, found)
        if child.tail and not is_blank(child.tail):
            found.append((element, child.tail, False))


# -- from inside out ------------------------------------------------------------------------------------


def _measured(element: HtmlElement, above: Box | None, cell_padding: float) -> Box | None:
    if not isinstance(element.tag, str) or element.tag in UNSEEN_TAGS:
        return None
    box = _box(element, above)
    if element.tag == "table":
        padding = element.get("cellpadding", "1")
        cell_padding = float(padding) if padding.isdigit() else 1.0
    if element.text:
        box.pieces.append(element.text)
    for child in element:
        inside = _measured(child, box, cell_padding)
        if inside is not None:
            box.pieces.append(inside)
        if child.tail:
            box.pieces.append(child.tail)
    _take_measure(box, cell_padding)
    return box


def _box(element: HtmlElement, above: Box | None) -> Box:
    style = style_of(element)
    outer = above.look if above else Look()
    tag = str(element.tag)
    size = letters(tag, style.size, element.get("size", ""), outer.pixels)
    line, ratio = line_of(style.line, above.line if above else "", size)
    linked = BROWSER_BLUE if tag == "a" and "href" in element.attrib else outer.colour
    look = Look(
        pixels=size,
        colour=style.colour or linked,
        hidden=outer.hidden or style.hides,
        line=ratio,
    )
    nowrap = style.nowrap if style.nowrap is not None else bool(above and above.nowrap)
    return Box(element, style, look, line, nowrap)


def _take_measure(box: Box, cell_padding: float) -> None:
    inside = [piece for piece in box.pieces if isinstance(piece, Box)]
    widths = [_least(piece, box) for piece in box.pieces]
    box.inner = sum(widths) if box.nowrap else max(widths, default=0.0)
    firm = [_firm(piece, box) for piece in box.pieces]
    box.firm = sum(firm) if box.nowrap else max(firm, default=0.0)
    if box.style.kind in {"row", "table"}:
        _take_columns(box, inside)
    sides = box.style.sides + (2 * cell_padding if box.style.kind == "cell" else 0.0)
    box.least = _kept_width(box) + sides
    box.tight = _is_too_narrow(box)
    box.bursts = box.tight or any(each.bursts for each in inside)
    breaks = (
        box.style.shrinks and box.style.kind != "table"
    )  # no wider than its place, and so words are broken
    if (box.contains and not breaks) or box.style.kind in GROWING or _definite(box) is not None:
        box.firm = box.least
    else:
        box.firm += sides
    for each in inside:
        if not each.contains:
            box.flow |= each.flow
            if each.style.background and each.style.kind == "block":
                box.flow.add(each.style.background)


def _least(piece: "str | Box", box: Box) -> float:
    if isinstance(piece, Box):
        return piece.least
    return narrowest(piece, box.look, box.style.spacing, box.nowrap) + box.style.indent


def _firm(piece: "str | Box", box: Box) -> float:
    if isinstance(piece, Box):
        return piece.firm
    if box.nowrap:
        return narrowest(piece, box.look, box.style.spacing, True)
    return 0.0 if is_blank(piece) else _widest_letter(box.look)


def _take_columns(box: Box, inside: list[Box]) -> None:
    cells = [each.least for each in inside if each.style.kind == "cell"]
    rows = [each.columns for each in inside if each.style.kind == "row"]
    box.columns = cells or [max(column) for column in zip_longest(*rows, fillvalue=0.0)]
    if box.style.kind == "table":
        spacing = pixels(box.element.get("cellspacing", "2")) or 0.0
        box.inner = max(box.inner, sum(box.columns) + spacing * (len(box.columns) + 1))


def _kept_width(box: Box) -> float:
    style = box.style
    if box.element.tag == "img":
        return 0.0 if style.shrinks else (pixels(style.width) if style.width else PICTURE) or 0.0
    width = _definite(box)
    if width is None:
        return box.inner
    if style.kind in GROWING:
        # a cell's width is a wish only (CSS Tables 3 §3.8.1)
        return box.inner if style.shrinks or style.kind == "cell" else max(box.inner, width)
    return width


def _definite(box: Box) -> float | None:
    """The width in pixels that a style gives the box, if it does."""
    width = box.style.width
    if not width or width.endswith("%") or box.style.kind == "inline":
        return None
    return pixels(width, box.look.pixels) or 0.0


def _is_too_narrow(box: Box) -> bool:
    """Whether what is in the box needs more than its style gives it; of percentages that is told when it is painted."""
    if box.style.kind in GROWING or box.element.tag == "img" or box.style.kind == "inline":
        return False
    width = _definite(box)
    return width is not None and box.firm > width + 1


# -- from outside in ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a box stands: what may lie behind it, and behind it if it reaches out of what it stands in."""

    room: float
    behind: Colours
    block: Colours  # behind the nearest block, for what an inline box's own background doesn't cover
    around: Colours
    flow: Colours
    cramped: bool = False  # within a box that what is in it doesn't fit into
    backwards: bool = False  # what is too wide reaches out to the left, where nobody can scroll
    filled: bool = False  # a table of one column that fills its place


def _paint(box: Box, place: _Place, found: list[Run]) -> None:
    """Add what is in the box; to a list, since yielding through each level takes long where there are many."""
    own = box.style.background
    inside = frozenset({own}) if own else place.behind
    if own and box.grows and not box.bursts and box.style.kind != "caption":
        around = inside
    else:
        around = place.around | inside | place.behind
    here = _Place(
        room=_room(box, place),
        behind=inside,
        block=place.block | place.behind if box.style.kind == "inline" else inside,
        around=around,
        flow=frozenset(box.flow) if box.contains else place.flow,
        cramped=place.cramped or box.tight or _too_small_a_share(box, place),
        backwards=place.backwards or box.style.backwards,
        filled=_is_filled(box, place),
    )
    look = replace(box.look, beneath=inside, cramped=here.cramped)
    if box.element.tag == "img":
        found.append(Run(box.element.get("alt", ""), look, box.element, is_image=True))
    for piece in box.pieces:
        if isinstance(piece, Box):
            _paint(piece, _standing(piece, box, here), found)
        elif not is_blank(piece):
            found.append(Run(piece, _of_text(piece, box, look, here, place), box.element))


def _is_filled(box: Box, place: _Place) -> bool:
    if box.style.kind == "table":
        return box.style.fills and len(box.columns) == 1
    return place.filled and box.style.kind in {"row", "cell"}


def _too_small_a_share(box: Box, place: _Place) -> bool:
    """Whether a percentage of its place, where that is known, is less than what is in the box needs."""
    width, kind = box.style.width, box.style.kind
    if not width.endswith("%") or kind in GROWING or kind == "inline" or box.element.tag == "img":
        return False
    share = (pixels(width, 100) or 0.0) / 100
    return box.firm > place.room * share + 1 and (place.room > PHONE / 2 or share < 0.2)


def _room(box: Box, place: _Place) -> float:
    """The least width there is for what is in the box."""
    style, room = box.style, place.room
    if style.kind in GROWING and _is_filled(box, place):
        return max(box.inner, room - style.sides)
    if style.kind in GROWING or (box.grows and not style.width):
        return max(box.inner, 0.0)
    if style.kind == "inline":
        return room
    left = max(0.0, room - style.sides)
    if not style.width:
        return left
    if style.width.endswith("%"):
        return left * (pixels(style.width, 100) or 0.0) / 100
    width = pixels(style.width, box.look.pixels) or 0.0
    return min(left, width) if "max-width" in box.element.get("style", "") else width


def _standing(piece: Box, parent: Box, here: _Place) -> _Place:
    behind, too_wide = here.behind, piece.firm > here.room + 0.5
    if too_wide and (piece.style.floats or here.backwards) and parent.style.kind not in {"table", "row"}:
        here = replace(here, cramped=True)
    if piece.style.floats:
        behind |= here.around | here.flow
    elif piece.style.kind == "caption" or (
        piece.firm > here.room + 0.5 and parent.style.kind not in {"table", "row"}
    ):
        behind |= here.around
    if parent.style.kind == "inline" and (
        piece.style.kind != "inline" or piece.style.shifted or piece.look.pixels > parent.look.pixels * 1.2
    ):
        behind |= here.block
    return here if behind == here.behind else replace(here, behind=behind)


def _of_text(text: str, box: Box, look: Look, here: _Place, place: _Place) -> Look:
    least = narrowest(text, look, box.style.spacing, box.nowrap) + box.style.indent
    room = here.room + 0.5
    reaches_out = look.line < 0.8 or (least > room and (box.nowrap or _widest_letter(look) > room))
    if box.style.indent and least > room:
        reaches_out = True
    beneath = look.beneath
    if reaches_out:
        beneath |= here.around
    if here.backwards and box.nowrap and least > room:
        look = replace(look, cramped=True)
    if box.style.rounded and len(text) * look.pixels > 600:
        beneath |= place.behind
    return look if beneath is look.beneath else replace(look, beneath=beneath)


def _widest_letter(look: Look) -> float:
    return look.pixels * 1.4
