"""The first page: what is going on now, what needs somebody, and what to do first."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from mailer import approvals
from mailer.admin import campaign_plan, campaign_progress, data_requests
from mailer.admin.operations import silences
from mailer.compliance.reminders import attestations_due, reviews_due
from mailer.models import Campaign, Contact, Import, MailingList, Message, Sender

LAST = 6
GOING_OUT_SHOWN = 3
UNDER_WAY = (Import.State.WAITING, Import.State.RUNNING, Import.State.ASKING, Import.State.TRIED)


@dataclass(frozen=True, slots=True)
class Step:
    """One of the first steps, and whether it has been taken."""

    done: bool
    words: str
    why: str
    url: str


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """UNFOLD's DASHBOARD_CALLBACK."""
    may_see = request.user.has_perm("mailer.view_campaign")
    answers = request.user.has_perm("mailer.view_datarequest")
    return {
        **context,
        "is_local": settings.LOCAL,
        **(_told() if may_see else {}),
        "reviews_due": reviews_due() if request.user.has_perm("mailer.view_evidence") else [],
        "attestations_due": attestations_due() if request.user.has_perm("mailer.view_sender") else [],
        "data_requests": data_requests.urgent() if answers else [],
    }


def _told() -> dict[str, Any]:
    going = Campaign.objects.filter(state__in=[Campaign.State.SENDING, Campaign.State.PAUSED])
    steps = _first_steps()
    return {
        "silences": silences(),
        "going": [campaign_progress.told(campaign) for campaign in going[:GOING_OUT_SHOWN]],
        "last": Campaign.objects.select_related("sender")[:LAST],
        "asking": Campaign.objects.exclude(asks=""),
        "scheduled": _scheduled(),
        "imports": Import.objects.filter(state__in=UNDER_WAY).select_related("list"),
        "reviews": approvals.waiting_for_review(),
        "unknown": _unknown(),
        "steps": steps if not all(step.done for step in steps) else [],
    }  # fmt: skip


def _scheduled() -> list[tuple[Campaign, str]]:
    """What begins next by itself, with its time in words."""
    coming = Campaign.objects.filter(state=Campaign.State.SCHEDULED).order_by("begins_at")[:LAST]
    return [(campaign, campaign_plan.told(campaign)["begins"]) for campaign in coming]


def _unknown() -> list[Campaign]:
    """Campaigns with messages of which nobody knows whether they went out."""
    numbers = (
        Message.objects.filter(state=Message.State.UNKNOWN).order_by().values_list("campaign_id", flat=True)
    )
    return list(Campaign.objects.filter(pk__in=numbers.distinct()))


def _first_steps() -> list[Step]:
    attested = Sender.objects.filter(identity_attested_at__isnull=False, address_attested_at__isnull=False)
    return [
        Step(
            attested.exists(),
            "Say who sends",
            "Name, From address and postal address, each vouched for by an operator.",
            reverse("admin:mailer_sender_changelist"),
        ),
        Step(
            MailingList.objects.exists(),
            "Make a list",
            "People are on lists, each with the way they came to you.",
            reverse("admin:mailer_mailinglist_changelist"),
        ),
        Step(
            Contact.objects.exists(),
            "Bring people in",
            "From a CSV file, or one by one.",
            reverse("admin:mailer_import_add"),
        ),
        Step(
            Campaign.objects.exclude(state=Campaign.State.DRAFT).exists(),
            "Write and launch a campaign",
            "Look at it, send yourself a test, then launch it.",
            reverse("admin:mailer_campaign_changelist"),
        ),
    ]
