"""Is it written so that a letter carrier could read it?"""

import re
import unicodedata
from collections.abc import Iterator

from mailer.compliance.postal.parts import FIELDS, Parts, Remark, plain

TITLES = {
    "organization": "name",
    "line1": "first address line",
    "line2": "second address line",
    "city": "city",
    "region": "state or region",
    "postal_code": "postal code",
    "country": "country",
}
LONGEST = 200
UNSEEN = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})
PICTURE = "So"
SIGNS = frozenset("°®©〒")  # N° 12, as half the world writes it
# Persian and Hindi need the first two to spell, Arabic and Hebrew the others to stand in order.
JOINERS = frozenset("\u200c\u200d\u200e\u200f")
MARKUP = re.compile(r"[<>{}\[\]|\\=]|%\w+%|\$\w|\?\?|##|__|&\w+;")
ONLINE = re.compile(
    r"@\w|https?:|www\.|^[\w-]+(?:\.[\w-]+)*\.[a-z]{2}(?:/\S*)?$|"
    r"\b[\w-]{2,}\.(?:com|org|net|io|info|biz|shop|store|online|app|dev|example|test|invalid|co\.uk)(?:/|\b(?!\.))",
    re.IGNORECASE,
)
PHONE = re.compile(
    r"\b(?:tel|phone|telephone|telefon|fax|call|mobile|whatsapp)\b[.: ]*\+?[\d ()./-]{6,}|"
    r"(?<![\d-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\d-])|(?:^|\s)\+\d[\d ()./-]{6,}|\b1-[2-9]\d\d-[\dA-Z-]{7,}",
    re.IGNORECASE,
)
# Japan writes block and house by numbers alone: 1-7-1; so do others in East Asia.
NUMBERS_MAY_STAND_ALONE = frozenset({"JP", "KR", "TW", "CN"})


def remarks(parts: Parts) -> Iterator[Remark]:
    for name in FIELDS:
        yield from _about(name, getattr(parts, name))


def _about(name: str, value: str) -> Iterator[Remark]:
    title = TITLES[name]
    if any(_is_unseen(each) for each in unicodedata.normalize("NFKC", value.strip())):
        yield Remark(name, f"The {title} holds a character that can’t be printed. Type it again by hand.")
    elif MARKUP.search(value) and name != "organization":
        yield Remark(name, f"The {title} holds signs of a program, such as brackets. Write it out in words.")
    elif ONLINE.search(value) and name != "organization":
        yield Remark(name, f"The {title} is something on the internet. Write where post reaches you.")
    elif _holds_phone_number(name, plain(value)):
        yield Remark(name, f"The {title} holds a phone number. Write only where post reaches you.")
    if len(value) > LONGEST:
        yield Remark(name, f"The {title} is too long for an envelope. {LONGEST} characters are the most.")


def _holds_phone_number(name: str, value: str) -> bool:
    """Beside a street too, but in names and codes only if it is all there is."""
    in_line = name in ("line1", "line2") and PHONE.search(value)
    return bool(in_line or PHONE.fullmatch(value))


def _is_unseen(character: str) -> bool:
    category = unicodedata.category(character)
    return (category == PICTURE and character not in SIGNS) or (
        category in UNSEEN and character not in JOINERS
    )


def letters(parts: Parts) -> Iterator[Remark]:
    """Numbers alone are no address, but where `NUMBERS_MAY_STAND_ALONE`."""
    if parts.line1.strip() and not any(each.isalpha() for each in parts.lines):
        yield Remark("line1", "The address line has no words. Write street and number, or a PO box.")
    if parts.city.strip() and not any(each.isalpha() for each in parts.city):
        yield Remark("city", "The city has no letters. Write its name.")
