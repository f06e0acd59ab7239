"""Addresses that must be accepted and others that must be refused; a third of each is held aside.

A line is held aside by a hash of its own words, so that nobody chooses which; rules are written looking at the rest.
The `later_`, `third_`, `fourth_`, `fifth_` and `sixth_` files were written when the rules stood; what they found was
then mended, so none of them is held aside. As first judged, `fourth_` and `fifth_` had 211 of 215 accepted and 308 of
321 refused, `sixth_` 150 of 151 and 96 of 102. Two of the latter are accepted still: a country written “USA!”, and a
street of Berlin under France, whose code could be a French one.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from mailer.compliance.postal import Parts

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Case:
    written: str
    parts: Parts

    @property
    def held_aside(self) -> bool:
        return hashlib.sha256(self.written.encode()).digest()[0] % 3 == 0


def valid(name: str = "valid.txt") -> list[Case]:
    return [_case(line) for line in _lines(name)]


def invalid(name: str = "invalid.txt") -> list[Case]:
    return [_case(line.partition(" || ")[2]) for line in _lines(name)]


def _lines(name: str) -> list[str]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _case(line: str) -> Case:
    return Case(line, Parts(*(part.strip() for part in line.split("|"))))
