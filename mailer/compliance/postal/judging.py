"""The judgement, in the order in which a clerk would look."""

from collections.abc import Iterator
from dataclasses import replace

from mailer.compliance.postal import countries, kinds, lines, placeholders, united_states, writing
from mailer.compliance.postal.parts import Judgement, Parts, Remark, plain

# Parts of the United States with a country code of their own, which post reaches as a state (USPS Publication 28 §28).
TERRITORIES = frozenset({"PR", "GU", "VI", "AS", "MP", "FM", "MH", "PW"})


def judge(parts: Parts) -> Judgement:
    """What is wrong with an address and what may be."""
    return Judgement.of(_remarks(parts))


def _remarks(parts: Parts) -> Iterator[Remark]:
    yield from writing.remarks(parts)
    yield from placeholders.remarks(parts)
    country = countries.code(parts.country)
    if country is None:
        yield Remark("country", "Write the country as two capital letters, such as US, DE or JP.")
        return
    if country not in writing.NUMBERS_MAY_STAND_ALONE:
        yield from writing.letters(parts)
    parts = _tidy(parts, country)
    if parts.country == "US":
        yield from united_states.remarks(parts)
    else:
        yield from countries.remarks(parts)
    yield from lines.remarks(parts)
    yield from kinds.remarks(parts)


def _tidy(parts: Parts, country: str) -> Parts:
    """In single spaces and by its country's code; a territory as the state that it is to the postal "
    "service."""
    tidy = Parts(*(plain(getattr(parts, name)) for name in Parts.__dataclass_fields__))
    if country in TERRITORIES:
        return replace(tidy, country="US", region=country)
    return replace(tidy, country=country)
