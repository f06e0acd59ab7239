"""Who did what, when: one row per act, written in the transaction of the change it tells of."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from mailer.models import ApiKey, Evidence


def record(
    verb: str, *, actor: str, subject: str = "", mailbox_key: bytes | None = None, **details: Any
) -> Evidence:
    """Add one row. Must run inside the transaction of the change, so that neither is there without the other.

    `actor` and `subject` are kinds with numbers (“user 3”, “campaign 12”); addresses and names have no
    place here, since rows stay when a person is erased. `details` must be JSON.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"Evidence of “{verb}” must be recorded in the transaction of the act.")
    return Evidence.objects.create(
        verb=verb, actor=actor, subject=subject, mailbox_key=mailbox_key, details=details
    )


@dataclass(frozen=True, slots=True)
class Act:
    """What `record` takes, for many at once."""

    verb: str
    actor: str
    subject: str
    mailbox_key: bytes | None
    details: dict[str, Any]


def record_all(acts: Iterable[Act]) -> None:
    """Add one row for each act, as `record` does."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("Evidence must be recorded in the transaction of the acts.")
    Evidence.objects.bulk_create([Evidence(**asdict(act)) for act in acts], batch_size=1_000)


def by(who: Any) -> str:
    """The name under which evidence knows a member of staff or another program's key; a shell has neither."""
    if isinstance(who, ApiKey):
        return f"API key {who.pk}"
    return f"user {who.pk}" if who is not None and who.pk else "shell"
