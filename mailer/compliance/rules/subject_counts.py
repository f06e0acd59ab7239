"""Numbers and names in the subject are in the body.

15 U.S.C. 7704(a)(2); DUTIES D33: every number and name that the subject tells occurs in visible text. Lists
(“five ways”) count themselves, and a message that sells nothing baits nobody.
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.deadlines import deadlines_in
from mailer.compliance.subjects.letter import Letter, Purpose
from mailer.compliance.subjects.notices import bears_out
from mailer.compliance.subjects.scarcity import numbers_in, scarcity_in
from mailer.compliance.subjects.times import NUMBER, counted

RULE = "subject_counts"
SOURCE = "risk under 15 U.S.C. 7704(a)(2)"
REVIEWED = Reviewed("2026-11-30", version=4, duties="D33")
COUNT = re.compile(
    r"(?<![\w$€£.,/#-])(?P<count>\d{1,3}(?:,\d{3})+|\d{1,6}) (?:new |more |other )?(?P<noun>[a-z]{4,})"
)
ENUMERATED = 20  # fewer are a list that the body may give without counting it
LISTED = re.compile(
    r"(?:ways?|tips|ideas|reasons|things|steps|minutes?|hours?|days?|weeks?|months?|years?|"
    r"percent|times|styles|gifts|picks|looks|recipes|"
    r"must|habits|questions|lessons|stories|places|facts|mistakes|tricks|pieces|items|off|"
    r"january|february|march|april|june|july|august|"
    r"september|october|november|december|favou?rites|best|easy|quick|great)"
)
UNIT = (
    r"(?:gb|mb|mbit|mbps|miles?|people|calories|points|seats|pages|watts?|lbs|pounds|kg|oz|ounces?|servings?|"
    r"feet|inches)"
)
MEASURED = re.compile(rf"(?<![\w$€£.,/])(?P<number>\d[\d,]*)[ -](?P<unit>{UNIT})\b")
COUNTED = re.compile(
    rf"(?<![\w$€£.,/#-])(?P<count>\d{{1,3}}(?:,\d{{3}})+|"
    rf"{NUMBER}) (?:[a-z-]+ )?(?P<noun>[a-z]{{3,}}s)\b(?! off)"
)
TIMED = re.compile(
    r"(?:minutes|mins|hours|hrs|days|nights|weeks|months|years|percent|times|dollars|cents|pounds|points|"
    r"ways|reasons)\b"
)


def check(letter: Letter) -> Iterator[Finding]:
    yield from _measures(letter)
    yield from _others(letter)
    if not letter.body.speaks or not letter.body.sells:
        return
    line = letter.subject
    for found in COUNT.finditer(line.text):
        number = int(found["count"].replace(",", ""))
        if (
            number < ENUMERATED
            or 1900 <= number <= 2100
            or LISTED.fullmatch(found["noun"])
            or number in numbers_in(letter.told)
            or scarcity_in(line)
        ):
            continue
        words = f"The body does not name the number in “{found[0]}”. Name the true number in both."
        yield letter.finding(RULE, Severity.HOLD, words, SOURCE, line, *found.span())


def _is_told(number: int, letter: Letter) -> bool:
    """“40 points” is told by “41 points”: a round number rounds."""
    near = numbers_in(letter.told)
    return number in near or (number % 10 == 0 and any(abs(each - number) <= number * 0.05 for each in near))


def _others(letter: Letter) -> Iterator[Finding]:
    """“Ten classes” where the body says “six classes”."""
    line = letter.subject
    for found in COUNTED.finditer(line.text):
        number, noun = counted(found["count"].replace(",", "")), found["noun"][:-1]
        if number < 2 or number in numbers_in(letter.told) or TIMED.match(found["noun"]):
            continue
        fewer = (each for each in COUNTED.finditer(letter.body.text) if each["noun"].startswith(noun))
        other = next((each for each in fewer if counted(each["count"].replace(",", "")) < number), None)
        if other:
            words = f"The body says “{other[0]}” where the subject says “{found[0]}”. Name the same in both."
            yield letter.finding(RULE, Severity.HOLD, words, SOURCE, line, *found.span())
            return


def _measures(letter: Letter) -> Iterator[Finding]:
    """“Restore in 4 minutes” where the body says 45 minutes."""
    line = letter.subject
    if letter.purpose is Purpose.RELATIONSHIP and bears_out(letter.body, line):
        return  # “due at 60,000 miles”, and “it had 55,310”
    for found in MEASURED.finditer(line.text):
        if scarcity_in(line):
            return  # “only 12 seats left” is the scarcity rule's
        unit = found["unit"].rstrip("s")
        others = re.search(rf"(?<![\w$€£.,/])\d[\d,]*[ -]{unit}", letter.body.text)
        if re.search(r"\b(?:more|extra|less|another|added|additional)\b", line.text):
            continue  # a difference, which the body may tell as a sum
        if (
            others
            and not _is_told(int(found["number"].replace(",", "")), letter)
            and not deadlines_in(line, letter.today)
        ):
            words = f"The body says “{others[0]}” where the subject says “{found[0]}”. Name the same in both."
            yield letter.finding(RULE, Severity.HOLD, words, SOURCE, line, *found.span())
