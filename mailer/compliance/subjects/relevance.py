"""Which recorded offers a line is about."""

import re

from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.money import amounts_in, percents_in
from mailer.compliance.subjects.normalise import Line
from mailer.compliance.subjects.offers import Offer, OfferKind

WORDS = re.compile(r"[a-z]{4,}")
# Words of a line about whatever there is to buy; “register by Tuesday” is about no offer.
SELLS = re.compile(r"\b(?:sale|save|off|deals?|offers?|discount|shop|buy|only)\b")
COMMON = frozenset(
    [
        "order",
        "orders",
        "delivery",
        "holiday",
        "register",
        "only",
        "today",
        "tonight",
        "this",
        "that",
        "with",
        "from",
        "your",
        "over",
        "ends",
        "last",
        "chance",
        "hours",
        "final",
        "days",
        "until",
        "through",
        "save",
        "sale",
        "free",
        "offer",
        "deal",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "november",
        "december",
    ]
)


def relevant_offers(letter: Letter, line: Line) -> list[Offer]:
    """The offers that share a number or a noun with `line`, those of free things for “free”; else all that run."""
    offers = letter.offers or ()
    numbers = {each.value for each in percents_in(line.text)} | {each.value for each in amounts_in(line.text)}
    by_number = [
        offer
        for offer in offers
        if numbers & {*offer.values, *(each.value for each in amounts_in(offer.words))}
    ]
    if by_number:
        return by_number
    words = {word.rstrip("s") for word in WORDS.findall(line.text)} - COMMON
    by_word = [offer for offer in offers if words & {word.rstrip("s") for word in WORDS.findall(offer.words)}]
    if by_word:
        return by_word
    if "free" in line.text:
        return [offer for offer in offers if offer.kind is OfferKind.FREE]
    if numbers or not SELLS.search(line.text):
        return []
    return [offer for offer in offers if not offer.is_over(letter.now)]
