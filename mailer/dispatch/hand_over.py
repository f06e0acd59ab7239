"""The moment after which a message may be on its way: one short transaction per group."""

import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connection, transaction

from mailer import counters, journal, locks, replaying, suppression
from mailer.contacts import leaving
from mailer.dispatch.claim import IS_OPEN, Claimed
from mailer.models import Message
from mailer.prepared import Prepared

log = logging.getLogger(__name__)

# An offer that is over, so that what the campaign says of it is no longer true (D26); its latest end counts.
ENDED = """
    SELECT FROM mailer_campaign_offers AS spoken
    JOIN mailer_offer AS offer ON offer.id = spoken.offer_id
    WHERE spoken.campaign_id = %(campaign)s AND offer.ends <= clock_timestamp()
      AND NOT EXISTS (SELECT FROM mailer_offer AS extension WHERE extension.supersedes_id = offer.id)"""

# Runs after, and apart from, the statement that took the locks: its snapshot is then newer than any opt-out, pause or
# stop that was answered before, and none can commit until this has. What the ledger forbids is withheld; what a
# pause, the switch or the end of the sending hours forbids waits; no row for the switch means no. So does a ledger
# that is older than the journal has known it: a restored dump waits for its replay. Whoever left the list that the
# message names goes back to be claimed anew: for another of the campaign's lists that they are on, or else withheld.
# Where the hours hold on each recipient's own clocks, `until` is when they end there; without it nothing goes.
# A notice that a law requires (D66), by the kind that was frozen at launch, asks for neither opt-outs nor lists.
#
# Not sent together with the locks, although PostgreSQL would take both in one trip: the session of a worker that was
# killed while it waited for a lock would then hand over by itself what nobody sends (tried: 20 of 30 unknown).
#
# Each message is looked up by its whole key (OFFSET 0 and MATERIALIZED keep the planner from reordering): of a
# campaign newer than the table's last ANALYZE it expects one row, and read 20,000 times 20,000 of them, a
# minute for a group of 20, with the locks held.
LAWFUL = "COALESCE((SELECT lawful FROM leave), false)"
IS_AWAKE = "(NOT by_own_clocks OR COALESCE(clock_timestamp() < until, false))"
LEAVE = f"""leave AS MATERIALIZED (
    SELECT COALESCE((SELECT NOT is_on FROM mailer_killswitch), false) AND campaign.state = 'sending'
               AND {IS_OPEN}
               AND NOT EXISTS ({ENDED}) AND NOT EXISTS ({counters.UNTRUE})
               AND {replaying.IS_CURRENT} AS given,
           campaign.state = 'cancelled' AS cancelled,
           campaign.own_zones AND campaign.hours_from IS NOT NULL AS by_own_clocks,
           COALESCE(revision.kind = 'notice', false) AS lawful
    FROM mailer_campaign AS campaign LEFT JOIN mailer_revision AS revision ON revision.id = campaign.revision_id
    WHERE campaign.id = %(campaign)s)"""


def _asked(state: str) -> str:
    """Those of the group that are in this state under our claim, with what the ledger and the lists say of them."""
    return f"""asked AS MATERIALIZED (
    SELECT ours.*, {suppression.standing_reason_sql("ours", LAWFUL)} AS standing,
           NOT {LAWFUL} AND {leaving.left_sql("ours", "wanted.list_slug")} AS has_left,
           to_timestamp(wanted.until::float) AS until
    FROM unnest(string_to_array(%(keys)s, ' '), string_to_array(%(slugs)s, ' '), string_to_array(%(untils)s, ' '))
         AS wanted (hex, list_slug, until)
    CROSS JOIN LATERAL (
        SELECT message.campaign_id, message.address_key, message.mailbox_key, message.claim, message.state
        FROM mailer_message AS message
        WHERE message.campaign_id = %(campaign)s AND message.address_key = decode(wanted.hex, 'hex') OFFSET 0) AS ours
    WHERE ours.claim = %(claim)s AND ours.state = '{state}')"""


HAND_OVER = Prepared(
    "hand_over",
    f"""
WITH {LEAVE},
{_asked("claimed")},
judged AS MATERIALIZED (
    SELECT asked.campaign_id, asked.address_key, asked.claim, asked.state AS was, asked.has_left,
           CASE WHEN standing IS NOT NULL OR cancelled THEN 'withheld'
                WHEN given AND NOT has_left AND {IS_AWAKE} THEN 'handed_over' ELSE 'pending' END AS state,
           CASE WHEN standing IS NOT NULL THEN standing WHEN cancelled THEN 'cancelled' ELSE '' END AS reason
    FROM asked LEFT JOIN leave ON true)
UPDATE mailer_message AS message
SET state = judged.state, reason = judged.reason,
    claim = CASE WHEN judged.state = 'handed_over' THEN message.claim END,
    worker = CASE WHEN judged.state = 'handed_over' THEN message.worker END,
    attempts = message.attempts + (judged.state = 'handed_over')::int,
    handed_over_at = CASE WHEN judged.state = 'handed_over' THEN clock_timestamp() ELSE message.handed_over_at END,
    settled_at = CASE WHEN judged.state = 'withheld' THEN clock_timestamp() END
FROM judged
WHERE message.campaign_id = judged.campaign_id AND message.address_key = judged.address_key
  AND message.claim = judged.claim AND message.state = judged.was
RETURNING message.address_key,
          CASE WHEN message.state = 'pending' AND judged.has_left THEN 'left_list' ELSE message.state END
""",
    {
        "campaign": "bigint",
        "claim": "uuid",
        "keys": "text",
        "slugs": "text",
        "untils": "text",
        "journal_mark": "bigint",
    },
)

# A second sending is asked for as the first was; the asking changes nothing.
MAY_STILL_GO = f"""
WITH {LEAVE},
{_asked("handed_over")}
SELECT count(*) FROM asked JOIN leave ON given AND {IS_AWAKE} WHERE standing IS NULL AND NOT has_left
"""


def hand_over(campaign: int, claim: UUID, group: Sequence[Claimed]) -> tuple[list[Claimed], dict[str, int]]:
    """The messages of `group` that may go out, from the moment this returns, and how many got which state.

    Those whose recipient has left the list are counted apart from others that are pending, under `left_list`.

    Promise 2 rests here: an opt-out that was answered before is seen, and one that comes later waits for our
    commit, so its answer comes after this hand-over began. The same holds for leaving a list. Raises
    JournalUnreadable where nobody can tell whether the ledger is whole.
    """
    suppression.assert_ledger()
    replaying.assure()
    states: dict[str, int] = {}
    allowed: set[bytes] = set()
    with transaction.atomic():
        locks.ask_leave(campaign, [message.mailbox_key for message in group])
        with connection.cursor() as cursor:
            cursor.execute(HAND_OVER.here(), _question(campaign, claim, group))
            for address_key, state in cursor.fetchall():
                states[state] = states.get(state, 0) + 1
                if state == Message.State.HANDED_OVER:
                    allowed.add(bytes(address_key))
    return [message for message in group if bytes(message.address_key) in allowed], states


def may_still_go(campaign: int, claim: UUID, group: Sequence[Claimed]) -> bool:
    """Whether messages that were handed over may be sent again, when the first request certainly or safely failed.

    Only if nobody among them has opted out or left meanwhile, and nothing stops the campaign. In doubt, they may not.
    """
    try:
        suppression.assert_ledger()
        replaying.assure()
        with transaction.atomic():
            locks.ask_leave(campaign, [message.mailbox_key for message in group])
            with connection.cursor() as cursor:
                cursor.execute(MAY_STILL_GO, _question(campaign, claim, group))
                return bool(cursor.fetchone()[0] == len(group))
    except (suppression.LedgerUnreadable, journal.JournalUnreadable, DatabaseError, InterfaceError) as wrong:
        log.warning("Nobody can tell whether messages may still go (%s).", type(wrong).__name__)
        return False


def _question(campaign: int, claim: UUID, group: Sequence[Claimed]) -> dict[str, Any]:
    return {
        "campaign": campaign,
        "claim": claim,
        "keys": _in_hex(group),
        "slugs": " ".join(message.list_slug or "" for message in group),
        "untils": _untils(group),
        "journal_mark": journal.mark(),
    }


def _untils(group: Sequence[Claimed]) -> str:
    """When the hours of each end on their own clocks; nothing where nobody's were asked."""
    if not any(message.until for message in group):
        return ""
    return " ".join(str(message.until.timestamp()) if message.until else "-infinity" for message in group)


def _in_hex(group: Sequence[Claimed]) -> str:
    """Their address keys as one text, which costs a fifth of what the driver's array of bytes does (measured)."""
    return " ".join(bytes(message.address_key).hex() for message in group)
