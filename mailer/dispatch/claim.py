"""Take messages that are due, so that no other worker takes them, under a mark that dies with us."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import connection

from mailer import locks
from mailer.contacts import leaving
from mailer.models import Campaign

CLAIM_SIZE = 500  # at most: filling and sending so many takes a fast server's connection about a second

# Whether a campaign is within its sending hours, by the moments that `campaigns.place_hours` keeps: the database asks
# for no zones. Where the moments are missing it is not. Where each recipient's own clocks count, `own_hours` asks.
IS_OPEN = """(campaign.hours_from IS NULL OR campaign.own_zones
    OR COALESCE(campaign.opens_at <= clock_timestamp() AND clock_timestamp() < campaign.closes_at, false))"""

# Skips what others are claiming, and gives back what is needed to fill: one statement, one commit. A contact
# deleted meanwhile comes back without an address, one who left the campaign's lists without a list. SQL, for
# SKIP LOCKED and UPDATE … RETURNING a join.
CLAIM = f"""
WITH due AS (
    SELECT campaign_id, address_key FROM mailer_message
    WHERE campaign_id = %(campaign)s AND state = 'pending' AND due_at <= now()
      AND (SELECT {IS_OPEN} FROM mailer_campaign AS campaign WHERE campaign.id = %(campaign)s)
    ORDER BY due_at LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED),
claimed AS (
    UPDATE mailer_message AS message SET state = 'claimed', claim = %(claim)s, worker = %(worker)s
    FROM due
    WHERE message.campaign_id = due.campaign_id AND message.address_key = due.address_key
    RETURNING message.address_key, message.mailbox_key, message.contact_id, message.attempts)
SELECT claimed.address_key, claimed.mailbox_key, claimed.attempts,
       contact.email, contact.first_name, contact.last_name,
       place.name, place.slug, place.source, place.subscribed_at, contact.zone
FROM claimed
LEFT JOIN mailer_contact AS contact ON contact.id = claimed.contact_id
LEFT JOIN LATERAL (
    SELECT list.name, list.slug, subscription.source, subscription.subscribed_at
    FROM mailer_subscription AS subscription
    JOIN mailer_mailinglist AS list ON list.id = subscription.list_id
    WHERE subscription.contact_id = contact.id AND subscription.list_id = ANY(%(lists)s)
      AND (%(lawful)s OR NOT {leaving.left_sql("contact", "list.slug")})
    ORDER BY subscription.id LIMIT 1) AS place ON true
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """One message in our hands, with what is known of its recipient; no `email` when the contact is gone."""

    address_key: bytes
    mailbox_key: bytes
    attempts: int
    email: str | None
    first_name: str | None
    last_name: str | None
    list_name: str | None
    list_slug: str | None  # the list whose mail it is, of those of the campaign
    source: str | None
    subscribed_at: datetime | None
    zone: str | None = None
    until: datetime | None = None  # the end of the sending hours on their own clocks, where these count


@dataclass(frozen=True, slots=True)
class Claim:
    """Messages taken together. Every later UPDATE of them asks for `number`."""

    number: UUID
    campaign: int
    messages: list[Claimed]


@contextmanager
def worker_mark() -> Iterator[int]:
    """A number of our own, locked for as long as our database session lives.

    When it is free, whoever held it is dead or cut off: no clock is asked. Its claims are then recovered.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('mailer_worker_number')")
        (number,) = cursor.fetchone()
    with locks.held(locks.WORKER, number) as marked:
        if not marked:
            raise RuntimeError(f"Worker number {number} is in use although it was only just given out.")
        yield number


def claim(campaign: Campaign, lists: list[int], worker: int, most: int = CLAIM_SIZE) -> Claim:
    """Take up to `most` due messages. What we don't hand over goes back by itself if we die."""
    number = uuid4()
    with connection.cursor() as cursor:
        cursor.execute(
            CLAIM,
            {
                "campaign": campaign.pk,
                "limit": most,
                "claim": number,
                "worker": worker,
                "lists": lists,
                "lawful": is_notice(campaign),
            },
        )
        return Claim(number, campaign.pk, [Claimed(*row) for row in cursor.fetchall()])


def is_notice(campaign: Campaign) -> bool:
    """Whether what was frozen at launch is a notice that a law requires, which no leaving of a list keeps from them."""
    return campaign.revision is not None and campaign.revision.kind == Campaign.Kind.NOTICE
