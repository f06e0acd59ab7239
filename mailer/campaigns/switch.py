"""The kill switch: nothing more of the whole installation begins to go out."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from mailer import evidence, locks
from mailer.models import KillSwitch


def stop_all(user: Any, reason: str) -> None:
    """When this returns, no new hand-over begins, of any campaign or test."""
    _turn(user, is_on=True, reason=reason)


def allow_all(user: Any) -> None:
    """Sending goes on where it was."""
    _turn(user, is_on=False, reason="")


def _turn(user: Any, *, is_on: bool, reason: str) -> None:
    with transaction.atomic():
        locks.forbid(locks.SWITCH)
        KillSwitch.objects.update_or_create(
            pk=1,
            defaults={"is_on": is_on, "reason": reason, "changed_by": user, "changed_at": timezone.now()},
        )
        evidence.record(
            "stopped all sending" if is_on else "allowed sending",
            actor=evidence.by(user),
            subject="kill switch",
            reason=reason,
        )
