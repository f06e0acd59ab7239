"""Whom a file may not bring in, and what is odd about those it may.

The lists in `data/` bear their day; they age, and an address that slips through is still under the ledger and every
other rule.
"""

import re
from datetime import date
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from mailer.contacts.reading.staged import Refused


def _kept(name: str) -> frozenset[str]:
    lines = (Path(__file__).parent / "data" / name).read_text().splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


WIRELESS = _kept("wireless.txt")
DISPOSABLE = _kept("disposable.txt")
ROLES = _kept("roles.txt")

CHILD = 13  # 16 CFR 312 (COPPA): under it, nothing may be collected without a parent

_TEMPLATE = re.compile(r"\{\{|\}\}|\{%|<%|\*\||\|\*|\$\{|%%|\[\[")
_DAY = re.compile(r"(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{1,4})")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")


def is_template(text: str) -> bool:
    """Whether it is a merge field that another system left unfilled; it must never be filled here."""
    return bool(_TEMPLATE.search(text))


@lru_cache(maxsize=16_384)
def flag_of_domain(domain: str) -> str:
    """The flag that a domain earns its addresses, or "". Raises Refused for a wireless gateway."""
    labels = domain.split(".")
    above = [".".join(labels[index:]) for index in range(len(labels) - 1)]
    if not WIRELESS.isdisjoint(above):
        raise Refused(
            "wireless",
            f"Mail to {domain} reaches a telephone as a text message. That needs the person's express permission for "
            "it (47 CFR 64.3100), which a newsletter sign-up is not. Ask for another address.",
        )
    return "disposable_domain" if not DISPOSABLE.isdisjoint(above) else ""


def refuse_minors(cell: str, today: date) -> None:
    """Refuse who is, or by any reading of the date may be, under age; the date is not kept (D105)."""
    youngest = _latest_birthday(cell.strip(), today)
    if youngest is not None and _age(youngest, today) < settings.MINIMUM_AGE:
        limit = CHILD if _age(youngest, today) < CHILD else settings.MINIMUM_AGE
        raise Refused(
            "under_age",
            f"By the date of birth this person may be under {limit}. Candor does not mail children and young people, "
            "and has kept nothing of this row.",
            keeps_row=False,
        )


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _latest_birthday(cell: str, today: date) -> date | None:
    if re.fullmatch(r"(19|20)\d\d", cell):
        return date(int(cell), 12, 31)
    if compact := _COMPACT.match(cell):
        readings = [compact.groups()]
    elif written := _DAY.match(cell):
        one, two, three = written.groups()
        readings = [(one, two, three), (three, two, one), (three, one, two)]
    else:
        return None
    days = [day for year, month, of_month in readings if (day := _day(year, month, of_month, today))]
    return max(days, default=None)


def _day(year: str, month: str, of_month: str, today: date) -> date | None:
    if len(year) not in (2, 4) or len(of_month) > 2:
        return None
    number = int(year) + (0 if len(year) == 4 else 2000 if int(year) <= today.year % 100 else 1900)
    try:
        day = date(number, int(month), int(of_month))
    except ValueError:
        return None
    return day if day <= today else None
