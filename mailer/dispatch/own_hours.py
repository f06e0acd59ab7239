"""Sending hours on each recipient's own clocks, for the campaigns that go out so.

The claim knows no zones, so that it costs nothing. After it each message of such a campaign is asked what its
recipient's clocks show: who sleeps is put off until their hours begin. Who is awake goes to the hand-over with the
moment at which their hours end, which it compares with its own.
"""

from collections.abc import Sequence
from dataclasses import replace

from django.utils import timezone

from mailer import own_time
from mailer.dispatch.claim import Claimed
from mailer.dispatch.settle import Result
from mailer.models import Campaign


def ask(campaign: Campaign, messages: Sequence[Claimed]) -> tuple[Sequence[Claimed], list[Result]]:
    """Which of these claimed messages may go out now, and which are put off. It was no try."""
    if not campaign.own_zones or campaign.hours is None:
        return messages, []
    now = timezone.now()
    openings = {}
    for zone in {message.zone or "" for message in messages}:
        there = replace(campaign.hours, zone=own_time.clocks(campaign, zone))
        openings[zone] = there.next(now)
    going: list[Claimed] = []
    put_off: list[Result] = []
    for message in messages:
        opening = openings[message.zone or ""]
        if opening.opens <= now:
            going.append(replace(message, until=opening.closes))
        else:
            wait = (opening.opens - now).total_seconds()
            put_off.append(Result(bytes(message.address_key), "pending", wait=wait))
    return going, put_off
