"""A day and an hour in the subject are those of the body.

15 U.S.C. 7704(a)(2) (DUTIES D33, T11). Ends of offers are the deadline rule's.
"""

import re
from collections.abc import Iterator
from datetime import timedelta

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.deadlines import deadlines_in
from mailer.compliance.subjects.letter import Letter, Purpose
from mailer.compliance.subjects.normalise import Line
from mailer.compliance.subjects.notices import bears_out
from mailer.compliance.subjects.times import Named, days_in
from mailer.compliance.subjects.words import stems

RULE = "subject_dates"
SOURCE = "risk under 15 U.S.C. 7704(a)(2)"
REVIEWED = Reviewed("2026-11-30", version=5, duties="D33")
DAYS_OF_ISSUE = timedelta(days=3)
WEEKDAY = re.compile(r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|today|tonight|tomorrow")
DAY_OF_SENDING = re.compile(r"today|tonight|tomorrow")
CALENDAR = re.compile(r"\d")
# “Registration closes on Friday” is no other day for Sunday's race.
SIGNING_UP = re.compile(
    r"\b(?:registration|sign-?ups?|booking|rsvps?|entries) (?:closes?|ends?|opens?|by)\b[^.;]{0,30}"
)
OVER = re.compile(r"\b(?:thank(?:s| you)|was|were|missed|recap|yesterday)\b")  # speaks of what has been
HOUR = re.compile(r"\b(?P<hour>\d{1,2})(?::(?P<minute>\d\d))? ?(?P<half>[ap])\.?m\b")


def check(letter: Letter) -> Iterator[Finding]:
    if letter.purpose is Purpose.RELATIONSHIP and bears_out(letter.body, letter.subject):
        return  # “your policy renews on December 1”, with its particulars
    for line in letter.lines:
        ends = {(claim.start, claim.end) for claim in deadlines_in(line, letter.today)}
        said = [] if "?" in line.text or OVER.search(line.text) else days_in(line.text, letter.today)
        told = days_in(SIGNING_UP.sub(" ", letter.told), letter.today) if said else []
        for named in said:
            if (named.start, named.end) in ends or _is_the_issue(letter, line, named):
                continue
            if _is_belied(line, named, told) or _is_on_another_day(letter, line, named):
                words = (
                    f"The body names other days than “{line.text[named.start : named.end]}”. Name the same "
                    f"in both."
                )
                yield letter.finding(RULE, Severity.BLOCK, words, SOURCE, line, named.start, named.end)
        yield from _hours(letter, line)


def _is_the_issue(letter: Letter, line: Line, named: Named) -> bool:
    """“Stories for August 18”: the day on which it is sent is a date of issue, and belies nothing."""
    return (
        CALENDAR.search(line.text[named.start : named.end]) is not None
        and abs(named.last - letter.today) <= DAYS_OF_ISSUE
    )


def _is_on_another_day(letter: Letter, line: Line, named: Named) -> bool:
    """“Concert tonight” where each sentence about the concert that names a day names another."""
    if not WEEKDAY.fullmatch(line.text[named.start : named.end]):
        return False
    wanted = stems(line.text[: named.start] + line.text[named.end :])
    days = [
        each
        for sentence in letter.body.sentences
        if len(stems(sentence) & wanted) >= min(2, len(wanted)) and wanted
        for each in days_in(sentence, letter.today)
        if each.exact
    ]
    return bool(days) and not any(_overlap(each, named) for each in days)


def _is_belied(line: Line, named: Named, told: list[Named]) -> bool:
    """Whether the body has dates and this is none of them. “Friday” and “today” need to be about an event."""
    if not told:
        return False
    if not CALENDAR.search(line.text[named.start : named.end]):
        dated = [each for each in told if each.exact]
        if not WEEKDAY.fullmatch(line.text[named.start : named.end]) or len(dated) > 2:
            return False
        if DAY_OF_SENDING.fullmatch(line.text[named.start : named.end]):
            return False  # the message itself is of today, and need not say so
        return not any(
            each.first.weekday() <= named.last.weekday() <= each.last.weekday() or _overlap(each, named)
            for each in told
        )
    day = timedelta(days=1)  # “closed December 24 to 26”, and “back on the 27th”
    return not any(_overlap(each, named) or each.first - named.last == day for each in told)


def _overlap(one: Named, other: Named) -> bool:
    return one.first <= other.last and other.first <= one.last


def _hours(letter: Letter, line: Line) -> Iterator[Finding]:
    for found in HOUR.finditer(line.text):
        told = {_hour(each) for each in HOUR.finditer(letter.told)}
        if told and _hour(found) not in told and len(told) < 4 and found[0][:5] not in letter.told:
            words = f"The body names another hour than “{found[0]}”. Name the same in both."
            yield letter.finding(RULE, Severity.HOLD, words, SOURCE, line, *found.span())


def _hour(found: re.Match[str]) -> tuple[int, int, str]:
    return int(found["hour"]), int(found["minute"] or 0), found["half"]
