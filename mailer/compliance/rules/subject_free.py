"""Free is free, or the subject says what it takes.

FTC Guide Concerning Use of the Word “Free”, 16 CFR 251.1(c): conditions stand at the outset, in close
conjunction with the offer; 15 U.S.C. 7704(a)(2); Negative Option Rule, 16 CFR 425 (DUTIES T8).
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.claims import Free
from mailer.compliance.subjects.conditions import ANNOUNCED, PURCHASE
from mailer.compliance.subjects.free import FEES, GIVES, costs_of, frees_in, is_given
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.money import amounts_in
from mailer.compliance.subjects.offers import OfferKind
from mailer.compliance.subjects.times import NUMBER
from mailer.compliance.subjects.words import shares, stems

RULE = "subject_free"
SOURCE = "risk under 16 CFR 251.1; 15 U.S.C. 7704(a)(2)"
REVIEWED = Reviewed("2026-11-30", version=6, duties="D25 D26")
OR_MORE = re.compile(r"\b(?:two|three|four|five|six|\d+) (?:\w+ )?or more\b")
LEADING = 2  # sentences in which a message says what it asks for
BINDS = re.compile(
    r"\b(?:contract|commit\w*|minimum term|renews?|credit card|annual plan|paying adult|nights or more)\b"
)
# A time told in the subject hides no price after it; a purchase before it would be hidden all the same.
TIMED = re.compile(
    r"\b(?:trial|until|first (?:month|year|week|box|30|night|two|three)|for (?:a|one|two|three|six|"
    r"\d+) (?:months?|years?|weeks?|days?)|"
    r"(?:\d+|one|two|three|seven|thirty)[ -](?:day|week|month)s?)\b"
)
LATER = re.compile(
    r"\b(?:then|after|thereafter|renews?|from (?:month|year|day)|following|unless you cancel|trial)\b"
)
PERIOD = re.compile(rf"\b(?:{NUMBER})[ -](?:weeks?|months?|years?)\b|\b(?:buy|order|book|spend|prepay)\b")
JOINS = re.compile(r"\b(?:join|sign up|subscribe|register|enrol\w*|start|upgrade)\b")
PRICED = re.compile(r"\b(?:for|costs?|is|are|at|pay) (?:only |just )?[$€£]\d")
# “A treat from us” says less than “free”: a reader may expect a discount as well.
MERE_TREAT = re.compile(r"(?:a|your|our) (?:\w+ )?treat\b.*")
THRESHOLD = re.compile(
    r"\b(?:orders? (?:of|over|above|from|worth|reach)|spend\w*|purchases? (?:of|over|above|from)|over|above|"
    r"minimum|at least)\b"
    r"[^.;]{0,24}[$€£]\d|[$€£]\d[\d.,]* (?:or more|minimum|and up)"
)


def check(letter: Letter) -> Iterator[Finding]:
    for line in letter.lines:
        for claim in frees_in(line):
            verdict = _verdict(letter, claim)
            if verdict:
                yield letter.finding(RULE, *verdict, SOURCE, line, claim.start, claim.end)
                break


def _verdict(letter: Letter, claim: Free) -> tuple[Severity, str] | None:
    if letter.offers is not None and not letter.offers and letter.body.sells:
        return Severity.HOLD, f"No offer is recorded that gives “{_named(claim)}”. Record it."
    costs = costs_of(claim, letter.body) or _of_offers(letter, claim)
    if ANNOUNCED.search(letter.announced):
        hidden = [each for each in costs if _asks_more(letter, each)]
    elif TIMED.search(letter.announced):
        hidden = [each for each in costs if _binds(each) or not (JOINS.search(each) or LATER.search(each))]
    else:
        hidden = costs
    if hidden:
        return (
            Severity.WARN if MERE_TREAT.fullmatch(claim.words) else Severity.BLOCK,
            f"“{_named(claim)}” costs something after all: “{hidden[0][:120]}”. Say so in the subject.",
        )
    return None if is_given(letter.told) or _is_named(letter, claim) else _not_given(letter, claim)


def _binds(cost: str) -> bool:
    """To join is no condition of a first month; to stay for a year is."""
    return BINDS.search(cost) is not None or (
        PURCHASE.search(cost) is not None and PERIOD.search(cost) is not None
    )


def _asks_more(letter: Letter, cost: str) -> bool:
    """“With every order” in the subject, and a sum or a contract in the body."""
    told_sum = amounts_in(letter.announced) or re.search(
        r"\bover\b|\bspend|\bb[ou]go\b|\bbuy\b|\boff\b", letter.announced
    )
    if not told_sum and PRICED.search(cost) and not GIVES.search(cost):
        return True
    if not told_sum and OR_MORE.search(cost) and not OR_MORE.search(letter.announced):
        return True
    if FEES.search(cost) and not FEES.search(letter.announced):
        return True
    return (not told_sum and amounts_in(cost) != [] and THRESHOLD.search(cost) is not None) or (
        BINDS.search(cost) is not None and not BINDS.search(letter.announced)
    )


def _is_named(letter: Letter, claim: Free) -> bool:
    """“Spend $40 and choose a mini”: with its condition told, a thing is given without the word."""
    return any(word[:5] in letter.body.text for word in claim.item.split() if len(word) > 3)


def _not_given(letter: Letter, claim: Free) -> tuple[Severity, str]:
    wanted = stems(claim.item)
    priced = [each for each in letter.body.sentences if amounts_in(each)]
    if letter.body.speaks and any(
        each in letter.body.lead[:LEADING] or shares(each, wanted) for each in priced
    ):
        return (
            Severity.BLOCK,
            f"The body names prices and nothing free. Give what “{_named(claim)}” promises there, or don’t say it.",
        )
    severity = Severity.HOLD if letter.body.speaks else Severity.WARN
    return severity, f"The body gives nothing free. Say there what “{_named(claim)}” is."


def _of_offers(letter: Letter, claim: Free) -> list[str]:
    words = [word[:5] for word in claim.item.split() if len(word) > 3]
    return [
        offer.words
        for offer in letter.offers or ()
        if offer.kind is OfferKind.FREE
        and any(word in offer.words for word in words)
        and amounts_in(offer.words)
        and THRESHOLD.search(offer.words)
    ]


def _named(claim: Free) -> str:
    """As the subject has it: “free lesson”."""
    return claim.words if claim.item in claim.words else f"{claim.words} {claim.item}"
