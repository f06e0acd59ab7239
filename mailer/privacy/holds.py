"""Legal holds: what may be needed as proof is neither deleted for its age nor erased while one stands."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from mailer import evidence, locks
from mailer.models import LegalHold

FOR_A_PERSON = (
    "A legal duty to keep all records as they are stands at the moment (GDPR 17(3)(e)). Your data is erased as soon "
    "as it ends."
)


class HoldRefused(ValueError):
    """The hold can't be set or lifted; the message says why."""


def standing() -> QuerySet[LegalHold]:
    """The holds that have not been lifted."""
    return LegalHold.objects.filter(lifted_at__isnull=True)


def set_hold(reason: str, *, user: Any) -> LegalHold:
    """From the moment this returns, nothing more is deleted for its age. Several may stand at once."""
    said = _reason(reason)
    with transaction.atomic():
        locks.forbid(locks.LEGAL_HOLD)
        hold = LegalHold.objects.create(reason=said, set_by=user)
        evidence.record("legal hold set", actor=evidence.by(user), subject=f"legal hold {hold.pk}")
    return hold


def lift(number: int, because: str, *, user: Any) -> LegalHold:
    """End one hold. What had waited for it is deleted in the next night, and erasures at the next sweep."""
    said = _reason(because)
    with transaction.atomic():
        locks.forbid(locks.LEGAL_HOLD)
        hold = standing().select_for_update().filter(pk=number).first()
        if hold is None:
            raise HoldRefused("This hold has been lifted meanwhile.")
        hold.lifted_by, hold.lifted_at, hold.lifted_because = user, timezone.now(), said
        hold.save(update_fields=["lifted_by", "lifted_at", "lifted_because"])
        evidence.record("legal hold lifted", actor=evidence.by(user), subject=f"legal hold {hold.pk}")
    return hold


def is_held() -> bool:
    """Whether one stands, in the caller's transaction: whoever sets one now waits until its commit."""
    locks.share(locks.LEGAL_HOLD)
    return standing().exists()


def _reason(words: str) -> str:
    said = words.strip()
    if not said or "@" in said:
        raise HoldRefused("Write why, without any address: it is kept for ever.")
    return said
