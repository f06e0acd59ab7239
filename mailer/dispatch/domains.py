"""Mail domains with a pace of their own: capped by an operator, or held because they keep putting our mail off.

After a claim each of these domains is asked how many of its messages may go now; the rest go back, due when there is
room, and were no try. A domain that answers “later” HELD_AFTER times in a row is held for longer and longer; after
each hold one message tries, and the first that gets through frees it. Every message has its own back-off besides
(`settle.BACK_OFF`), and with it an end.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection

from mailer.dispatch.claim import Claimed
from mailer.dispatch.settle import Result

HELD_AFTER = 3  # answers of “later” in a row, with none accepted between
HOLDS = (10, 30, 60, 300, 900)  # seconds, by how often the domain was held in a row
PROBE_SECONDS = 30  # for the answer to the one message that tries; then another may
FULL = 0.5  # seconds of a cap that may have gathered
KEPT_DAYS = 1

PACED = "SELECT domain FROM mailer_domainpace WHERE domain = ANY(%s)"

# As for senders: the lock first, then the time. What is not given queues behind those who wait already. A hold that
# ends later than any lasts is of a clock that was set back: it is over.
TAKE = f"""
WITH held AS MATERIALIZED (
    SELECT * FROM mailer_domainpace WHERE domain = %(domain)s FOR UPDATE),
filled AS MATERIALIZED (
    SELECT held.*, moment.at,
           CASE WHEN per_second IS NOT NULL
                THEN LEAST(GREATEST(1, per_second * {FULL}),
                           tokens + per_second * GREATEST(0, extract(epoch FROM moment.at - counted_at))) END AS ready,
           held_until > moment.at AND held_until < moment.at + interval '{2 * HOLDS[-1]} s' AS is_held
    FROM held CROSS JOIN LATERAL (SELECT clock_timestamp() AS at WHERE held.id IS NOT NULL) AS moment),
given AS MATERIALIZED (
    SELECT filled.*,
           CASE WHEN is_held THEN 0 WHEN holds > 0 THEN LEAST(1, %(want)s)
                ELSE floor(LEAST(%(want)s, ready)) END::int AS number
    FROM filled)
UPDATE mailer_domainpace AS pace
SET tokens = COALESCE(given.ready - given.number, 0), counted_at = given.at,
    held_until = CASE WHEN given.holds > 0 AND given.number = 1
                      THEN given.at + interval '{PROBE_SECONDS} s' ELSE given.held_until END,
    queued_until = CASE WHEN given.per_second IS NOT NULL AND given.holds = 0
                        THEN GREATEST(given.queued_until, given.at)
                             + (%(want)s - given.number) * interval '1 s' / given.per_second
                        ELSE given.queued_until END
FROM given WHERE pace.id = given.id
RETURNING given.number,
          extract(epoch FROM CASE WHEN given.holds > 0 THEN pace.held_until
                                  ELSE GREATEST(given.queued_until, given.at) END - given.at)::float,
          CASE WHEN given.holds = 0 AND given.per_second IS NOT NULL THEN 1.0 / given.per_second ELSE 0 END::float,
          given.holds > 0 AND given.number = 1
"""
# Not while it is held, unless it is the one that tried: connections that had begun add nothing to the hold.
DEFERRED = f"""
WITH said AS (
    INSERT INTO mailer_domainpace AS pace (domain, deferrals, words, counted_at)
    VALUES (%(domain)s, %(number)s, %(words)s, clock_timestamp())
    ON CONFLICT (domain) DO UPDATE
    SET deferrals = LEAST(pace.deferrals + EXCLUDED.deferrals, 1000000), words = EXCLUDED.words
    RETURNING id, deferrals, holds)
SELECT id, LEAST(holds + 1, {len(HOLDS)}) FROM said WHERE deferrals >= {HELD_AFTER} AND (%(tried)s OR holds = 0)
"""
HOLD = """
UPDATE mailer_domainpace SET holds = %(holds)s, held_until = clock_timestamp() + %(seconds)s * interval '1 s'
WHERE id = %(id)s AND (holds = %(holds)s - 1 OR %(tried)s)
"""
FREE = """
WITH forgotten AS (
    DELETE FROM mailer_domainpace WHERE domain = ANY(%(domains)s) AND per_second IS NULL)
UPDATE mailer_domainpace SET deferrals = 0, holds = 0, held_until = NULL, words = ''
WHERE domain = ANY(%(domains)s) AND per_second IS NOT NULL AND deferrals > 0
"""
FORGET = f"""
DELETE FROM mailer_domainpace
WHERE per_second IS NULL AND GREATEST(counted_at, held_until) < clock_timestamp() - interval '{KEPT_DAYS} day'
"""
HELD = """
SELECT domain, words FROM mailer_domainpace WHERE held_until > clock_timestamp() ORDER BY domain
"""


def domain_of(email: str | None) -> str:
    return (email or "").rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a claim may go now, what is put off, and which domains' answers we must remember."""

    going: list[Claimed]
    put_off: list[Result]
    watched: frozenset[str] = frozenset()
    trying: frozenset[str] = frozenset()  # held until now: one message of ours tries


def ask(messages: Sequence[Claimed]) -> Asked:
    """Which of these claimed messages may go out now. Costs one look-up where no domain has a pace of its own."""
    of_domain = Counter(domain_of(message.email) for message in messages)
    watched = _paced(of_domain)
    if not watched:
        return Asked(list(messages), [])
    room = {domain: _take(domain, of_domain[domain]) for domain in sorted(watched)}
    going: list[Claimed] = []
    put_off: list[Result] = []
    for message in messages:
        given = room.get(domain_of(message.email))
        if given is None or given.number > 0:
            going.append(message)
        else:
            put_off.append(Result(bytes(message.address_key), "pending", wait=given.wait))
            given.wait += given.spacing
        if given is not None:
            given.number -= 1
    trying = frozenset(domain for domain, given in room.items() if given.is_trying)
    return Asked(going, put_off, frozenset(watched), trying)


def _paced(domains: Iterable[str]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(PACED, [list(domains)])
        return {domain for (domain,) in cursor.fetchall()}


@dataclass(slots=True)
class _Room:
    number: int
    wait: float  # seconds until the first that got none is due
    spacing: float
    is_trying: bool = False


def _take(domain: str, want: int) -> _Room:
    with connection.cursor() as cursor:
        cursor.execute(TAKE, {"domain": domain, "want": want})
        row = cursor.fetchone()
    if row is None:  # freed or forgotten just now
        return _Room(want, 0.0, 0.0)
    number, wait, spacing, is_trying = row
    return _Room(number, wait or 0.0, spacing, is_trying)


def learn(asked: Asked, accepted: set[str], deferred: dict[str, list[str]]) -> None:
    """What a group taught of its domains: who took mail is free, who only puts it off is slowed down.

    `deferred` are the servers' words by domain. Where some were accepted and others put off it was about those
    mailboxes, and their own back-off is enough.
    """
    if freed := accepted & asked.watched:
        with connection.cursor() as cursor:
            cursor.execute(FREE, {"domains": list(freed)})
    for domain, words in deferred.items():
        if domain not in accepted:
            _note_deferred(domain, words, tried=domain in asked.trying)


def _note_deferred(domain: str, words: list[str], *, tried: bool) -> None:
    with connection.cursor() as cursor:
        said: dict[str, str | int] = {
            "domain": domain,
            "number": len(words),
            "words": words[-1][:500],
            "tried": tried,
        }
        cursor.execute(DEFERRED, said)
        if (row := cursor.fetchone()) is not None:
            number, holds = row
            hold = {"id": number, "holds": holds, "seconds": HOLDS[holds - 1], "tried": tried}
            cursor.execute(HOLD, hold)


def forget_old() -> None:
    """Nothing is kept of domains that nobody has asked about for a day."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET)


def held() -> list[tuple[str, str]]:
    """The domains that are held now, with their servers' last words."""
    with connection.cursor() as cursor:
        cursor.execute(HELD)
        return [(domain, words) for domain, words in cursor.fetchall()]
