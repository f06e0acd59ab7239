"""What dead workers held: claimed goes back, handed over becomes unknown, until somebody tells. No clock is asked."""

from dataclasses import dataclass

from django.db import connection, transaction

from mailer import evidence, locks
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

# What was told of a message later, or before we knew that we don't know. Who has it once delivered has it, whatever
# else is told. The claim goes, since the word of the worker that was cut off is not needed any more.
ENTER_REPORTS = """
WITH told AS (
    SELECT DISTINCT ON (message.campaign_id, message.address_key)
           message.campaign_id, message.address_key, report.kind, report.source, report.status
    FROM mailer_message AS message
    JOIN mailer_report AS report
      ON report.campaign_id = message.campaign_id AND report.address_key = message.address_key
    WHERE message.state = 'unknown'
    ORDER BY message.campaign_id, message.address_key, report.kind = 'bounced'),
entered AS (
    UPDATE mailer_message AS message
    SET state = CASE told.kind WHEN 'delivered' THEN 'accepted' ELSE 'refused' END, claim = NULL,
        settled_at = clock_timestamp(),
        detail = CASE told.source WHEN 'dsn' THEN %(dsn)s ELSE %(esp)s END
                 || CASE WHEN told.status = '' THEN '.' ELSE ' (' || told.status || ').' END
    FROM told
    WHERE message.campaign_id = told.campaign_id AND message.address_key = told.address_key
      AND message.state = 'unknown'
    RETURNING message.campaign_id, message.state)
SELECT campaign_id, count(*) FILTER (WHERE state = 'accepted'), count(*) FILTER (WHERE state = 'refused')
FROM entered GROUP BY campaign_id ORDER BY campaign_id
"""
TOLD_LATER = {"dsn": "A delivery report told it later", "esp": "The mail service told it later"}


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


def enter_reports() -> int:
    """Give messages that are unknown the end that was told of them; returns how many had one."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ENTER_REPORTS, TOLD_LATER)
        told = cursor.fetchall()
        for campaign, accepted, refused in told:
            evidence.record(
                "learned", actor="worker", subject=f"campaign {campaign}", accepted=accepted, refused=refused
            )
    return sum(accepted + refused for _, accepted, refused in told)
