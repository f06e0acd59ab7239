"""A mail server that is down is left in peace: nobody connects, then one connection tries, then all come back.

The breaker is the row of `Trouble` about the transport, which pages and `status` show. While it stands, a worker may
connect only once `again_at` has come, and only the one that took that turn; its success deletes the row, its failure
doubles the wait. A prober that is killed costs LEASE seconds. Connections that work ask nobody.
"""

from enum import Enum

from django.db import connection

from mailer.transports import contract

TRANSPORT = "transport"
LONGEST_WAIT = 30  # seconds between two tries
# Where a try may cost a message that nobody knows of, or the service named the time to wait.
LONGEST_PAUSE = contract.LONGEST_PAUSE
LEASE = 30  # seconds that a try may take before another may begin; connecting gives up after 20

# An `again_at` further away than any wait is of a clock that was set back: it counts as come.
ASK = f"""
WITH probing AS (
    UPDATE mailer_trouble SET again_at = clock_timestamp() + interval '{LEASE} s'
    WHERE about = %(about)s AND (again_at IS NULL OR again_at <= clock_timestamp()
                                 OR again_at > clock_timestamp() + interval '{2 * LONGEST_PAUSE} s')
    RETURNING about)
SELECT CASE WHEN EXISTS (SELECT FROM probing) THEN 'probe'
            WHEN EXISTS (SELECT FROM mailer_trouble WHERE about = %(about)s) THEN 'open' ELSE 'closed' END
"""
# Only whose turn it was to try makes the wait longer: many connections fail at once when a server dies. A pause
# that the service asked for counts whoever was told.
TRIP = """
INSERT INTO mailer_trouble AS trouble (about, words, since, again_at, failures)
VALUES (%(about)s, %(words)s, clock_timestamp(), clock_timestamp() + GREATEST(1, %(pause)s) * interval '1 s', 1)
ON CONFLICT (about) DO UPDATE
SET words = EXCLUDED.words,
    failures = LEAST(trouble.failures + %(tried)s, 100),
    again_at = CASE WHEN %(tried)s = 1
                    THEN clock_timestamp() + interval '1 s'
                         * GREATEST(%(pause)s, LEAST(%(longest)s, power(2, LEAST(trouble.failures, 9))))
                    ELSE GREATEST(trouble.again_at, clock_timestamp() + %(pause)s * interval '1 s') END
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


def trip(words: str, leave: Leave, pause: float | None = None) -> None:
    """The server can't be used; `words` say why, for a person.

    `pause`: it asked to be left alone for so many seconds, or, if 0, left messages in doubt. Then waits grow longer.
    """
    told: dict[str, str | float] = {
        "about": TRANSPORT,
        "words": words,
        "tried": int(leave is Leave.PROBE),
        "pause": pause or 0.0,
        "longest": LONGEST_WAIT if pause is None else LONGEST_PAUSE,
    }
    with connection.cursor() as cursor:
        cursor.execute(TRIP, told)


def close() -> None:
    """The mail server answers."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM mailer_trouble WHERE about = %s", [TRANSPORT])


def forget() -> None:
    """Nothing waits for the mail server now; a pause that it asked for stands until it is over."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM mailer_trouble WHERE about = %s AND COALESCE(again_at <= clock_timestamp(), true)",
            [TRANSPORT],
        )
