"""By each recipient's own clocks: when the messages of a campaign come due where, and within which hours.

Whose zone nobody has told us, or whose zone this machine does not know, lives by the campaign's clocks.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db import connection

from mailer import hours
from mailer.hours import Hours, NotOnTheClock, Opening
from mailer.models import Campaign

ZONES = """
SELECT zone, count(*) FROM mailer_contact
WHERE id IN (SELECT contact_id FROM mailer_subscription WHERE list_id = ANY(%s)) GROUP BY zone
"""


def zones_of(campaign: Campaign) -> dict[str, int]:
    """How many people of its lists live in which zone; "", always there, has those of whom nobody knows."""
    with connection.cursor() as cursor:
        cursor.execute(ZONES, [list(campaign.lists.values_list("pk", flat=True))])
        return {"": 0, **dict(cursor.fetchall())}


def clocks(campaign: Campaign, zone: str) -> str:
    """By which zone's clocks they live."""
    try:
        hours.zone(zone or campaign.zone)
    except NotOnTheClock:
        return campaign.zone
    return zone or campaign.zone


def hours_there(campaign: Campaign, zone: str) -> Hours | None:
    """The campaign's sending hours on their clocks."""
    return replace(campaign.hours, zone=clocks(campaign, zone)) if campaign.hours else None


def begin_there(campaign: Campaign, zone: str) -> datetime | None:
    """When their clocks show what the campaign's show at its time to begin; None where it has no such time."""
    shown = _shown(campaign)
    return shown and hours.later(shown, clocks(campaign, zone))


def due_there(campaign: Campaign, zone: str, now: datetime) -> Sequence[Opening]:
    """Over which time the messages to a zone come due, from their own begin on, as their sending hours cut it up."""
    return hours.stretch(_from(campaign, zone, now), campaign.spread, hours_there(campaign, zone))


def _from(campaign: Campaign, zone: str, now: datetime) -> datetime:
    """Their begin. Where that is past, as for who came onto a list after it: now, if sending hours keep the night.

    Without hours nobody said at which other hour mail may come, so it is the same time of the next day.
    """
    shown = _shown(campaign)
    if shown is None:
        return now
    begins = hours.later(shown, clocks(campaign, zone))
    if campaign.hours is None:
        while begins < now - settings.SCHEDULE_GRACE:
            shown += hours.DAY
            begins = hours.later(shown, clocks(campaign, zone))
    return max(begins, now)


def _shown(campaign: Campaign) -> datetime | None:
    """What clocks show when it begins: a time without a zone."""
    return campaign.begins_at and hours.local(campaign.begins_at, campaign.zone).replace(tzinfo=None)


def span(campaign: Campaign, now: datetime) -> tuple[datetime, datetime]:
    """When the first and the last message are to go out, by all clocks of the people on its lists."""
    people = zones_of(campaign)
    pieces = [due_there(campaign, zone, now) for zone, number in people.items() if number] or [
        due_there(campaign, "", now)
    ]
    return min(piece[0].opens for piece in pieces), max(piece[-1].closes for piece in pieces)
