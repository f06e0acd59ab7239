"""Who said no while a campaign went out, beside what happened to their message (15 U.S.C. 7704(a)(4), promise 2).

`recorded_at` of an opt-out is read from the clock while its mailbox is locked, and `handed_over_at` while hand-overs
hold the same lock: so they can be compared. An opt-out is answered after it was recorded; so a hand-over that began
after that, with no way back between, is a breach.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

from mailer.models import Campaign
from mailer.suppression import NOT_VOIDED

BREACH = "handed over after it"
OUTCOME = f"""
CASE
    WHEN message.handed_over_at > against.recorded_at
         AND (SELECT revision.kind = 'notice' FROM mailer_revision AS revision
              JOIN mailer_campaign AS its ON its.revision_id = revision.id WHERE its.id = message.campaign_id)
        THEN 'a notice that a law requires'
    WHEN message.handed_over_at > against.recorded_at AND EXISTS (
        SELECT FROM mailer_reinstatement AS back
        WHERE back.mailbox_key = against.mailbox_key AND back.address_key = message.address_key
          AND back.up_to >= against.id AND back.confirmed_at <= message.handed_over_at)
        THEN 'handed over after the way back'
    WHEN message.handed_over_at > against.recorded_at THEN '{BREACH}'
    WHEN message.state = 'withheld' THEN 'withheld'
    WHEN message.handed_over_at IS NULL OR message.state IN ('pending', 'claimed') THEN 'not sent'
    WHEN message.settled_at <= against.recorded_at THEN 'sent before'
    ELSE 'in flight' END
"""

# Few say no while a campaign goes out: they are found first, and its messages are read only if there are any. Of a
# message that is unknown it isn't known either when it was over: when that was found out says nothing of it.
SAID_MEANWHILE = f"""
WITH against AS MATERIALIZED (
    SELECT against.id, against.mailbox_key, against.recorded_at
    FROM mailer_suppression AS against JOIN mailer_campaign AS campaign ON campaign.id = %(campaign)s
    WHERE against.recorded_at >= campaign.launched_at
      AND against.recorded_at <= COALESCE(campaign.finished_at, 'infinity')
      AND against.reason IN ('opt_out', 'complaint') AND {NOT_VOIDED}),
said AS (
    SELECT message.address_key, {OUTCOME} AS outcome,
           CASE WHEN message.state <> 'unknown' THEN message.settled_at - against.recorded_at END AS ran_on
    FROM against JOIN mailer_message AS message ON message.mailbox_key = against.mailbox_key
    WHERE message.campaign_id = %(campaign)s)
SELECT count(DISTINCT address_key),
       count(DISTINCT address_key) FILTER (WHERE outcome IN ('withheld', 'not sent')),
       count(DISTINCT address_key) FILTER (WHERE outcome = 'in flight'),
       COALESCE(max(ran_on) FILTER (WHERE outcome = 'in flight'), interval '0'),
       count(DISTINCT address_key) FILTER (WHERE outcome = '{BREACH}')
FROM said
"""


@dataclass(frozen=True, slots=True)
class OptOuts:
    """How many recipients opted out or complained between launch and end, and what became of their messages."""

    people: int
    kept_back: int  # their message did not go out
    in_flight: int  # handed over before the opt-out was recorded, settled after it
    longest: timedelta  # by how much, at most, of those whose end is known
    breaches: int  # handed over after it: there must be none

    @property
    def longest_in_ms(self) -> int:
        return round(self.longest.total_seconds() * 1000)


def said_meanwhile(campaign: Campaign) -> OptOuts:
    """Asked of the tables themselves, so it is never wrong."""
    with connection.cursor() as cursor:
        cursor.execute(SAID_MEANWHILE, {"campaign": campaign.pk})
        return OptOuts(*cursor.fetchone())
