"""What dead workers held: claimed goes back, handed over becomes unknown. No clock is asked."""

from dataclasses import dataclass

from django.db import connection, transaction

from mailer import locks
from mailer.models import TestSend

ENDED_BEFORE = "The worker ended before the mail server's answer was written down."

# A worker's mark that can be locked is nobody's: its session has ended. Our lock, until commit, keeps a
# second recoverer away from the same rows.
HELD_BY_WORKERS = """
SELECT DISTINCT worker FROM mailer_message WHERE state IN ('claimed', 'handed_over')
"""
RETURN_CLAIMED = """
UPDATE mailer_message SET state = 'pending', claim = NULL, worker = NULL
WHERE worker = %s AND state = 'claimed'
"""
# The claim stays, so that a worker that was only cut off can still tell what the server said.
UNKNOWN_SINCE_HANDED_OVER = """
UPDATE mailer_message SET state = 'unknown', worker = NULL, settled_at = clock_timestamp(),
    detail = %s
WHERE worker = %s AND state = 'handed_over'
"""


@dataclass(frozen=True, slots=True)
class Recovered:
    """How many messages came back to be sent, and of how many nobody knows."""

    returned: int = 0
    unknown: int = 0


def recover() -> Recovered:
    """Bring back what dead workers held. Harmless at any time, from any number of processes."""
    returned = unknown = 0
    with connection.cursor() as cursor:
        cursor.execute(HELD_BY_WORKERS)
        workers = [worker for (worker,) in cursor.fetchall()]
    for worker in workers:
        one = _recover(worker)
        returned, unknown = returned + one.returned, unknown + one.unknown
    _recover_tests()
    return Recovered(returned, unknown)


def _recover_tests() -> None:
    """A test that was handed over stays unknown when its worker died; who asked for it sees that."""
    handed_over = TestSend.objects.filter(state=TestSend.State.HANDED_OVER)
    for number in handed_over.values_list("id", flat=True):
        with locks.held(locks.TEST, number) as is_nobodys:
            if is_nobodys:
                handed_over.filter(pk=number).update(state=TestSend.State.UNKNOWN, detail=ENDED_BEFORE)


def _recover(worker: int) -> Recovered:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [locks.WORKER, worker])
        if not cursor.fetchone()[0]:
            return Recovered()  # alive
        cursor.execute(RETURN_CLAIMED, [worker])
        returned = cursor.rowcount
        cursor.execute(UNKNOWN_SINCE_HANDED_OVER, [ENDED_BEFORE, worker])
        return Recovered(returned, cursor.rowcount)
