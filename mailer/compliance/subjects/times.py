"""Days that a text names, on the calendar of the one who reads it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from mailer.compliance.subjects import feasts
from mailer.compliance.subjects.words import just_before

MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
          "november", "december")  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
UNITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
         "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
NUMBERS = {
    **{word: number for number, word in enumerate(UNITS, 1)},
    **{word: number * 10 for number, word in enumerate(TENS, 2)},
    **{f"{ten}-{unit}": tens * 10 + units
       for tens, ten in enumerate(TENS, 2) for units, unit in enumerate(UNITS[:9], 1)},
    "a": 1, "an": 1, "dozen": 12, "hundred": 100, "thousand": 1000,
}  # fmt: skip
NUMBER = rf"(?:\d{{1,3}}|{'|'.join(sorted(NUMBERS, key=len, reverse=True))})"
MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
WEEKDAY = (
    r"(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?|"
    r"sat(?:urday)?|sun(?:day)?)"
)
DAY = r"(?P<{0}>\d{{1,2}})(?:st|nd|rd|th)?(?![\d%$/]|:\d| ?(?:am|pm|a\.m|p\.m|%)|\.\d)"
DATES = re.compile(
    rf"\b(?:(?P<month>{MONTH}) (?:the )?{DAY.format('day')}"
    rf"(?: ?(?:-|to|through|thru|until) ?(?:(?:{WEEKDAY}),? )?(?:(?P<month2>{MONTH}) )?{DAY.format('day2')})?"
    rf"(?:,? (?P<year>20\d\d))?"
    rf"|(?P<day3>\d{{1,2}})(?:st|nd|rd|th)? ?(?:(?:-|to) ?(?P<day4>\d{{1,2}})(?:st|nd|rd|"
    rf"th)? )?(?:of )?(?P<month3>{MONTH})(?!\w)(?:,? (?P<year3>20\d\d))?"
    r"|(?P<m>\d{1,2})/(?P<d>\d{1,2})(?:/(?P<y>\d{4}|\d{2}))?(?![\d/])"
    r"|(?P<iso>20\d\d-\d\d-\d\d))"
)
RELATIVE = re.compile(
    r"\b(?:(?P<today>today|tonight|midnight|this (?:evening|afternoon|morning)|"
    r"end of (?:the )?day|11:59 ?p\.?m)"
    r"|(?P<tomorrow>tomorrow)|(?P<weekend>(?:this|the|all|long) (?:[a-z]+ )?weekend|weekend)|"
    r"(?P<week>this week|end of the week|all week)"
    r"|(?P<month>(?:this|the|all) month|end of (?:the |this )?month|month's end)"
    rf"|(?P<next>next |last |every |each )?(?P<weekday>{WEEKDAY})(?!\w))"
)
BLACK_FRIDAY = re.compile(r"\b(?:black friday|cyber monday|good friday|giving tuesday|small business saturday|"
                          r"(?:palm|easter|super bowl) sunday|(?:taco|two-for) tuesday|fat tuesday)")  # fmt: skip


# “11:59 p.m. Central on Sunday, March 15”, “Sunday at midnight”: an hour of the day beside it, not of today.
CLOCK = re.compile(r"midnight|11:59 ?p\.?m|end of")
ON_A_DAY = re.compile(
    rf"^[.,]*(?: \(?(?!and\b|or\b)[a-z]+[.,)]*)? (?:on |of )?(?:(?:this |next )?{WEEKDAY}\b(?!\w)|"
    rf"{MONTH} \d|tomorrow\b)"
)
OF_A_DAY = re.compile(
    rf"\b(?:{WEEKDAY}(?: night)?|tomorrow|{MONTH} \d{{1,2}}(?:st|nd|rd|th)?),?(?: at| by| until)? $"
)


@dataclass(frozen=True, slots=True)
class Named:
    """A day named at text[start:end]; `first` is earlier than `last` for a stretch such as “Nov 27-30”."""

    start: int
    end: int
    first: date
    last: date
    exact: bool = True


# “Until the end of November”, “through spring”, “until Labor Day”: ends that lie at the end of a stretch.
STRETCH = re.compile(
    rf"\b(?:until|till?|through|thru|to|into|by) (?:the )?(?P<part>end of (?:the )?|close of |middle of |"
    rf"mid-?|late |early |"
    rf"beginning of |start of )?(?:(?P<month>{MONTH})(?! ?\d)(?!\w)|(?P<season>spring|summer|autumn|fall|"
    rf"winter)|"
    rf"(?P<next>next (?:week|month|year|spring|summer|autumn|fall|winter|season))|(?P<year>the year\b|"
    rf"year's end)|"
    rf"(?P<feast>[a-z']+(?: [a-z']+)? (?:day|eve)|christmas|easter|thanksgiving|halloween|hanukkah|"
    rf"new year))(?!\w)"
)
SEASON_ENDS = {"spring": (6, 20), "summer": (9, 22), "autumn": (12, 20), "fall": (12, 20), "winter": (3, 20)}


def stretches_in(text: str, today: date) -> list[Named]:
    """Ends that are named without a day; the last day that a reader may think of."""
    found = ((each, _last_of(each, today)) for each in STRETCH.finditer(text))
    return [Named(each.start(), each.end(), last, last, exact=False) for each, last in found if last]


def _last_of(found: re.Match[str], today: date) -> date | None:
    if found["month"]:
        return _month_end(_month(found["month"]), today)
    if found["season"]:
        return _coming_day(SEASON_ENDS[found["season"]], today)
    if found["next"]:
        return today + timedelta(days=14 if "week" in found["next"] else 31)
    if found["year"]:
        return date(today.year, 12, 31)
    return feasts.coming(found["feast"], today)


def _month_end(month: int, today: date) -> date:
    year = today.year + (month < today.month)
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def _coming_day(month_and_day: tuple[int, int], today: date) -> date:
    named = date(today.year, *month_and_day)
    return named if named >= today else date(today.year + 1, *month_and_day)


def days_in(text: str, today: date) -> list[Named]:
    """Every day that `text` (normalised) names, in order; a weekday beside its date counts once."""
    return list(_days_in(text, today))


@lru_cache(maxsize=512)
def _days_in(text: str, today: date) -> tuple[Named, ...]:
    dates = list(_dates(text, today))
    taken = [(named.start, named.end) for named in dates]
    taken += [(found.start(), found.end()) for found in BLACK_FRIDAY.finditer(text)]
    others = [each for each in _relative(text, today) if not _beside(each, taken)]
    return tuple(sorted([*dates, *others], key=lambda named: named.start))


def counted(word: str) -> int:
    """The number that digits or a word stand for."""
    return int(word) if word.isdigit() else NUMBERS.get(word, 0)


def _beside(named: Named, taken: list[tuple[int, int]]) -> bool:
    return any(start - 4 <= named.end and named.start <= end for start, end in taken) and any(
        named.start <= end and start - 4 <= named.end for start, end in taken
    )


def _dates(text: str, today: date) -> Iterator[Named]:
    for found in DATES.finditer(text):
        parts = found.groupdict()
        try:
            first, last = _stretch(parts, today)
        except ValueError:
            continue
        yield Named(found.start(), found.end(), first, last)


def _stretch(parts: dict[str, str | None], today: date) -> tuple[date, date]:
    if parts["iso"]:
        day = date.fromisoformat(parts["iso"])
        return day, day
    if parts["m"] and parts["d"]:
        month, day_of_month = int(parts["m"]), int(parts["d"])
        if month > 12:
            month, day_of_month = day_of_month, month
        day = _dated(month, day_of_month, parts["y"], today)
        return day, day
    if parts["month"] and parts["day"]:
        first = _dated(_month(parts["month"]), int(parts["day"]), parts["year"], today)
        if not parts["day2"]:
            return first, first
        month = _month(parts["month2"] or parts["month"])
        return first, _dated(month, int(parts["day2"]), parts["year"], today)
    month, day3 = _month(parts["month3"] or ""), int(parts["day3"] or 0)
    last = _dated(month, int(parts["day4"] or day3), parts["year3"], today)
    return _dated(month, day3, parts["year3"], today), last


def _month(name: str) -> int:
    return next(number for number, month in enumerate(MONTHS, 1) if month.startswith(name[:3]))


def _dated(month: int, day: int, year: str | None, today: date) -> date:
    if year:
        return date(int(year) % 100 + 2000, month, day)
    named = date(today.year, month, day)
    if (today - named).days > 120:  # in November, “January 5” is the coming one
        return named.replace(year=today.year + 1)
    if (named - today).days > 245:
        return named.replace(year=today.year - 1)
    return named


def _relative(text: str, today: date) -> Iterator[Named]:
    for found in RELATIVE.finditer(text):
        parts = found.groupdict()
        first = last = today
        if _is_of_another_day(text, found):
            continue
        if parts["tomorrow"]:
            first = last = today + timedelta(days=1)
        elif parts["weekend"] or parts["week"]:
            last = today + timedelta(days=6 - today.weekday())
        elif parts["month"]:
            last = (today.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        elif parts["weekday"]:
            if len(parts["weekday"]) < 4 and re.search(
                r"\b(?:the|a|in|of|and|under|our|your|winter|summer) $", just_before(text, found.start())
            ):
                continue  # “before the sun”
            if parts["next"] in ("last ", "every ", "each "):
                continue
            first = last = _coming(parts["weekday"], today)
            if parts["next"]:
                last = first + timedelta(days=7)
        yield Named(found.start(), found.end(), first, last, exact=not (parts["weekend"] or parts["week"]))


def _is_of_another_day(text: str, found: re.Match[str]) -> bool:
    if not CLOCK.match(found[0]):
        return False
    behind = text[found.end() : found.end() + 30]
    return bool(ON_A_DAY.match(behind) or OF_A_DAY.search(just_before(text, found.start())))


def _coming(weekday: str, today: date) -> date:
    number = next(index for index, name in enumerate(WEEKDAYS) if name.startswith(weekday[:3]))
    return today + timedelta(days=(number - today.weekday()) % 7)
