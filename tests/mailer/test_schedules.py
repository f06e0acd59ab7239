"""Campaigns that go out by a plan: begun once at their time, asked about when it was missed, within hours, spread."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone

from mailer import addresses, audience, campaigns, dispatch, offers, suppression, tasks
from mailer.campaigns import Plan
from mailer.dispatch.claim import claim, worker_mark
from mailer.dispatch.hand_over import hand_over
from mailer.hours import Hours
from mailer.models import Campaign, Evidence, Heartbeat, Message, Offer, Sender
from project.inbox.server import InboxServer
from tests.mailer.admin_door import signed_in
from tests.mailer.test_dossier import facts, made
from tests.stories import parts

BERLIN = "Europe/Berlin"
HOUR = timedelta(hours=1)
EVER = Hours("UTC", time(0), time(23, 59, 59))


@pytest.fixture
def server(living_database, settings, tmp_path) -> Iterator[InboxServer]:
    with parts.mail_server(settings, tmp_path) as inbox:
        yield inbox


def planned(*, people: int = 3, slug: str = "friends", **plan: object) -> Campaign:
    draft = parts.draft(parts.list_of(people, slug, prefix=slug))
    zone = plan["hours"].zone if "hours" in plan else BERLIN
    campaigns.plan(draft, Plan(zone, **plan), parts.staff())
    return draft


def scheduled(**plan: object) -> Campaign:
    campaign = planned(begins_at=timezone.now() + HOUR, **plan)
    campaigns.schedule(campaign, parts.staff())
    return campaign


def its_time_comes(campaign: Campaign, *, late: timedelta = timedelta(0)) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(begins_at=timezone.now() - late)


def sweep_until_nothing_is_due() -> None:
    """What beat and workers do, in this process."""
    tasks.sweep()
    for number in audience.waiting_campaigns():
        tasks.snapshot(number)
    while any(dispatch.is_anything_due(number) for number in dispatch.due_campaigns()):
        tasks.send_slice()


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch):
    monkeypatch.setattr("celery.Task.apply_async", lambda task, args: None)


def verbs(campaign: Campaign) -> list[tuple[str, str]]:
    rows = Evidence.objects.filter(subject=f"campaign {campaign.pk}").order_by("id")
    return list(rows.values_list("verb", "actor"))


# -- beginning ----------------------------------------------------------------------------------------


def test_a_scheduled_campaign_waits_for_its_time_and_then_everyone_gets_it(server):
    campaign = scheduled()
    sweep_until_nothing_is_due()
    assert server.store.count() == 0
    its_time_comes(campaign)
    sweep_until_nothing_is_due()
    parts.assert_accounted(campaign, server, 3)
    campaign.refresh_from_db()
    assert campaign.revision.created_by == parts.staff()
    staff = f"user {parts.staff().pk}"
    told = [("planned", staff), ("scheduled", staff), ("launched", "worker"), ("audience fixed", "worker")]
    assert verbs(campaign)[:4] == told
    launched = Evidence.objects.get(verb="launched").details
    assert launched["approval"] == Evidence.objects.get(verb="scheduled").details["approval"]
    assert (launched["zone"], launched["begins_at"]) == (BERLIN, campaign.begins_at.isoformat())


def test_of_two_beats_one_begins_it(server):
    campaign = scheduled()
    its_time_comes(campaign)
    begun: list[bool] = []
    both = threading.Barrier(4)

    def beat() -> None:
        try:
            both.wait(60)
            begun.append(campaigns.begin(campaign.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=beat) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(begun) == [False, False, False, True]
    assert [verb for verb, _ in verbs(campaign)].count("launched") == 1
    sweep_until_nothing_is_due()
    parts.assert_accounted(campaign, server, 3)


def test_what_was_missed_by_an_outage_is_not_mailed_but_asks(server, settings):
    campaign = scheduled()
    its_time_comes(campaign, late=settings.SCHEDULE_GRACE + timedelta(minutes=1))
    sweep_until_nothing_is_due()
    campaign.refresh_from_db()
    assert (campaign.state, campaign.begins_at, server.store.count()) == ("draft", None, 0)
    assert campaign.asks.startswith("It was to begin on ")
    assert campaign.asks.endswith(
        "Europe/Berlin, but Candor was not running then. Launch it now, choose another time, or delete it."
    )
    assert verbs(campaign)[-1] == ("missed", "worker")
    campaigns.launch(campaign, parts.staff())
    assert campaign.asks == ""
    sweep_until_nothing_is_due()
    parts.assert_accounted(campaign, server, 3)


def test_a_little_late_it_begins_by_itself_and_hours_that_open_later_make_it_not_late(server, settings):
    late = scheduled()
    its_time_comes(late, late=settings.SCHEDULE_GRACE - timedelta(minutes=5))
    assert campaigns.begin(late.pk)
    tomorrow = timezone.now().astimezone(UTC).isoweekday() % 7 + 1
    waits = scheduled(slug="others", hours=Hours("UTC", time(0), time(23, 59), frozenset({tomorrow})))
    Campaign.objects.filter(pk=waits.pk).update(begins_at=timezone.now() - 2 * settings.SCHEDULE_GRACE)
    assert campaigns.begin(waits.pk), "nobody could have got it before tomorrow"


def test_while_all_sending_is_stopped_it_does_not_begin_and_then_asks(server, settings):
    campaign = scheduled()
    campaigns.stop_all(parts.staff(), "a look at the list")
    its_time_comes(campaign)
    assert not campaigns.begin(campaign.pk)
    campaign.refresh_from_db()
    assert campaign.state == "scheduled"
    its_time_comes(campaign, late=settings.SCHEDULE_GRACE + HOUR)
    assert not campaigns.begin(campaign.pk)
    campaign.refresh_from_db()
    assert "but all sending was stopped then" in campaign.asks


def _changed_sender(campaign: Campaign) -> None:
    Sender.objects.update(line1="1 New Street")


def _unattested(campaign: Campaign) -> None:
    Sender.objects.update(address_attested_by=None, address_attested_at=None)


def _another_list(campaign: Campaign) -> None:
    campaign.lists.add(parts.list_of(1, "strangers", prefix="stranger"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_changed_sender, "no longer what was approved"),
        (_unattested, "can't go out as it is"),
        (_another_list, "no longer what was approved"),
    ],
)
def test_what_fails_when_it_begins_goes_back_to_a_person_with_words(server, change, words):
    campaign = scheduled()
    change(campaign)
    its_time_comes(campaign)
    sweep_until_nothing_is_due()
    campaign.refresh_from_db()
    assert (campaign.state, campaign.revision, server.store.count()) == ("draft", None, 0)
    assert words in campaign.asks
    assert verbs(campaign)[-1] == ("not begun", "worker")


@pytest.mark.django_db
def test_the_dossier_says_who_scheduled_it_and_the_page_of_rules_what_stopped_it(tmp_path):
    begun, stopped = scheduled(), scheduled(slug="others")
    for campaign in (begun, stopped):
        its_time_comes(campaign)
    assert campaigns.begin(begun.pk)
    _unattested(stopped)
    assert not campaigns.begin(stopped.pk)
    people = facts(made(begun, tmp_path / "dossier.zip"))["people"]
    assert (people["scheduled"], people["launched"]) == (f"lee (user {parts.staff().pk})", "worker")
    page = signed_in("Marketer").get("/admin/mailer/campaign/rules/")
    rules = {each.rule.name: each for _, group in page.context["groups"] for each in group}
    assert rules["sender_attested"].stopped == (1, 1)


@pytest.mark.parametrize("wrong", [ZeroDivisionError(), DataError(), IntegrityError()])
def test_an_error_of_ours_stops_that_campaign_in_words_and_no_other(server, monkeypatch, wrong):
    broken, whole = scheduled(), scheduled(slug="others")
    begin = campaigns.begin

    def failing(number: int) -> bool:
        if number == broken.pk:
            raise wrong
        return begin(number)

    monkeypatch.setattr("mailer.campaigns.begin", failing)
    for campaign in (broken, whole):
        its_time_comes(campaign)
    sweep_until_nothing_is_due()
    broken.refresh_from_db()
    assert (broken.state, type(wrong).__name__ in broken.asks) == ("draft", True)
    parts.assert_accounted(whole, server, 3)


@pytest.mark.duty("D26")
@pytest.mark.django_db
def test_an_offer_must_still_hold_when_the_campaign_begins_and_until_it_is_spread():
    draft = parts.draft(
        parts.list_of(1), subject="20% off roses ends tonight", html="<p>20% off roses ends tonight.</p>"
    )
    ends = timezone.now() + 3 * HOUR
    terms = offers.Terms(
        what="Sale", kind=Offer.Kind.PERCENT, value="20", scope="roses", zone="UTC", ends=ends
    )
    offers.record(terms, draft, parts.staff())
    for wrong in (  # each goes on after the offer has ended
        Plan("UTC", ends + 25 * HOUR),
        Plan("UTC", spread=timedelta(days=2)),
        Plan("UTC", timezone.now() + HOUR, spread=timedelta(days=2)),
    ):
        campaigns.plan(draft, wrong, parts.staff())
        assert "block" in {str(finding.severity) for finding in campaigns.findings_of(draft)}
        with pytest.raises(campaigns.CampaignRefused):
            (campaigns.schedule if wrong.begins_at else campaigns.launch)(draft, parts.staff())
        draft.refresh_from_db()
        assert draft.state == "draft"


# -- changing it --------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_scheduled_campaign_gets_another_time_after_the_same_checks_or_none_at_all():
    campaign = scheduled()
    later = timezone.now() + 5 * HOUR
    campaigns.plan(campaign, Plan("Asia/Tokyo", later), parts.staff())
    assert (campaign.state, campaign.begins_at, campaign.zone) == ("scheduled", later, "Asia/Tokyo")
    assert verbs(campaign)[-1][0] == "rescheduled"
    _unattested(campaign)
    with pytest.raises(campaigns.CampaignRefused):
        campaigns.plan(Campaign.objects.get(pk=campaign.pk), Plan("UTC", later + HOUR), parts.staff())
    campaign.refresh_from_db()
    assert campaign.begins_at == later, "nothing of a refused change stays"
    campaigns.unschedule(campaign, parts.staff())
    its_time_comes(campaign)
    assert not campaigns.begin(campaign.pk)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (Plan("UTC", datetime(2020, 1, 1, tzinfo=UTC)), "has passed"),
        (Plan("UTC", datetime(2126, 1, 1, tzinfo=UTC)), "more than a year ahead"),
        (Plan("Mars/Base"), "no time zone"),
        (Plan("UTC", hours=Hours(BERLIN, time(8), time(9))), "one time zone"),
        (Plan("UTC", spread=timedelta(days=8)), "7 days at most"),
        (Plan("UTC", hours=Hours("UTC", time(9), time(8))), "end before they begin"),
    ],
)
def test_a_plan_that_can_never_be_is_refused_in_words(wrong, words):
    draft = parts.draft(parts.list_of(1))
    with pytest.raises(campaigns.CampaignRefused, match=words):
        campaigns.plan(draft, wrong, parts.staff())
    with pytest.raises(campaigns.CampaignRefused, match="Say first when"):
        campaigns.schedule(draft, parts.staff())


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "scheduled"},
        {"hours_from": time(8), "zone": "UTC"},
        {"hours_from": time(20), "hours_until": time(8), "zone": "UTC"},
        {"hours_from": time(8), "hours_until": time(20)},
        {"hours_from": time(8), "hours_until": time(20), "zone": "UTC", "hours_days": ""},
    ],
)
def test_the_database_takes_no_schedule_without_a_time_and_no_half_hours(wrong):
    draft = parts.draft(parts.list_of(1))
    with pytest.raises(IntegrityError), transaction.atomic():
        Campaign.objects.filter(pk=draft.pk).update(**wrong)


# -- hours --------------------------------------------------------------------------------------------


def going(**plan: object) -> Campaign:
    campaign = planned(**plan)
    campaigns.launch(campaign, parts.staff())
    audience.snapshot(campaign)
    return campaign


def open_from(campaign: Campaign, opens: timedelta, closes: timedelta) -> None:
    now = timezone.now()
    Campaign.objects.filter(pk=campaign.pk).update(opens_at=now + opens, closes_at=now + closes)


def test_outside_its_hours_nothing_is_claimed_and_inside_all_of_it_goes_out(server):
    campaign = going(hours=EVER)
    open_from(campaign, HOUR, 2 * HOUR)
    assert not dispatch.is_anything_due(campaign.pk)
    with worker_mark() as worker:
        assert claim(campaign, [campaign.lists.get().pk], worker).messages == []
    dispatch.run_slice()
    assert (server.store.count(), parts.states(campaign)) == (0, {"pending": 3})
    assert not campaigns.finish(campaign.pk)
    open_from(campaign, -HOUR, HOUR)
    sweep_until_nothing_is_due()
    parts.assert_accounted(campaign, server, 3)


def test_what_was_claimed_before_its_hours_ended_is_not_handed_over_after(server):
    campaign = going(hours=EVER)
    with worker_mark() as worker:
        taken = claim(campaign, [campaign.lists.get().pk], worker)
        assert len(taken.messages) == 3
        open_from(campaign, -HOUR, -timedelta(seconds=1))
        assert hand_over(campaign.pk, taken.number, taken.messages) == ([], {"pending": 3})
    assert parts.states(campaign) == {"pending": 3}


@pytest.mark.django_db
def test_the_sweep_keeps_the_hours_of_now_or_next_even_after_a_clock_was_set():
    campaign = going(hours=EVER)
    right = Campaign.objects.values_list("opens_at", "closes_at").get(pk=campaign.pk)
    for wrong in (-48 * HOUR, 48 * HOUR):
        open_from(campaign, wrong, wrong + HOUR)
        campaigns.place_hours()
        assert Campaign.objects.values_list("opens_at", "closes_at").get(pk=campaign.pk) == right


@pytest.mark.django_db
def test_a_zone_that_the_workers_machine_does_not_know_stops_that_campaign_in_words_and_no_sweep():
    unknown, known = going(hours=EVER), going(slug="others", hours=EVER)
    waits = scheduled(slug="more")
    Campaign.objects.filter(pk__in=[unknown.pk, waits.pk]).update(zone="Mars/Base")
    open_from(known, 48 * HOUR, 49 * HOUR)
    its_time_comes(waits)
    tasks.sweep()
    for campaign in (unknown, known, waits):
        campaign.refresh_from_db()
    assert (unknown.state, known.state) == ("paused", "sending")
    assert unknown.pause_reason.startswith("“Mars/Base” is no time zone;")
    assert known.opens_at <= timezone.now()
    assert waits.state == "sending", "it begins at a moment, whatever its zone is called"


@pytest.mark.django_db
def test_a_campaign_with_hours_does_not_go_out_without_knowing_them():
    campaign = going(hours=EVER)
    with pytest.raises(IntegrityError), transaction.atomic():
        Campaign.objects.filter(pk=campaign.pk).update(opens_at=None)


# -- spread -------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_messages_come_due_evenly_over_the_time_and_those_withheld_take_no_place():
    campaign = planned(people=40, spread=10 * HOUR)
    key = addresses.parse("friendsperson7@example.org").mailbox_key
    suppression.suppress(key, reason="opt_out", channel="page", actor="recipient")
    campaigns.launch(campaign, parts.staff())
    before = timezone.now()
    assert audience.snapshot(campaign) == {"opt_out": 1, "pending": 39}
    waiting = Message.objects.filter(campaign_id=campaign.pk, state="pending").order_by("due_at")
    due = list(waiting.values_list("due_at", flat=True))
    assert timedelta(0) <= due[0] - before < timedelta(minutes=5)
    steps = {round((after - at).total_seconds(), 3) for at, after in pairwise(due)}
    assert steps == {round(36_000 / 39, 3)}


@pytest.mark.django_db
def test_spread_counts_open_hours_only():
    campaign = planned(people=20, spread=20 * HOUR, hours=Hours("UTC", time(0), time(10)))
    campaigns.launch(campaign, parts.staff())
    audience.snapshot(campaign)
    due = sorted(Message.objects.filter(campaign_id=campaign.pk).values_list("due_at", flat=True))
    assert [at for at in due if at.astimezone(UTC).hour >= 10] == []
    assert due[-1] - due[0] > 24 * HOUR


def test_who_opts_out_while_it_is_spread_gets_nothing(server):
    campaign = going(spread=HOUR)
    dispatch.run_slice()
    assert server.store.count() == 1, "the first at once, the others later"
    (had_it,) = parts.recipients(server)
    leaver = next(email for email in parts.emails(campaign, "pending") if email != had_it)
    key = addresses.parse(leaver).mailbox_key
    suppression.suppress(key, reason="opt_out", channel="page", actor="recipient")
    Message.objects.filter(campaign_id=campaign.pk, state="pending").update(due_at=timezone.now())
    sweep_until_nothing_is_due()
    assert parts.states(campaign) == {"accepted": 2, "withheld": 1}
    assert leaver not in parts.recipients(server)


# -- an outage in the middle --------------------------------------------------------------------------


def test_after_an_outage_what_began_by_its_plan_asks_and_what_was_launched_at_once_or_has_hours_goes_on(
    server, settings
):
    spread, hourly = going(spread=HOUR), going(slug="hourly", hours=EVER)
    at_once = parts.draft(parts.list_of(3, "at-once", prefix="at-once"))
    campaigns.launch(at_once, parts.staff())
    audience.snapshot(at_once)
    Message.objects.update(due_at=timezone.now())
    last = timezone.now() - settings.SCHEDULE_GRACE - HOUR
    Heartbeat.objects.update_or_create(name="worker", defaults={"at": last})
    tasks.send_slice()  # one that waited in the broker may come before the sweep
    sweep_until_nothing_is_due()
    for campaign in (hourly, at_once):
        parts.assert_accounted(campaign, server, 3)
    spread.refresh_from_db()
    assert (spread.state, parts.states(spread)) == ("paused", {"pending": 3})
    assert spread.pause_reason.startswith("Candor was not running from ")
    campaigns.resume(spread, parts.staff())
    sweep_until_nothing_is_due()
    parts.assert_accounted(spread, server, 3)
