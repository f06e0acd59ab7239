"""Attestations and rules that come of age: told 60, 30 and 7 days ahead, and from then on until somebody renews them.

A warning only (promise 8): what was true yesterday stops nobody's mail (DUTIES D40, D130).
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

from django.utils import timezone

from mailer.compliance.catalogue import catalogue
from mailer.compliance.rules.sender_attested import RENEWED_EVERY, WARN_BEFORE
from mailer.models import Sender

WHAT = {"identity": "names and mail addresses", "address": "postal address"}
SOON, LAST_WEEK = timedelta(days=30), timedelta(days=7)


def attestations_due(today: date | None = None) -> list[tuple[Sender, str]]:
    """Each sender whose attestation ends within 60 days, and the reminder in words."""
    now = today or timezone.now().date()
    return [(sender, words) for sender in Sender.objects.all() for words in _about(sender, now)]


def reviews_due(today: date | None = None) -> list[str]:
    """Rules that nobody has judged by the law for nearly a year, or longer: the law changes, and code does not."""
    now = today or timezone.now().date()
    due = Counter(rule.reviewed.due for rule in catalogue())
    return [
        f"{_opening(day - now, day)} review of {number} of {due.total()} rules is due{_ending_of_review(day - now)}"
        for day, number in sorted(due.items())
        if day - now <= WARN_BEFORE
    ]


def _ending_of_review(left: timedelta) -> str:
    if left < timedelta(0):
        return ": they were held against the law more than a year ago. Is there a newer Candor?"
    return f": {_days(left)} are left."


def _about(sender: Sender, today: date) -> Iterator[str]:
    for name, what in WHAT.items():
        attested_at = getattr(sender, f"{name}_attested_at")
        if attested_at is None:
            continue
        due = attested_at.date() + RENEWED_EVERY
        left = due - today
        if left <= WARN_BEFORE:
            yield f"{_opening(left, due)} {what} of {sender} must be attested again{_ending(left)}"


def _opening(left: timedelta, due: date) -> str:
    day = f"{due.day} {due:%B %Y}"
    if left < timedelta(0):
        return f"Since {day}, the"
    return f"By {day}, the"


def _ending(left: timedelta) -> str:
    if left < timedelta(0):
        return ": they were vouched for more than a year ago."
    if left <= LAST_WEEK:
        return f": {_days(left)} are left. Read them and put your name to them."
    return f": {_days(left)} are left."


def _days(left: timedelta) -> str:
    return "only today and tomorrow" if left.days == 1 else "hours" if left.days == 0 else f"{left.days} days"
