"""When a campaign goes out: its time, its sending hours, over how long; chosen on one page, told on the others."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db.models import Max, Min
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from mailer import campaigns, hours, own_time
from mailer.admin.campaign_offers import MOMENT, ZONE_CHOICES
from mailer.admin.pages import changes, needs, page, spoken
from mailer.models import Campaign, Message

State = Campaign.State
SPREADS = (0, 1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 168)  # hours


class PlanForm(forms.Form):
    begins = forms.DateTimeField(
        label="Begins", required=False, input_formats=[MOMENT, "%Y-%m-%d %H:%M"],
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
        help_text="Leave it empty to begin when somebody launches it.",
    )  # fmt: skip
    zone = forms.ChoiceField(
        label="In which time zone?", choices=ZONE_CHOICES, widget=UnfoldAdminSelectWidget,
        help_text="It holds for the sending hours too.",
    )  # fmt: skip
    own_zones = forms.BooleanField(
        label="At each recipient's own time", required=False, widget=UnfoldBooleanSwitchWidget,
        help_text="Nine o'clock is then nine o'clock where each of them lives, and the sending hours hold there too. "
        "Whose time zone is not known gets it by the one above.",
    )  # fmt: skip
    hours_from = forms.TimeField(
        label="Sending hours: from", required=False, input_formats=["%H:%M", "%H:%M:%S"],
        widget=UnfoldAdminTextInputWidget(attrs={"type": "time"}),
        help_text="Leave both empty to send at any hour. Outside of them it waits, also in the middle.",
    )  # fmt: skip
    hours_until = forms.TimeField(
        label="Sending hours: until", required=False, input_formats=["%H:%M", "%H:%M:%S"],
        widget=UnfoldAdminTextInputWidget(attrs={"type": "time"}),
    )  # fmt: skip
    days = forms.TypedMultipleChoiceField(
        label="On these days", required=False, coerce=int,
        choices=list(enumerate(hours.DAYS, start=1)), widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="They count only where there are sending hours.",
    )  # fmt: skip
    spread = forms.TypedChoiceField(
        label="Spread it over", coerce=int, widget=UnfoldAdminSelectWidget,
        choices=[(each, spoken(each * 3600) if each else "No: as fast as it goes") for each in SPREADS],
        help_text="Evenly, and only in its sending hours. So a shop or a telephone line gets its visitors bit by bit.",
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if bool(said.get("hours_from")) != bool(said.get("hours_until")):
            self.add_error("hours_until", "Say both from when and until when, or neither.")
        if said.get("begins") and said.get("zone"):
            try:
                said["begins_at"] = hours.moment(said["begins"].replace(tzinfo=None), said["zone"])
            except hours.NotOnTheClock as wrong:
                self.add_error("begins", str(wrong))
        return said

    def plan(self) -> campaigns.Plan:
        said = self.cleaned_data
        wanted = None
        if said["hours_from"]:
            days = frozenset(said["days"])
            wanted = hours.Hours(said["zone"], said["hours_from"], said["hours_until"], days)
        spread = timedelta(hours=said["spread"])
        return campaigns.Plan(said["zone"], said.get("begins_at"), wanted, spread, said["own_zones"])


def _as_it_is(campaign: Campaign) -> dict[str, Any]:
    """What the form begins with: the plan; in the zone that the sender's last campaign had, if there is none."""
    zone = campaign.zone or _last_zone(campaign) or settings.TIME_ZONE
    begins = campaign.begins_at and hours.local(campaign.begins_at, zone).strftime(MOMENT)
    nearest = min(SPREADS, key=lambda each: abs(timedelta(hours=each) - campaign.spread))
    return {
        "begins": begins, "zone": zone, "spread": nearest, "days": [int(day) for day in campaign.hours_days],
        "hours_from": campaign.hours_from and f"{campaign.hours_from:%H:%M}",
        "hours_until": campaign.hours_until and f"{campaign.hours_until:%H:%M}",
        "own_zones": campaign.own_zones,
    }  # fmt: skip


def _last_zone(campaign: Campaign) -> str:
    of_sender = Campaign.objects.filter(sender=campaign.sender_id).exclude(zone="")
    return of_sender.order_by("-id").values_list("zone", flat=True).first() or ""


@needs("mailer.launch_campaign")
def when(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """Choose when a draft goes out, or another time for a scheduled campaign."""
    campaign = get_object_or_404(Campaign.objects.select_related("sender"), pk=number)
    if campaign.state not in {State.DRAFT, State.SCHEDULED}:
        return redirect("admin:mailer_campaign_page", number)
    form = PlanForm(request.POST or None, initial=_as_it_is(campaign))
    if request.method == "POST" and form.is_valid():
        try:
            campaigns.plan(campaign, form.plan(), request.user)
        except campaigns.CampaignRefused as refused:
            for words in [str(refused), *(finding.message for finding in refused.findings)]:
                form.add_error(None, words)
        else:
            messages.success(request, _kept(campaign))
            return redirect("admin:mailer_campaign_page", number)
    return page(
        request, model_admin, "form.html", f"When {campaign.name} goes out", form=form, button="Keep it",
        back="admin:mailer_campaign_page", back_to=number,
        intro="It is scheduled. What you change here counts at once, after the same checks."
        if campaign.state == State.SCHEDULED
        else "This alone sends nothing: the campaign is launched or scheduled on its page.",
    )  # fmt: skip


def _kept(campaign: Campaign) -> str:
    if campaign.starts_at:
        return f"The first get it on {hours.told(campaign.starts_at, campaign.zone)}."
    if campaign.state == State.SCHEDULED and campaign.begins_at:
        return f"It begins on {hours.told(campaign.begins_at, campaign.zone)}."
    return "Kept. It goes out so once it is scheduled." if campaign.begins_at else "Kept."


@changes("mailer.launch_campaign")
def unschedule(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """It does not begin by itself any more, and can be written on."""
    try:
        campaigns.unschedule(get_object_or_404(Campaign, pk=number), request.user)
    except campaigns.CampaignRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "It is a draft again, and does not begin by itself.")
    return redirect("admin:mailer_campaign_page", number)


def told(campaign: Campaign) -> dict[str, str]:
    """The plan of a campaign that has not begun, in words; what was not planned is empty."""
    first, last = campaigns.planned(campaign, timezone.now())
    begins = hours.told(campaign.begins_at, campaign.zone) if campaign.begins_at else ""
    if campaign.own_zones:
        return _by_own_clocks(campaign, begins, first, last)
    waits = campaign.hours is not None and campaign.begins_at is not None and first > campaign.begins_at
    return {
        "begins": begins,
        "hours": str(campaign.hours) if campaign.hours else "",
        "waits": hours.told(first, campaign.zone) if waits else "",
        "spread": spoken(campaign.spread.total_seconds()) if campaign.spread else "",
        "last": hours.told(last, campaign.zone) if campaign.spread else "",
    }


def _by_own_clocks(campaign: Campaign, begins: str, first: datetime, last: datetime) -> dict[str, str]:
    """The same, where it is meant on each recipient's clocks: how many of them are known, and when all have got it."""
    people = own_time.zones_of(campaign)
    known = sum(number for zone, number in people.items() if zone)
    return {
        "begins": begins,
        "hours": campaign.hours.times if campaign.hours else "",
        "spread": spoken(campaign.spread.total_seconds()) if campaign.spread else "",
        "own": f"{known:,} of its {sum(people.values()):,} people",
        "zone": campaign.zone,
        "first": hours.told(first, campaign.zone),
        "last": hours.told(last, campaign.zone),
    }


def under_way(campaign: Campaign) -> tuple[str, bool]:
    """Of a campaign that is going out: what its plan says now, and whether it waits for its hours."""
    now, said = timezone.now(), []
    if campaign.own_zones:
        return _under_way_by_own_clocks(campaign, now)
    waits = not _is_open(campaign, now)
    if campaign.hours is not None:
        opens = hours.told(campaign.hours.next(now).opens, campaign.zone)
        said.append(
            f"Waits until {opens}: it goes out {campaign.hours}." if waits else f"Goes out {campaign.hours}."
        )
    if campaign.spread and campaign.snapshot_at:
        last = hours.stretch(campaign.snapshot_at, campaign.spread, campaign.hours)[-1].closes
        said.append(
            f"Spread over {spoken(campaign.spread.total_seconds())}; the last is planned for "
            f"{hours.told(last, campaign.zone)}."
        )
    return " ".join(said), waits


def _under_way_by_own_clocks(campaign: Campaign, now: datetime) -> tuple[str, bool]:
    """By what still waits, since each message has its own time."""
    waiting = Message.objects.filter(campaign_id=campaign.pk, state=Message.State.PENDING)
    due = waiting.aggregate(first=Min("due_at"), last=Max("due_at"))
    within = f", {campaign.hours.times}" if campaign.hours else ""
    said = [f"Goes out at each recipient's own time{within}."]
    waits = due["first"] is not None and due["first"] > now
    if waits:
        said.append(f"The next are due on {hours.told(due['first'], campaign.zone)}.")
    if due["last"] is not None and due["last"] > now:
        said.append(f"The last are due on {hours.told(due['last'], campaign.zone)}.")
    return " ".join(said), waits


def _is_open(campaign: Campaign, now: datetime) -> bool:
    return campaign.hours is None or campaign.hours.next(now).opens <= now


def copied(original: Campaign) -> dict[str, Any]:
    """A copy goes out in the same hours, spread the same; when it begins is chosen anew."""
    names = ("zone", "hours_from", "hours_until", "hours_days", "spread_minutes", "own_zones")
    return {name: getattr(original, name) for name in names}


URLS = (
    ("<int:number>/when/", "mailer_campaign_when", when),
    ("<int:number>/unschedule/", "mailer_campaign_unschedule", unschedule),
)
