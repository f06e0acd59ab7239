"""The offers that a campaign speaks of: recorded in one step from what its subject says, extended in the open."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from mailer import campaigns, offers
from mailer.admin.pages import changes, needs, page
from mailer.compliance.claims import letter_of
from mailer.compliance.subjects.drafted import drafted_offer
from mailer.models import Campaign, Offer

# The zones of the United States first: most offers are read in one of these.
ZONES = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
    "America/Anchorage", "Pacific/Honolulu", "UTC",
)  # fmt: skip
ZONE_CHOICES = [
    (name, name.replace("_", " ")) for name in (*ZONES, *sorted(available_timezones() - {*ZONES}))
]
MOMENT = "%Y-%m-%dT%H:%M"


class OfferForm(forms.Form):
    what = forms.CharField(
        label="What is offered?", max_length=200, widget=UnfoldAdminTextInputWidget,
        help_text="In your own words, such as “Autumn sale on roses”.",
    )  # fmt: skip
    kind = forms.ChoiceField(label="Kind", choices=Offer.Kind.choices, widget=UnfoldAdminSelectWidget)
    value = forms.RegexField(
        r"^[0-9]{1,9}([.,][0-9]{1,2})?$", label="How much?", required=False, max_length=40,
        widget=UnfoldAdminTextInputWidget, help_text="The number alone: 20 for 20 %, 12.50 for a price.",
        error_messages={"invalid": "Write the number alone, such as 20 or 12.50."},
    )  # fmt: skip
    scope = forms.CharField(
        label="What is it good for?", max_length=200, widget=UnfoldAdminTextInputWidget,
        help_text="“everything” only if nothing is excepted; else name it, such as “all climbing roses”.",
    )  # fmt: skip
    conditions = forms.CharField(
        label="Conditions and exceptions", required=False, max_length=2_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )  # fmt: skip
    starts = forms.DateTimeField(
        label="Starts", required=False, input_formats=[MOMENT, "%Y-%m-%d %H:%M"],
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
    )  # fmt: skip
    ends = forms.DateTimeField(
        label="Ends", required=False, input_formats=[MOMENT, "%Y-%m-%d %H:%M"],
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
        help_text="Messages that speak of it stop going out at this moment. It can't be changed later.",
    )  # fmt: skip
    zone = forms.ChoiceField(
        label="In which time zone?", widget=UnfoldAdminSelectWidget,
        choices=ZONE_CHOICES,
    )  # fmt: skip

    def terms(self) -> offers.Terms:
        said = self.cleaned_data
        zone = ZoneInfo(said["zone"])
        return offers.Terms(
            what=said["what"], kind=said["kind"], scope=said["scope"], zone=said["zone"],
            value=said["value"].replace(",", "."), conditions=said["conditions"],
            starts=_in(zone, said["starts"]), ends=_in(zone, said["ends"]),
        )  # fmt: skip


class ExtensionForm(forms.Form):
    ends = forms.DateTimeField(
        label="New end, in the offer's time zone", input_formats=[MOMENT, "%Y-%m-%d %H:%M"],
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
    )  # fmt: skip
    reason = forms.CharField(
        label="Why is it extended?", min_length=offers.LEAST_REASON, max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}), help_text="The reason is kept as evidence.",
    )  # fmt: skip


def _in(zone: ZoneInfo, moment: datetime | None) -> datetime | None:
    """What was typed is a time on the clocks of the offer's zone, whatever the server's is."""
    return moment.replace(tzinfo=zone) if moment else None


def _from_text(campaign: Campaign) -> dict[str, Any]:
    """What subject and body say already, so that nobody types it twice."""
    zone = settings.TIME_ZONE
    letter = letter_of(
        campaigns.content_of(campaign), campaign.sender, timezone.now().astimezone(ZoneInfo(zone))
    )
    drafted = drafted_offer(letter)
    return {
        "what": campaign.subject, "kind": drafted.kind, "value": drafted.value, "scope": drafted.scope,
        "conditions": drafted.conditions, "zone": zone,
        "starts": drafted.starts and drafted.starts.strftime(MOMENT),
        "ends": drafted.ends and drafted.ends.strftime(MOMENT),
    }  # fmt: skip


@needs("mailer.change_campaign", "mailer.add_offer")
def record(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """Record an offer that the campaign speaks of."""
    campaign = get_object_or_404(Campaign, pk=number)
    form = OfferForm(request.POST or None, initial=_from_text(campaign))
    if request.method == "POST" and form.is_valid():
        try:
            offers.record(form.terms(), campaign, request.user)
        except offers.OfferRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "Recorded. The campaign's claims are held against it.")
            return redirect("admin:mailer_campaign_page", number)
    return page(
        request, model_admin, "form.html", f"Record an offer of {campaign.name}", form=form, button="Record it",
        back="admin:mailer_campaign_page", back_to=number,
        intro="What is recorded stays as it is. Say exactly what you will do: the subject is held against it.",
    )  # fmt: skip


@needs("mailer.change_campaign", "mailer.add_offer")
def extend(request: HttpRequest, model_admin: ModelAdmin, number: int, offer: int) -> HttpResponse:
    """A sale that really goes on gets a later end, beside the old one."""
    found = get_object_or_404(Offer, pk=offer, campaigns=number)
    form = ExtensionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        ends = form.cleaned_data["ends"].replace(tzinfo=ZoneInfo(found.zone))
        try:
            offers.extend(found, ends, form.cleaned_data["reason"], request.user)
        except offers.OfferRefused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("admin:mailer_campaign_page", number)
    return page(
        request, model_admin, "form.html", f"Extend “{found.what}”", form=form, button="Extend it",
        back="admin:mailer_campaign_page", back_to=number,
        intro="The old end is kept, and no subject may name a deadline of this offer any more: it was not true "
            "once.",
    )  # fmt: skip


@changes("mailer.change_campaign")
def unlink(request: HttpRequest, model_admin: ModelAdmin, number: int, offer: int) -> HttpResponse:
    """The campaign no longer speaks of it."""
    try:
        offers.unlink(get_object_or_404(Offer, pk=offer), get_object_or_404(Campaign, pk=number))
    except offers.OfferRefused as refused:
        messages.error(request, str(refused))
    return redirect("admin:mailer_campaign_page", number)


def told(campaign: Campaign) -> list[dict[str, Any]]:
    """The campaign's offers, with their times in their own zone."""
    return [
        {
            "offer": offer,
            "starts": _spoken(offer.starts, offer.zone),
            "ends": _spoken(offer.ends, offer.zone),
            "is_extended": hasattr(offer, "extension"),
        }
        for offer in campaign.offers.select_related("extension").order_by("id")
    ]


def _spoken(moment: datetime | None, zone: str) -> str:
    if moment is None:
        return ""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%B %Y, %H:%M} {local.tzname()}"


URLS = (
    ("<int:number>/offer/", "mailer_campaign_offer", record),
    ("<int:number>/offer/<int:offer>/extend/", "mailer_campaign_offer_extend", extend),
    ("<int:number>/offer/<int:offer>/unlink/", "mailer_campaign_offer_unlink", unlink),
)
