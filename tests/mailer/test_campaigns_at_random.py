"""Any order of verbs, workers' slices and opt-outs: states move along the arrows, and the sums hold."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from mailer import addresses, audience, campaigns, dispatch, suppression
from mailer.models import Campaign, DomainPace, Evidence, MailingList, Message
from project.inbox.server import InboxServer
from tests.stories import parts

AUDIENCE = 4
ARROWS = {
    ("draft", "sending"),
    ("draft", "scheduled"),
    ("scheduled", "draft"),
    ("scheduled", "sending"),
    ("sending", "paused"),
    ("paused", "sending"),
    ("sending", "sent"),
    ("sending", "cancelled"),
    ("paused", "cancelled"),
}
VERBS = (
    campaigns.launch,
    campaigns.schedule,
    campaigns.unschedule,
    campaigns.pause,
    campaigns.resume,
    campaigns.cancel,
)
CHANGES = ("launched", "scheduled", "unscheduled", "paused", "resumed", "cancelled", "sent", "missed")
LATE = timedelta(hours=3)


class Walk(RuleBasedStateMachine):
    """One campaign to four people, with a server in changing moods."""

    server: InboxServer
    friends: MailingList
    turns = 0

    @initialize(under_way=st.booleans())
    def begin(self, under_way: bool) -> None:
        Walk.turns += 1
        self.people = parts.list_of(AUDIENCE, f"walk-{Walk.turns}", prefix=f"walk{Walk.turns}-")
        self.campaign = parts.draft(self.people)
        self.state, self.changes, self.gone = "draft", 0, set()
        self.mood: str | None = None
        self.server._handler.reply = lambda stage, _: self.mood if stage == "rcpt" else None
        campaigns.allow_all(None)
        DomainPace.objects.all().delete()  # the last walk's server may have held the domain back
        self.is_stopped = False
        later = timezone.now() + timedelta(days=1)
        campaigns.plan(self.campaign, campaigns.Plan("Asia/Tokyo", later), None)
        if under_way:  # else most walks would end before anything goes out
            self.say(campaigns.launch)
            audience.snapshot(self.campaign)
            self.state = "sending"

    # -- what people do

    @rule(verb=st.sampled_from(VERBS))
    def say(self, verb) -> None:
        try:
            verb(Campaign.objects.get(pk=self.campaign.pk), None)
        except campaigns.CampaignRefused:
            return
        self.changes += 1

    @rule(on=st.booleans())
    def turn_the_switch(self, on: bool) -> None:
        campaigns.stop_all(None, "a walk") if on else campaigns.allow_all(None)
        self.is_stopped = on

    @rule(number=st.integers(1, AUDIENCE))
    def opt_out(self, number: int) -> None:
        email = f"walk{Walk.turns}-person{number}@example.org"
        key = addresses.parse(email).mailbox_key
        suppression.suppress(key, reason="opt_out", channel="page", actor="recipient")
        if email not in parts.recipients(self.server):
            self.gone.add(email)

    # -- what workers and servers do

    @rule()
    def fix_the_audience(self) -> None:
        """No precondition: whether a campaign is sending depends on the time, what is drawn next must not."""
        if self.state == "sending":
            audience.snapshot(Campaign.objects.get(pk=self.campaign.pk))

    @rule(mood=st.sampled_from([None, "451 4.7.1 later", "550 5.1.1 unknown"]))
    def send(self, mood: str | None) -> None:
        self.mood = mood
        before = self.at_the_server()
        dispatch.run_slice(self.campaign.pk)
        if self.state != "sending" or self.is_stopped:
            assert self.at_the_server() == before

    @rule()
    def time_passes(self) -> None:
        DomainPace.objects.update(held_until=timezone.now())
        Message.objects.filter(campaign_id=self.campaign.pk, state="pending").update(due_at=timezone.now())
        dispatch.recover()
        dispatch.withhold_cancelled()

    @rule(is_missed=st.booleans())
    def its_time_comes(self, is_missed: bool) -> None:
        """For a scheduled campaign; two workers see it."""
        late = timezone.now() - (LATE if is_missed else timedelta(0))
        due = Campaign.objects.filter(pk=self.campaign.pk, state="scheduled")
        was_scheduled = bool(due.update(begins_at=late))
        begun = [campaigns.begin(self.campaign.pk) for _ in range(2)]
        assert begun == [was_scheduled and not is_missed and not self.is_stopped, False]
        self.changes += was_scheduled and (is_missed or not self.is_stopped)

    @rule()
    def finish(self) -> None:
        self.changes += campaigns.finish(self.campaign.pk)

    # -- what holds at all times

    def at_the_server(self) -> int:
        return parts.recipients(self.server, self.campaign).total()

    @invariant()
    def the_state_moves_along_the_arrows_with_evidence(self) -> None:
        state = Campaign.objects.get(pk=self.campaign.pk).state
        assert state == self.state or (self.state, state) in ARROWS
        self.state = state
        told = Evidence.objects.filter(subject=f"campaign {self.campaign.pk}", verb__in=CHANGES)
        assert told.count() == self.changes

    @invariant()
    def everyone_is_accounted_for(self) -> None:
        counts = parts.states(self.campaign)
        fixed = Campaign.objects.get(pk=self.campaign.pk).snapshot_at is not None
        assert sum(counts.values()) == (AUDIENCE if fixed else 0)
        assert not {"claimed", "handed_over", "unknown"} & set(counts)
        got = parts.recipients(self.server, self.campaign)
        assert set(got.values()) <= {1}
        assert set(got) == parts.emails(self.campaign, "accepted")
        assert not self.gone & set(got)
        assert self.state != "sent" or set(counts) <= {"accepted", "refused", "withheld"}


@pytest.fixture
def server(living_database, settings, tmp_path) -> Iterator[InboxServer]:
    with parts.mail_server(settings, tmp_path) as inbox:
        yield inbox


@pytest.mark.parametrize(
    "examples", [40, pytest.param(200, marks=[pytest.mark.faults, pytest.mark.timeout(900)])]
)
def test_any_order_of_verbs_slices_and_opt_outs_keeps_the_promises(server, examples):
    Walk.server = server
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            database=None,
            # A walk of at most 25 steps is read as it is; shrinking one costs minutes.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
