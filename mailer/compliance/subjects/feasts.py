"""The days of feasts, of which some move from year to year."""

from datetime import date, timedelta

FIXED = {
    "christmas": (12, 25), "christmas eve": (12, 24), "new year": (1, 1), "new year's day": (1, 1),
    "new year's eve": (12, 31), "halloween": (10, 31), "valentine's day": (2, 14), "independence day": (7, 4),
    "earth day": (4, 22), "boxing day": (12, 26),
}  # fmt: skip
# The month, the weekday (Monday is 0) and which of them; the last one is -1.
WEEKDAYS = {
    "labor day": (9, 0, 1), "memorial day": (5, 0, -1), "mother's day": (5, 6, 2), "father's day": (6, 6, 3),
    "thanksgiving": (11, 3, 4),
}  # fmt: skip
# The evening on which it begins, by the Hebrew calendar.
HANUKKAH = {2025: (12, 14), 2026: (12, 4), 2027: (12, 24), 2028: (12, 12), 2029: (12, 1), 2030: (12, 20)}
NAMES = (*FIXED, *WEEKDAYS, "easter", "hanukkah")


def coming(name: str, today: date) -> date | None:
    """The next day of that name, today counted; None where it is no feast that is known."""
    named = _in_year(name, today.year)
    if named is not None and named < today:
        named = _in_year(name, today.year + 1)
    return named


def _in_year(name: str, year: int) -> date | None:
    if name in FIXED:
        return date(year, *FIXED[name])
    if name in WEEKDAYS:
        return _of_month(year, *WEEKDAYS[name])
    if name == "easter":
        return _easter(year)
    if name == "hanukkah":
        return date(year, *HANUKKAH.get(year, (12, 10)))
    return None


def _of_month(year: int, month: int, weekday: int, which: int) -> date:
    if which < 0:
        last = date(year, month + 1, 1) - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (which - 1))


def _easter(year: int) -> date:
    """Sunday after the first full moon of spring, by the Gregorian reckoning for 1900 to 2099 (Gauss)."""
    moon = (19 * (year % 19) + 24) % 30
    sunday = (2 * (year % 4) + 4 * (year % 7) + 6 * moon + 5) % 7
    day = date(year, 3, 22) + timedelta(days=moon + sunday)
    return day - timedelta(days=7) if day > date(year, 4, 25) or _is_shifted(year, moon, sunday) else day


def _is_shifted(year: int, moon: int, sunday: int) -> bool:
    return moon == 28 and sunday == 6 and (11 * (year % 19) + 11) % 30 < 19
