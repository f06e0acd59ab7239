"""Percentages and sums of money that a text names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from mailer.compliance.subjects.times import NUMBER, counted

CURRENCY = r"(?:us ?\$|a\$|c\$|[$€£¥]|(?:usd|eur|gbp|chf) ?)"
AMOUNT = re.compile(
    rf"(?<![\w$])(?:{CURRENCY} ?(?P<sum>\d{{1,3}}(?:,\d{{3}})+(?:\.\d\d?)?|"
    rf"\d+(?:\.\d\d?)?)(?P<kilo>k\b| ?(?:million|thousand)\b|m\b)?"
    r"|(?P<sum2>\d{1,3}(?:,\d{3})+(?:\.\d\d)?|\d+(?:[.,]\d\d)?) ?(?:€|£|dollars?\b|euros?\b|"
    r"pounds?\b(?! of\b)|usd\b|eur\b|gbp\b)"
    r"|(?P<cents>\d{1,2}) ?(?:¢|cents?\b))"
)
PERCENT = re.compile(
    r"(?<![\w.])(?P<upto>(?:up to|as much as|bis zu|jusqu'a|jusqu'à|hasta) (?:an? )?(?:extra )?)?"
    r"(?:(?P<low>\d{1,3}(?:\.\d\d?)?) ?%? ?(?:-|to|and|"
    r"\+) ?)?(?P<percent>\d{1,3}(?:\.\d\d?)?) ?(?:%|percent\b|per cent\b|pct\b)(?P<more>\+)?"
)
HALF = re.compile(
    r"\b(?:half[ -]?(?:off|price)|1/2 (?:off|price)|half as much|"
    r"half (?:of )?(?:the|its|their|our) (?:\w+ )?(?:price|rate|fee|fare|cost))"
)
# “A third off”, “save a quarter”: as the percentage that a price tag shows.
FRACTION = re.compile(
    r"\b(?:(?P<third>(?:a|one) third)|(?P<quarter>(?:a|one) quarter)|(?P<thirds>two[ -]thirds)|"
    r"(?P<quarters>three[ -]quarters)|(?P<fifth>(?:a|one) fifth))"
    r"(?= (?:(?:is|comes|goes) )?(?:(?:knocked|taken) )?(?:off|less|cheaper)\b)"
)
FRACTIONS = {"third": 33, "quarter": 25, "thirds": 67, "quarters": 75, "fifth": 20}
IN_WORDS = re.compile(rf"\b(?P<percent>(?!an? ){NUMBER}) ?(?:%|percent\b|per cent\b|pct\b)")
DOLLARS_IN_WORDS = re.compile(rf"\b(?P<sum>(?!an? ){NUMBER})[ -](?:dollars?|euros?|pounds?(?! of))\b")


SIGNS_OF_A_SHARE = ("%", "half", "1/2", "percent", "per cent", "pct", " third", "quarter", " fifth", "-third")
SIGNS_OF_A_SUM = ("$", "€", "£", "¥", "¢", "cent", "dollar", "euro", "pound", "usd", "eur", "gbp", "chf")


@dataclass(frozen=True, slots=True)
class Percent:
    """`low` is set for “15-40 %”; `up_to` for “up to 40 %”."""

    start: int
    end: int
    value: Decimal
    low: Decimal | None = None
    up_to: bool = False


@dataclass(frozen=True, slots=True)
class Amount:
    start: int
    end: int
    value: Decimal


def percents_in(text: str) -> list[Percent]:
    """The percentages of `text`, half price as fifty."""
    return list(_percents(text)) if _may_have(text, SIGNS_OF_A_SHARE) else []


def amounts_in(text: str) -> list[Amount]:
    return sorted(_amounts(text), key=lambda amount: amount.start) if _may_have(text, SIGNS_OF_A_SUM) else []


def _may_have(text: str, signs: tuple[str, ...]) -> bool:
    """Most sentences have none, and this is twenty times quicker than the patterns."""
    return any(sign in text for sign in signs)


def _percents(text: str) -> Iterator[Percent]:
    found = [
        Percent(
            each.start(),
            each.end(),
            Decimal(each["percent"]),
            Decimal(each["low"]) if each["low"] else None,
            bool(each["upto"]),
        )
        for each in PERCENT.finditer(text)
    ]
    found += [Percent(each.start(), each.end(), Decimal(50)) for each in HALF.finditer(text)]
    found += [
        Percent(each.start(), each.end(), Decimal(FRACTIONS[each.lastgroup or "third"]))
        for each in FRACTION.finditer(text)
    ]
    found += [
        Percent(each.start(), each.end(), Decimal(counted(each["percent"])))
        for each in IN_WORDS.finditer(text)
        if not each["percent"].isdigit()
    ]
    yield from sorted(found, key=lambda percent: percent.start)


def _amounts(text: str) -> Iterator[Amount]:
    for each in AMOUNT.finditer(text):
        written = each["sum"] or each["sum2"] or each["cents"]
        try:
            value = Decimal(
                written.replace(",", "") if "," in written[:-3] or each["sum"] else written.replace(",", ".")
            )
        except InvalidOperation:
            continue
        if each["kilo"]:
            value *= 1_000 if each["kilo"].strip() in ("k", "thousand") else 1_000_000
        yield Amount(each.start(), each.end(), value / 100 if each["cents"] else value)
    for each in DOLLARS_IN_WORDS.finditer(text):
        if not each["sum"].isdigit():
            yield Amount(each.start(), each.end(), Decimal(counted(each["sum"])))
