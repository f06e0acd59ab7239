"""A line as a reader takes it in: one spelling for every disguise, and the way back to the raw characters.

Gmail's guidelines on hidden content and on emoji “with intent to deceive”; DUTIES D32, T13.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

LONGEST = 2_000  # characters that are read; no mail program shows more, and no rule has to walk a megabyte
PLAIN = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "′": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
                       "–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-", "⁄": "/"})  # fmt: skip
UNPLAIN = re.compile(f"[{''.join(map(chr, PLAIN))}\u00ad\u200b\ufeff\u200c]")
PLAIN_AND_UNHIDDEN = PLAIN | dict.fromkeys(map(ord, "\u00ad\u200b\ufeff\u200c"))
# Cyrillic and Greek letters that can't be told from Latin ones in most fonts (Unicode TR39, the common ones)
LOOK_ALIKES = str.maketrans("аеорсухіјѕԁһԛԝАВЕКМНОРСТХУІЅЈαοινρκτ", "aeopcyxijsdhqwABEKMHOPCTXYISJaoivpkt")
HIDING = {"Cf", "Cc", "Co", "Cn", "Cs", "Zl", "Zp"}
BIDI_MARKS = {"\u200e", "\u200f", "\u061c"}
JOINERS = {"\u200c", "\u200d"}
LEET = str.maketrans("013457@$!|", "oleastasil")
LEET_I = str.maketrans("013457@$!|", "oieastasii")
# Words that filters look for, so that writers of spam disguise them; a disguise of other words is nobody's trick.
SOUGHT = frozenset(
    [
        "free",
        "money",
        "cash",
        "win",
        "winner",
        "won",
        "prize",
        "sale",
        "off",
        "everything",
        "discount",
        "save",
        "click",
        "urgent",
        "offer",
        "deal",
        "buy",
        "order",
        "account",
        "verify",
        "confirmed",
        "confirm",
        "paypal",
        "amazon",
        "invoice",
        "gift",
        "bonus",
        "credit",
        "loan",
        "limited",
        "viagra",
        "now",
        "today",
        "refund",
        "reward",
    ]
)
SPACED = re.compile(r"(?<![^\W_])[a-z](?:([ *_.-])[a-z](?=\1|[^\w]|$))(?:\1[a-z](?![^\W_]))+")
DISGUISED = re.compile(r"(?<!\S)[a-z0-9@$!|]*(?:[a-z][013457@$!|]|[013457@$!|][a-z])[a-z0-9@$!|]*")
WORD = re.compile(r"[^\W\d_]+")


class TrickKind(StrEnum):
    HIDDEN = "hidden"
    DIRECTION = "direction"
    MIXED = "mixed"
    SPACED = "spaced"
    LEET = "leet"
    STACKED = "stacked"


@dataclass(frozen=True, slots=True)
class Trick:
    """A disguise, with its place in the raw line."""

    kind: TrickKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Line:
    """`text` is for reading claims: lower case, single spaces, undisguised; `cased` is it before lowering.

    Both have one character for each entry of `offsets`, the index of the raw character that it came from.
    """

    where: str
    raw: str
    text: str
    cased: str
    offsets: tuple[int, ...]
    tricks: tuple[Trick, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The raw code points behind text[start:end]."""
        if not self.offsets or start >= end:
            return (0, len(self.raw))
        last = min(end, len(self.offsets)) - 1
        return self.offsets[min(start, last)], self.offsets[last] + 1

    def without(self, name: str) -> "Line":
        """The same line with each mention of `name` blanked, for what is a name makes no claim."""
        plain = plain_text(name).strip()
        if len(plain) < 3 or plain not in self.text:
            return self
        blank = " " * len(plain)
        text, place = self.text, self.text.find(plain)
        while place >= 0:
            end = place + len(plain)
            if not text[max(0, place - 1) : place].isalnum() and not text[end : end + 1].isalnum():
                text = text[:place] + blank + text[end:]
            place = text.find(plain, end)
        return replace(self, text=text)


@lru_cache(maxsize=64)
def normalise(raw: str, where: str = "subject") -> Line:
    """Read `raw` through its disguises: compatibility forms, hidden characters, look-alikes, spacing, leet."""
    raw = raw[:LONGEST]
    shown = list(_shown(raw))
    tricks = [*_hidden(raw), *_stacked(raw), *_mixed(raw)]
    cased = "".join(character for character, _ in shown)
    if any(trick.kind is TrickKind.MIXED for trick in tricks):
        cased = cased.translate(LOOK_ALIKES)
    offsets = [offset for _, offset in shown]
    text = cased.lower() if len(cased.lower()) == len(cased) else cased
    text, cased, offsets, joined = _joined(text, cased, offsets)
    text, decoded = _decoded(text)
    found = [Trick(kind, offsets[start], offsets[end - 1] + 1) for kind, start, end in decoded]
    return Line(where, raw, text, cased, tuple(offsets), (*tricks, *joined, *found))


def plain_text(text: str) -> str:
    """Running text in the same spelling, without tricks looked for or offsets kept: quick, for bodies."""
    return in_one_spelling(text).lower()


def in_one_spelling(text: str) -> str:
    """The same, with its capitals."""
    if text.isascii():
        return text
    # quicker than to translate each character, since few are typographic
    return UNPLAIN.sub(
        lambda found: PLAIN_AND_UNHIDDEN[ord(found[0])] or "", unicodedata.normalize("NFKC", text)
    )


def _shown(raw: str) -> Iterator[tuple[str, int]]:
    blank = True
    for offset, character in enumerate(raw):
        for part in _parts(character):
            if not (part == " " and blank):
                yield part, offset
            blank = part == " "


@lru_cache(maxsize=4096)
def _parts(character: str) -> str:
    category = unicodedata.category(character)
    if character.isspace() or category in {"So", "Sk", "Zs"}:
        return " " if character not in "™®©°^`" else ""
    if category in HIDING or category == "Me" or "\ufe00" <= character <= "\ufe0f":
        return ""
    return unicodedata.normalize("NFKC", character).translate(PLAIN)


def _hidden(raw: str) -> Iterator[Trick]:
    if raw.isascii() and raw.isprintable():
        return
    is_rtl = any(unicodedata.bidirectional(character) in {"R", "AL"} for character in raw)
    for offset, character in enumerate(raw):
        if (
            unicodedata.category(character) not in HIDING
            or character in "\t\n\r"
            or "\x80" <= character <= "\x9f"
        ):
            continue
        if character in BIDI_MARKS and is_rtl:
            continue
        if character in JOINERS and _joins(raw, offset):
            continue
        bidi = "\u202a" <= character <= "\u202e" or "\u2066" <= character <= "\u2069"
        if bidi and is_rtl and character not in "\u202d\u202e":
            continue
        yield Trick(TrickKind.DIRECTION if bidi else TrickKind.HIDDEN, offset, offset + 1)


def _joins(raw: str, offset: int) -> bool:
    """Whether a joiner stands within an emoji or between letters of a script that needs it."""
    around = raw[max(0, offset - 1) : offset] + raw[offset + 1 : offset + 2]
    if len(around) < 2:
        return False
    needs = ("ARABIC", "DEVANAGARI", "BENGALI", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "GUJARATI", "SINHALA",
             "GURMUKHI", "ORIYA", "KHMER", "MYANMAR")  # fmt: skip
    return all(
        unicodedata.category(each) in {"So", "Sk", "Mn", "Mc"} or unicodedata.name(each, "").startswith(needs)
        for each in around
    )


def _stacked(raw: str) -> Iterator[Trick]:
    for found in re.finditer(r"[\u0300-\u036f\u0483-\u0489\u20d0-\u20e2]{3,}", raw):
        yield Trick(TrickKind.STACKED, found.start(), found.end())


def _mixed(raw: str) -> Iterator[Trick]:
    if raw.isascii():
        return
    for word in WORD.finditer(raw):
        scripts = {_script(character) for character in word[0]} - {""}
        if "LATIN" in scripts and scripts & {"CYRILLIC", "GREEK", "CHEROKEE", "ARMENIAN"}:
            yield Trick(TrickKind.MIXED, word.start(), word.end())


def _script(character: str) -> str:
    # NFKC: “µ” and mathematical letters are what they look like
    name = unicodedata.name(unicodedata.normalize("NFKC", character)[0], "")
    script = name.partition(" ")[0]
    return "" if character in "µΩ" else script


def _joined(text: str, cased: str, offsets: list[int]) -> tuple[str, str, list[int], list[Trick]]:
    """“f r e e” and “e-v-e-r-y-t-h-i-n-g” as words again; only the former two kinds of disguise are told."""
    tricks: list[Trick] = []
    keep = [True] * len(text)
    for found in SPACED.finditer(text):
        word = re.sub(r"[ *_.-]", "", found[0])
        is_sought = any(word.startswith(sought) for sought in SOUGHT if len(sought) > 2)
        if found[1] == "." or (found[1] == " " and not is_sought) or len(word) < 4:
            continue
        for place in range(found.start() + 1, found.end(), 2):
            keep[place] = False
        if is_sought and found[1] != "-":
            tricks.append(Trick(TrickKind.SPACED, offsets[found.start()], offsets[found.end() - 1] + 1))
    if all(keep):
        return text, cased, offsets, tricks
    kept = [place for place, wanted in enumerate(keep) if wanted]
    return (
        "".join(text[place] for place in kept),
        "".join(cased[place] for place in kept),
        [offsets[place] for place in kept],
        tricks,
    )


def _decoded(text: str) -> tuple[str, list[tuple[TrickKind, int, int]]]:
    """“m0ney” read as money, with its place. Same length."""
    found: list[tuple[TrickKind, int, int]] = []

    def decode(match: re.Match[str]) -> str:
        word = match[0].rstrip("!")
        meant = next((each for each in (word.translate(LEET), word.translate(LEET_I)) if each in SOUGHT), "")
        if not meant or word in SOUGHT:
            return match[0]
        found.append((TrickKind.LEET, match.start(), match.start() + len(word)))
        return meant + match[0][len(word) :]

    return DISGUISED.sub(decode, text), found
