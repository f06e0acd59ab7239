"""Campaigns at each recipient's own time: due when their clocks show it, never outside of their hours."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from mailer import audience, campaigns, dispatch, own_time, tasks
from mailer.campaigns import Plan
from mailer.dispatch import own_hours
from mailer.dispatch.claim import claim, worker_mark
from mailer.dispatch.hand_over import hand_over, may_still_go
from mailer.hours import Hours
from mailer.models import Campaign, Contact, Evidence, Heartbeat, Message
from project.inbox.server import InboxServer
from tests.mailer.test_dossier import facts, made
from tests.mailer.test_hours import hours as any_hours
from tests.mailer.test_hours import is_within, moments, moments_that_show
from tests.mailer.test_schedules import sweep_until_nothing_is_due, verbs
from tests.stories import parts

BERLIN, TOKYO, NEW_YORK = "Europe/Berlin", "Asia/Tokyo", "America/New_York"
ZONES = (
    BERLIN,
    TOKYO,
    NEW_YORK,
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "Pacific/Niue",
    "",
)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BY_DAY = (time(8), time(20))


@pytest.fixture
def server(living_database, settings, tmp_path) -> Iterator[InboxServer]:
    with parts.mail_server(settings, tmp_path) as inbox:
        yield inbox


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch):
    monkeypatch.setattr("celery.Task.apply_async", lambda task, args: None)


def where_it_is(hour: int) -> str:
    """A zone in which it is this hour now, by real clocks."""
    east = (hour - timezone.now().astimezone(UTC).hour + 11) % 24 - 11
    return f"Etc/GMT{-east:+d}"


def draft_to(*zones: str, **plan: object) -> Campaign:
    """To one person of each zone, by a plan that counts on their own clocks."""
    draft = parts.draft(parts.list_of(len(zones)))
    for number, zone in enumerate(zones, start=1):
        live_in(number, zone)
    campaigns.plan(draft, Plan(plan.pop("zone", BERLIN), own_zones=True, **plan), parts.staff())
    return draft


def live_in(number: int, zone: str) -> None:
    Contact.objects.filter(email=f"person{number}@example.org").update(zone=zone)


def going_to(*zones: str, **plan: object) -> Campaign:
    campaign = draft_to(*zones, **plan)
    campaigns.launch(campaign, parts.staff())
    audience.snapshot(campaign)
    return campaign


def due(campaign: Campaign) -> list[datetime]:
    """When each message is due, in the order of its people."""
    rows = Message.objects.filter(campaign_id=campaign.pk).order_by("contact_id")
    return list(rows.values_list("due_at", flat=True))


def got(server: InboxServer) -> set[str]:
    return {address.partition("@")[0] for address in parts.recipients(server)}


def tomorrow_at_nine(zone: str = BERLIN) -> datetime:
    """Far enough ahead that it is past nowhere."""
    day = timezone.now().astimezone(ZoneInfo(zone)) + 2 * DAY
    return day.replace(hour=9, minute=0, second=0, microsecond=0)


def their_clocks(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


# -- when it is due ------------------------------------------------------------------------------------


def planned_campaign(begins_at: datetime, hours: Hours | None, minutes: int) -> Campaign:
    days = "".join(map(str, sorted(hours.days))) if hours else "1234567"
    return Campaign(
        begins_at=begins_at, zone=hours.zone if hours else BERLIN, own_zones=True, spread_minutes=minutes or None,
        hours_from=hours and hours.opens, hours_until=hours and hours.closes, hours_days=days,
    )  # fmt: skip


@given(moments, st.sampled_from(ZONES))
def test_it_is_due_when_the_clocks_of_each_show_the_time_or_the_later_one_where_they_skip_or_repeat_it(
    begins_at, zone
):
    campaign = planned_campaign(begins_at, None, 0)
    shown = their_clocks(begins_at, BERLIN)
    (piece,) = own_time.due_there(campaign, zone, begins_at - 2 * DAY)
    readings = moments_that_show(shown.replace(fold=0), zone or BERLIN)
    if readings:
        assert piece.opens == max(readings)
    else:
        assert their_clocks(piece.opens, zone or BERLIN) > shown, (
            "skipped there: after the clocks were put forward"
        )


@given(
    moments, st.sampled_from(ZONES), st.one_of(st.none(), any_hours()), st.integers(0, 7 * 24 * 60),
    st.floats(-3, 30),
)  # fmt: skip
def test_nothing_is_due_before_now_or_their_time_or_outside_of_their_hours_however_late_somebody_came(
    begins_at, zone, hours, minutes, days
):
    campaign = planned_campaign(begins_at, hours, minutes)
    now = begins_at + timedelta(days=days)
    pieces = own_time.due_there(campaign, zone, now)
    assert pieces[0].opens >= max(now, own_time.begin_there(campaign, zone))
    assert sum((piece.length for piece in pieces), timedelta(0)) == campaign.spread
    there = own_time.hours_there(campaign, zone)
    for piece in pieces:
        assert there is None or is_within(piece.opens, there)
    if hours is None and pieces[0].opens > now:
        shown, same = their_clocks(pieces[0].opens, zone or BERLIN), their_clocks(begins_at, BERLIN)
        if moments_that_show(shown.replace(hour=same.hour, minute=same.minute, fold=0), zone or BERLIN):
            assert shown.time() == same.time(), "late, but at no hour that nobody chose"


@pytest.mark.django_db
def test_each_message_is_due_at_the_time_of_its_recipient_and_without_a_zone_at_that_of_the_campaign():
    nine = tomorrow_at_nine()
    campaign = draft_to(TOKYO, NEW_YORK, "", BERLIN, begins_at=nine)
    campaigns.schedule(campaign, parts.staff())
    its_first_time_comes(campaign)
    audience.snapshot(campaign)
    clocks = [
        their_clocks(at, zone)
        for at, zone in zip(due(campaign), (TOKYO, NEW_YORK, BERLIN, BERLIN), strict=True)
    ]
    assert clocks == [nine.replace(tzinfo=None)] * 4
    assert campaigns.planned(campaign, timezone.now()) == (min(due(campaign)), max(due(campaign)))


@pytest.mark.django_db
def test_spread_counts_from_the_own_begin_of_each():
    nine = tomorrow_at_nine()
    campaign = draft_to(*[TOKYO, NEW_YORK] * 10, begins_at=nine, spread=10 * HOUR)
    campaigns.schedule(campaign, parts.staff())
    its_first_time_comes(campaign)
    audience.snapshot(campaign)
    after = []
    for at, zone in zip(due(campaign), [TOKYO, NEW_YORK] * 10, strict=True):
        after.append(their_clocks(at, zone) - nine.replace(tzinfo=None))
    assert {round((one - before).total_seconds()) for before, one in pairwise(sorted(after))} == {1800}
    assert min(after) == timedelta(0)


def its_first_time_comes(campaign: Campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(starts_at=timezone.now())
    assert campaigns.begin(campaign.pk)
    campaign.refresh_from_db()


@pytest.mark.django_db
@pytest.mark.parametrize("hours", [None, Hours(BERLIN, *BY_DAY)])
def test_who_comes_onto_the_list_after_their_time_gets_it_the_next_day_or_when_their_hours_allow(hours):
    early = timezone.now().astimezone(ZoneInfo(BERLIN)).replace(second=0, microsecond=0) + 3 * HOUR
    campaign = draft_to(BERLIN, "", begins_at=early, **({"hours": hours} if hours else {}))
    campaigns.schedule(campaign, parts.staff())
    live_in(2, "Pacific/Kiritimati")  # where it is past that time
    its_first_time_comes(campaign)
    audience.snapshot(campaign)
    late = due(campaign)[1]
    if hours is None:
        assert their_clocks(late, "Pacific/Kiritimati").time() == early.time()
    else:
        assert is_within(late, replace(hours, zone="Pacific/Kiritimati"))
    assert timedelta(0) <= late - timezone.now() + timedelta(seconds=30) <= DAY + HOUR


# -- scheduling ----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_it_begins_when_it_is_time_for_the_easternmost_and_evidence_says_so():
    nine = tomorrow_at_nine()
    campaign = draft_to(NEW_YORK, TOKYO, begins_at=nine)
    campaigns.schedule(campaign, parts.staff())
    assert their_clocks(campaign.starts_at, TOKYO) == nine.replace(tzinfo=None)
    told = Evidence.objects.get(verb="scheduled").details
    assert (told["own_zones"], told["starts_at"]) == (True, campaign.starts_at.isoformat())
    assert campaigns.due_to_begin() == []
    Campaign.objects.filter(pk=campaign.pk).update(starts_at=timezone.now())
    assert campaigns.due_to_begin() == [campaign.pk]
    assert campaigns.begin(campaign.pk)


@pytest.mark.django_db
def test_a_time_that_is_past_where_some_live_is_refused_and_says_where_and_when_at_the_latest():
    begins_at = timezone.now() + HOUR
    campaign = draft_to(BERLIN, "Pacific/Kiritimati", begins_at=begins_at)
    with pytest.raises(campaigns.CampaignRefused) as refused:
        campaigns.schedule(campaign, parts.staff())
    words = str(refused.value)
    assert words.startswith(
        "In Pacific/Kiritimati, where 1 of its people live, it is past that time already: it had to be"
    )
    assert words.endswith("Choose a later time, or let all get it by the clocks of Europe/Berlin.")
    campaign.refresh_from_db()
    assert (campaign.state, campaign.starts_at) == ("draft", None)
    campaigns.plan(campaign, Plan(BERLIN, begins_at), parts.staff())
    campaigns.schedule(campaign, parts.staff())
    assert (campaign.state, campaign.starts_at) == ("scheduled", None)


@pytest.mark.django_db
def test_a_scheduled_one_changes_to_own_time_and_back_in_one_act_or_not_at_all():
    nine = tomorrow_at_nine()
    campaign = draft_to(TOKYO, begins_at=nine)
    campaigns.schedule(campaign, parts.staff())
    campaigns.plan(campaign, Plan(BERLIN, nine), parts.staff())
    assert (campaign.own_zones, campaign.starts_at) == (False, None)
    campaigns.plan(campaign, Plan(BERLIN, nine, own_zones=True), parts.staff())
    assert campaign.starts_at < nine
    with pytest.raises(campaigns.CampaignRefused, match="it is past that time already"):
        campaigns.plan(campaign, Plan(BERLIN, timezone.now() + HOUR, own_zones=True), parts.staff())
    campaign.refresh_from_db()
    assert campaign.begins_at == nine
    campaigns.unschedule(campaign, parts.staff())
    assert (campaign.state, campaign.starts_at) == ("draft", None)
    assert [verb for verb, _ in verbs(campaign)] == [
        "planned",
        "scheduled",
        "rescheduled",
        "rescheduled",
        "unscheduled",
    ]


@pytest.mark.django_db
def test_each_hour_it_is_asked_whether_somebody_further_east_has_come():
    nine = tomorrow_at_nine()
    campaign = draft_to(NEW_YORK, "", begins_at=nine)
    campaigns.schedule(campaign, parts.staff())
    assert campaign.starts_at == nine
    live_in(2, TOKYO)
    tasks.place_starts()
    campaign.refresh_from_db()
    assert their_clocks(campaign.starts_at, TOKYO) == nine.replace(tzinfo=None)


@pytest.mark.django_db
def test_own_time_without_a_time_or_hours_means_nothing_and_is_refused():
    draft = parts.draft(parts.list_of(1))
    with pytest.raises(campaigns.CampaignRefused, match="which time or which sending hours"):
        campaigns.plan(draft, Plan(BERLIN, own_zones=True), parts.staff())


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong", [{"own_zones": True}, {"own_zones": True, "zone": BERLIN, "state": "scheduled"}]
)
def test_the_database_takes_none_without_a_zone_and_schedules_none_without_a_start(wrong):
    draft = parts.draft(parts.list_of(1))
    Campaign.objects.filter(pk=draft.pk).update(begins_at=timezone.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        Campaign.objects.filter(pk=draft.pk).update(**wrong)


def test_what_was_missed_by_an_outage_is_not_mailed_but_asks(server, settings):
    campaign = draft_to(TOKYO, NEW_YORK, begins_at=tomorrow_at_nine())
    campaigns.schedule(campaign, parts.staff())
    missed = timezone.now() - settings.SCHEDULE_GRACE - HOUR
    begins_at = missed.astimezone(ZoneInfo(TOKYO)).replace(tzinfo=ZoneInfo(BERLIN))
    Campaign.objects.filter(pk=campaign.pk).update(begins_at=begins_at, starts_at=missed)
    sweep_until_nothing_is_due()
    campaign.refresh_from_db()
    assert (campaign.state, campaign.begins_at, campaign.starts_at) == ("draft", None, None)
    assert "but Candor was not running then." in campaign.asks
    assert server.store.count() == 0


# -- what really leaves --------------------------------------------------------------------------------


def test_nobody_gets_it_outside_of_the_hours_on_their_own_clocks_and_each_gets_it_within(server):
    noon, night = where_it_is(12), where_it_is(0)
    campaign = going_to(noon, night, "", zone=noon, hours=Hours(noon, *BY_DAY))
    Message.objects.update(due_at=timezone.now())  # as after a long stop
    sweep_until_nothing_is_due()
    assert got(server) == {"person1", "person3"}
    assert parts.states(campaign) == {"accepted": 2, "pending": 1}
    asleep = Message.objects.get(campaign_id=campaign.pk, state="pending")
    assert asleep.attempts == 0
    their_morning = their_clocks(asleep.due_at, night)
    assert (their_morning.hour, their_morning.minute) == (8, 0)
    assert not campaigns.finish(campaign.pk)
    live_in(2, noon)  # morning comes
    Message.objects.filter(state="pending").update(due_at=timezone.now())
    sweep_until_nothing_is_due()
    parts.assert_accounted(campaign, server, 3)


def test_it_goes_out_to_who_is_awake_while_the_campaigns_own_zone_sleeps(server):
    noon, night = where_it_is(12), where_it_is(0)
    campaign = going_to(noon, night, "", zone=night, hours=Hours(night, *BY_DAY))
    sweep_until_nothing_is_due()
    assert got(server) == {"person1"}
    assert parts.states(campaign) == {"accepted": 1, "pending": 2}


def test_after_a_pause_or_an_outage_only_who_is_awake_gets_it_and_without_hours_it_asks(server, settings):
    noon, night = where_it_is(12), where_it_is(0)
    campaign = going_to(noon, night, zone=noon, hours=Hours(noon, *BY_DAY), spread=HOUR)
    campaigns.pause(campaign, parts.staff())
    Message.objects.update(due_at=timezone.now())
    last = timezone.now() - settings.SCHEDULE_GRACE - HOUR
    Heartbeat.objects.update_or_create(name="worker", defaults={"at": last})
    campaigns.resume(campaign, parts.staff())
    sweep_until_nothing_is_due()
    assert got(server) == {"person1"}
    Campaign.objects.filter(pk=campaign.pk).update(hours_from=None, hours_until=None)
    Message.objects.filter(state="pending").update(due_at=timezone.now())
    Heartbeat.objects.filter(name="worker").update(at=last)
    sweep_until_nothing_is_due()
    campaign.refresh_from_db()
    assert (campaign.state, got(server)) == ("paused", {"person1"})
    assert campaign.pause_reason.endswith("at this hour, whatever the clocks of each show.")


def test_what_was_claimed_before_their_hours_ended_is_not_handed_over_after(server):
    noon = where_it_is(12)
    campaign = going_to(noon, noon, zone=noon, hours=Hours(noon, *BY_DAY))
    with worker_mark() as worker:
        taken = claim(campaign, [campaign.lists.get().pk], worker)
        awake, asleep = own_hours.ask(campaign, taken.messages)
        assert (len(awake), asleep) == (2, [])
        over = replace(awake[0], until=timezone.now())
        assert hand_over(campaign.pk, taken.number, [over]) == ([], {"pending": 1})
        unasked = replace(awake[0], until=None)
        allowed, states = hand_over(campaign.pk, taken.number, [unasked, *awake[1:]])
        assert states == {"handed_over": 1}
        assert allowed == awake[1:]
        assert may_still_go(campaign.pk, taken.number, allowed)
        assert not may_still_go(campaign.pk, taken.number, [replace(allowed[0], until=timezone.now())])


def test_whose_clocks_nobody_asked_gets_nothing(server):
    noon = where_it_is(12)
    campaign = going_to(noon, zone=noon, hours=Hours(noon, *BY_DAY))
    with worker_mark() as worker:
        taken = claim(campaign, [campaign.lists.get().pk], worker)
        assert hand_over(campaign.pk, taken.number, taken.messages) == ([], {"pending": 1})


def test_without_hours_it_goes_out_at_the_time_alone(server):
    campaign = draft_to(where_it_is(12), where_it_is(0), begins_at=tomorrow_at_nine())
    campaigns.schedule(campaign, parts.staff())
    its_first_time_comes(campaign)
    sweep_until_nothing_is_due()
    assert server.store.count() == 0
    Message.objects.filter(contact_id=Contact.objects.first().pk).update(due_at=timezone.now())
    while dispatch.is_anything_due(campaign.pk):
        tasks.send_slice()
    assert parts.states(campaign) == {"accepted": 1, "pending": 1}


def test_a_zone_that_this_machine_does_not_know_counts_as_unknown(server):
    noon = where_it_is(12)
    campaign = going_to("Mars/Base", zone=noon, hours=Hours(noon, *BY_DAY))
    sweep_until_nothing_is_due()
    parts.assert_accounted(campaign, server, 1)


@pytest.mark.django_db
def test_the_dossier_tells_that_it_went_out_by_own_clocks(tmp_path):
    campaign = going_to(TOKYO, zone=BERLIN, hours=Hours(BERLIN, time(0), time(23, 59)))
    told = facts(made(campaign, tmp_path / "dossier.zip"))
    assert told["campaign"]["plan"] == {
        "zone": BERLIN,
        "hours": f"between 00:00 and 23:59 {BERLIN}",
        "own_zones": True,
    }
