"""The one style sheet that a finished message may hold: how wide columns are where there is room for them.

MJML's columns are as wide as the screen on a phone and stand side by side on a desk, by `@media` rules. No rule of
anybody else's is sent, so Candor reads the widths out of mrml's and writes its own, from numbers alone, for the
elements within the author's box only. Without them (some programs drop style sheets) columns stand below each other.
"""

import re
from collections.abc import Iterable, Mapping

WRAPPER = "m"
FILLING = "fl"  # a picture that fills the phone's width
THEIRS = re.compile(r"\.(mj-column-(?:per|px)-[\d-]+) \{ width:(\d{1,4}(?:\.\d{1,9})?)(%|px) !important;")
THEIR_FILLING = "mj-full-width-mobile"
OURS = re.compile(r"(?:w(\d{1,3})(?:-(\d{1,2}))?|p(\d{2,4})|fl)")
BREAKPOINT = 480
LEAST, MOST = {"%": 5, "px": 40}, {"%": 100, "px": 1200}

SELECTED = re.compile(r"\.m \.([a-z0-9-]+)\{")


def is_ours(sheet: str) -> bool:
    """Whether a style element holds nothing but widths that make sense, as they are written here."""
    names = SELECTED.findall(sheet)
    return bool(names) and all(map(_makes_sense, names)) and _sheet(names) == sheet


def _makes_sense(name: str) -> bool:
    found = OURS.fullmatch(name)
    if found is None or name == FILLING:
        return name == FILLING
    unit, width = ("px", found[3]) if found[3] else ("%", found[1])
    return LEAST[unit] <= int(width) <= MOST[unit]


def names_in(document: str) -> dict[str, str]:
    """Our name for each class of a column that mrml's style sheet gives a width that makes sense."""
    found = {
        theirs: _name(float(width), unit)
        for theirs, width, unit in THEIRS.findall(document)
        if LEAST[unit] <= float(width) <= MOST[unit]
    }
    return {**found, THEIR_FILLING: FILLING}


def _name(width: float, unit: str) -> str:
    whole, _, part = f"{width:.2f}".partition(".")
    if unit == "px":
        return f"p{whole}"
    return f"w{whole}" if part == "00" else f"w{whole}-{part}"


def ours(classes: str, names: Mapping[str, str]) -> str:
    """What of a class attribute stays, by our own names; of an author's nothing does."""
    return " ".join(dict.fromkeys(names[name] for name in classes.split() if name in names))


def sheet(cleaned: str) -> str:
    """The rules for the columns that are in `cleaned`, and no others; empty if there is none."""
    used = dict.fromkeys(re.findall(r'(?<= class=")[a-z0-9 -]+(?=")', cleaned))
    return _sheet(dict.fromkeys(name for names in used for name in names.split()))


def _sheet(used: Iterable[str]) -> str:
    names = sorted(name for name in used if OURS.fullmatch(name))
    widths = "".join(_rule(name) for name in names if name != FILLING)
    wide = f"@media only screen and (min-width:{BREAKPOINT}px){{{widths}}}" if widths else ""
    narrow = f".m .{FILLING}{{width:100%!important;max-width:100%!important}}"
    phone = f"@media only screen and (max-width:{BREAKPOINT - 1}px){{{narrow}}}" if FILLING in names else ""
    return wide + phone


def _rule(name: str) -> str:
    found = OURS.fullmatch(name)
    assert found is not None  # noqa: S101  only such names come here
    whole, part, pixels = found.groups()
    if pixels:  # never wider than the screen
        return f".m .{name}{{width:{pixels}px!important;max-width:100%!important}}"
    width = f"{whole}.{part}%" if part else f"{whole}%"
    return f".m .{name}{{width:{width}!important;max-width:{width}!important}}"
