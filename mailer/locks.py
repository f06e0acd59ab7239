"""The advisory locks by which opt-out, pause and kill switch meet a hand-over.

A hand-over takes shared locks on all that could forbid it, in one order, in a statement of its own; a
later statement, whose snapshot is then newer, asks whether it is forbidden. Whoever forbids takes the
exclusive lock before writing. So an opt-out that has been answered is seen by every hand-over that
begins after the answer. (A bare UPDATE with NOT EXISTS let 60 of 60 through; this let 0 of 60.)

Locks of a transaction end with it; the mark of a worker lasts as long as its database session.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection

# First number of PostgreSQL's two-number advisory locks: what the second number names.
SWITCH = 0x43_01
LEDGER = 0x43_02
CAMPAIGN = 0x43_03
MAILBOX = 0x43_04
WORKER = 0x43_05
SLOT = 0x43_06
SNAPSHOT = 0x43_07
IMPORT = 0x43_08
TEST = 0x43_09
HASHED = 0x43_0A
NETWORK = 0x43_0B
JOURNAL = 0x43_15
LEGAL_HOLD = 0x43_0F
POLICY = 0x43_10
SEAL = 0x43_13
VERIFICATION = 0x43_14


def mailbox_lock(mailbox_key: bytes) -> int:
    """32 bits of the key: two mailboxes that share them wait for each other now and then, no more."""
    return int.from_bytes(mailbox_key[:4], "big", signed=True)


def forbid(kind: int, number: int = 0) -> None:
    """Wait for all hand-overs under way that this would forbid, and hold back new ones until commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [kind, number])


def is_free(kind: int, number: int = 0) -> bool:
    """Take the lock until commit if nobody has it; returns whether we have it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [kind, number])
        return bool(cursor.fetchone()[0])


def share(kind: int, number: int = 0) -> None:
    """Wait for whoever forbids, and hold back the next one until commit; others may share."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [kind, number])


def take_if_free(kind: int, number: int = 0) -> bool:
    """Hold a lock until commit if nobody has it now; returns whether it is held."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [kind, number])
        (taken,) = cursor.fetchone()
    return bool(taken)


# Every lock that a hand-over needs, in one order.
ASK_LEAVE = f"""
SELECT pg_advisory_xact_lock_shared({SWITCH}, 0), pg_advisory_xact_lock_shared({LEDGER}, 0),
       pg_advisory_xact_lock_shared({CAMPAIGN}, %(campaign)s);
SELECT count(pg_advisory_xact_lock_shared({MAILBOX}, number))
FROM (SELECT number FROM unnest(string_to_array(%(mailbox_locks)s, ' ')::int[]) AS number ORDER BY number) AS wanted
"""


def mailbox_locks(mailbox_keys: Iterable[bytes]) -> str:
    return " ".join(map(str, sorted({mailbox_lock(key) for key in mailbox_keys})))


def ask_leave(campaign: int, mailbox_keys: Iterable[bytes]) -> None:
    """Take every lock that a hand-over of `campaign` to these mailboxes needs, until commit."""
    with connection.cursor() as cursor:
        cursor.execute(ASK_LEAVE, {"campaign": campaign, "mailbox_locks": mailbox_locks(mailbox_keys)})


@contextmanager
def held(kind: int, number: int) -> Iterator[bool]:
    """Hold a lock on this database session if it is free; yields whether it is held."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [kind, number])
        (taken,) = cursor.fetchone()
    try:
        yield taken
    finally:
        if taken and not connection.needs_rollback and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [kind, number])
