"""Offers: recorded once, extended in the open, never rewritten (DUTIES D26–D28).

A deadline that is said and then extended, or said again a few days later, is the pattern that courts have seen most;
so the record can only grow.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from mailer import evidence
from mailer.models import Campaign, Offer

COOL_DOWN = timedelta(days=7)  # D28; an equal offer sooner after the last one makes its deadline untrue
LEAST_REASON = 10  # characters


class OfferRefused(ValueError):
    """It is not recorded so; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is offered. Times are aware; `zone` is the one in which people read them."""

    what: str
    kind: str
    scope: str
    zone: str
    value: str = ""
    conditions: str = ""
    starts: datetime | None = None
    ends: datetime | None = None

    def assert_possible(self) -> None:
        """Raises OfferRefused."""
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise OfferRefused(
                f"“{self.zone}” is no time zone; write one such as America/New_York."
            ) from None
        if self.starts and self.ends and self.starts >= self.ends:
            raise OfferRefused("It ends before it starts.")
        if not self.what.strip() or not self.scope.strip():
            raise OfferRefused("Say what is offered and what it is good for.")


def record(terms: Terms, campaign: Campaign, user: Any) -> Offer:
    """Record an offer that a draft speaks of. Raises OfferRefused, also where an equal one ended a few days ago."""
    terms.assert_possible()
    with transaction.atomic():
        draft = _draft(campaign)
        if (earlier := equal_before(terms)) is not None:
            raise OfferRefused(
                f"An equal offer ended on {_day(earlier)}. Offered again within {COOL_DOWN.days} days, its deadline "
                "was not true (D28). Wait, or if that sale was really extended, extend the recorded offer."
            )
        offer = Offer.objects.create(actor=evidence.by(user), **_fields(terms))
        draft.offers.add(offer)
        _prove("offer recorded", offer, user, campaign=draft.pk)
    return offer


def link(offer: Offer, campaign: Campaign) -> None:
    """A draft speaks of an offer that is recorded already."""
    with transaction.atomic():
        _draft(campaign).offers.add(offer)


def carry_over(original: Campaign, draft: Campaign) -> list[Offer]:
    """A copy speaks of the same offers, with their latest ends. Returns those that are over and so left out."""
    latest = list(original.offers.filter(extension__isnull=True).order_by("id"))
    ended = [offer for offer in latest if offer.ends and offer.ends <= timezone.now()]
    for offer in latest:
        if offer not in ended:
            link(offer, draft)
    return ended


def unlink(offer: Offer, campaign: Campaign) -> None:
    """A draft no longer speaks of it. The record stays."""
    with transaction.atomic():
        _draft(campaign).offers.remove(offer)


def extend(offer: Offer, ends: datetime, reason: str, user: Any) -> Offer:
    """The sale really goes on: a new row, the old end kept. What says a deadline of it is blocked from then on."""
    if len(reason.strip()) < LEAST_REASON:
        raise OfferRefused("Write why it is extended. The reason is kept as evidence.")
    with transaction.atomic():
        last = Offer.objects.select_for_update().get(pk=offer.pk)
        if Offer.objects.filter(supersedes=last).exists():
            raise OfferRefused("It was extended already; extend the latest.")
        if last.ends is None or ends <= last.ends:
            raise OfferRefused("An extension ends later than the offer does now.")
        extended = Offer.objects.create(
            what=last.what, kind=last.kind, value=last.value, scope=last.scope, conditions=last.conditions,
            starts=last.starts, zone=last.zone, ends=ends, supersedes=last, reason=reason.strip(),
            actor=evidence.by(user),
        )  # fmt: skip
        for (
            campaign
        ) in last.campaigns.all():  # whoever speaks of it speaks of its new end; approvals count no more
            campaign.offers.add(extended)
        _prove("offer extended", extended, user, supersedes=last.pk)
    return extended


def equal_before(terms: Terms) -> Offer | None:
    """An offer of the same kind, value and scope that ended less than the cool-down before this one starts."""
    starts = terms.starts or timezone.now()
    return (
        Offer.objects.filter(
            Q(ends__gt=starts - COOL_DOWN, ends__lte=starts),
            kind=terms.kind,
            value=terms.value.strip(),
            scope__iexact=terms.scope.strip(),
            extension__isnull=True,
        )
        .order_by("-ends")
        .first()
    )


def _draft(campaign: Campaign) -> Campaign:
    found = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if found.state != Campaign.State.DRAFT:
        raise OfferRefused("It is no longer a draft; what it speaks of can't be changed.")
    return found


def _fields(terms: Terms) -> dict[str, Any]:
    return {
        "what": terms.what.strip(), "kind": terms.kind, "value": terms.value.strip(), "scope": terms.scope.strip(),
        "conditions": terms.conditions.strip(), "starts": terms.starts, "ends": terms.ends, "zone": terms.zone,
    }  # fmt: skip


def _prove(verb: str, offer: Offer, user: Any, **details: Any) -> None:
    evidence.record(
        verb,
        actor=evidence.by(user),
        subject=f"offer {offer.pk}",
        ends=offer.ends.isoformat() if offer.ends else None,
        **details,
    )


def _day(offer: Offer) -> str:
    ends = offer.ends.astimezone(ZoneInfo(offer.zone)) if offer.ends else timezone.now()
    return f"{ends.day} {ends:%B %Y}"
