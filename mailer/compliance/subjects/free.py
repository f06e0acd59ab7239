"""What is given for nothing, and what it costs after all."""

import re
from collections.abc import Set

from mailer.compliance.subjects.body import Body
from mailer.compliance.subjects.claims import Free
from mailer.compliance.subjects.conditions import PURCHASE, THRESHOLD
from mailer.compliance.subjects.money import amounts_in
from mailer.compliance.subjects.normalise import Line
from mailer.compliance.subjects.support import is_denied
from mailer.compliance.subjects.words import just_before, shares, stems

FREE = re.compile(
    r"(?<![\w-])(?:free(?! (?:up|from|of(?! charge)|spirit\w*|range|time|press|"
    r"agent|fall|style|world|will|speech|yourself|your|the|and easy|electron\w*))(?!-(?:range|"
    r"from|flow\w*|standing|form|style|to-play))|"
    r"complimentary|(?:it's |is |are )?on (?:us|the house)\b|for nothing|"
    r"at no (?:extra )?(?:cost|charge)|no[ -](?:charge|cost)(?! (?:of|for))|gratis|kostenlos|gratuit\w*|"
    r"[$€£]0(?:\.00)?(?![\d.,])(?! (?:down|due|up ?front|at signing|deposit|to (?:join|start))\b))(?!\w)"
)
NOT_GIVEN = re.compile(
    r"(?:feel|set (?:you |yourself |them )?|break|be|run|go|walk|born|duty|tax|toll|hands|"
    r"gluten|sugar|dairy|nut|fat|alcohol|stress|hassle|worry|care|risk|guilt|cruelty|plastic|"
    r"chemical|pest|weed|ad|spam|"
    r"interest|lead|fragrance|meat|smoke|rent|debt|cash|carbon|lactose|bug|error|pain|mess|"
    r"tear|frost|waste|oil|egg|commission|home|live|roam|symptom|truly|finally)[ -]$"
)
GIFT = re.compile(
    r"\b(?:(?:a |your |our )(?:little |special |small |birthday |holiday |surprise )?(?:gift|"
    r"present|treat)(?: is)? (?:for you|from us|inside|awaits|is waiting|waiting)|bonus gift|"
    r"gift inside|gift with(?=\W)|your (?:\w+ )?(?:gift|present) (?:is |has )?)"
)
IN_SUBJECT = re.compile(
    r"\b(?:with (?:any|every|each|your|a|all|the|two|three|orders?|purchases?|[$€£]?\d)|"
    r"when you|if you|orders? (?:over|of|above)|over [$€£]?\d|on orders|spend|above [$€£]?\d|"
    r"trial|buy|with purchase|"
    r"first (?:month|year|week|box|class|30|order|night|drink|two|three)|for (?:a|one|two|"
    r"three|\d+) (?:month|year|week|day)|b[ou]go|for (?:all )?(?:new|members|subscribers)|"
    r"purchase|"
    r"until|(?:\d+|one|two|three|seven|thirty)[ -](?:day|week|month)s?|with (?:code|"
    r"subscription|membership)|min(?:imum)?\b|for (?:the first|first)|just (?:pay|cover)|"
    r"plus postage)|[$€£]\d+ ?\+"
)
CONDITION = re.compile(
    r"\b(?:(?:book|buy|order|purchase) (?:a|an|any|the|two|our|one)\b[^.;]{0,60}\band (?:the|"
    r"get|your|we|a)\b|otherwise,? (?:it (?:is|costs) )?[$€£]\d|with (?:any|every|each|a|the|"
    r"your|all) (?:[\w-]+ ){0,3}?(?:purchase|service|treatment|repair|visit|stay|order|"
    r"booking|subscription|plan|purchases|orders|contract|membership|machine|ticket|main|"
    r"meal)|with (?:orders?|purchases?|bookings?) (?:of|over|above|from)|(?:orders?|"
    r"purchases?|baskets?|bookings?|spend(?:ing)?) (?:of |over |above |from |"
    r"at least )+(?:[$€£]|\d)|"
    r"when you (?:buy|spend|order|purchase|book|sign|subscribe|upgrade|join|open)|"
    r"if you (?:buy|spend|order|purchase|subscribe|sign|upgrade|book|take)|spend (?:[$€£]|\d)|"
    r"min(?:imum|\.) (?:order|spend|purchase|donation|stay)|min(?:imum)? of|"
    r"(?:pay|cover|plus|charge|add|only)(?: only| just| for)?(?: the| a|"
    r" an)?(?: small)? ?(?:[$€£]\d[\d.]*)? ?(?:for )?(?:the )?(?:shipping|postage|s&h|"
    r"handling|delivery|processing|admin|booking|service)(?: and handling| fees?| costs?|"
    r" charge)?|(?:shipping|postage|handling|processing|delivery|booking|admin|service|"
    r"registration|setup|activation)(?: and \w+)? (?:fees? |costs? |charges? )?(?:of [$€£]?\d|"
    r"(?:is|are|costs?) (?:only |just |an? )?(?:[$€£]\d|extra|charged|due|not |payable|added|"
    r"required)|apply|applies|charged)|"
    r"credited (?:against|to|towards?)|deducted from|goes towards?|(?:refund|give (?:it |that )?back|"
    r"waive)\w* (?:it )?(?:if|when) you|"
    r"(?:credit|debit) card (?:is |are )?(?:required|needed)|"
    r"card details (?:are )?(?:required|needed)|(?:auto(?:matically)?[ -]?(?:renews?|rebills?|"
    r"converts?)|rolls (?:over )?into|renews (?:automatically )?at|(?:then|after(?:wards?|"
    r" that)|thereafter)[, ]+(?:it's |it is |it costs |you pay |only |just |we charge |"
    r"billed )*[$€£]?\d+)|"
    r"(?:first|only the first|for the first) (?:month|year|\d+ days|week|three months|box|"
    r"order|six months|lesson|class)(?: only| free| is free)?|purchase (?:is )?(?:required|"
    r"necessary|needed)|requires? (?:a |an |the )?(?:\w+ ){0,2}(?:purchase|subscription|plan|"
    r"order|membership|contract|deposit)|"
    r"(?:tickets?|seats?|admission|entry|places|registration|it|which|the (?:full |whole |"
    r"complete )?(?:guide|course|"
    r"report|workshop|webinar|class|book|e-?book|session)) (?:is|are|costs?|at|from)(?: only|"
    r" just)? [$€£]\d|for (?:only|just) [$€£]\d|(?:monthly|annual|yearly) (?:fee|charge|plan)|"
    r"(?:refundable )?deposit|"
    r"members only|subscribers only|new customers only|trade-in|(?:as part of|included (?:in|"
    r"with)) (?:the|our|your|a) (?:\w+ ){0,2}(?:plan|package|membership|subscription)|"
    r"paid (?:plan|members|subscribers|ticket)|value of your|half of)"
)
NO_CONDITION = re.compile(
    r"\bno (?:purchase|card|credit card|minimum|min|strings|catch|cost|charge|obligation|fee|"
    r"order|spend|code|payment)\b|\b(?:need|have|must) not\b|"
    r"\b(?:don't|do not|never|won't) (?:ask|want|need|require|take) (?:for )?(?:a|any|your|the)\b|"
    r"\bnothing (?:converts?|renews?|rolls|is charged|to cancel)\b|\b(?:nobody|no one) pays\b|"
    r"\b(?:needn't|don't have to|do not have to|"
    r"without having)\b|"
    r"\bnothing (?:to (?:buy|pay)|else)|\bwithout (?:a |"
    r"any )?(?:purchase|minimum|card|buying)|\bwhether or not you|\bno need to (?:buy|order|"
    r"spend)|\bno postage|\bpostage(?: is)? (?:paid|free|included)|\bwe pay"
)
GIVES = re.compile(
    r"(?<![\w-])free(?![\w-])|[$€£]0(?![\d.,])|\bnever charge\b|\b(?:not|never|isn't|aren't|won't be|"
    r"don't get) (?:be )?charged\b|"
    r"\bpay nothing\b|"
    r"\b(?:gift|giveaway|give away|giving away|no cost|no charge|"
    r"costs? (?:you )?nothing|"
    r"without charge|complimentary|bonus|included at no|our treat|waived?|we cover|we pay|don't pay|"
    r"do not pay|present|"
    r"download|treat|\bon us\b|on the house|nothing to (?:pay|buy|send|return)|no (?:rental|charge|fee|"
    r"deposit|cost)|to keep\b|"
    r"we (?:bring|send|give|deliver|ship)|is yours|without a charge|same price|nothing to do|nothing else|"
    r"ask for no|print(?:able| it)\b|(?:try|use) (?:it|us|everything|the full version) for (?:a|one|two|"
    r"three|\w+) (?:weeks?|months?|days)|(?:don't|do not|never|won't) ask for|(?:do not|don't|not) (?:bill|"
    r"charge)|"
    r"(?:billed|charged|pay|paying) (?:only )?for (?:one|two|three|four|five|\d)\b|(?:nobody|no one) (?:pays|"
    r"will ask)|prepaid|no obligation)\b"
)
FEES = re.compile(r"\bfees?\b[^.;]*\b(?:is|are) (?:charged|added|due|payable|extra)\b")
ANOTHER_PRICE = re.compile(
    r"^(?:the|our|a|an|all)? ?(?!rest|others?|second|next|full|regular|price|it\b)[a-z' -]{3,30} (?:is|are|"
    r"costs?|runs? from|starts? at|begins? at|from) [$€£]\d"
)
WE_PAY = re.compile(r"\bwe (?:pay|cover)\b")  # “we pay the postage on orders that reach $35”
FROM_THEN = re.compile(
    r"(?:^|, |\band )(?:from (?:tomorrow|then|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|"
    r"february|"
    r"march|"
    r"april|may|june|"
    r"july|august|september|october|november|december)\b|after (?:today|that|midnight|sunday|the sale)\b|"
    r"starting tomorrow)"
)
GENERIC = {"gift", "prese", "treat", "surpr", "bonus", "goodi", "somet", "stuff"}
# Sending is a part of buying: that it takes an order is no condition.
CARRIAGE = re.compile(
    r"\bfree (?:[\w-]+ ){0,2}(?:shipping|delivery|returns|postage)|\bships? (?:[\w$€£]+ ){0,5}?(?:free|"
    r"without charge|at no)"
)
CARRIED = {"shipp", "ships", "ship", "deliv", "retur", "posta"}
PAID = re.compile(r"\b(?:pay|costs?|charge[ds]?)(?: \w+)? [$€£]\d")
WORTH = re.compile(r"\b(?:worth|value|usually|normally|regularly|save|off|points?)\b")
# “Bikes ride free through June”: what is free stands before it.
AT_ONCE = re.compile(r"(?:with|over|for|when|if|at|on|until|through|by|from|inside|in)\b")
STOP = frozenset(
    [
        "a",
        "an",
        "the",
        "your",
        "our",
        "my",
        "this",
        "that",
        "one",
        "for",
        "you",
        "with",
        "free",
        "get",
        "is",
        "are",
        "to",
        "and",
        "of",
        "in",
        "on",
        "it",
        "we",
        "all",
        "new",
        "now",
        "inside",
        "extra",
        "every",
        "week",
        "day",
    ]
)


def frees_in(line: Line) -> list[Free]:
    """What the line says is free; “sugar-free” and “feel free” say nothing of the kind."""
    text = line.text
    found = [each for each in FREE.finditer(text) if not NOT_GIVEN.search(just_before(text, each.start()))]
    found += list(GIFT.finditer(text))
    condition = IN_SUBJECT.search(text)
    return [
        Free(each.start(), each.end(), each[0], _item(text, each), condition[0] if condition else "")
        for each in found
    ]


# “Free 2-day shipping on every order, today only” beside the “Free shipping over $50” that stands in every mail.
FOR_EVERYBODY = re.compile(
    r"\bfree\b.{0,40}\b(?:on|with|for) (?:every|all|any|each) (?:orders?|purchases?|items?)\b|\bno minimum\b|"
    r"\bfree\b.{0,30}\beverything\b|"
    r"\b(?:at no (?:charge|cost)|for free|free of charge|on us)\b.{0,30}\b(?:every|all|any|"
    r"each) (?:orders?|purchases?|"
    r"items?)\b"
)
STANDING = re.compile(r"^free (?:standard |ground |us )?(?:shipping|delivery) (?:on|over|for|with)\b")


PAYS = re.compile(
    r"\b(?:you )?put [$€£]\d|\bless [$€£]\d|(?<!don't )(?<!not )(?<!never )\bpay (?:only |just )?[$€£][1-9]"
)
TELLS_US = re.compile(
    r"^(?:from )?tomorrow\b.{0,20}\bback to\b|\b(?:tell us|let us know|mention it|just ask|say so) when\b"
)


def costs_of(claim: Free, body: Body) -> list[str]:
    """The sentences that ask something for what is said to be free: its own, and the one after."""
    wanted = stems(re.sub(r"\b\w+ed\b", " ", claim.item)) - GENERIC
    told = [
        sentence
        for index, sentence in enumerate(body.sentences)
        if _asks(sentence)
        and _is_about(body, index, wanted)
        and not _prices_another(sentence, wanted | body.about)
    ]
    if wanted and any(FOR_EVERYBODY.search(each) and shares(each, wanted) for each in body.sentences):
        told = [each for each in told if not FOR_EVERYBODY.search(each) and not STANDING.search(each)]
    if "first" in claim.item:
        return [
            each for each in told if PURCHASE.search(each) or FEES.search(each) or _beyond_the_first(each)
        ]
    return told


def _beyond_the_first(sentence: str) -> bool:
    return any(not found[0].startswith("first") for found in CONDITION.finditer(sentence))


def _asks(sentence: str) -> bool:
    """Whether it asks for something: a purchase, a sum, a fee; or names a price and nothing free."""
    if _has_none(sentence) or FROM_THEN.search(sentence) or TELLS_US.search(sentence):
        return False
    if any(not is_denied(sentence, each.start()) for each in CONDITION.finditer(sentence)):
        return True
    if PURCHASE.search(sentence) and not CARRIAGE.search(sentence):
        return True
    if PAYS.search(sentence):
        return True
    if GIVES.search(sentence):
        return THRESHOLD.search(sentence) is not None
    return amounts_in(sentence) != [] and not WORTH.search(sentence)


def _prices_another(sentence: str, wanted: Set[str]) -> bool:
    """“The tubes are $18” beside free samples: a bare price of a thing that is not spoken of."""
    return (
        bool(wanted)
        and ANOTHER_PRICE.match(sentence) is not None
        and not shares(sentence, wanted)
        and not CONDITION.search(sentence)
        and not PURCHASE.search(sentence)
    )


def _is_about(body: Body, index: int, wanted: Set[str]) -> bool:
    """The sentence speaks of it, or follows the one that does and speaks of nothing else that is free."""
    sentence = body.sentences[index]
    if CARRIAGE.search(sentence) and not wanted & CARRIED:
        return False
    if not wanted:
        return (
            GIVES.search(sentence) is not None
            or CONDITION.search(sentence) is not None
            or PAID.search(sentence) is not None
        )
    before = body.sentences[index - 1] if index else ""
    if not any(shares(each, wanted) for each in body.sentences):
        return GIVES.search(sentence) is not None or GIVES.search(before) is not None
    if shares(sentence, wanted):
        return True
    return shares(before, wanted) and GIVES.search(before) is not None and not GIVES.search(sentence)


def is_given(body_text: str) -> bool:
    """Whether the text gives anything for nothing."""
    return bool(
        any(not NOT_GIVEN.search(just_before(body_text, each.start())) for each in FREE.finditer(body_text))
        or GIVES.search(body_text)
    )


def _has_none(sentence: str) -> bool:
    return NO_CONDITION.search(sentence) is not None and not (
        WE_PAY.search(sentence) and THRESHOLD.search(sentence)
    )


def _item(text: str, found: re.Match[str]) -> str:
    after = re.match(r"[ -]?((?:[a-z0-9'&-]+ ?){1,4})", text[found.end() :])
    before = re.search(r"((?:[a-z'-]+ ){1,4})$", just_before(text, found.start()))
    words = after[1] if after else ""
    if not [word for word in words.split() if word not in STOP] and before:
        words = before[1]
    if found[0].lstrip("your a").startswith(("gift", "present", "treat")):
        words = found[0] + " " + words
    if (
        before
        and AT_ONCE.match(words)
        and any(len(word) > 3 and word not in STOP for word in before[1].split())
    ):
        words = before[1]
    return re.split(r"\b(?:with|over|for|when|if|at|on|until|through|by|from|inside)\b", words)[0].strip()
