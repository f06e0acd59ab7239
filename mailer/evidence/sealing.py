"""The sealer: places every row that has no seal at the end of the chain, in sets, beside whoever writes."""

import time
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from mailer import locks
from mailer.evidence.chain import ROW, Row, seal_of, sealing_key

# Rows of one transaction: a worker that is killed loses no more work than that (0.1 s).
BATCH = 5_000
# A row is numbered before its transaction commits, so a row may turn up behind others that are sealed already. The
# ordinary look goes back this many numbers (five seconds at 2,000 acts a second; 8 ms a look), a thorough one over
# all of them (1.2 s a million).
LOOKED_BACK = 10_000
# A row without a seal for so long tells that no sealer runs.
STILL = timedelta(minutes=15)

UNSEALED = """
SELECT id FROM mailer_evidence AS act
WHERE act.id > %(after)s
  AND NOT EXISTS (SELECT FROM mailer_seal AS seal
                  WHERE seal.evidence_id = act.id AND seal.evidence_id > %(after)s)
ORDER BY act.id
LIMIT %(limit)s
"""
ROWS = (
    f"SELECT row.id, {ROW} FROM mailer_evidence AS row WHERE row.id = ANY(ARRAY({UNSEALED})) ORDER BY row.id"
)
LAST = "SELECT position, seal FROM mailer_seal ORDER BY position DESC LIMIT 1"
NOW = "SELECT now(), extract(epoch FROM now())::text"
ADD = """
INSERT INTO mailer_seal (position, evidence_id, seal, sealed_at)
SELECT position, evidence_id, seal, %(now)s
FROM unnest(%(positions)s::bigint[], %(rows)s::bigint[], %(seals)s::bytea[]) AS made (position, evidence_id, seal)
"""
# How far sealing has come. Of the newest seals, since one row with a forged number must not keep all others from it.
REACHED = """
SELECT COALESCE(max(evidence_id), 0)
FROM (SELECT evidence_id FROM mailer_seal ORDER BY position DESC LIMIT 100) AS newest
"""
# The oldest row behind it: an answer from two indexes, whatever the number of rows.
OLDEST_BEHIND = f"SELECT at FROM mailer_evidence WHERE id > ({REACHED}) AND at < %s ORDER BY id LIMIT 1"


def is_anything_unsealed() -> bool:
    """Whether the ordinary look would find a row."""
    with connection.cursor() as cursor:
        cursor.execute(UNSEALED, {"after": _looked_from(thorough=False), "limit": 1})
        return cursor.fetchone() is not None


def seal(*, thorough: bool = False, seconds: float = 60) -> int:
    """Seal the rows that have no seal, for at most about `seconds`; returns how many. One sealer works at a time.

    An ordinary look goes back some seconds, a thorough one over all rows ever: rows of transactions that took
    longer. Writers never wait for it, since it changes no row of theirs. The caller has made sure of ADDRESS_KEY
    (`suppression.assert_ledger`), or the seals would be worth nothing.
    """
    ends = time.monotonic() + seconds
    after, sealed = _looked_from(thorough=thorough), 0
    while time.monotonic() < ends:
        numbers = _seal_batch(after)
        sealed += len(numbers)
        if len(numbers) < BATCH:
            break
        after = numbers[-1]
    return sealed


def standing_still_since() -> datetime | None:
    """The time of the oldest row that has waited too long for its seal."""
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_BEHIND, [timezone.now() - STILL])
        found = cursor.fetchone()
    return found[0] if found else None


def _looked_from(*, thorough: bool) -> int:
    """The number behind which a look begins. Numbers may be negative after an act of force: such rows are rows too."""
    if thorough:
        return -(2**63)
    with connection.cursor() as cursor:
        cursor.execute(REACHED)
        (reached,) = cursor.fetchone()
    return reached - LOOKED_BACK


def _seal_batch(after: int) -> list[int]:
    """Seal the next rows behind a number; returns theirs. None while another sealer is at work."""
    with transaction.atomic(), connection.cursor() as cursor:
        # A statement of its own: the next one's snapshot sees what the sealer before us committed.
        if not locks.take_if_free(locks.SEAL):
            return []
        cursor.execute(ROWS, {"after": after, "limit": BATCH})
        rows = cursor.fetchall()
        if not rows:
            return []
        cursor.execute(LAST)
        position, before = cursor.fetchone() or (0, b"")
        cursor.execute(NOW)
        now, sealed_at = cursor.fetchone()
        numbers = [row[0] for row in rows]
        cursor.execute(
            ADD,
            {
                "now": now,
                "positions": list(range(position + 1, position + 1 + len(rows))),
                "rows": numbers,
                "seals": _chained(bytes(before), sealed_at, [row[1:] for row in rows]),
            },
        )
    return numbers


def _chained(before: bytes, sealed_at: str, rows: list[Row]) -> list[bytes]:
    key, seals = sealing_key(), []
    for row in rows:
        before = seal_of(key, before, sealed_at, row)
        seals.append(before)
    return seals
