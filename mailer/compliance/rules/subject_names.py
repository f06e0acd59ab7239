"""Whom or what the subject names, the message names too.

15 U.S.C. 7704(a)(2); DUTIES D33: every product and name of the subject occurs in visible text. A name is what is
written as one: in capitals within a sentence that is not, or behind “by”, “in” and “with”.
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter, Purpose
from mailer.compliance.subjects.normalise import plain_text
from mailer.compliance.subjects.notices import bears_out
from mailer.compliance.subjects.words import EMPTY

RULE = "subject_names"
SOURCE = "risk under 15 U.S.C. 7704(a)(2)"
REVIEWED = Reviewed("2026-11-30", version=4, duties="D33")
CITED = re.compile(
    r"\b(?:[Bb]y|[Ww]orks [Ww]ith|[Ff]its|[Pp]artner(?:ed|ing|ship)? [Ww]ith|[Tt]ogether [Ww]ith|"
    r"[Ff]eatured [Ii]n|[Ss]een [IiOo]n|"
    r"[Ff]eaturing|[Mm]eet|[Ww]elcome|[Ff]rom [Oo]ur (?:\w+),?) (?:[Tt]he |"
    r"an? )?(?P<name>[A-Z][\w'’]+(?: [A-Z][\w'’]+)*)"
)
WITHIN = re.compile(r"(?<=[a-z0-9,] )(?P<name>[A-Z][a-z]{2,}\w*(?: [A-Z][a-z]{2,}\w*)*)")
# Capitals by custom: days, feasts, nations and the words of a shop's calendar.
CUSTOMARY = re.compile(
    r"^(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:jan|febr?)uary|march|april|may|june|july|august|"
    r"(?:sept|"
    r"nov|dec)ember|"
    r"october|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun|christmas\w*|easter|"
    r"thanksgiving|"
    r"halloween|hanukkah|ramadan|eid|diwali|passover|valentine\S*|mother\S*|father\S*|labor|memorial|"
    r"independence|veterans|"
    r"presidents\S*|new|black|cyber|giving|prime|st|saint|american\w*|english|french|german|italian|spanish|"
    r"japanese|"
    r"european|british|scottish|irish|mexican|thai|chinese|indian|greek|free|sale|save|deals?|shop|last|chance|"
    r"only|ends|final|"
    r"hours|today|tonight|tomorrow|gifts?|members?|gold|silver|platinum|vip|pro|plus|premium|team|club|the|our|"
    r"your|day|week|"
    r"eve|year\S*|season|summer|spring|autumn|fall|winter|central|eastern|pacific|north\w*|south\w*|east\w*|"
    r"west\w*|god|"
    r"internet|english|santa|xmas|weekend|wi|i'\w+|i|dad|mom|mum)$"
)
LISTED = re.compile(r"(?:,| and| or| &) ?(?=.*[A-Z])")
FIRST_NAME = re.compile(r"(?:^|[^\w'’])([A-Z][a-z]+) $")
GREETED = re.compile(
    r"(?:^|[,!] ?|\b(?:[Hh]i|[Hh]ello|[Hh]ey|[Dd]ear|[Tt]hanks|[Tt]hank you|[Cc]ongrat\w+)[,]? )$"
)


def check(letter: Letter) -> Iterator[Finding]:
    raw = letter.raw_subject[:2_000]
    if not letter.body.speaks or not (letter.body.pitches or letter.body.sells):
        return
    if letter.purpose is Purpose.RELATIONSHIP and bears_out(letter.body, letter.subject):
        return  # “your Subaru” is called “the Outback” by those who know it
    patterns = (CITED,) if _is_title_case(raw) else (CITED, WITHIN)
    for found in (each for pattern in patterns for each in pattern.finditer(raw)):
        if _is_address(raw, found) or _is_known(found["name"], letter.named):
            continue
        if _is_met_by_first_name(raw, found, letter.named):
            continue
        if _names_another(raw, found, letter.named):
            continue
        words = f"The subject names “{found['name']}”, and the body does not. Say there what it is about."
        yield Finding(RULE, Severity.HOLD, words, SOURCE, "subject", found.span("name"))
        return


def _is_met_by_first_name(raw: str, found: re.Match[str], known: str) -> bool:
    """“Priya Nair” is known where Priya is."""
    before = FIRST_NAME.search(raw[: found.start("name")])
    return before is not None and re.search(rf"\b{before[1].lower()}\b", known) is not None


def _names_another(raw: str, found: re.Match[str], known: str) -> bool:
    """“Works with Alexa and Google Home”, told as “listens to both” beside Google: the message is about them."""
    rest = raw[found.end("name") :]
    return LISTED.match(rest) is not None and any(
        _is_known(each["name"], known) for each in WITHIN.finditer(rest)
    )


def _is_title_case(raw: str) -> bool:
    """Each word in capitals, but for the small ones: none is a name."""
    lowered = set(re.findall(r"(?<![\w'’.])[a-z]{4,}", raw)) - EMPTY
    return len(lowered) < 2 and len(re.findall(r"(?<![\w'’.])[a-z]{3,}", raw)) <= len(
        re.findall(r"(?<![\w'’.])[A-Z]", raw)
    )


def _is_known(name: str, known: str) -> bool:
    """Whether one word of the name is told, or all of them are in capitals by custom."""
    words = [word.rstrip(".,!?:;'") for word in plain_text(name).split()]
    words = [word.removesuffix("'s") for word in words if len(word) > 1]
    return any(word[:6] in known for word in words if not CUSTOMARY.match(word)) or all(
        CUSTOMARY.match(word) for word in words
    )


def _is_address(raw: str, found: re.Match[str]) -> bool:
    """“Hi Dana, …”, “…, Dana”: the reader's own name."""
    after = raw[found.end() : found.end() + 1]
    return (
        GREETED.search(raw[: found.start("name")]) is not None
        and " " not in found["name"]
        and after in ("", ",", "!", "?", ":")
    ) or (after == "" and raw[: found.start("name")].endswith(", ") and " " not in found["name"])
