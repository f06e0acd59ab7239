"""A discount in the subject is the discount in the body and in the recorded offer, with its conditions.

15 U.S.C. 7704(a)(2); FTC Guides Against Deceptive Pricing, 16 CFR 233 (DUTIES D26, D33, T9, T11).
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.claims import Discount
from mailer.compliance.subjects.conditions import ANNOUNCED, IF
from mailer.compliance.subjects.discounts import (
    MINIMUM,
    NARROWED,
    amounts_off,
    comes_to,
    conditions_in,
    discounts_in,
    percents_off,
)
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.money import Percent, amounts_in
from mailer.compliance.subjects.offers import Offer, OfferKind
from mailer.compliance.subjects.words import just_before

RULE = "subject_discount"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); 16 CFR 233"
REVIEWED = Reviewed("2026-11-30", version=5, duties="D26 D33")
Verdict = tuple[Severity, str] | None
PRICE_LIST = 3  # sums; a list of things with their prices need not name their kind
FEW = re.compile(
    r"\b(?:a few|some|selected|select|certain|one rack|one table|a rack|a table|a shelf|"
    r"a handful)\b[^.;]{0,32}$"
)
EXTRA = re.compile(r"\b(?:extra|another|additional|further)(?: [a-z]+)? $")
ANY_EXTRA = re.compile(r"\b(?:(?:an|your|take|get|the) (?:extra|additional)|another \d|further \d)")
NO_EXTRA = re.compile(
    r"\b(?:no (?:other|further|additional|extra|more) (?:discounts?|codes?|reductions?|savings)|nothing (?:more|"
    r"else|extra|further)|"
    r"(?:is|are) already \d+ ?%|already (?:reduced|marked down))\b"
)
# “$20 off your next order” where it takes one of $150: the order is told, the sum is not.
AT_LEAST = re.compile(
    r"\b(?:orders?|purchases?|spend|bookings?|stays?|visits?)\b[^.;]{0,20}[$€£]\d[\d,.]* (?:or more|and up|minimum)|"
    r"\b(?:of|over|above) [$€£]\d[\d,.]* or more|\b(?:when you|if you) spend [$€£]\d"
)
SUM_TOLD = re.compile(
    r"\b(?:over|above|of|off|give|spend|from|min\w*|orders?) [$€£]?\d|[$€£]\d+ ?\+|or more|when you spend"
)
UP_TO = re.compile(r"\bup to\b")


def check(letter: Letter) -> Iterator[Finding]:
    for line in letter.lines:
        for claim in discounts_in(line):
            verdict = _against_offers(letter, claim) or _against_body(letter, claim)
            if (
                verdict is None
                and EXTRA.search(line.text[: claim.start])
                and letter.body.has(NO_EXTRA)
                and not letter.body.has(ANY_EXTRA)
            ):
                words = f"The body takes nothing more off than is marked. Don’t call {claim.words} extra."
                verdict = Severity.HOLD, words
            if verdict:
                yield letter.finding(RULE, *verdict, SOURCE, line, claim.start, claim.end)


def _is_not_extra(letter: Letter) -> bool:
    return letter.body.has(NO_EXTRA) and not letter.body.has(ANY_EXTRA)


def _against_offers(letter: Letter, claim: Discount) -> Verdict:
    if letter.offers is None:
        return None
    kind = OfferKind.PERCENT if claim.is_percent else OfferKind.AMOUNT
    matching = [offer for offer in letter.offers if offer.kind is kind and _has(offer, claim)]
    if not matching:
        return (
            Severity.BLOCK,
            f"No recorded offer gives {claim.words}. Record the offer, or name the one there is.",
        )
    if all(offer.is_over(letter.now) for offer in matching):
        return Severity.BLOCK, f"The recorded offer of {claim.words} is over. Take it away."
    if not claim.up_to and claim.low is None and all(_is_range(offer) for offer in matching):
        return Severity.BLOCK, f"{claim.words} is the most of a range. Say “up to”, or name both ends."
    return None


def _has(offer: Offer, claim: Discount) -> bool:
    return claim.value in offer.values or claim.words.strip() in offer.words


def _is_range(offer: Offer) -> bool:
    return len(offer.values) > 1 or "up to" in offer.words


def _against_body(letter: Letter, claim: Discount) -> Verdict:
    if not claim.is_percent:
        return _amount(letter, claim)
    told = percents_off(letter.body)
    same = [(percent, sentence) for percent, sentence in told if _is_same(percent, claim)]
    if not same and _comes_to(letter, claim):
        return None
    if not same:
        return _missing(letter, claim, bool(told))
    if (
        not claim.up_to
        and claim.low is None
        and all(
            _is_most(percent) or UP_TO.search(each) or FEW.search(just_before(each, percent.start))
            for percent, each in same
        )
    ):
        return (
            Severity.BLOCK,
            f"The body says “up to” where the subject says {claim.words}. Say “up to” in both.",
        )
    return _about(letter, claim, [sentence for _, sentence in same])


def _is_same(percent: Percent, claim: Discount) -> bool:
    return claim.value in (percent.value, percent.low)


def _is_most(percent: Percent) -> bool:
    return percent.up_to or percent.low is not None


def _missing(letter: Letter, claim: Discount, others: bool) -> Verdict:
    if others:
        return Severity.BLOCK, f"The body names another figure than {claim.words}. Name the same in both."
    if letter.body.speaks:
        return Severity.HOLD, f"The body does not say {claim.words}. Say there what the subject promises."
    return (
        Severity.WARN,
        f"The text of the body does not say {claim.words}; pictures can’t be read. Add it as text.",
    )


def _amount(letter: Letter, claim: Discount) -> Verdict:
    told = amounts_off(letter.body)
    same = [sentence for value, sentence in told if value == claim.value]
    if not same and _comes_to(letter, claim):
        return _conditional(letter, claim)
    if not same:
        return _missing(letter, claim, bool(told))
    if not claim.up_to and all(UP_TO.search(sentence) for sentence in same):
        return (
            Severity.BLOCK,
            f"The body says “up to” where the subject says {claim.words}. Say “up to” in both.",
        )
    return _about(letter, claim, same)


def _conditional(letter: Letter, claim: Discount) -> Verdict:
    """Where it is told as a former and a new price: “$185 becomes $115 when three go into one basket”."""
    told = [
        each for each in letter.body.sentences if comes_to(each, claim.value, is_percent=claim.is_percent)
    ]
    if ANNOUNCED.search(letter.announced) or not all(
        IF.match(each[amounts_in(each)[-1].end :]) for each in told
    ):
        return None
    return Severity.HOLD, f"{claim.words} has a condition that the subject does not name. Name it there."


def _comes_to(letter: Letter, claim: Discount) -> bool:
    """“$499, down from $699” is $200 off; “now $80, was $100” is 20%."""
    return any(
        comes_to(sentence, claim.value, is_percent=claim.is_percent) for sentence in letter.body.sentences
    )


def _about(letter: Letter, claim: Discount, sentences: list[str]) -> Verdict:
    """The body has the figure: on the same things, and without a condition that the subject hides?"""
    nouns = [word.rstrip("s'")[:5] for word in claim.on.split() if len(word) > 3]
    if (
        nouns
        and len(amounts_off(letter.body)) < PRICE_LIST
        and len(percents_off(letter.body)) < PRICE_LIST
        and letter.body.speaks
        and not claim.everything
        and not any(noun in letter.told for noun in nouns)
    ):
        return Severity.WARN, f"The body gives {claim.words}, but not on “{claim.on}”. Name what it is on."
    near = _with_neighbours(letter, sentences)
    told = MINIMUM.search(letter.announced) or ANNOUNCED.search(letter.announced)
    if told and not SUM_TOLD.search(letter.announced) and all(AT_LEAST.search(each) for each in sentences):
        return Severity.HOLD, f"{claim.words} needs a sum that the subject does not name. Name it there."
    if any(NARROWED.search(each) for each in near) and not NARROWED.search(letter.announced):
        return (
            Severity.HOLD,
            f"In the body, {claim.words} is less than the subject says. Say there what it is on.",
        )
    if conditions_in(near) and not told and not _has_plain(sentences):
        return Severity.HOLD, f"{claim.words} has a condition that the subject does not name. Name it there."
    return None


def _with_neighbours(letter: Letter, sentences: list[str]) -> list[str]:
    every = letter.body.sentences
    places = {index + step for index, each in enumerate(every) if each in sentences for step in (0, 1)}
    return [
        every[index] for index in sorted(places) if index < len(every) and _belongs(every[index], sentences)
    ]


def _belongs(sentence: str, sentences: list[str]) -> bool:
    """A neighbour about free shipping has its own condition."""
    return sentence in sentences or not any(
        word in sentence for word in ("free", "shipping", "delivery", "returns")
    )


def _has_plain(sentences: list[str]) -> bool:
    """Whether the figure also stands without any condition, such as beside a second offer."""
    return len(sentences) > 1 and sum(not MINIMUM.search(each) for each in sentences) > 1
