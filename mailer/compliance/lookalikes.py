"""Names that are made to be read as another's: “PayPaI”, “Arnazon”, “Netfl1x”, letters of another script (D14, D24)."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import product

from mailer.compliance.subjects.relations import BRANDS

# What looks like a Latin letter in most fonts (a few of Unicode's confusables, UTS #39): Cyrillic, Greek.
FOREIGN = str.maketrans(
    "аеорсухіјѕһԁԛԝвкмнтАВЕКМНОРСТХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧαορνικτ",
    "aeopcyxijshdqwbkmhtABEKMHOPCTXIJSABEZHIKMNOPTYXaopvikt",
)
DIGITS = {"0": "o", "3": "e", "4": "a", "5": "s", "8": "b", "$": "s", "€": "e", "!": "i", "|": "l"}
PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))
BRAND = re.compile(rf"(?<![a-z0-9])(?:{BRANDS})(?![a-z0-9])")
LONGEST = 120


def imitated(name: str) -> str:
    """The well-known name that `name` looks like without being it; empty if it looks like none."""
    plain = _plain(name)
    honest = {found[0] for found in BRAND.finditer(plain)}
    for reading in _readings(name[:LONGEST]):
        for found in BRAND.finditer(reading):
            if found[0] not in honest:
                return found[0]
    return ""


def mixes_scripts(name: str) -> bool:
    """Whether a word of it has letters of Latin and of a script that is mistaken for it."""
    for word in re.findall(r"\w+", name):
        scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in word if letter.isalpha()}
        if "LATIN" in scripts and scripts & {"CYRILLIC", "GREEK", "CHEROKEE", "ARMENIAN"}:
            return True
    return False


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).lower().split())


def _readings(name: str) -> Iterator[str]:
    """How a reader in a hurry may read it."""
    flat = "".join(each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each))
    flat = re.sub(r"[\u200b-\u200f\u2060\ufeff\u00ad]", "", flat).translate(FOREIGN)
    for capital, one in product("iIl", "li"):
        read = flat.replace("I", capital).lower().replace("1", one)
        read = "".join(DIGITS.get(each, each) for each in read)
        yield read
        yield read.replace("l", "i")
        yield re.sub(r"(?<=\w)[-._ ](?=\w(?:[-._ ]|$))", "", read)
        for pair, letter in PAIRS:
            yield read.replace(pair, letter)
