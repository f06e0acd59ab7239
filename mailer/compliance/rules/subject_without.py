"""What the subject says is not there is not in the body either.

15 U.S.C. 7704(a)(2): “a material fact regarding the contents” (DUTIES D33): “no fee”, “fragrance-free”.
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.words import just_before

RULE = "subject_without"
SOURCE = "risk under 15 U.S.C. 7704(a)(2)"
REVIEWED = Reviewed("2026-11-30", version=3, duties="D33")
WITHOUT = re.compile(
    r"\b(?:no|without|zero|never any)(?: (?:any|more|hidden|added|extra|annual|single|joining|"
    r"monthly|small))* (?P<thing>[a-z]{3,})|\b(?P<thing2>[a-z]{3,})-free\b"
)
NOT_THINGS = frozenset(
    [
        "hurry",
        "rush",
        "joke",
        "doubt",
        "matter",
        "wonder",
        "more",
        "need",
        "longer",
        "reason",
        "worries",
        "problem",
        "place",
        "time",
        "idea",
        "better",
        "other",
        "secret",
        "filter",
        "kidding",
        "sale",
        "sales",
        "code",
        "codes",
        "purchase",
        "questions",
        "question",
        "thanks",
        "less",
        "stress",
        "hands",
        "worry",
        "risk",
        "care",
        "carefree",
        "toll",
        "exclusions",
        "minimum",
        "strings",
        "catch",
        "classes",
        "school",
        "sweat",
        "tricks",
        "drama",
    ]
)
BEFORE = (
    r"\b(?:no|not|without|zero|never|nor|neither|none of the|nothing with|free (?:of|from)|any|avoid\w*|"
    r"instead of|\w+n't|waives?|drop(?:s|ped)?|leave out)\b[^,.;:!?]{0,24}$"
)
AFTER = re.compile(
    r"^s?[^,.;]{0,30}(?:-free\b|\bfree\b|[$€£]0(?![.\d])|\bzero\b|\bwaived|\bfalls? away|\bgoes away|"
    r"\bdrops? (?:off|out|away)|\bdisappears?|\bis (?:gone|off)|"
    r"\bincluded|\bon us|\bnot (?:due|charged|"
    r"needed|required)|\bnothing)"
)


def check(letter: Letter) -> Iterator[Finding]:
    for line in letter.lines:
        for found in WITHOUT.finditer(line.text):
            thing = (found["thing"] or found["thing2"]).rstrip("s")
            if (
                len(thing) < 3
                or thing in NOT_THINGS
                or thing + "s" in NOT_THINGS
                or not _is_there(letter, thing)
            ):
                continue
            words = f"The subject says “{found[0]}”, and the body has it. Say the same in both."
            yield letter.finding(RULE, Severity.HOLD, words, SOURCE, line, *found.span())
            return


def _is_there(letter: Letter, thing: str) -> bool:
    """Whether the body names the thing, and never as absent."""
    mentions = [
        (sentence, found)
        for sentence in letter.body.sentences
        for found in re.finditer(rf"\b{thing}", sentence)
    ]
    return bool(mentions) and not any(
        re.search(BEFORE, just_before(sentence, found.start())) or AFTER.search(sentence[found.end() :])
        for sentence, found in mentions
    )
