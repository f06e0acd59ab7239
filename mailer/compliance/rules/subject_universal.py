"""“Every”, “all” and “always” leave nothing out, of whatever they are said.

15 U.S.C. 7704(a)(2); FTC Act section 5: what holds for a part is not said of the whole (DUTIES D33, T9). Discounts
on “everything” are the scope rule's.
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.money import amounts_in
from mailer.compliance.subjects.support import dearest_in, is_outside
from mailer.compliance.subjects.words import shares, stems

RULE = "subject_universal"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); 15 U.S.C. 45"
REVIEWED = Reviewed("2026-11-30", version=7, duties="D33")
WHOLE = re.compile(
    r"\b(?:every(?!\s*(?:day|body's|one's)\b)(?: \w+)?|all (?!about\b|new\b|you\b|over\b|in\b|set\b|"
    r"the best\b|that\b|we\b|this\b|your (?!tools|devices|apps|accounts|boards|visits|classes|meals|"
    r"orders)|out\b|"
    r"day\b|night\b|week\b|year\b|things\b|eyes\b|i\b|for\b)\w+|any (?!questions?\b|time\b|day\b|way\b|"
    r"plans\b|more\b)\w+|each \w+|everything is|always|"
    r"(?:the )?(?:whole|entire) \w+|24/7|around the clock|start to finish|through and through|"
    r"top to bottom|whatever the \w+|no matter (?:how|what|which)|"
    r"regardless of|fully|100 ?%(?! off)|completely|entirely|both)\b"
)
PART = re.compile(
    r"(?<!every )(?<!each )\b(?:(?:one|two|three|four|five|six|seven|eight|nine|ten|some|most|many|half|few|several|"
    r"\d+) of (?:the|our|its|these|those|them)\b|"
    r"the (?:others?|rest(?! of (?:the (?:day|week|month|year|season)|january|february|march|april|may|"
    r"june|july|"
    r"august|september|october|november|december))|remaining)\b|in the other\b|except|apart from|other than|"
    r"not (?:all|every)\b|from the (?:second|third|next) (?:\w+ )?on\b|for your first\b|"
    r"(?:one|two|three|\d+) (?:\w+ ){0,2}in (?:two|three|four|five|six|seven|eight|nine|ten|\d+)\b(?! \w+s\b)|"
    r"(?:can't|cannot|don't|do not) (?:offer|cover|insure|serve|include|do) (?:it|them|this)\b|"
    r"for the (?:\w+ )?other \w+s\b|"
    r"only (?:the|in|on|at|some|selected|for|one|two)\b|"
    r"at other times|otherwise|partly|sometimes|mostly|but not|from (?:9|nine|8|eight|10|ten) to \d|weekdays|"
    r"what (?:is|goes|lies) (?:above|beyond|over)|add-ons?\b|(?:is|are) (?:charged|billed|(?:priced|sold|"
    r"paid|booked|bought) (?:separately|extra|per|"
    r"by|each|on top))|"
    r"(?:others?|other \w+) (?:are|is|aren't|isn't|cost|stay)\b|"
    r"(?:costs?|is|are) (?:an )?(?:extra|additional)\b(?! \d+ ?%)|(?:is|are)(?: not|n't) (?:included|"
    r"covered|part)|"
    r"(?:stays?|remains?|keeps?|continues?) (?:at|its|their)\b(?! the same)|for an? (?:extra|"
    r"additional) (?:fee|charge|cost)|"
    r"a blend|mix(?:ture)? of|contains? (?:some|a little|traces))"
)
# “Nothing over $20” over “coats $129”.
CEILING = re.compile(
    r"\b(?:nothing (?:(?:is|on|in|at|of|from) )?(?:(?:the|our|this) (?:\w+ ){1,2})?(?:over|above|"
    r"costs more than)|no \w+ (?:over|above)|everything (?:is |for |at )?"
    r"(?:under|below)|all (?:\w+ )?(?:under|below)) (?=[$€£]\d)"
)
NO_WARE = re.compile(r"\b(?:orders?|shipping|delivery|worth|value|was|were|reg|spend|gift ?cards?)\b")
TIMED = re.compile(r"\b(?:this (?:week|weekend|month)|today|tonight|until|through|only|now)\b")
OTHERWISE = re.compile(r"\b(?:otherwise|at other times|normally|usually)\b")
FIRST = 4  # sentences, in which a message says what it is about
AFRESH = re.compile(r"\b(?:none|nothing|no one|nobody|not (?:one|a single)|without exception|gift ?cards?)\b")


def check(letter: Letter) -> Iterator[Finding]:
    yield from _under_a_ceiling(letter)
    yield from _of_every_part(letter)


def _under_a_ceiling(letter: Letter) -> Iterator[Finding]:
    line = letter.subject
    found = CEILING.search(line.text)
    if found is None:
        return
    most = amounts_in(line.text[found.end() :])[0].value
    dearest = dearest_in(letter.body)
    if dearest is not None and dearest <= most:
        return
    wares = [each for each in letter.body.sentences if not NO_WARE.search(each)]
    dearer = next((each for each in wares if any(amount.value > most for amount in amounts_in(each))), None)
    if dearer:
        words = f"In the body something costs more: “{dearer[:100]}”. Say “from”, or leave the limit out."
        yield letter.finding(RULE, Severity.BLOCK, words, SOURCE, line, *found.span())


def _of_every_part(letter: Letter) -> Iterator[Finding]:
    line = letter.subject
    found = WHOLE.search(line.text)
    if not found or PART.search(letter.announced) or letter.speaks_about:
        return
    part = next(
        (
            each
            for each in _near(letter, line.text)
            if PART.search(each)
            and not AFRESH.search(each)
            and not is_outside(each, found[0])
            and not _is_of_another_time(line.text, each)
        ),
        None,
    )
    if part:
        words = (
            f"The subject says “{found[0]}”, and the body leaves some out: “{part[:100]}”. Say what it holds "
            f"for."
        )
        yield letter.finding(RULE, Severity.HOLD, words, SOURCE, line, *found.span())


def _is_of_another_time(text: str, sentence: str) -> bool:
    """“Every pattern is $5 this week”, and “$7 to $12 otherwise”: what holds before and after."""
    return (
        TIMED.search(text) is not None
        and OTHERWISE.search(sentence) is not None
        and bool(amounts_in(sentence))
    )


def _near(letter: Letter, text: str) -> list[str]:
    """The sentences that speak of the same or name the same sum, and the one after each; else the first ones."""
    wanted, every = stems(text), letter.body.sentences
    sums = {each.value for each in amounts_in(text)}
    about = {
        index
        for index, each in enumerate(every)
        if shares(each, wanted) or (sums and not sums.isdisjoint(amount.value for amount in amounts_in(each)))
    }
    if not about:
        return list(letter.body.lead[:FIRST])
    return [each for index, each in enumerate(every) if index in about or index - 1 in about]
