"""Where workers are at this moment, and how to keep one there until it is killed: no code of theirs knows of it.

Between two statements a worker is seen in the tables, or in a statement that a table lock holds up; between two replies
of the mail server it is seen there.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

import psycopg
from django.db import connection

from mailer import addresses, locks
from mailer.models import Campaign
from tests.faults.mail_server import Signs
from tests.faults.processes import GONE

WINDOWS = ("claim", "hand-over", "DATA", "after the final dot", "settle")
# By words that stand in no other statement of a worker's.
STATEMENTS = {"claim": "SKIP LOCKED", "hand-over": "judged AS MATERIALIZED", "settle": "json_to_recordset"}
LEAVE = "pg_advisory_xact_lock_shared"  # claimed, and waiting for leave to hand over
POINTS = {"hand-over": ("envelope",), "DATA": ("data",), "after the final dot": ("heard", "kept")}
LOOK_SECONDS = 2.0

HELD_UP = """
SELECT application_name FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND state = 'active' AND query LIKE %s
  AND application_name LIKE 'worker %%'
"""
# Whose a message is: by the mark of its worker, which is a lock of that worker's session.
WHOSE = """
SELECT session.application_name FROM mailer_message AS message
JOIN pg_locks AS mark ON mark.locktype = 'advisory' AND mark.granted AND mark.classid = %s
     AND mark.objid::bigint = message.worker
     AND mark.database = (SELECT oid FROM pg_database WHERE datname = current_database())
JOIN pg_stat_activity AS session ON session.pid = mark.pid
WHERE message.campaign_id = %s AND message.address_key = %s AND message.state = 'handed_over'
"""
MARKS = """
SELECT session.application_name, count(*) FROM pg_locks AS mark
JOIN pg_stat_activity AS session ON session.pid = mark.pid
WHERE mark.locktype = 'advisory' AND mark.granted AND mark.classid = %s
  AND mark.database = (SELECT oid FROM pg_database WHERE datname = current_database())
GROUP BY session.application_name
"""


@contextmanager
def someone_in(window: str, campaign: Campaign, signs: Signs, turn: int) -> Iterator[str]:
    """The name of a worker that is in this window, and stays there for as long as the block lasts; or “”."""
    ways: list[AbstractContextManager[str]] = [
        _at_mail_server(point, campaign, signs) for point in POINTS.get(window, ())
    ]
    if window in STATEMENTS:
        ways.append(_in_statement(STATEMENTS[window], "LOCK TABLE mailer_message IN SHARE MODE"))
    if window == "claim":
        ways.append(_in_statement(LEAVE, f"SELECT pg_advisory_xact_lock({locks.CAMPAIGN}, {campaign.pk})"))
    with ways[turn % len(ways)] as name:
        yield name


@contextmanager
def _in_statement(words: str, lock: str) -> Iterator[str]:
    """A worker that waits, in the statement with these words, for a lock that we hold."""
    session = _holding(lock)
    try:
        yield _held_up(session, words) if session else ""
    finally:
        if session:
            session.close()


def _holding(lock: str) -> psycopg.Connection | None:
    """A session that holds it; None if the server is on its way up."""
    try:
        params = connection.get_connection_params()
        known = {
            key: params[key] for key in ("host", "port", "user", "password", "dbname") if params.get(key)
        }
        session = psycopg.connect(**known)
    except (*GONE, psycopg.Error):
        return None
    try:
        session.execute("SET LOCAL lock_timeout = '5s'")
        session.execute(lock)
    except psycopg.Error:
        session.close()
        return None
    return session


def _held_up(session: psycopg.Connection, words: str) -> str:
    until = time.monotonic() + LOOK_SECONDS
    with suppress(psycopg.Error):
        while time.monotonic() < until:
            session.execute("SELECT pg_stat_clear_snapshot()")
            if found := session.execute(HELD_UP, [f"%{words}%"]).fetchone():
                return str(found[0])
            time.sleep(0.02)
    return ""


@contextmanager
def _at_mail_server(point: str, campaign: Campaign, signs: Signs) -> Iterator[str]:
    signs.want(point)
    try:
        until = time.monotonic() + LOOK_SECONDS
        while not (recipient := signs.held()) and time.monotonic() < until:
            time.sleep(0.01)
        yield _whose(campaign, recipient) if recipient else ""
    finally:
        signs.release()


def _whose(campaign: Campaign, recipient: str) -> str:
    with suppress(*GONE), connection.cursor() as cursor:
        cursor.execute(WHOSE, [locks.WORKER, campaign.pk, addresses.parse(recipient).address_key])
        row = cursor.fetchone()
        return row[0] if row else ""
    return ""


def connections() -> dict[str, int] | None:
    """How many connections each process has at work, by their marks; None while PostgreSQL can't be asked."""
    with suppress(*GONE), connection.cursor() as cursor:
        cursor.execute(MARKS, [locks.WORKER])
        return {name: number for name, number in cursor.fetchall() if name.startswith("worker")}
    return None
