"""What is taken off a price, by how much, on what, and under which conditions."""

import re
from decimal import Decimal
from itertools import permutations

from mailer.compliance.subjects.body import Body
from mailer.compliance.subjects.claims import Discount
from mailer.compliance.subjects.conditions import COMMITMENT
from mailer.compliance.subjects.money import Percent, amounts_in, percents_in
from mailer.compliance.subjects.normalise import Line
from mailer.compliance.subjects.words import just_before, shares

OFF = re.compile(
    r"^\+? ?(?:\w+ )?(?:off|below|under|discount|savings?|reduction|less|cheaper|rabatt|de descuento|"
    r"de reducción|korting)\b"
)
SAVE = re.compile(
    r"\b(?:save|saving|take|get|extra|enjoy|discount of|reduced by|slashed by|cut by|"
    r"knock) (?:up to |an? |an? extra |extra |another )?$"
)
ON = re.compile(
    r"^[^,.;:!?|]*?\b(?:off|on|discount on|discount) (?:of )?(?:all |every |any |our |your |"
    r"the |new |selected? |entire |whole )*(?P<on>(?!until|through|thru|ends?|this|today|"
    r"tonight|for|when|with|any|only|at|now|next|first|by|starts?|is|in|till|everything|"
    r"sale\b|items?|products?|styles?|next|already|regular|purchases?|"
    r"orders?)[a-z][a-z' -]{2,30})"
)
EVERYTHING = re.compile(
    r"(?<!almost )(?<!nearly )\b(?:all (?!day|week|month|year|season|about|new|over|you|your|in\b|night|out|time|"
    r"the\b|of\b|our|we|things)[a-z]{3,} [a-z]{3,}(?= (?:\d|half|on sale|is|are))|everything|"
    r"every (?:single )?(?:item|product|order|style|thing|room|plan|book|boot|"
    r"flight|ticket)\b|all (?:items|products|orders|styles)|"
    r"site[ -]?wide|store[ -]?wide|entire (?:store|site|range|order|stock|shop|menu|"
    r"collection|catalog(?:ue)?)|(?:whole|full) (?:store|shop|range|menu|site|collection|"
    r"catalog(?:ue)?)|"
    r"all (?:boots|shoes|jackets|coats|books|tours|flights|rooms|plans|courses|wines?|bikes?|"
    r"tools|plants|coffees?|toys|dresses|tickets|[a-z]{3,12}s)\b|"
    r"no exclusions|nothing excluded|any (?:item|order|product)|"
    # any noun, as long as the line offers something
    r"(?:every|any|entire|whole|each) (?!one\b|day\b|time\b|way\b|hour\b|minute\b|reason\b|questions?\b|"
    r"body\b|thing you\b)"
    r"[a-z]{3,}|everyone|everybody|all (?:week|weekend|month)(?: long)?\b|"
    r"all (?!day\b|year\b|season\b|about\b|new\b|over\b|you\b|your\b|in\b|night\b|out\b|the\b|of\b|our\b|"
    r"we\b|things\b|this\b|"
    r"that\b|set\b|for\b|is\b|are\b|yours\b|orders (?:over|of))[a-z]{3,})"
)
EXCEPTIONS = re.compile(
    r"\b(?:(?:selected|select|certain|participating) \w+ (?:count|qualify|are)\b|"
    r"(?:on|off) (?:selected|select|certain|some|participating|marked) [a-z]{4,}|"
    r"exclu(?:des?|ding|sions?|ded)|except(?:ions?|ing)?\b|(?:does|do)(?: not|"
    r"n't) apply to|not (?:valid|applicable|available|included|in the offer|eligible|"
    r"discounted|part of|on sale)|"
    r"(?:select(?:ed)?|participating|marked|eligible|certain|specially marked|chosen|"
    r"qualifying) (?:\w+ )?(?:items?|styles?|products?|brands?|lines?|departments?|stores?|"
    r"plans?|boots|shoes|dates|rooms|routes|tours|titles|books|departures|lines|categories|"
    r"wines|models|bikes|flights|stock|seats|fares|tickets|shows)|"
    r"keeps? (?:its|their|the) (?:\w+ )?price|our own brands? only|"
    r"(?:stays?|remains?|still|are|is) (?:at )?full price|full[ -]price(?:d)? (?:only|"
    r"items only)|clearance only|not (?:all|every)|only (?:on|applies to|the|selected|"
    r"select)\b|(?:others?|the rest|everything else|all other \w+) (?:\w+ )?(?:are|is|at|"
    r"stays?|remains?)|apart from|other than|limited to|"
    r"(?:sale|discount|offer) (?:covers|is for|applies to) (?:only )?|"
    r"(?:at|keeps?|kept|stays? at|remains? at) (?:their|its|the|our) (?:usual|regular|normal|full|everyday|"
    r"old) (?:price|rate)s?|"
    r"(?:the|all the) (?:rest|others?)\b(?: of the \w+)?,? (?:\w+ )?(?:they |it |you )?(?:are|is|cost|pay|"
    r"stay)|"
    r"\b(?:are|is|were) not[.;,]|\bbut not\b|(?:selected|select|certain|some|participating) \w+ (?:only|"
    r"are|is)|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)days? (?:only|and weekends?)|leaves? out|left out)"
)
NO_EXCEPTIONS = re.compile(
    r"\b(?:no|zero|without(?: any)?|not a single|nothing is) (?:\w+ (?:of )?){0,2}(?:exclu\w+|exceptions?)\b|"
    r"\bno (?:brand|style|item|shelf|line|rack)s? (?:is |are )?(?:held out|left out|excepted|excluded)|"
    r"\bnothing (?:is )?(?:excluded|left out|held back)|\bno exclusions|\bexclu\w+ nothing|\bno (?:small|"
    r"fine) print"
)
UNLESS_STATED = re.compile(r"\bunless (?:otherwise )?(?:stated|noted|marked|specified|shown)\b")
SMALL_EXCEPTION = re.compile(
    r"gift ?cards?|gift certificates?|vouchers?|shipping|delivery|taxes|postage|"
    r"previous (?:orders|purchases)|past purchases|other (?:offers|codes|discounts|"
    r"promotions)|combined"
)
MINIMUM = re.compile(
    r"\b(?:(?:one|a single|any one|a|1) (?:full|regular)[- ]price[d]? (?:item|style|piece|product)|(?:one|"
    r"a single|1) item\b|"
    r"(?:nights|items|days|people|guests|weeks) or more|do(?:es)? not qualify|add (?:the|a|any|two|"
    r"another)\b|when you add|on [a-z]+ (?:over|above|from) [$€£]\d|"
    r"off (?:your )?[$€£]\d|off orders? (?:over|of|above)|"
    r"(?:orders?|purchases?|bookings?|"
    r"baskets?|spend(?:s|ing)?|stays?|buys?|totals?|"
    r"carts?|bills?) (?:of |over |above |from |exceeding |at least |more than |"
    r"worth )+(?:us ?)?[$€£]?\d|min(?:imum|\.)? (?:\w+ )?(?:order|spend|purchase|basket|stay|"
    r"of)|"
    r"when you (?:spend|buy|order|book) (?:over |at least |more than |"
    r"a total of )?(?:[$€£]?\d|two|three|four|five|any)|spend [$€£]\d|(?:first|"
    r"new)[ -](?:order|customers?|subscribers?|members?|guests?)(?: only)?|"
    r"(?:your|a) first (?:order|booking|box|purchase|invoice)|with (?:a |any )?(?:purchase|"
    r"trade-in|\w+ credit card)|store card|(?:2|two|three|3|second) (?:or more|items?|pairs?|"
    r"nights? or more)|"
    r"(?:annual|yearly|two-year|2-year|12-month|24-month|prepaid) (?:plan|contract|commitment|"
    r"subscription|billing|membership|prepay)|if you (?:pay|prepay|commit|sign|buy|spend|"
    r"book)|second (?:item|pair|one|ticket|night|guest|pizza|main))"
)
# “Half off the frame. Lenses are charged in full”, “earn a voucher worth 20%”.
NARROWED = re.compile(
    r"\b(?:(?:is|are) (?:charged|billed|priced) (?:in full|at the (?:full|usual|regular) price)|"
    r"comes? to about \d+ ?%|"
    r"(?:earns?|gets?|receives?|gives?) (?:you )?an? (?:voucher|credit|coupon|gift card|rebate)\b.{0,20}\bworth)\b"
)
NO_MINIMUM = re.compile(
    r"\bno (?:min(?:imum)?|spend)\b|\b(?:without|zero) (?:a |any )?minimum|\bno code|"
    r"\bwhatever you (?:spend|buy|order)"
)
MOST_SUMS = 4  # of one sentence; a price list is no sum
FORMER = re.compile(
    r"\b(?:was|were|reg\w*\.?|original\w*|normal\w*|usual\w*|instead|down|from|before|worth|value\w*|list|"
    r"now|full|"
    r"rather|old|save|cut|drop\w*|reduc\w+|compare\w*|off|retail|msrp|rrp|half)\b|->|→"
)
STILL = re.compile(r"\b(?:until|then|today|tonight|now|through)\b")
PAST = re.compile(
    r"\b(?:ended|is over|was over|are over|expired|no longer|instead of \d+ ?%|used to|"
    r"last (?:year|week|month|season|spring|summer|winter|autumn|fall)(?!'s)|previous(?:ly)?|"
    r"has (?:closed|finished|passed)|sold out|not \d+ ?%|earlier (?:this|in)|was the|"
    r"competitors?|elsewhere)\b"
)


def discounts_in(line: Line) -> list[Discount]:
    """Percentages and sums that the line takes off."""
    text = line.text
    everything = EVERYTHING.search(text) is not None
    found = [
        Discount(
            each.start, each.end, text[each.start : each.end], each.value, True, each.up_to, each.low,
            _object(text[each.end :]), everything,
        )
        for each in percents_in(text)
        if is_off(text, each.start, each.end)
    ]  # fmt: skip
    found += [
        Discount(
            each.start, each.end, text[each.start : each.end], each.value, False, text[: each.start].endswith("up to "),
            None, _object(text[each.end :]), everything,
        )
        for each in amounts_in(text)
        if is_off(text, each.start, each.end)
    ]  # fmt: skip
    return found


def is_off(text: str, start: int, end: int) -> bool:
    """Whether the number at text[start:end] is taken off, not a price or a share."""
    return bool(
        OFF.match(text[end:].lstrip())
        or SAVE.search(just_before(text, start))
        or re.search(r"half|1/2", text[start:end])
    )


def percents_off(body: Body) -> list[tuple[Percent, str]]:
    """The body's percentages with their sentences, those of the past and of others left out."""
    return [
        (percent, sentence)
        for sentence in body.sentences
        for percent in percents_in(sentence)
        if not (PAST.search(sentence) and len(percents_in(sentence)) == 1 and not STILL.search(sentence))
    ]


def amounts_off(body: Body) -> list[tuple[Decimal, str]]:
    return [(amount.value, sentence) for sentence in body.sentences for amount in amounts_in(sentence)]


def comes_to(sentence: str, value: Decimal, *, is_percent: bool) -> bool:
    """“$499, down from $699” is $200 off; “now $80, was $100” is 20%."""
    sums = [each.value for each in amounts_in(sentence)][:MOST_SUMS]
    if len(sums) > 2 and not FORMER.search(sentence):
        return False
    for now, before in permutations(sums, 2):
        saved = before - now
        if saved > 0 and (abs(saved / before * 100 - value) <= 1 if is_percent else saved == value):
            return True
    return False


def exceptions_in(body: Body) -> list[str]:
    """Sentences that take something out of “everything”, without those that only name gift cards and the like."""
    return [
        sentence
        for sentence in body.with_words(EXCEPTIONS)
        if not NO_EXCEPTIONS.search(sentence)
        and not _is_small(sentence)
        and not (UNLESS_STATED.search(sentence) and not shares(sentence, body.about))
    ]


def conditions_in(sentences: list[str]) -> list[str]:
    return [
        each
        for each in sentences
        if (MINIMUM.search(each) or COMMITMENT.search(each)) and not NO_MINIMUM.search(each)
    ]


def _is_small(sentence: str) -> bool:
    if re.search(
        r"\bselect(?:ed)?\b|\bparticipating\b|full price|brands?\b|clearance|new (?:arrivals|season)",
        sentence,
    ):
        return False
    if SMALL_EXCEPTION.search(sentence):
        return True
    if re.search(r"\bnot included|\bexcluded|\bnot (?:valid|eligible)|\b(?:does|do) not apply", sentence):
        return False
    return not re.search(r"\d ?%|\bsale\b|\bdiscount|\boffer\b|\bexclu|\boff\b|\bprice\b", sentence)


def _object(after: str) -> str:
    found = ON.match(after)
    return found["on"].strip() if found else ""
