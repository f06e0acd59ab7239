"""Who gets a campaign: fixed once, in one statement, with everyone on its lists accounted for."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from mailer import evidence, own_time, suppression
from mailer.contacts import leaving
from mailer.hours import Opening, stretch
from mailer.models import Campaign, MailingList

# Each person on the lists once, with the strongest reason that the ledger has against the exact address
# (none if a confirmed opt-in of this address came later). An opt-out is said before a complaint, both
# before a bounce: people's wishes before machines'. `gone` are those who have left every list of the campaign that
# they are on: a place that an import brought while its owner left counts for nothing. A notice that a law requires
# is kept from nobody by their own word, only by a dead mailbox (D66). `leavers` are found first and for themselves: a
# planner that takes the tables for empty would otherwise walk through all places for each person. `unasked` are those
# who never confirmed, on a form for one of these lists, that they want it: sexually oriented mail asks for that
# (16 CFR 316.4, D36).
PEOPLE = f"""
WITH people AS MATERIALIZED (
    SELECT contact.id, contact.address_key, contact.mailbox_key
    FROM mailer_contact AS contact
    WHERE contact.id IN (
        SELECT place.contact_id FROM mailer_subscription AS place WHERE place.list_id = ANY(%(lists)s))),
held AS (
    SELECT people.id,
           (ARRAY['opt_out', 'complaint', 'hard_bounce', 'soft_bounce'])[min(
               CASE against.reason WHEN 'opt_out' THEN 1 WHEN 'complaint' THEN 2 WHEN 'hard_bounce' THEN 3
                                   ELSE 4 END)] AS reason
    FROM people JOIN mailer_suppression AS against USING (mailbox_key)
    WHERE {suppression.NOT_VOIDED}
      AND NOT (%(lawful)s AND against.reason IN ('opt_out', 'complaint'))
      AND NOT EXISTS (
        SELECT FROM mailer_reinstatement AS back
        WHERE back.mailbox_key = people.mailbox_key AND back.address_key = people.address_key
          AND back.up_to >= against.id)
    GROUP BY people.id),
leavers AS MATERIALIZED (
    SELECT people.* FROM people
    WHERE NOT %(lawful)s AND people.mailbox_key IN (
        SELECT left_by.mailbox_key FROM mailer_listleaving AS left_by
        JOIN mailer_mailinglist AS list ON list.slug = left_by.list_slug WHERE list.id = ANY(%(lists)s))),
gone AS (
    SELECT leavers.id, 'left_list' AS reason FROM leavers
    WHERE NOT EXISTS (
        SELECT FROM mailer_subscription AS place JOIN mailer_mailinglist AS list ON list.id = place.list_id
        WHERE place.contact_id = leavers.id AND place.list_id = ANY(%(lists)s)
          AND NOT {leaving.left_sql("leavers", "list.slug")})),
unasked AS (
    SELECT people.id, 'no_consent' AS reason FROM people
    WHERE %(explicit)s AND NOT EXISTS (
        SELECT FROM mailer_consent AS given
        WHERE given.mailbox_key = people.mailbox_key AND given.address_key = people.address_key
          AND given.list_number = ANY(%(lists)s))),
against AS (
    SELECT id, coalesce(held.reason, gone.reason, unasked.reason) AS reason
    FROM held FULL JOIN gone USING (id) FULL JOIN unasked USING (id)),
judged AS (
    SELECT people.*, against.reason,
           row_number() OVER (PARTITION BY people.mailbox_key ORDER BY against.reason IS NOT NULL, people.id) AS turn
    FROM people LEFT JOIN against USING (id))
"""

# One message per mailbox: of the addresses that may be mailed, the one we have known longest gets it.
# One statement, so that all are judged by one state of the ledger; hand-over asks the ledger again.
# In the order of the primary key, which halves the time that its index takes (measured at a million).
SNAPSHOT = f"""
{PEOPLE}
INSERT INTO mailer_message (campaign_id, address_key, mailbox_key, contact_id, state, reason)
SELECT %(campaign)s, address_key, mailbox_key, id,
       CASE WHEN reason IS NULL AND turn = 1 THEN 'pending' ELSE 'withheld' END,
       CASE WHEN reason IS NOT NULL THEN reason WHEN turn > 1 THEN 'same_mailbox' ELSE '' END
FROM judged
ORDER BY address_key
"""

LINED_UP = """
lined_up AS (
    SELECT judged.*, reason IS NULL AND turn = 1 AS goes,
           %(seconds)s * (row_number() OVER (PARTITION BY reason IS NULL AND turn = 1 ORDER BY address_key) - 1)
               / count(*) OVER (PARTITION BY reason IS NULL AND turn = 1) AS second
    FROM judged)
"""

# The same for a campaign that is spread: its messages come due evenly over %(seconds)s, in the order of keyed names, so
# in none that means anything. `cums` and `starts` say when each piece of sending hours begins, counted in seconds of
# open time and as a moment (`hours.stretch`).
SPREAD = f"""
{PEOPLE}, {LINED_UP},
placed AS (
    SELECT lined_up.*, width_bucket(second::float, %(cums)s::float[]) AS piece FROM lined_up)
INSERT INTO mailer_message (campaign_id, address_key, mailbox_key, contact_id, state, reason, due_at)
SELECT %(campaign)s, address_key, mailbox_key, id,
       CASE WHEN goes THEN 'pending' ELSE 'withheld' END,
       CASE WHEN reason IS NOT NULL THEN reason WHEN turn > 1 THEN 'same_mailbox' ELSE '' END,
       CASE WHEN goes THEN (%(starts)s::timestamptz[])[piece]
                           + make_interval(secs => second - (%(cums)s::float[])[piece])
            ELSE now() END
FROM placed
ORDER BY address_key
"""

# The same by each recipient's own clocks: `plans` has the pieces of each zone and, under no name, those of the
# campaign's own, for people without a zone and for who got one in this very moment.
BY_OWN_CLOCKS = f"""
{PEOPLE}, {LINED_UP},
plans AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(plans)s::json) AS plan (zone text, cums float[], starts timestamptz[])),
placed AS (
    SELECT lined_up.*, plans.cums, plans.starts, width_bucket(second::float, plans.cums) AS piece
    FROM lined_up JOIN mailer_contact AS contact USING (id)
    JOIN plans ON plans.zone = CASE WHEN contact.zone = ANY(%(zones)s) THEN contact.zone ELSE '' END)
INSERT INTO mailer_message (campaign_id, address_key, mailbox_key, contact_id, state, reason, due_at)
SELECT %(campaign)s, address_key, mailbox_key, id,
       CASE WHEN goes THEN 'pending' ELSE 'withheld' END,
       CASE WHEN reason IS NOT NULL THEN reason WHEN turn > 1 THEN 'same_mailbox' ELSE '' END,
       CASE WHEN goes THEN starts[piece] + make_interval(secs => second - cums[piece]) ELSE now() END
FROM placed
ORDER BY address_key
"""

ESTIMATE = f"{PEOPLE} SELECT count(*), count(*) FILTER (WHERE reason IS NULL AND turn = 1) FROM judged"

# A statement of its own: counting what the INSERT returns would keep a million rows aside.
COUNTS = """
SELECT COALESCE(NULLIF(reason, ''), state), count(*)
FROM mailer_message WHERE campaign_id = %(campaign)s GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many are on the lists, and how many messages would go out now."""

    people: int
    mailable: int


def snapshot(campaign: Campaign) -> dict[str, int]:
    """Fix the audience of a campaign: one message row for everyone on its lists, pending or withheld.

    Returns how many are pending and how many withheld for each reason; their sum is the people on the
    lists. A campaign has one snapshot: asking again returns how its messages stand now. Raises
    LedgerUnreadable, with nothing fixed.
    """
    suppression.assert_ledger()
    with transaction.atomic():
        locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if locked.snapshot_at is not None:
            campaign.snapshot_at = locked.snapshot_at
            return _counts(campaign)
        lists = list(locked.lists.values_list("pk", flat=True))
        with connection.cursor() as cursor:
            asked: dict[str, Any] = {"campaign": campaign.pk, "lists": lists, **_asked_of(locked)}
            if locked.own_zones:
                cursor.execute(BY_OWN_CLOCKS, {**asked, **_plans(locked)})
            elif locked.spread:
                cursor.execute(SPREAD, {**asked, **_pieces(locked)})
            else:
                cursor.execute(SNAPSHOT, asked)
        counts = _counts(campaign)
        campaign.snapshot_at = locked.snapshot_at = timezone.now()
        locked.save(update_fields=["snapshot_at"])
        evidence.record(
            "audience fixed",
            actor="worker",
            subject=f"campaign {campaign.pk}",
            lists=lists,
            counts=counts,
            kind=locked.kind,
        )
    # Until autovacuum looks this way the planner believes that the campaign has one message, and chooses for it.
    with connection.cursor() as cursor:
        cursor.execute("SELECT mailer_analyze('mailer_message')")
    return counts


def _pieces(campaign: Campaign) -> dict[str, Any]:
    """The time over which the campaign is spread, from now on, as its sending hours cut it up."""
    pieces = stretch(timezone.now(), campaign.spread, campaign.hours)
    return {
        "seconds": campaign.spread.total_seconds(),
        "cums": _counted(pieces),
        "starts": [piece.opens for piece in pieces],
    }


def _plans(campaign: Campaign) -> dict[str, Any]:
    """The same for each zone in which people of its lists live, from their own begin on."""
    now, plans = timezone.now(), []
    for zone in own_time.zones_of(campaign):
        pieces = own_time.due_there(campaign, zone, now)
        starts = [piece.opens.isoformat() for piece in pieces]
        plans.append({"zone": zone, "cums": _counted(pieces), "starts": starts})
    return {
        "seconds": campaign.spread.total_seconds(),
        "plans": json.dumps(plans),
        "zones": [plan["zone"] for plan in plans],
    }


def _counted(pieces: Sequence[Opening]) -> list[float]:
    """At how many seconds of open time each piece begins."""
    lengths = [piece.length.total_seconds() for piece in pieces]
    return [0.0, *accumulate(lengths[:-1])]


def waiting_campaigns() -> list[int]:
    """Campaigns that were launched and whose audience is still to be fixed."""
    waiting = Campaign.objects.filter(state=Campaign.State.SENDING, snapshot_at__isnull=True)
    return list(waiting.order_by("id").values_list("id", flat=True))


def estimate(lists: Iterable[MailingList], campaign: Campaign | None = None) -> Estimate:
    """The same question without fixing anything; everyone is counted once, whatever lists they are on.

    For an ordinary campaign, unless it is asked for one in particular.
    """
    suppression.assert_ledger()
    asked = _asked_of(campaign) if campaign else {"lawful": False, "explicit": False}
    with connection.cursor() as cursor:
        cursor.execute(ESTIMATE, {"lists": [list_.pk for list_ in lists], **asked})
        return Estimate(*cursor.fetchone())


def _asked_of(campaign: Campaign) -> dict[str, bool]:
    return {"lawful": campaign.kind == Campaign.Kind.NOTICE, "explicit": campaign.is_explicit}


def _counts(campaign: Campaign) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, {"campaign": campaign.pk})
        return dict(cursor.fetchall())
