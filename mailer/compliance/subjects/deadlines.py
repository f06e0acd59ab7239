"""When things end: what a subject says of it, and what the body says."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from mailer.compliance.subjects.body import Body
from mailer.compliance.subjects.claims import Deadline
from mailer.compliance.subjects.normalise import Line
from mailer.compliance.subjects.times import NUMBER, Named, counted, days_in, stretches_in
from mailer.compliance.subjects.words import just_before, shares, stems

OFFERED = re.compile(
    r"\b(?:offers?|sale|prices?|off\b|codes?|discounts?|deals?|deadline|entries|forms?|tickets?|until|"
    r"through|midnight|order|it runs|over\b|sign(?:ing)? up|regist\w+|enrol\w*|apply|application|submit|rsvp|"
    r"ends?\b|last|rates?|save|bids?|bidding|stays?|vouchers?|coupons?|clos\w+|vot\w+)|[$€£]\d|\d ?%"
)
DAY_WORD = r"(?:today|tonight|midnight|tomorrow)"
# Words that make the day beside them an end.
ENDING = re.compile(
    r"\b(?:last of|ends?|ending|until|till?|through|thru|by|before|expir\w+|valid|last (?:day|night|"
    r"chance|call|hours?|minute|weekend|week)|only|"
    r"tomorrow,? and|final\w*|clos(?:es?|ing)|deadline|good (?:to|through|thru|until|for)|no later than|"
    r"finish\w*|wraps? up|over|runs?|goes away|gone|"
    r"disappear\w*|stops?|due|one day|hours? left|cut-?off)\b"
)
ENDS_NOW = re.compile(
    r"\b(?:(?:today|tonight|midnight)\W{1,3}last of|today only|only today|just (?:for )?today|"
    r"tonight only|(?:ends?|ending|expires?|"
    r"closes?|gone|over|finishes|disappears?|stops?|goes away) "
    r"(?:\w+ ){0,2}?(?:today|tonight|(?:at |by )?midnight)|last day(?! (?:of|in|at|"
    r"on) (?:the )?(?:year|season|summer|school|term|trip|tour))|"
    r"(?:the|your|it's|is) last night|^last night|last night (?:of|for|to)|(?:final|"
    r"last) (?:sale|shopping|\w+ing) (?:day|night|hours)|final (?:day|night|hours?|minutes?|"
    r"hrs)|last (?:few )?hours|(?:one|1)[ -]day[ -]only|for one day|(?<!\d )hours left|"
    r"(?:until|till|til|by|before) (?:midnight|tonight)|(?:today|tonight)\b.{0,24}\b(?:sale|"
    r"offer|deal|it|everything) (?:all )?(?:closes|ends|expires|is over)|(?:tonight|"
    r"today) is (?:the |your )?(?:last|final)|"
    r"(?:today|tonight)(?: i)?'?s (?:the |your )?(?:last|final)|midnight deadline|(?:today|"
    r"tonight):? (?:last|final) (?:chance|call))\b"
)
SOON = re.compile(
    r"\b(?:last[ -]chance|last call|final call|final chance|ending soon|ends soon|"
    r"closing soon|almost over|(?:nearly|almost) (?:over|done|ended)|"
    r"final (?:reminder|notice to save)|time(?:'s| is) (?:almost |nearly )?(?:running out|up)|"
    r"running out of time|"
    r"before (?:it's|its|it is|they're) (?:too late|gone|over)|don't miss out|expires? soon|"
    r"expiring soon|while you still can|"
    r"clock is ticking|(?:only|just) (?:a few )?hours (?:left|to go)|won't last|going, going|"
    r"last days|final days|hurry)\b"
)
COUNTED = re.compile(
    rf"\b(?P<count>{NUMBER})[ -](?P<more>more )?(?P<unit>hours?|hrs?|days?)(?: (?:only|left|"
    rf"to go|remaining|sale only|to (?:save|shop|get|order|enter|claim|grab|buy|book))|[ -]only)|"
    rf"\b(?:only|just|next|in the next|within|final|last|"
    rf"lasts?) (?:the next )?(?P<count2>{NUMBER})[ -]?(?P<unit2>hours?|hrs?|days?)\b(?! (?:of|till|until|"
    rf"before|"
    rf"to go|"
    rf"old|away|trip|tour|guide|money))|"
    rf"\b(?P<count5>{NUMBER}) more (?P<unit5>hours?|days?)(?= of\b| for\b|:|$)|"
    rf"\bends? in (?P<count3>{NUMBER}) (?P<unit3>hours?|hrs?|days?)\b|(?<![\w-])(?P<count4>24|"
    rf"48|72|12|36)[ -](?P<unit4>hours?|hrs?)(?: flash)? (?:sale|deal|flash|offer|event|only)\b"
)
LAST_WEEK = re.compile(
    r"(?<!was )(?<!were )(?<!from )(?<!since )(?<!missed )\b(?:last|final) (?:weekend|week)(?!s)\b(?!')"
)
EXTENDED = re.compile(
    r"\b(?:extended|extending|one more (?:day|chance)|we(?:'ve| have) added (?:a|"
    r"one) (?:more )?day|back for one)\b"
)
# “Order by Dec 18 for holiday delivery”, “RSVP by Friday”: an end that the reader's own act has to meet.
NEVER = re.compile(
    r"\b(?:(?:for |all |the )(?:the )?(?:whole|entire|rest of the) (?:week|month|season|winter|summer|year)|"
    r"(?:is |are )?(?:always|permanently) open|(?:takes place|happens|comes back) every \w+|"
    r"here to stay|stays? (?:as (?:it|they) (?:is|are|was|were)|where (?:it|they) (?:is|are)|put)\b|"
    r"no (?:stress|need to run)\b|in every month|every month that|at any time of (?:the )?year|(?:bidding|voting|"
    r"sales?|entries) (?:goes|go|stays|runs) on|"
    r"(?:isn't|is not|aren't|not) going anywhere|all (?:month|season|year|spring|summer|autumn|fall|"
    r"winter)(?: long)?|"
    r"no (?:end date|expir\w+|deadline|time limit|rush|hurry|hurry at all)|never (?:ends|"
    r"expires?|runs out|closes)|(?:does|do|will)(?:n't| not) (?:expire|end\b|run out)|"
    r"all year(?: round| long)?\b|year[ -]round|every (?:single )?(?:day|week) of the|"
    r"(?:and )?every (?:weekend|week|month|night) (?:through|until|in|this|all)\b|"
    r"no need to (?:rush|hurry)|every[ -]?day (?:\w+ )?(?:price|deal|discount|offer)s?|"
    r"(?:standing|permanent|ongoing|evergreen|open-ended) (?:offer|discount|price|policy|deal|"
    r"perk|benefit)|until further notice|"
    r"(?:available|good|valid|yours|offered|on offer|applies|use it|redeem(?:able)? it|order|"
    r"buy|book|join|enrol\w*|sign up|register|here) (?:any ?time|whenever|at any time|"
    r"all (?:month|season|winter|summer|spring|year|week))|"
    r"(?:same|this) (?:price|deal|discount|offer|rate|sale|promotion) (?:is |will be |stays |"
    r"remains |continues |runs |comes back |returns )?(?:again |available )?(?:every|tomorrow|"
    r"next|all|each|always|as every|daily|in (?:january|february|march))|"
    r"(?:always|permanently) (?:available|on|free|included|open|\d+ ?%)|is always (?:free|on|"
    r"open)|(?:every|each) (?:day|week|weekend|month|night|order)[ ,](?:all|we|you|\d+ ?%|"
    r"of the)|"
    r"as (?:we do )?every (?:day|week|month|weekend)|(?:repeats?|renews?|runs?|returns?|back|"
    r"again|resets?) (?:\w+ )?(?:every|each) (?:day|week|month|weekend|night)|(?:runs|"
    r"on) every (?:day|week|month)|"
    r"(?:will|we'll) (?:be back|return|run (?:it )?again|do (?:it|this) again|continue|"
    r"carry on|stay|repeat) (?:\w+ ){0,3}?(?:tomorrow|next|every|daily|after|beyond|through|"
    r"all)|"
    r"has been (?:running|on|our|available|offered|part|open) (?:\w+ ){0,4}?since|(?:rolling|"
    r"continuous) (?:basis|enrol\w+)|no closing date|take your time|whenever you(?:'re|"
    r" are) ready|"
    r"regular (?:everyday )?price(?! ?[$€£\d])|our (?:usual|normal|everyday|standard|regular) (?:price|"
    r"rate|discount|policy|offer)|(?:is|are) (?:here|on|available) all (?:month|season|year|"
    r"week|winter|spring|summer)|"
    r"(?:no plans to (?:end|stop))|all day(?: long)?,? and|and again (?:tomorrow|on|next)|as (?:often|long|"
    r"many times) as|any day(?: you|\b)|"
    r"(?:part of|in) (?:our|the) (?:permanent|regular|standard|usual) (?:range|menu|line|price list|"
    r"prices)|part of our price list|"
    r"whenever (?:it|that) suits|(?:prices?|rates?|fares?|it) (?:won't|will not|don't|do not) change|"
    r"on each day of the|"
    r"(?:has|have) not (?:moved|changed)|no change is planned|will stay|"
    r"no (?:closing|cut-?off|end) (?:date|day)|on any day|whatever the date|by no means over|"
    r"(?:we(?:'re| are|'ll| will)?|it|this|they|sale|offer|promotion|which) (?:keep|carry|continue|go|run|"
    r"stretch\w*)(?:s|es|ing)? (?:it |this |them )?(?:on|going|"
    r"until further|through (?:the )?(?:spring|"
    r"summer|autumn|fall|winter|year))|for as long as you|any time you like|(?:the )?(?:offer|"
    r"price|discount|sale|deal|rate) (?:is|stays|remains) (?:permanent|available|in place|"
    r"open|the same))\b"
)
AGAIN = re.compile(
    r"\b(?:today(?:,| and| or) tomorrow|(?:this|the) (?:week|month|weekend) and (?:the )?next|(?:now|"
    r"before) and after|all next (?:week|month)|"
    r"until (?:the )?(?:doors|season|shop|park)s? opens?|long after|well (?:into|past|after)|"
    r"no plans? to (?:stop|end|change)|always do it|(?:another|the next|a new|same|similar) (?:sale|offer|"
    r"deal|round|discount|"
    r"one) (?:starts|begins|follows|opens|comes|tomorrow|next)|"
    r"(?:and |then |also |will be )?(?:again|repeated) (?:tomorrow|next (?:day|week))|"
    r"(?:extended|extending|continues?|carries on|runs on|goes on|stays? (?:on|live|"
    r"open)) (?:\w+ ){0,3}?(?:through|until|to|all|into|beyond|tomorrow|next)|"
    r"(?:code|offer|link|price) (?:works|is good|is valid) (?:\w+ ){0,2}?(?:all|any|every|whenever))\b"
)
# An hour alone is an hour of today.
HOUR = r"(?:noon|\d{1,2}(?::\d\d)? ?[ap]\.?m)"
ENDS_AT = re.compile(
    rf"\b(?:closes?|closing|ends?|ending|over|off sale|stops?|finish(?:es)?|expires?) (?:(?:today|"
    rf"tonight) )?(?:at )?{HOUR}"
)
SAYS_END = re.compile(r"\b(?:ends|closes|expires|final (?:bids|hours|call|chance))\b")
STARTING = re.compile(
    r"\b(?:starts?|starting|started|begins?|began|beginning|from|since|opened|opens?|"
    r"launch\w*|ran|published|posted|sent|on sale|back in|last)\s*(?:on |at )?$"
)
RISES = re.compile(
    r"\b(?:(?:prices?|rates?|it|they|everything) (?:will )?(?:goes?|go|jumps?|rises?|climbs?|returns?|"
    r"changes?|increases?|is|"
    r"are) (?:back )?(?:up|to "
    r"(?:the )?(?:full|regular|normal|usual|old) \w+|back)|back (?:up|to (?:full|regular|normal|"
    r"usual) price)) (?:again )?(?:on |from )?$"
)
GONE = re.compile(
    r"\b(?:gone|over|off sale) (?:by|before) $"
)  # what is gone by Monday may end on Sunday night
UNTIL_THEN = re.compile(r"\b(?:until|till|by) then\b|^(?:after that|from then)\b")
FROM_THEN = re.compile(r"\b(?:from|starting|as of) (?:on )?$")
AS_BEFORE = re.compile(r"\b(?:again|back|full price|(?:regular|normal|usual|full) (?:price|fare|rate)s?)\b")
NOT_OF_US = re.compile(r"\b(?:no hurry|no rush|without a deadline|hurry hard)\b")


def deadlines_in(line: Line, today: date) -> list[Deadline]:
    """The ends that a line claims, the hardest first."""
    text = line.text
    if NOT_OF_US.search(text):
        return []
    days = days_in(text, today)
    hard = [_now(found, today) for found in ENDS_NOW.finditer(text) if not _names_other(found, days, today)]
    hard += [_counted(found, today) for found in COUNTED.finditer(text)]
    hard += [_this_week(found, today) for found in LAST_WEEK.finditer(text)]
    hard += [_on(named, text) for named in days if _is_end(text, named)]
    exact = [named for named in days if named.exact]
    if not hard and len(exact) == 1 and SAYS_END.search(text):
        hard.append(_on(exact[0], text))
    if not days:
        hard += [_now(found, today) for found in ENDS_AT.finditer(text)]
    if hard:
        return hard
    return [
        Deadline(found.start(), found.end(), found[0], today, today + timedelta(days=4), False)
        for found in SOON.finditer(text)
    ]


def sentences_on(body: Body, line: Line) -> tuple[str, ...]:
    """The sentences that can speak of what ends: with a word of the line, with an offer, or after one of these."""
    wanted = stems(line.text)
    about = [shares(each, wanted) or OFFERED.search(each) is not None for each in body.sentences]
    told = tuple(
        each for index, each in enumerate(body.sentences) if about[index] or (index > 0 and about[index - 1])
    )
    return told or body.sentences


def ends_in(sentences: Sequence[str], today: date) -> list[Named]:
    """The days that the sentences call an end, of whatever it is."""
    found: list[Named] = []
    for index, sentence in enumerate(sentences):
        ending = ENDING.search(sentence)
        if index and UNTIL_THEN.search(sentence):
            found += [named for named in days_in(sentences[index - 1], today) if named.exact]
        found += [
            named
            for named in days_in(sentence, today)
            if named.first != named.last
            or (ending and not STARTING.search(just_before(sentence, named.start)))
        ]
        found += stretches_in(sentence, today)
        found += _eves(sentence, today)
    return found


def _eves(sentence: str, today: date) -> list[Named]:
    """“Prices go back up on December 4”: the day before is the last."""
    day = timedelta(days=1)
    return [
        Named(each.start, each.end, each.first - day, each.first - day)
        for each in days_in(sentence, today)
        if each.exact
        and (
            RISES.search(just_before(sentence, each.start))
            or (FROM_THEN.search(just_before(sentence, each.start)) and AS_BEFORE.search(sentence))
        )
    ]


def counts_in(text: str) -> set[tuple[int, str]]:
    """Lengths of time, as (48, "h") and (3, "d")."""
    pattern = rf"\b({NUMBER})[ -](?:more |short |full )?(hours?|hrs?|days?)\b"
    return {(counted(count), unit[0]) for count, unit in re.findall(pattern, text)}


def _names_other(found: re.Match[str], days: list[Named], today: date) -> bool:
    """“Last day Friday” names its day, and that is not today."""
    said_now = re.search(DAY_WORD, found[0])
    return not said_now and "hours" not in found[0] and any(named.first != today for named in days)


def _now(found: re.Match[str], today: date) -> Deadline:
    return Deadline(found.start(), found.end(), found[0], today, today, True)


def _counted(found: re.Match[str], today: date) -> Deadline:
    parts = found.groupdict()
    count = counted(
        next(parts[name] for name in ("count", "count2", "count3", "count4", "count5") if parts[name])
    )
    unit = next(parts[name] for name in ("unit", "unit2", "unit3", "unit4", "unit5") if parts[name])
    if unit.startswith("h"):
        first, last = (
            today + timedelta(hours=0, days=(count - 1) // 24),
            today + timedelta(days=-(-count // 24)),
        )
    else:
        first, last = today + timedelta(days=count - 1), today + timedelta(days=count)
        if "only" in found[0] and not parts["more"]:
            last = first
    return Deadline(found.start(), found.end(), found[0], first, last, True)


def _this_week(found: re.Match[str], today: date) -> Deadline:
    sunday = today + timedelta(days=6 - today.weekday())
    return Deadline(found.start(), found.end(), found[0], today, sunday + timedelta(days=1), True)


def _is_end(text: str, named: Named) -> bool:
    before = text[max(0, named.start - 22) : named.start]
    after = text[named.end : named.end + 12]
    return bool(
        (
            re.search(
                r"\b(?:ends?|ending|until|till?|through|thru|by|before|expires?|valid|closes?|closing|"
                r"last day|deadline|to|no later than|due|only)"
                r"(?: (?:on|is|this|the end of|at))?(?: [\d:.]+(?: ?[ap]\.?m\.?)?)?(?: \w{2,3})?[,:]? ?$",
                before,
            )
            and not re.search(
                r"\b(?:welcome|guide|here|intro\w*|road|countdown|way|listen|close|go|move|moved|"
                r"nearer) to $",
                before,
            )
        )
        or re.search(
            r"\b(?:last (?:day|night|orders?|call)|deadline|final day|cut-?off)\b[^.!?]{0,40} $",
            just_before(text, named.start),
        )
        or re.match(r" (?:only|deadline|is (?:the )?(?:last|final))", after)
        or (named.first != named.last and named.exact and "sale" in text)
    )


def _on(named: Named, text: str) -> Deadline:
    is_gone = GONE.search(just_before(text, named.start)) is not None
    return Deadline(
        named.start,
        named.end,
        text[named.start : named.end],
        (named.first if not named.exact else named.last) - (timedelta(days=1) if is_gone else timedelta(0)),
        named.last,
        True,
    )
