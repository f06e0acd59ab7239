"""Support first: where a body bears a claim out, only words about that very claim can take it back.

15 U.S.C. 7704(a)(2) asks what the subject says of the message. A class next month, a fee for returns or a price
that holds for children all season is no denial of “3 days left”: it stands in another paragraph and speaks of
other things. A denied condition (“we don't ask for a card”) is none.
"""

import re
from collections.abc import Collection, Iterator
from decimal import Decimal

from mailer.compliance.subjects.body import Body
from mailer.compliance.subjects.money import amounts_in
from mailer.compliance.subjects.words import EMPTY, just_before, shares, stems

# “This price”, “the offer”, “it”: a sentence that speaks of the claim without its words.
POINTS_BACK = re.compile(
    r"\b(?:th(?:is|ese|at|ose)|our|same|such|any) (?:\w+ )?(?:offers?|sales?|prices?|rates?|discounts?|codes?|deals?|"
    r"promotions?|reductions?|savings?|coupons?|vouchers?|deadlines?)\b|"
    r"\bthe (?:offer|sale|price|discount|code|deal|promotion|deadline)\b|^(?:it|they|that|this|these)\b"
)
DEAREST = re.compile(
    r"\b(?:dearest|priciest|costliest|steepest|(?:most|highest)[ -](?:expensive|costly|priced?)|"
    r"top price|at (?:the )?most)\b"
)
KIND = re.compile(r"(?=\b([a-z]{4,}) ([a-z]{4,}))")
IS_NONE = re.compile(
    r"\b(?:isn't|aren't|are not|is not|are no|is no) (?:an? |really |one of the )?([a-z]{3,})"
)
NO_KIND = frozenset(
    ["these", "same", "other", "many", "more", "left", "whole", "entire", "single", "last", "remaining"]
)
DENIAL = re.compile(
    r"\b(?:no|not|never|nothing|nobody|none|neither|nor|without|zero|needn't|\w+n't)\b[^.;:!?$€£]{0,32}$"
)


def may_take_back(body: Body, bearing: Collection[str], about: str) -> Iterator[str]:
    """The sentences that can take back what those in `bearing` say of `about`, the words of the claim.

    They stand in the same paragraph, share a word with the claim, or point back to it.
    """
    wanted, bearing = stems(about), frozenset(bearing)
    for paragraph in body.paragraphs:
        is_borne = any(each in bearing for each in paragraph)
        for sentence in paragraph:
            speaks_of_it = is_borne or shares(sentence, wanted) or POINTS_BACK.search(sentence)
            if sentence in bearing or (speaks_of_it and not is_of_another_kind(sentence, about)):
                yield sentence


def is_of_another_kind(sentence: str, about: str) -> bool:
    """“Maple boards” where the claim is of walnut boards: the same noun with another word before it."""
    for kind, noun in KIND.findall(about):
        if kind in EMPTY or noun in EMPTY or kind in sentence:
            continue
        others = [word for word, same in KIND.findall(sentence) if same.rstrip("s") == noun.rstrip("s")]
        if others and all(word not in EMPTY and word not in NO_KIND for word in others):
            return True
    return False


def dearest_in(body: Body) -> Decimal | None:
    """“The dearest of them is $58”: the highest price, where the body names it as that."""
    told = (each for sentence in body.sentences if DEAREST.search(sentence) for each in amounts_in(sentence))
    return max((each.value for each in told), default=None)


def is_outside(sentence: str, about: str) -> bool:
    """“Shades are not lamps”, “yarn isn't a pattern”: what is none of the claimed things is no exception."""
    wanted = stems(about)
    return any(not wanted.isdisjoint(stems(found[1])) for found in IS_NONE.finditer(sentence))


def is_denied(sentence: str, place: int) -> bool:
    """Whether what stands at `place` is denied: “nothing converts”, “we don't ask for a card”."""
    return DENIAL.search(just_before(sentence, place)) is not None
