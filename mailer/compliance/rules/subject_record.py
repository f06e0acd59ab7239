"""“The lowest”, “the biggest”, “the last”: nothing that the body tells of was lower, bigger or later.

15 U.S.C. 7704(a)(2); FTC Guides Against Deceptive Pricing, 16 CFR 233.1; Washington's Brown v. Old Navy on sales that
were no end (DUTIES D26, T9). Praise that no figure can belie (“our best soup ever”) is the reader's to judge.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.money import amounts_in, percents_in

RULE = "subject_record"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); 16 CFR 233"
REVIEWED = Reviewed("2026-11-30", version=2, duties="D26")
# “Final sale of the year”, “lowest price we've ever had”, “our biggest discount of 2026”.
CLAIMED = re.compile(
    r"\b(?:final|last|lowest|best|biggest|deepest|greatest|cheapest|largest|highest|"
    r"steepest) (?:[\w'%-]+ ){0,4}?"
    r"(?:of (?:the (?:year|season|month|decade)|20\d\d|all time)|ever\b|all (?:year|season)|(?:this|"
    r"so far this) "
    r"(?:year|season)|anywhere|we(?:'ve| have) (?:ever )?(?:had|offered|run|done|made|given|seen)|"
    r"in (?:years|(?:our )?history))|"
    r"\b(?:lowest|best|cheapest) (?:[\w'-]+ )?(?:prices?|rates?|fares?|deals?) (?:ever|yet|to date)|"
    r"\bnever (?:been )?(?:cheaper|lower|bigger|deeper|this (?:low|cheap|big))"
)
SURPASSED = re.compile(
    r"\b(?:(?:bigger|deeper|lower|better|larger|steeper|greater) (?:\w+ ){0,2}(?:markdowns?|discounts?|"
    r"savings?|"
    r"prices?|deals?|sales?|reductions?|offers?)|(?:the|our) next (?:one|sale)|"
    r"(?:everyday|usual|normal) (?:low )?prices?|another (?:sale|one) (?:starts?|begins?|follows?|is)|"
    r"(?:will|'ll) (?:go|drop|fall|be) (?:even )?(?:lower|deeper|further|cheaper))\b"
)
PAST = re.compile(
    r"\b(?:last|previous|earlier|back in|(?:in|of|during|since|our|the|in the|on|than in|"
    r"like (?:in )?(?:our )?) ?(?:january|february|"
    r"march|april|may|june|july|august|september|october|november|spring|summer|autumn|fall|winter|"
    r"black friday|"
    r"cyber monday|columbus day|presidents'? day|prime day|memorial day|labor day|anniversary|easter|20\d\d)|"
    r"(?:january|february|march|april|may|"
    r"june|july|"
    r"august|september|october|november|spring|summer|autumn|fall|winter)(?:'s)? (?:sale|event|clearance)|"
    r"(?:two|three|four|six|several|\d+) (?:weeks|months|years) ago|(?:each|every|most) (?:month|year|week|"
    r"season))\b"
)
EQUALLED = re.compile(
    r"\b(?:just like|same (?:as|discount|price|offer|rate|deal|sale)|as (?:in|it was|they were|we did|"
    r"low as|big as|much as)|"
    r"once (?:again|more)|again\b|also\b|already|even (?:less|lower|cheaper|more)|(?:was|were|cost|"
    r"had it) (?:\w+ ){0,2}?"
    r"(?:less|lower|cheaper|bigger|more|higher)|[$€£]\d+(?:\.\d\d)? (?:less|lower|cheaper)|\d+ ?% (?:less|"
    r"lower|cheaper))\b"
)
WAS = re.compile(
    r"\b(?:was|were|cost|sold|had|went|ran|gave|offered|took|got|earned|paid|missed (?:it|them) at|got (?:it|"
    r"them)|found (?:it|them)|dropped|"
    r"down to)\b"
)
NEVER = re.compile(
    r"\b(?:never|nothing|not (?:even|once)|no (?:other|sale|discount)|none|than (?:ever|any)|beats?|tops?)\b"
)
LAST = re.compile(r"\b(?:last|final)\b")
FORMER = re.compile(r"\b(?:regular(?:ly)?|usual(?:ly)?|normal(?:ly)?|full price|instead of|down from|list)\b")


def check(letter: Letter) -> Iterator[Finding]:
    line = letter.subject
    found = CLAIMED.search(line.text)
    if found is None or letter.speaks_about:
        return
    more = next(
        (each for index, each in enumerate(letter.body.sentences) if _belies(letter, index, each)), None
    )
    if more:
        words = f"The body tells of more than the “{found[0]}”: “{more[:100]}”. Say what is true of this one."
        yield letter.finding(RULE, Severity.BLOCK, words, SOURCE, line, *found.span())


def _belies(letter: Letter, index: int, sentence: str) -> bool:
    if NEVER.search(sentence):
        return False
    if SURPASSED.search(sentence):
        return True
    if LAST.search(letter.subject.text) or not PAST.search(sentence) or FORMER.search(sentence):
        return False
    return EQUALLED.search(sentence) is not None or _was_as_good(letter, index, sentence)


def _was_as_good(letter: Letter, index: int, sentence: str) -> bool:
    """“Throws are $109. In our summer sale they were $89”; “30% off”, and 35% in June."""
    if not WAS.search(sentence):
        return False
    before = letter.body.sentences[index - 1] if index else ""
    now, then = _parted(sentence)
    prices = _sums(before) or _sums(now) or _sums(letter.subject.text)
    shares = _shares(letter.subject.text) or _shares(before) or _shares(now)
    return any(past < max(prices) for past in _sums(then) if prices) or any(
        past >= max(shares) for past in _shares(then) if shares
    )


def _parted(sentence: str) -> tuple[str, str]:
    """What is said before the past is spoken of, and from there on; all of it where it begins with the past."""
    found = WAS.search(sentence)
    place = found.start() if found else 0
    past = PAST.search(sentence)
    if past and past.start() < place and not _sums(sentence[past.start() : place]):
        place = past.start()
    return sentence[:place], sentence[place:]


def _sums(text: str) -> list[Decimal]:
    return [each.value for each in amounts_in(text)]


def _shares(text: str) -> list[Decimal]:
    return [each.value for each in percents_in(text)]
