"""Messages of which nobody knows whether they went out: listed, explained, and sent again if an operator says so."""

import re
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldBooleanWidget

from mailer import campaigns, tasks
from mailer.admin.pages import needs, page
from mailer.models import Campaign, Contact, Evidence, Message

SHOWN = 100  # from which some can be chosen; there are seldom more
GOES_OUT = (Campaign.State.SENDING, Campaign.State.PAUSED, Campaign.State.SENT)
KEY = re.compile(r"[0-9a-f]{32}")


class AgainForm(forms.Form):
    reason = forms.CharField(
        label="Why should they be sent again?",
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="It is kept as evidence, with your name. Write no addresses.",
    )
    sure = forms.BooleanField(
        label="I know that some of these people may get it twice",
        widget=UnfoldBooleanWidget,
        error_messages={"required": "Tick this box if you accept that some people get it twice."},
    )


@needs("mailer.view_campaign")
def unknown(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """Everybody who sees the campaign may look; to send again takes an operator."""
    campaign = get_object_or_404(Campaign, pk=number)
    may_send = request.user.has_perm("mailer.resend_unknown")
    if request.method == "POST" and not may_send:
        raise PermissionDenied
    form = AgainForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _sent_again(request, campaign, form):
        return redirect("admin:mailer_campaign_page", number)
    found = Message.objects.filter(campaign_id=number, state=Message.State.UNKNOWN)
    rows = list(found.order_by("handed_over_at", "address_key")[:SHOWN])
    return page(
        request,
        model_admin,
        "unknown.html",
        f"Unknown: {campaign.name}",
        campaign=campaign,
        number=found.count(),
        rows=_with_contacts(rows),
        form=form if may_send and campaign.state in GOES_OUT else None,
        chosen=request.POST.getlist("message"),
        reports_come_in=bool(settings.INBOUND_DOMAIN),
        before=_before(campaign),
    )


def _sent_again(request: HttpRequest, campaign: Campaign, form: AgainForm) -> bool:
    only = [bytes.fromhex(key) for key in request.POST.getlist("message") if KEY.fullmatch(key)]
    if "all" not in request.POST and not only:
        messages.error(request, "Choose which messages to send again, or all of them.")
        return False
    try:
        number = campaigns.send_again(
            campaign, request.user, form.cleaned_data["reason"], None if "all" in request.POST else only
        )
    except campaigns.CampaignRefused as refused:
        messages.error(request, str(refused))
        return False
    tasks.nudge_campaign(campaign.pk)
    waits = " as soon as the campaign is resumed" if campaign.state == Campaign.State.PAUSED else ""
    messages.success(request, f"{number:,} message{'s' if number > 1 else ''} will be sent again{waits}.")
    return True


def _with_contacts(rows: list[Message]) -> list[tuple[Message, str, bool]]:
    """Each with its key, and whether its contact is still there."""
    there = set(Contact.objects.filter(pk__in=[row.contact_id for row in rows]).values_list("pk", flat=True))
    return [(row, bytes(row.address_key).hex(), row.contact_id in there) for row in rows]


def _before(campaign: Campaign) -> list[dict[str, Any]]:
    """What was sent again before, by whom, and why."""
    acts = list(Evidence.objects.filter(subject=f"campaign {campaign.pk}", verb="sent again").order_by("id"))
    people = {f"user {user.pk}": user for user in User.objects.filter(pk__in=_numbers(acts))}
    return [{"at": act.at, "by": people.get(act.actor), **act.details} for act in acts]


def _numbers(acts: list[Evidence]) -> list[int]:
    return [int(act.actor.removeprefix("user ")) for act in acts if act.actor.startswith("user ")]


URLS = (("<int:number>/unknown/", "mailer_campaign_unknown", unknown),)
