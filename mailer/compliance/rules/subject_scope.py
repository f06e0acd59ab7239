"""“Everything” is everything.

15 U.S.C. 7704(a)(2); RCW 19.190.020(1)(b); exclusions were the pleaded fact in the cases on “50% off
everything” (DUTIES D26, T9).
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.discounts import (
    EVERYTHING,
    EXCEPTIONS,
    NO_EXCEPTIONS,
    discounts_in,
    exceptions_in,
)
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.offers import Offer
from mailer.compliance.subjects.relevance import relevant_offers
from mailer.compliance.subjects.support import is_outside

RULE = "subject_scope"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); RCW 19.190.020(1)(b)"
REVIEWED = Reviewed("2026-12-01", version=5, duties="D26")
WHOLE = ("all", "every", "entire", "whole", "sitewide", "storewide", "any product", "no exclusions")
PARTLY = re.compile(
    r"(?<!not )\b(?:only|select\w*|some|certain|except|excluding|excludes|apart from|other than)\b"
)


def check(letter: Letter) -> Iterator[Finding]:
    for line in letter.lines:
        scope = EVERYTHING.search(line.text)
        if not scope or not (
            discounts_in(line)
            or "sale" in line.text
            or "off" in line.text
            or re.search(
                r"\d ?%|\bfree\b|\b[23] for [12]\b|b[ou]go|\bget (?:one|1|\d)|buy (?:one|two|\d)|half[ -]price|"
                r"[$€£]\d",
                line.text,
            )
        ):
            continue
        if EXCEPTIONS.search(NO_EXCEPTIONS.sub(" ", letter.announced)):
            continue
        if any(not is_outside(each, scope[0]) for each in exceptions_in(letter.body)):
            yield letter.finding(
                RULE, Severity.BLOCK,
                f"The subject says “{scope[0]}”, but the body leaves things out. Name what the offer is on.",
                SOURCE, line, *scope.span(),
            )  # fmt: skip
        elif letter.offers and not any(_is_whole(offer, scope[0]) for offer in relevant_offers(letter, line)):
            yield letter.finding(
                RULE, Severity.BLOCK,
                f"The subject says “{scope[0]}”, but the recorded offer covers less. Name what it covers.",
                SOURCE, line, *scope.span(),
            )  # fmt: skip


def _is_whole(offer: Offer, scope: str) -> bool:
    if PARTLY.search(offer.words):
        return False
    return any(word in offer.words for word in WHOLE) or scope.split()[-1].rstrip("s") in offer.words
