"""draft ⇄ scheduled → sending: a plan for when a campaign goes out, and its beginning without anybody at the keyboard.

All that a launch asks is asked when it is scheduled, as of its time, and again when it begins. If anything fails
then, or its time was missed by more than the grace, it is a draft again that says why: a person decides.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from mailer import evidence, own_time
from mailer.campaigns.arrows import pause_because
from mailer.campaigns.content import planned
from mailer.campaigns.launching import approved, going_out, passed, plan_of, record, released
from mailer.campaigns.refusal import CampaignRefused
from mailer.campaigns.states import State, locked
from mailer.compliance import Finding
from mailer.hours import Hours, NotOnTheClock, told, zone
from mailer.models import Campaign, KillSwitch

LONGEST_AHEAD = timedelta(days=366)  # a year that was typed wrong is noticed
LONGEST_SPREAD = timedelta(days=7)
PLANNED = ("begins_at", "zone", "hours_from", "hours_until", "hours_days", "spread_minutes", "own_zones")


@dataclass(frozen=True, slots=True)
class Plan:
    """When a campaign goes out. Without `begins_at`: from its launch on; without `spread`: as fast as it goes.

    With `own_zones`, what the clocks of `zone` show at `begins_at` is meant on the clocks of each recipient, and so are
    the hours; `zone` counts for whom nobody knows one of.
    """

    zone: str
    begins_at: datetime | None = None
    hours: Hours | None = None
    spread: timedelta = timedelta(0)
    own_zones: bool = False

    def assert_possible(self) -> None:
        """Raises CampaignRefused."""
        try:
            zone(self.zone)
            if self.hours is not None:
                self.hours.assert_possible()
        except NotOnTheClock as wrong:
            raise CampaignRefused(str(wrong)) from None
        if self.hours is not None and self.hours.zone != self.zone:
            raise CampaignRefused("A campaign has one time zone, for its time and for its hours.")
        if not timedelta(0) <= self.spread <= LONGEST_SPREAD:
            raise CampaignRefused(f"It can be spread over {LONGEST_SPREAD.days} days at most.")
        if self.own_zones and self.begins_at is None and self.hours is None:
            raise CampaignRefused(
                "Say which time or which sending hours are meant on each recipient's own clocks."
            )
        if self.begins_at is not None:
            _assert_ahead(self.begins_at)

    def write(self, campaign: Campaign) -> None:
        campaign.begins_at, campaign.zone = self.begins_at, self.zone
        campaign.hours_from = self.hours.opens if self.hours else None
        campaign.hours_until = self.hours.closes if self.hours else None
        campaign.hours_days = "".join(map(str, sorted(self.hours.days))) if self.hours else "1234567"
        campaign.spread_minutes = round(self.spread / timedelta(minutes=1)) or None
        campaign.own_zones = self.own_zones


def _assert_ahead(begins_at: datetime) -> None:
    now = timezone.now()
    if begins_at <= now:
        raise CampaignRefused("Its time to begin has passed. Choose another, or launch it now.")
    if begins_at > now + LONGEST_AHEAD:
        raise CampaignRefused("That is more than a year ahead. Look at the year again.")


# -- what people do -----------------------------------------------------------------------------------


def plan(campaign: Campaign, wanted: Plan, user: Any) -> None:
    """Say when a draft is to go out; or change it for a scheduled one, which is then asked everything anew."""
    wanted.assert_possible()
    with transaction.atomic():
        found = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if found.state not in {State.DRAFT, State.SCHEDULED}:
            raise CampaignRefused("It is going out or has gone out, so its time can't be changed any more.")
        is_scheduled = found.state == State.SCHEDULED
        if is_scheduled and wanted.begins_at is None:
            raise CampaignRefused(
                "It is scheduled, so it needs a time. To launch it now, make it a draft again."
            )
        wanted.write(found)
        if is_scheduled:
            _schedule(found, user, "rescheduled")
        else:
            found.save(update_fields=[*PLANNED])
            evidence.record(
                "planned", actor=evidence.by(user), subject=f"campaign {found.pk}", **plan_of(found)
            )
    campaign.refresh_from_db()


def schedule(campaign: Campaign, user: Any) -> None:
    """draft → scheduled: a worker launches it at its time, if nothing stands against it then."""
    try:
        with transaction.atomic():
            draft = locked(campaign, State.DRAFT, "Only a draft can be scheduled")
            if draft.begins_at is None:
                raise CampaignRefused("Say first when it is to begin.")
            _schedule(draft, user, "scheduled")
    except CampaignRefused as refused:
        if refused.findings:
            record("launch refused", campaign, evidence.by(user), refused.findings)
        raise
    campaign.refresh_from_db()


def _schedule(campaign: Campaign, user: Any, verb: str) -> None:
    if campaign.begins_at is not None:
        _assert_ahead(campaign.begins_at)
    skeleton, findings = passed(campaign)
    approval = approved(campaign, skeleton, findings, user)
    campaign.state, campaign.scheduled_by, campaign.asks = State.SCHEDULED, user, ""
    campaign.starts_at = _start_of(campaign)
    campaign.save(update_fields=["state", "scheduled_by", "asks", "starts_at", *PLANNED])
    record(
        verb,
        campaign,
        evidence.by(user),
        findings,
        sha256=bytes(approval.sha256).hex(),
        approval=approval.pk,
        **plan_of(campaign),
    )


def _start_of(campaign: Campaign) -> datetime | None:
    """When it is its time for the easternmost of its people. Raises CampaignRefused if that is past."""
    if not campaign.own_zones or campaign.begins_at is None:
        return None
    people = own_time.zones_of(campaign)
    begins = {zone: own_time.begin_there(campaign, zone) or campaign.begins_at for zone in people}
    first = min(begins, key=begins.__getitem__)
    if begins[first] <= timezone.now():
        raise CampaignRefused(
            f"In {first or campaign.zone}, where {people[first]:,} of its people live, it is past that time already: "
            f"it had to be scheduled before {told(begins[first], campaign.zone)}. Choose a later time, or let all get "
            f"it by the clocks of {campaign.zone}."
        )
    return begins[first]


def place_starts() -> None:
    """Each hour: who came onto the lists of a scheduled campaign since may live further east than all before."""
    for number in Campaign.objects.filter(state=State.SCHEDULED, own_zones=True).values_list("pk", flat=True):
        with transaction.atomic():
            waits = Campaign.objects.select_for_update(skip_locked=True)
            campaign = waits.filter(pk=number, state=State.SCHEDULED, starts_at__gt=timezone.now()).first()
            if campaign is not None:
                begins = [own_time.begin_there(campaign, zone) for zone in own_time.zones_of(campaign)]
                campaign.starts_at = min(at for at in begins if at and at > timezone.now())
                campaign.save(update_fields=["starts_at"])


def unschedule(campaign: Campaign, user: Any) -> None:
    """scheduled → draft: when this returns, it does not begin by itself."""
    with transaction.atomic():
        found = locked(campaign, State.SCHEDULED, "Only a scheduled campaign can be taken back")
        found.state, found.scheduled_by, found.starts_at = State.DRAFT, None, None
        found.save(update_fields=["state", "scheduled_by", "starts_at"])
        evidence.record("unscheduled", actor=evidence.by(user), subject=f"campaign {found.pk}")
    campaign.refresh_from_db()


# -- what workers do ----------------------------------------------------------------------------------


def due_to_begin() -> list[int]:
    """Scheduled campaigns whose time has come, be it for a part of their people."""
    due = Campaign.objects.filter(_its_time(), state=State.SCHEDULED)
    return list(due.order_by("begins_at", "id").values_list("id", flat=True))


def begin(campaign_id: int) -> bool:
    """scheduled → sending, if it is time and nothing stands against it; else → draft, with the reason.

    Whoever comes second finds it begun. Returns whether this call began it. While the kill switch is on it waits,
    until it counts as missed.
    """
    try:
        with transaction.atomic():
            campaign = _its_turn(campaign_id)
            if campaign is None:
                return False
            if timezone.now() > _latest(campaign):
                _ask(campaign, "missed", _missed(campaign))
                return False
            if _is_stopped():
                return False
            _begin(campaign)
    except CampaignRefused as refused:
        why = " ".join([str(refused), *(each.message for each in refused.findings)])
        ask_instead(campaign_id, why, refused.findings)
        return False
    return True


def _its_turn(campaign_id: int) -> Campaign | None:
    due = Campaign.objects.select_for_update(skip_locked=True, of=("self",)).select_related("sender")
    return due.filter(_its_time(), pk=campaign_id, state=State.SCHEDULED).first()


def _its_time() -> Q:
    """With own zones, when it is time for the first of its people."""
    now = timezone.now()
    return Q(begins_at__lte=now, own_zones=False) | Q(starts_at__lte=now, own_zones=True)


def _time_of(campaign: Campaign) -> datetime:
    return campaign.starts_at or campaign.begins_at or timezone.now()  # a scheduled one has it, by constraint


def _latest(campaign: Campaign) -> datetime:
    """Until when it begins by itself: the grace counts from when mail could have gone out first."""
    first, _ = planned(campaign, _time_of(campaign))
    return first + settings.SCHEDULE_GRACE


def _is_stopped() -> bool:
    return not KillSwitch.objects.filter(is_on=False).exists()


def _begin(campaign: Campaign) -> None:
    """What was approved when it was scheduled, and nothing else."""
    skeleton, findings = passed(campaign)
    approval = released(campaign, skeleton, findings)
    if approval is None:
        raise CampaignRefused(
            "It is no longer what was approved when it was scheduled: its sender, a list, an offer or a number was "
            "changed since."
        )
    going_out(campaign, skeleton, approval, findings, launched_by=campaign.scheduled_by, actor="worker")


def ask_instead(campaign_id: int, why: str, findings: list[Finding] | None = None) -> None:
    """scheduled → draft, at its time: it did not begin, and a person is told why."""
    with transaction.atomic():
        campaign = _its_turn(campaign_id)
        if campaign is not None:
            begins = told(_time_of(campaign), campaign.zone)
            _ask(campaign, "not begun", f"It was to begin on {begins}, but did not. {why}", findings)


def _missed(campaign: Campaign) -> str:
    why = "all sending was stopped then" if _is_stopped() else "Candor was not running then"
    return (
        f"It was to begin on {told(_time_of(campaign), campaign.zone)}, but {why}. Launch it now, choose another "
        "time, or delete it."
    )


def _ask(campaign: Campaign, verb: str, words: str, findings: list[Finding] | None = None) -> None:
    record(verb, campaign, "worker", findings or [], **plan_of(campaign))
    campaign.state, campaign.asks, campaign.scheduled_by = State.DRAFT, words, None
    campaign.begins_at = campaign.starts_at = None
    campaign.save(update_fields=["state", "asks", "begins_at", "starts_at", "scheduled_by"])


def place_hours() -> None:
    """Note for each campaign that is going out its sending hours of now or next, by which the claim goes.

    Worked out anew each time, so that neither a clock that was set nor a change of a zone's rules stays.
    """
    now = timezone.now()
    going = Campaign.objects.filter(state__in=[State.SENDING, State.PAUSED], hours_from__isnull=False)
    for campaign in going:
        if campaign.hours is None:
            continue
        try:
            opening = campaign.hours.next(now)
        except NotOnTheClock as unknown:
            pause_because(
                campaign.pk, f"{unknown} The worker's machine lacks its rules: install tzdata there."
            )
            continue
        if (campaign.opens_at, campaign.closes_at) != (opening.opens, opening.closes):
            Campaign.objects.filter(pk=campaign.pk).update(opens_at=opening.opens, closes_at=opening.closes)


def ask_after_outage(since: datetime) -> None:
    """Nobody ran for longer than the grace: what had begun by its plan goes on when a person says so.

    Not those with sending hours, which keep the night by themselves, and not what somebody launched at the keyboard to
    go out at once.
    """
    now = timezone.now()
    going = Campaign.objects.filter(state=State.SENDING, hours_from__isnull=True)
    for campaign in going.exclude(begins_at__isnull=True, spread_minutes__isnull=True):
        clocks = campaign.zone or "UTC"
        whose = ", whatever the clocks of each show" if campaign.own_zones else ""
        pause_because(
            campaign.pk,
            f"Candor was not running from {told(since, clocks)} to {told(now, clocks)}, in the middle of this "
            "campaign. What was planned for that time would go out now. Resume it if people may get it at this hour"
            f"{whose}.",
        )
