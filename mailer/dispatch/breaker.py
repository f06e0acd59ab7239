"""A mail server that is down is left in peace: nobody connects, then one connection tries, then all come back.

The breaker is the row of `Trouble` about the transport, which pages and `status` show. While it stands, a worker may
connect only once `again_at` has come, and only the one that took that turn; its success deletes the row, its failure
doubles the wait. A prober that is killed costs LEASE seconds. Connections that work ask nobody.
"""

from enum import Enum

from django.db import connection

TRANSPORT = "transport"
LONGEST_WAIT = 30  # seconds between two tries
LEASE = 30  # seconds that a try may take before another may begin; connecting gives up after 20

# An `again_at` further away than any wait is of a clock that was set back: it counts as come.
ASK = f"""
WITH probing AS (
    UPDATE mailer_trouble SET again_at = clock_timestamp() + interval '{LEASE} s'
    WHERE about = %(about)s AND (again_at IS NULL OR again_at <= clock_timestamp()
                                 OR again_at > clock_timestamp() + interval '{2 * LEASE} s')
    RETURNING about)
SELECT CASE WHEN EXISTS (SELECT FROM probing) THEN 'probe'
            WHEN EXISTS (SELECT FROM mailer_trouble WHERE about = %(about)s) THEN 'open' ELSE 'closed' END
"""
# Only whose turn it was to try makes the wait longer: many connections fail at once when a server dies.
TRIP = f"""
INSERT INTO mailer_trouble AS trouble (about, words, since, again_at, failures)
VALUES (%(about)s, %(words)s, clock_timestamp(), clock_timestamp() + interval '1 s', 1)
ON CONFLICT (about) DO UPDATE
SET words = EXCLUDED.words,
    failures = LEAST(trouble.failures + %(tried)s, 100),
    again_at = CASE WHEN %(tried)s = 1
                    THEN clock_timestamp()
                         + LEAST({LONGEST_WAIT}, power(2, LEAST(trouble.failures, 6))) * interval '1 s'
                    ELSE trouble.again_at END
"""


class Leave(Enum):
    """Whether one may connect to the mail server."""

    CLOSED = "closed"  # it is well, as far as anybody knows
    PROBE = "probe"  # it was not, and it is ours to try
    OPEN = "open"  # it is not; somebody tries it later


def ask() -> Leave:
    with connection.cursor() as cursor:
        cursor.execute(ASK, {"about": TRANSPORT})
        return Leave(cursor.fetchone()[0])


def trip(words: str, leave: Leave) -> None:
    """The server can't be used; `words` say why, for a person."""
    with connection.cursor() as cursor:
        cursor.execute(TRIP, {"about": TRANSPORT, "words": words, "tried": int(leave is Leave.PROBE)})


def close() -> None:
    """The mail server answers, or nothing waits for it."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM mailer_trouble WHERE about = %s", [TRANSPORT])
