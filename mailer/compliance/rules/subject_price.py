"""A price, a sum or a share in the subject stands in the body.

15 U.S.C. 7704(a)(2); FTC Guides Against Deceptive Pricing, 16 CFR 233.1 on former prices (DUTIES D33, T9).
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.conditions import ANNOUNCED, IF
from mailer.compliance.subjects.discounts import MINIMUM, comes_to, conditions_in, is_off
from mailer.compliance.subjects.free import IN_SUBJECT
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.money import Amount, Percent, amounts_in, percents_in
from mailer.compliance.subjects.normalise import Line
from mailer.compliance.subjects.notices import DONE
from mailer.compliance.subjects.support import dearest_in, is_denied, may_take_back
from mailer.compliance.subjects.words import just_before, shares, stems

RULE = "subject_price"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); 16 CFR 233"
REVIEWED = Reviewed("2026-11-30", version=8, duties="D33")
COUNTED_AS_NONE = re.compile(
    r" (?:\w+ )?(?:apr|interest|financ\w+|fees?|commission|alcohol|sugar|fat|vat|tax)\b"
)
WAS = re.compile(
    r"\b(?:was|were|reg(?:ular(?:ly)?)?\.?|originally|worth|value[d]?(?: at)?|rrp|msrp|"
    r"normally|instead of|down from|list price)\b"
)
NEVER_WAS = re.compile(
    r"\b(?:comparable \w+|elsewhere can cost|we think it(?: is|\'s) worth|"
    r"never (?:been )?(?:sold|offered|charged|listed|priced)|not (?:been )?(?:sold|"
    r"offered) (?:at|for)|(?:comparable|estimated|suggested|perceived|"
    r"compare[d]?)[ -](?:value|price|at|retail)|similar (?:items|products|models)|"
    r"manufacturer's suggested|"
    r"(?:regular|usual|normal|everyday|standard) price (?:of|is|has been|"
    r"was)? ?(?:always )?[$€£]\d|has (?:always )?(?:been|cost|sold))\b"
)
LATER = re.compile(
    r"\b(?:(?<!until )(?<!by )then|after(?:wards| that| the| your)?(?: first| trial| intro\w*)?(?: \w+){0,3}|"
    r"thereafter|renews? (?:\w+ )?at|rises? to|goes up to|increases? to|for the first (?:\d+ |"
    r"two |three |six )?(?:month|year|week)s?|first (?:month|year|box|week|order) only|"
    r"from (?:the )?(?:month|year) (?:two|2)|from the (?:second|third|fourth|sixth) (?:month|year|week)|"
    r"(?:months?|years?) (?:two|2)\b.{0,20}(?:charged|cost|at))\b[^.]{0,40}[$€£]?\d?"
)
INTRODUCES = re.compile(
    r"\bfrom [$€£]\S+ to [$€£]|\bgo(?:es|ing)? up\b|\b(?:first|trial|intro\w*|then|try|start|month one|"
    r"for (?:\d+|one|two|three|"
    r"six) (?:months?|weeks?|days?))\b"
)
GIVEN = re.compile(
    r"\b(?:gift ?card|for you|bonus|credit|reward|voucher|cash ?back|earn|get|claim|yours|on us)\b"
)
UNPRICED = {
    "from",
    "only",
    "just",
    "with",
    "under",
    "start",
    "price",
    "lowes",
    "ever",
    "offer",
    "your",
    "save",
    "free",
    "week",
    "month",
    "night",
    "year",
}
LOWEST_EVER = re.compile(
    r"\b(?:lowest|best|cheapest) (?:\w+ )?(?:price|rate|fare|deal)|\bnever (?:been )?(?:cheaper|lower)"
)
PAST_PRICE = re.compile(
    r"\b(?:was|were|sold|cost|had (?:it|them|this)|went for|used to|last (?:year|month|week|spring|summer|"
    r"autumn|fall|winter|"
    r"season|sale|time)|earlier|in (?:january|february|march|april|may|june|july|august|september|october|"
    r"november|december))\b"
)
RISING = re.compile(r" to [$€£]\d")
UNCHANGED = re.compile(
    r"\b(?:(?:same|old|unchanged|last (?:year|season|winter|summer)'s) (?:\w+ )?(?:price|rate|fare)|"
    r"still (?:just |only )?[$€£]|"
    r"(?:price|rate)s? (?:freeze|unchanged|frozen|stays?))\b"
)
CHANGED = re.compile(
    r"\b(?:(?:they|it|that|which|prices?|rates?) (?:was|were|used to (?:be|cost))|up from|rises?|rose|raised|"
    r"instead of|increased?|"
    r"from this (?:month|week|year)|last (?:year|season|winter|summer|spring|fall|autumn))\b"
)
RANGE = re.compile(
    r"\b(?:from|between) [$€£]\d[\d.,]* (?:to|and|-) [$€£](?P<top>\d{1,6}(?:,\d{3})?(?:\.\d\d)?)"
)
LOWERED = re.compile(
    r"\b(?:we(?:'ve| have)? (?:just )?(?:lowered|cut|dropped|reduced|slashed)|(?:prices?|rates?|fees?) (?:cut|"
    r"lowered|slashed|dropped|reduced|drop)\b|"
    r"lower(?:ed)? (?:prices|rates|fees)|price drops?)"
)
AS_EVER = re.compile(
    r"\b(?:as (?:fair|low|good) as ever|as (?:it|they) (?:has|have) (?:\w+ )?(?:since|always|been)|"
    r"nothing (?:has|was) changed|(?:has|have) not changed|as (?:it|"
    r"they) (?:did|was|were) (?:last|before)|"
    r"(?:what|as) (?:it|they) (?:was|were) (?:in|last)|the same as (?:last|before)|unchanged|as always)\b"
)
# “Boot care kit $19”, “boots from $129”: the last word before a price is what it buys.
PRICED = re.compile(
    r"(?:[a-z'-]+ ){0,3}?([a-z'-]{3,})(?: ?[:,-])?(?: (?:from|for|only|just|at|is|are|now|costs?|"
    r"starts? at|starting at))* $"
)
LEADING = 2  # sentences in which a message says what it asks for
OPENING = 12  # sentences in which the thing that a subject prices is named
AROUND = 26  # characters after a price in which it says what it buys
# A sum after “plus” or “fee of” is no price of the thing.
ASIDE = re.compile(
    r"\b(?:plus|fees? of|deposit of|shipping|delivery|surcharge|tax(?:es)?|save|off|spend|over|every|per|"
    r"earn)\b[^.;,]{0,24}$"
)
# What a price buys in a subject, and what it may turn out to buy.
PARTS = (
    (
        re.compile(r"\bround[ -]?trip|\breturn\b|\bthere and back"),
        re.compile(r"\beach way|\bone[ -]way|\bper leg|\boutbound"),
    ),
    (
        re.compile(
            r"\b(?:(?:two|three|four|2|3|4)\b(?!,? ?-?(?:nights?|days?|hours?|weeks?|months?|years?|"
            r"minutes?|courses?|"
            r"sessions?))|both\b|a pair\b|pair of\b|couple\b|for two\b|family\b)"
        ),
        re.compile(r"\b(?:each|apiece|per (?:item|person|guest|piece|head)|a head|a person|first|one)\b"),
    ),
    (
        re.compile(r"\ba year\b|\byearly|\bper year|\ball year|\bannual"),
        re.compile(r"\ba month\b|\bmonthly|\bper month|\ba week\b"),
    ),
    (
        re.compile(r"\ba month\b|\bmonthly|\bper month"),
        re.compile(r"\ba week\b|\bweekly|\bper week|\ba day\b|\bper day|\ba class\b"),
    ),
    (
        re.compile(r"\ball[ -]day|\bfull[ -]day|\bday pass"),
        re.compile(r"\bfirst (?:\w+ )?hours?|\ban hour|\bper hour|\bhourly|\bhalf[ -]day"),
    ),
    (
        re.compile(r"\bunlimited\b|\ball[ -]you[ -]can"),
        re.compile(r"\b(?:one|two|three|four|five|six|eight|ten|twelve|\d+) [a-z]+"),
    ),
    (re.compile(r"\bweekend\b|\bstay\b|\bweek\b(?!day)"), re.compile(r"\b(?:a|per|each) night\b|\bnightly")),
    (
        re.compile(r"\bper (?:group|table|room|household)|\b(?:whole|entire) (?:group|family|team)"),
        re.compile(r"\b(?:per|a|each) (?:person|head|guest)\b"),
    ),
)
ONE = re.compile(r"\b(?:a|one|each|every) (?:dollar|euro|pound)\b")
# “$5 per user, plus a platform fee of $99”: a price that can't be had at that price.
ON_TOP = re.compile(
    r"\bplus (?:a |an |the )?(?:\w+ ){0,2}(?:fees?|charges?|surcharges?)\b(?! (?:is|are) waived)"
)
WAIVED = re.compile(
    r"\b(?:waived?|waiving|free|no \w+ (?:fee|charge|cost)|nothing|at no (?:charge|cost)|no charge)\b"
)
FROM = re.compile(r"\b(?:from|starting at|starts? at) $")
WHOLLY = re.compile(r"\b(?:everything|all|every|nothing over|each)\b")
# “Exam, X-rays and cleaning”, “tune-up and pads”.
ITEMS = re.compile(
    r"((?:[a-z-]+(?: [a-z-]+)?, )*[a-z-]+(?: [a-z-]+)? (?:and|\+|&) (?:new )?[a-z-]+(?: [a-z-]+)?)(?=:| for |"
    r" at | from )"
)
JOINING = re.compile(
    r"^(?:join|become)\b|\b(?:when you join|members? (?:pay|price)|with (?:a |the )?membership|your price)\b"
)
MEMBERS = re.compile(r"\b(?:members?|subscribers?|club|insiders?|join)\b")
DEARER_FOR_ALL = re.compile(r"\b(?:is|are|costs?|it's|she's|he's|they're|at|for)(?: \w+)? $")
# “Oil at $3.19”, and the body: “That's what a gallon costs”.
AFFIRMED = re.compile(r"^(?:that's|that is) (?:what|the (?:price|whole))|^it's as it says|^yes[,:.]")
THEN = re.compile(r"\bthen (?:just |only )?$")
SURCHARGE = re.compile(
    r"\b(?:surcharges?|(?:booking|service|resort|cleaning|seat|platform|handling|airport|park) "
    r"(?:\w+ (?:and|&) )?(?:\w+ )?(?:fees?|charges?|levy|levies)|supplements?|lev(?:y|ies))\b"
)
NEEDED = re.compile(
    r"\b(?:is|are) (?:put on|added to) (?:the|your) bill\b|"
    r"\b(?:has|have|needs?) to be (?:chosen|bought|added|ordered|taken|paid)\b|\bmust be (?:chosen|bought|"
    r"added|ordered|paid)\b"
)
ADDED = re.compile(
    r"\b(?:is|are|gets?) (?:added|charged|due|extra|on top|payable|collected|[$€£]\d[^.;]*collected)\b|"
    r"\badds? [$€£]|\bon top\b"
)
RECURS = re.compile(
    r"\b(?:(?:a|per|each|every|first|second|third|two|three|six|\d+) (?:months?|years?|weeks?|visits?|"
    r"box(?:es)?|class(?:es)?)|"
    r"monthly|yearly|annual\w*|weekly|renew\w*|trial|membership|subscri\w+|billed|billing)\b"
)
BOOKED = re.compile(r"\b(?:credited|comes? to|paid (?:it |them )?(?:in)?to|earned)\b")
BELOW = re.compile(r"\b(?:under|below|less than) $")


def check(letter: Letter) -> Iterator[Finding]:
    for line in letter.lines:
        yield from _lowered(letter, line)
        for amount in amounts_in(line.text):
            if not is_off(line.text, amount.start, amount.end):
                yield from _judged(letter, line, amount)
        for percent in percents_in(line.text):
            if not is_off(line.text, percent.start, percent.end):
                yield from _share(letter, line, percent)


def _lowered(letter: Letter, line: Line) -> Iterator[Finding]:
    """“We've lowered our prices” where the body tells that they are what they were."""
    found = LOWERED.search(line.text)
    if found and letter.body.has(AS_EVER):
        words = f"The body tells of no lower price where the subject says “{found[0]}”. Name the old one and the new."
        yield letter.finding(RULE, Severity.HOLD, words, SOURCE, line, *found.span())


def _judged(letter: Letter, line: Line, amount: Amount) -> Iterator[Finding]:
    verdict = _verdict(letter, line, amount)
    if verdict:
        yield letter.finding(RULE, *verdict, SOURCE, line, amount.start, amount.end)


def _verdict(letter: Letter, line: Line, amount: Amount) -> tuple[Severity, str] | None:
    words = line.text[amount.start : amount.end]
    before = line.text[: amount.start]
    told = [each.value for each in amounts_in(letter.told)]
    if amount.value == 1 and letter.body.has(ONE):
        return None  # “$1 = 3 meals”, “a dollar pays for three meals”
    if not _is_told(letter, amount, before, told):
        if told and _names_another(letter, line) and not AFFIRMED.search(letter.body.text[:AROUND]):
            return Severity.BLOCK, f"The body names other sums than {words}. Name the same in both."
        if told:
            return Severity.WARN, f"The body does not name {words}. Say there what the subject promises."
        severity = Severity.HOLD if letter.body.speaks else Severity.WARN
        return severity, f"The body does not name {words}. Say there what the subject promises."
    if _is_per_another(letter, line, words):
        return Severity.BLOCK, f"In the body, {words} buys less than the subject says. Name the same in both."
    if FROM.search(before) and not RISING.match(line.text[amount.end :]) and _starts_higher(letter, amount):
        return Severity.HOLD, f"In the body, prices begin above {words}. Name what costs {words}."
    if _is_of_another(letter, line, amount):
        return Severity.HOLD, f"In the body, {words} is the price of something else. Name what costs {words}."
    if not ANNOUNCED.search(letter.announced) and _has_fee(letter, words):
        return Severity.HOLD, f"{words} is not all that there is to pay. Name the whole price in the subject."
    if GIVEN.search(line.text) and _hides_condition(letter, words):
        return Severity.HOLD, f"{words} has a condition that the subject does not name. Name it there."
    if UNCHANGED.search(line.text) and _has_changed(letter, amount):
        return Severity.BLOCK, f"The body says that it was not always {words}. Don’t call it the same price."
    if BELOW.search(before) and _goes_beyond(letter, amount):
        return Severity.HOLD, f"In the body, the range goes beyond {words}. Name both ends."
    if LOWEST_EVER.search(line.text) and _was_lower(letter, amount):
        return Severity.BLOCK, f"The body says it has cost less than {words}. Don’t call it the lowest."
    if WAS.search(before[-14:]) and _never_was(letter, words):
        return Severity.HOLD, f"Nothing shows that it was sold at {words}. Name a price you really asked for."
    if _is_conditional(letter, line, amount):
        return Severity.HOLD, f"{words} has a condition that the subject does not name. Name it there."
    if _is_for_members(letter, line, amount):
        return Severity.HOLD, f"{words} is the price for some only. Say in the subject for whom."
    if _is_of_one(letter, line, amount):
        return (
            Severity.HOLD,
            f"In the body, {words} does not buy all that the subject names. Name the whole price.",
        )
    if _rises_further(letter, line, amount):
        return Severity.HOLD, f"In the body, it does not stay at {words}. Name the price that follows."
    if _has_surcharge(letter, line, amount):
        return Severity.HOLD, f"{words} is not all that there is to pay. Name the whole price in the subject."
    if letter.body.has(LATER) and not INTRODUCES.search(letter.announced) and _rises(letter, line, words):
        return Severity.HOLD, f"{words} lasts for a time only. Say in the subject for how long."
    return None


def _is_of_another(letter: Letter, line: Line, amount: Amount) -> bool:
    """“Front row, $15” where the front row is $45 and the upper circle $15."""
    if len(amounts_in(line.text)) != 1 or amount.value == 0:
        return False
    nouns = {word.rstrip("s")[:5] for word in re.findall(r"[a-z]{4,}", line.text)} - UNPRICED
    priced = [
        {each.value for each in amounts_in(sentence)}
        for sentence in letter.body.sentences
        if amounts_in(sentence) and any(re.search(rf"\b{noun}", sentence) for noun in nouns)
    ]
    if priced and not any(
        value <= amount.value or _rounds_to(value, amount.value) for values in priced for value in values
    ):
        return True
    return _is_of_a_part(letter, nouns, amount)


def _is_of_a_part(letter: Letter, nouns: set[str], amount: Amount) -> bool:
    """“$19 boots” where the boot care kit is $19, and boots are dearer."""
    heads = [
        (head[1].rstrip("s")[:5], head[0], each.value)
        for sentence in letter.body.sentences
        for each in amounts_in(sentence)
        if (head := PRICED.search(just_before(sentence, each.start)))
    ]
    at_it = [(noun, words) for noun, words, value in heads if value == amount.value]
    dearer = [noun for noun, _, value in heads if value > amount.value and noun in nouns]
    return (
        bool(dearer)
        and bool(at_it)
        and all(noun not in nouns and any(each in words for each in nouns) for noun, words in at_it)
    )


def _hides_condition(letter: Letter, words: str) -> bool:
    if any(told.search(letter.announced) for told in (MINIMUM, IN_SUBJECT, ANNOUNCED)):
        return False
    told = [
        each
        for each in letter.body.sentences
        if words in each and not DONE.search(each) and not BOOKED.search(each)
    ]
    return bool(told) and len(conditions_in(told)) == len(told)


def _has_fee(letter: Letter, words: str) -> bool:
    return any(words in each and ON_TOP.search(each[each.find(words) :]) for each in letter.body.sentences)


def _was_lower(letter: Letter, amount: Amount) -> bool:
    return any(
        PAST_PRICE.search(sentence) and any(other.value < amount.value for other in amounts_in(sentence))
        for sentence in letter.body.sentences
    )


def _has_changed(letter: Letter, amount: Amount) -> bool:
    return any(
        CHANGED.search(sentence) and any(other.value != amount.value for other in amounts_in(sentence))
        for sentence in letter.body.sentences
    )


def _goes_beyond(letter: Letter, amount: Amount) -> bool:
    """“Under £10” where the shelf is “from £8 to £24”."""
    return any(
        Decimal(found["top"].replace(",", "")) > amount.value for found in RANGE.finditer(letter.body.text)
    )


def _names_another(letter: Letter, line: Line) -> bool:
    """Whether sums are named of what the subject speaks of; a list of other things is no contradiction."""
    wanted, opening = stems(line.text), letter.body.lead[:LEADING]
    return any(
        (each in opening or shares(each, wanted)) and any(one.value for one in amounts_in(each))
        for each in letter.body.sentences
    )


def _is_told(letter: Letter, amount: Amount, before: str, told: list[Decimal]) -> bool:
    if BELOW.search(before) and WHOLLY.search(before):
        dearest = dearest_in(letter.body)
        if dearest is not None:
            return dearest <= amount.value
        return all(value <= amount.value for value in told)
    if BELOW.search(before):
        return any(
            each.value <= amount.value
            for sentence in letter.body.sentences
            for each in amounts_in(sentence)
            if not ASIDE.search(just_before(sentence, each.start))
        )
    if any(_rounds_to(each, amount.value) for each in told):
        return True
    return amount.value == 0 and letter.body.has(WAIVED)


def _rounds_to(told: Decimal, claimed: Decimal) -> bool:
    """“$40.06” bears out “$40”."""
    return told == claimed or (claimed == claimed.to_integral_value() and 0 < told - claimed < Decimal("0.5"))


def _around(sentence: str, words: str) -> list[str]:
    """What stands close to a price: “one-way fares from $378 on Tuesdays”."""
    places = [found.span() for found in re.finditer(re.escape(words), sentence)]
    return [sentence[max(0, start - AROUND) : end + AROUND] for start, end in places]


def _starts_higher(letter: Letter, amount: Amount) -> bool:
    """“From $39” where the first price that the body names is $68."""
    priced = next(
        (
            sums
            for each in letter.body.sentences[:OPENING]
            if (sums := amounts_in(each))
            and not is_off(each, sums[0].start, sums[0].end)
            and not ASIDE.search(just_before(each, sums[0].start))
        ),
        [],
    )
    return bool(priced) and all(each.value > amount.value for each in priced)


def _is_per_another(letter: Letter, line: Line, words: str) -> bool:
    """“Two pizzas, $16” where $16 buys the first; “round trip” where it is each way."""
    stated = [each for sentence in letter.body.sentences for each in _around(sentence, words)]
    return any(
        whole.search(line.text)
        and not part.search(line.text)
        and stated
        and all(part.search(each) and not whole.search(each) for each in stated)
        for whole, part in PARTS
    )


def _never_was(letter: Letter, words: str) -> bool:
    if letter.body.has(NEVER_WAS):
        return True
    return letter.offers is not None and not any(words in offer.words for offer in letter.offers)


def _is_conditional(letter: Letter, line: Line, amount: Amount) -> bool:
    """“$115 when the lid goes into the same basket”: each time that the price is told."""
    if (
        FROM.search(line.text[: amount.start])
        or IF.search(letter.announced)
        or ANNOUNCED.search(letter.announced)
    ):
        return False
    behind = [
        IF.match(sentence[one.end :]) is not None
        for sentence in letter.body.sentences
        for one in amounts_in(sentence)
        if one.value == amount.value
    ]
    return bool(behind) and all(behind)


def _is_for_members(letter: Letter, line: Line, amount: Amount) -> bool:
    """“$119. Join for $30 a year, and your price is $89”: said of all in the subject."""
    if ANNOUNCED.search(letter.announced) or MEMBERS.search(letter.announced):
        return False
    bearing = [
        each for each in letter.body.sentences if amount.value in {one.value for one in amounts_in(each)}
    ]
    return (
        bool(bearing)
        and all(JOINING.search(each) for each in bearing)
        and any(
            one.value > amount.value and DEARER_FOR_ALL.search(each[: one.start])
            for each in _before(letter, bearing)
            for one in amounts_in(each)
        )
    )


def _before(letter: Letter, bearing: list[str]) -> list[str]:
    """The sentences right before those."""
    every = letter.body.sentences
    return [every[index - 1] for index, each in enumerate(every) if index and each in bearing]


def _is_of_one(letter: Letter, line: Line, amount: Amount) -> bool:
    """“Exam, X-rays and cleaning for $79” where X-rays are $110 apart."""
    listed = ITEMS.findall(line.text)
    if not listed:
        return False
    parts = {part for items in listed for part in stems(items)}
    bearing = {
        each for each in letter.body.sentences if amount.value in {one.value for one in amounts_in(each)}
    }
    if any(len(stems(each) & parts) >= len(parts) for each in bearing):
        return False
    return any(
        one.value != amount.value and not parts.isdisjoint(stems(just_before(each, one.start)[-AROUND:]))
        for each in letter.body.sentences
        if each not in bearing and not WAS.search(each)
        for one in amounts_in(each)
    )


def _rises_further(letter: Letter, line: Line, amount: Amount) -> bool:
    """“$1, then $25”, and from the third month $49."""
    if not THEN.search(just_before(line.text, amount.start)):
        return False
    return any(
        LATER.search(each)
        and (sums := amounts_in(each))
        and all(one.value != amount.value for one in sums)
        and sums[0].value > amount.value
        for each in letter.body.sentences
    )


def _has_surcharge(letter: Letter, line: Line, amount: Amount) -> bool:
    """“The fare is $199. A surcharge of $240 is added when you book.”"""
    if any(
        NEEDED.search(after)
        and amounts_in(after)
        and amount.value in {one.value for one in amounts_in(f"{each} {after}")}
        for each, after in pairwise(("", *letter.body.sentences))
    ):
        return True
    return not SURCHARGE.search(line.text) and any(
        (found := SURCHARGE.search(after)) is not None
        and ADDED.search(after) is not None
        and not is_denied(after, found.start())
        and amount.value in {one.value for one in amounts_in(each)}
        for each, after in pairwise(letter.body.sentences)
    )


def _rises(letter: Letter, line: Line, words: str) -> bool:
    bearing = [each for each in letter.body.sentences if words in each]
    return any(
        LATER.search(sentence)
        and len(amounts_in(sentence)) > (words in sentence)
        and (
            sentence in bearing
            or RECURS.search(sentence)
            or RECURS.search(line.text)
            or any(RECURS.search(each) for each in bearing)
        )
        for sentence in may_take_back(letter.body, bearing, line.text)
    )


def _share(letter: Letter, line: Line, percent: Percent) -> Iterator[Finding]:
    """Shares: “100% of your gift goes to the shelter”. “100%” alone is a way of speaking."""
    words = line.text[percent.start : percent.end]
    after = line.text[percent.end :]
    if percent.value == 100 and not re.match(r" of ", after):
        return
    if percent.value == 0 and not COUNTED_AS_NONE.match(after):
        return  # “0% fuss”
    told = [each.value for each in percents_in(letter.told)]
    if percent.value in told or (
        percent.value == 100 and re.search(r"\b(?:all of|(?:every|each) (?:cent|penny|dollar))", letter.told)
    ):
        return
    if any(comes_to(sentence, percent.value, is_percent=True) for sentence in letter.body.sentences):
        return
    severity = Severity.BLOCK if told else Severity.HOLD if letter.body.speaks else Severity.WARN
    yield letter.finding(
        RULE,
        severity,
        f"The body does not say {words}. Name the same figure in both.",
        SOURCE,
        line,
        percent.start,
        percent.end,
    )
