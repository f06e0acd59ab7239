"""Lengths of time that a text names, in one unit."""

import re
from dataclasses import dataclass

from mailer.compliance.subjects.times import NUMBER, counted
from mailer.compliance.subjects.words import just_before

MINUTES = {
    "minute": 1,
    "min": 1,
    "hour": 60,
    "hr": 60,
    "day": 1440,
    "night": 1440,
    "week": 10_080,
    "month": 43_200,
    "year": 525_600,
}
LENGTH = re.compile(
    rf"(?<![\w$€£.,/-])(?:(?P<half>half (?:an? |of an? )?)|(?P<count>{NUMBER}) ?(?:-? ?(?:to|or|"
    rf"-) ?(?P<to>{NUMBER}) ?)?[- ]?"
    rf"(?:full |whole |working |business |short |more )?)(?P<unit>minutes?|mins?|hours?|hrs?|days?|nights?|"
    rf"weeks?|months?|years?)\b"
    r"(?! (?:ago|old|of (?:experience|history|tradition)|in a row|later|before|after|and older|warehouse))"
)
AT_ONCE = re.compile(
    r"\b(?:same[- ]day|next[- ]day|overnight|within the day|"
    r"instant(?:ly)? (?:access|delivery|download|approval|quote|start)|in the same (?:minute|hour)|"
    r"(?:ready|delivered|here|yours|arrives?|ships?|leaves?|"
    r"wear\w*|finished) (?:\w+ ){0,2}(?:today|tomorrow|tonight))\b"
)


@dataclass(frozen=True, slots=True)
class Duration:
    """`at_most` is set for what is promised at once, which may well be faster."""

    start: int
    end: int
    words: str
    minutes: float
    at_most: bool = False


def durations_in(text: str) -> list[Duration]:
    """“45 minutes”, “half an hour”, “4 to 6 working days” (the longer), “same-day”."""
    found = [
        Duration(each.start(), each.end(), each[0], _minutes(each))
        for each in LENGTH.finditer(text)
        if each["count"] not in ("a", "an", "one") or each["unit"] not in ("day", "night", "week", "month", "year")
        or re.search(r"\b(?:in|within|takes|for) $", just_before(text, each.start()))
    ]  # fmt: skip
    found += [Duration(each.start(), each.end(), each[0], 2 * 1440, True) for each in AT_ONCE.finditer(text)]
    return found


def _minutes(found: re.Match[str]) -> float:
    unit = next(minutes for name, minutes in MINUTES.items() if found["unit"].startswith(name))
    if found["half"]:
        return unit / 2
    return unit * counted(found["to"] or found["count"])
