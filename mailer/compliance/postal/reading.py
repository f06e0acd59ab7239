"""Postal addresses in lines of text, as they stand in a message."""

import re
from collections.abc import Iterator, Sequence

from mailer.compliance.postal import countries
from mailer.compliance.postal.judging import judge
from mailer.compliance.postal.parts import Judgement, Parts

SEPARATORS = re.compile(r"\s*[·|•]\s*|,\s+(?=\d)")
LOOKED_AT = 80  # lines from the end: an address stands in the footer


def judge_lines(lines: Sequence[str]) -> Judgement:
    """The judgement on the reading with the fewest problems: name, one or two lines, town, country."""
    return min((judge(parts) for parts in _readings(lines)), key=lambda each: len(each.problems))


def find_lines(text: Sequence[str]) -> tuple[str, ...]:
    """The lines, among those of a text, that can be an address; empty if none can."""
    lines = [line.strip() for line in text if line.strip()][-LOOKED_AT:]
    for start in range(len(lines)):
        for length in (5, 4, 3):
            window = lines[start : start + length]
            if len(window) == length and judge_lines(window).valid:
                return tuple(window)
        if len(_pieces(lines[start])) > 2 and judge_lines(lines[start : start + 1]).valid:
            return (lines[start],)
    return ()


def _pieces(line: str) -> list[str]:
    """“Rose Garden LLC · 1450 Rose Street · Portland, OR 97201” in its pieces."""
    return [piece for piece in SEPARATORS.split(line) if piece]


def _readings(lines: Sequence[str]) -> Iterator[Parts]:
    rest = _pieces(lines[0]) if len(lines) == 1 else list(lines)
    country = countries.code(rest[-1]) if rest else None
    if country is not None:
        rest.pop()
    town = rest.pop() if rest else ""
    name, line1, line2 = (*rest[:3], "", "", "")[:3]
    for city, region, code in _towns(town):
        yield Parts(name, line1, line2, city, region, code, country or "US")


def _towns(town: str) -> Iterator[tuple[str, str, str]]:
    """Every way to read “Portland, OR 97201”, “München 80331” or “80331 München”."""
    words = town.split()
    for size in (1, 2, 0):
        code, before = " ".join(words[len(words) - size :]), " ".join(words[: len(words) - size])
        city, comma, region = before.rpartition(",")
        yield (city.strip(), region.strip(), code) if comma else (before, "", code)
        yield " ".join(words[size:]), "", " ".join(words[:size])
