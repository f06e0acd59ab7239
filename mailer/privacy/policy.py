"""The operator's privacy policy in versions, and what named operators vouch for (D117, D118).

Candor itself says only what it can know. Sentences about selling data or about other systems are the operator's:
they are shown while somebody's name stands behind them, and at no other time.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from mailer import evidence, locks
from mailer.models import PrivacyPolicy, PrivacyStatement

What = PrivacyStatement.What
NOTICED_FOR = timedelta(days=30)  # so long a change is told above the text


class PolicyRefused(ValueError):
    """This can't be published, taken back or attested; the message says why."""


def publish(text: str, *, effective_from: date, change_notice: str, today: date, user: Any) -> PrivacyPolicy:
    """Add a version that holds from a day on, today at the earliest. A change must be told (CalOPPA 22575(b)(3))."""
    words, notice = text.strip(), change_notice.strip()
    if not words:
        raise PolicyRefused("Write what the policy says.")
    if effective_from < today:
        raise PolicyRefused("A policy can't hold from a day that is over. Choose today or later.")
    with transaction.atomic():
        locks.forbid(locks.POLICY)
        if not notice and PrivacyPolicy.objects.exists():
            raise PolicyRefused("Say what changes, for people who know the version before.")
        version = PrivacyPolicy.objects.create(
            text=words, change_notice=notice, effective_from=effective_from, published_by=user
        )
        evidence.record(
            "privacy policy published",
            actor=evidence.by(user),
            subject=f"privacy policy {version.pk}",
            effective_from=effective_from.isoformat(),
            sha256=hashlib.sha256(words.encode()).hexdigest(),
        )
    return version


def take_back(number: int, *, today: date, user: Any) -> None:
    """Take back a version before its day. One that held once stays, to be looked up."""
    with transaction.atomic():
        locks.forbid(locks.POLICY)
        version = PrivacyPolicy.objects.filter(pk=number, effective_from__gt=today).first()
        if version is None:
            raise PolicyRefused("This version is in force already, or is gone.")
        evidence.record(
            "privacy policy taken back", actor=evidence.by(user), subject=f"privacy policy {version.pk}"
        )
        version.delete()


def in_force(today: date) -> PrivacyPolicy | None:
    """The version that holds: of those of one day, the one published last."""
    return PrivacyPolicy.objects.filter(effective_from__lte=today).first()


def coming(today: date) -> QuerySet[PrivacyPolicy]:
    """What will hold, the next one first; it is announced as soon as it is published."""
    return PrivacyPolicy.objects.filter(effective_from__gt=today).order_by("effective_from", "id")


def is_new(version: PrivacyPolicy, today: date) -> bool:
    """Whether people are still to be told of the change."""
    return bool(version.change_notice) and today - version.effective_from < NOTICED_FOR


# -- what only the operator can know ------------------------------------------------------------------


def attest(what: str, *, user: Any) -> PrivacyStatement:
    """A named person vouches for a sentence; from now on it is said in public."""
    with transaction.atomic():
        locks.forbid(locks.POLICY)
        if what not in What.values or attested(what):
            raise PolicyRefused("This is attested already.")
        statement = PrivacyStatement.objects.create(what=what, sentence=What(what).label, attested_by=user)
        evidence.record(
            "privacy statement attested",
            actor=evidence.by(user),
            subject=f"privacy statement {statement.pk}",
            what=what,
        )
    return statement


def withdraw(what: str, *, user: Any) -> None:
    """It is not so any more, or nobody is sure: from now on it is not said."""
    with transaction.atomic():
        locks.forbid(locks.POLICY)
        statement = attested(what)
        if statement is None:
            raise PolicyRefused("This is not attested any more.")
        statement.withdrawn_by, statement.withdrawn_at = user, timezone.now()
        statement.save(update_fields=["withdrawn_by", "withdrawn_at"])
        evidence.record(
            "privacy statement withdrawn",
            actor=evidence.by(user),
            subject=f"privacy statement {statement.pk}",
            what=what,
        )


def attested(what: str) -> PrivacyStatement | None:
    """The statement, while it may be made."""
    return PrivacyStatement.objects.filter(what=what, withdrawn_at__isnull=True).first()


def statements() -> list[PrivacyStatement]:
    """All that may be said, in the order of the list."""
    found = PrivacyStatement.objects.filter(withdrawn_at__isnull=True).select_related("attested_by")
    return sorted(found, key=lambda statement: What.values.index(statement.what))


# -- its text -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, a paragraph or a list, as text: nothing in it is markup."""

    kind: str
    lines: tuple[str, ...]


def blocks(text: str) -> list[Block]:
    """The text as people write it in a mail: blank lines between, “# ” before a heading, “- ” before a point."""
    found: list[Block] = []
    for part in text.replace("\r\n", "\n").split("\n\n"):
        lines = [line.strip() for line in part.splitlines() if line.strip()]
        while lines and lines[0].startswith("# "):
            found.append(Block("heading", (lines.pop(0)[2:].strip(),)))
        if lines and all(line.startswith("- ") for line in lines):
            found.append(Block("list", tuple(line[2:].strip() for line in lines)))
        elif lines:
            found.append(Block("paragraph", tuple(lines)))
    return found
