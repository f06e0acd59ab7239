"""Keys of other programs: made once, shown once, known by a digest, ended for ever.

A key is `candor_<prefix>_<secret>`. The secret is 256 random bits, so a plain SHA-256 keeps it: slow hashes
are for what people can remember.
"""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from mailer import evidence
from mailer.models import ApiKey

MARK = "candor"  # so that scanners of source code and logs can tell what leaked
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
PREFIX_LENGTH = 8

# One statement, so that requests which come at the same time are each counted.
COUNT = """
INSERT INTO mailer_apiminute AS until_now (key_id, minute, requests)
VALUES (%s, date_trunc('minute', statement_timestamp()), 1)
ON CONFLICT (key_id) DO UPDATE
SET minute = EXCLUDED.minute,
    requests = CASE WHEN until_now.minute = EXCLUDED.minute THEN until_now.requests + 1 ELSE 1 END
RETURNING requests, 60 - floor(extract(second FROM statement_timestamp()))::int
"""


class KeyRefused(ValueError):
    """This key opens nothing; the message says why, to whoever holds it."""


def create(
    name: str, scopes: Collection[str], *, expires_at: datetime | None, user: Any
) -> tuple[ApiKey, str]:
    """A new key, and its text, which is nowhere afterwards."""
    prefix = "".join(secrets.choice(LETTERS) for _ in range(PREFIX_LENGTH))
    text = f"{MARK}_{prefix}_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        key = ApiKey.objects.create(
            name=name,
            prefix=prefix,
            digest=_digest(text),
            scopes=sorted(scopes),
            created_by=user,
            expires_at=expires_at,
        )
        evidence.record(
            "API key created",
            actor=evidence.by(user),
            subject=f"API key {key.pk}",
            scopes=key.scopes,
            expires_at=expires_at.isoformat() if expires_at else None,
        )
    return key, text


def revoke(key: ApiKey, *, user: Any) -> bool:
    """End a key, from the next request on and for ever. Returns whether it was not ended before."""
    with transaction.atomic():
        ended = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())
        if ended:
            evidence.record("API key revoked", actor=evidence.by(user), subject=f"API key {key.pk}")
    key.refresh_from_db()
    return bool(ended)


def known(text: str) -> ApiKey:
    """The key with this text. Raises KeyRefused.

    The prefix finds the row, which is no secret; what is one is compared in constant time. Only who holds the
    whole key is told that it was revoked or has expired.
    """
    key = ApiKey.objects.filter(prefix=_prefix(text)).first()
    if not hmac.compare_digest(bytes(key.digest) if key else b"", _digest(text)) or key is None:
        raise KeyRefused("This key is not known here. Check that it was copied whole, or ask for a new one.")
    if key.revoked_at:
        raise KeyRefused(f"This key was revoked on {key.revoked_at:%d %B %Y}. Ask an operator for a new one.")
    if key.expires_at and key.expires_at <= timezone.now():
        raise KeyRefused(f"This key expired on {key.expires_at:%d %B %Y}. Ask an operator for a new one.")
    return key


def wait(key: ApiKey, *, per_minute: int) -> int:
    """Count a request; returns for how many seconds the key has to wait, 0 if it may go on.

    The day of its last use is noted on the way.
    """
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [key.pk])
        requests, left = cursor.fetchone()
    today = timezone.localdate()
    if key.last_used_on != today:
        ApiKey.objects.filter(pk=key.pk).update(last_used_on=today)
    return left if requests > per_minute else 0


def _prefix(text: str) -> str:
    mark, _, rest = text.partition("_")
    return (
        rest.partition("_")[0][:PREFIX_LENGTH] if mark == MARK and rest.isascii() and "\0" not in rest else ""
    )


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogateescape")).digest()
