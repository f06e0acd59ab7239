"""What may be done with a campaign: each arrow with its row of evidence, and each refusal."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailer import audience, campaigns
from mailer.models import Campaign, Evidence, KillSwitch, Message, Revision, Sender
from tests.stories import parts

VERBS = {
    "launch": campaigns.launch,
    "schedule": campaigns.schedule,
    "unschedule": campaigns.unschedule,
    "pause": campaigns.pause,
    "resume": campaigns.resume,
    "cancel": campaigns.cancel,
}
SAID = {
    "launch": "launched",
    "schedule": "scheduled",
    "unschedule": "unscheduled",
    "pause": "paused",
    "resume": "resumed",
    "cancel": "cancelled",
}
# Where each verb leads from each state; from all others it is refused.
ARROWS = {
    ("draft", "launch"): "sending",
    ("draft", "schedule"): "scheduled",
    ("scheduled", "unschedule"): "draft",
    ("sending", "pause"): "paused",
    ("sending", "cancel"): "cancelled",
    ("paused", "resume"): "sending",
    ("paused", "cancel"): "cancelled",
}


def in_state(state: str) -> Campaign:
    """A campaign that came to this state by its verbs."""
    campaign = parts.draft(parts.list_of(2))
    tomorrow = timezone.now() + timedelta(days=1)
    campaigns.plan(campaign, campaigns.Plan("Europe/Berlin", tomorrow), parts.staff())
    if state == "scheduled":
        campaigns.schedule(campaign, parts.staff())
    elif state != "draft":
        campaigns.launch(campaign, parts.staff())
    if state == "paused":
        campaigns.pause(campaign, parts.staff())
    if state == "cancelled":
        campaigns.cancel(campaign, parts.staff())
    if state == "sent":
        audience.snapshot(campaign)
        Message.objects.update(state="accepted")
        campaigns.finish(campaign.pk)
    campaign.refresh_from_db()
    assert campaign.state == state
    return campaign


def evidence_of(campaign: Campaign) -> list[tuple[str, str]]:
    rows = Evidence.objects.filter(subject=f"campaign {campaign.pk}").order_by("id")
    return list(rows.values_list("verb", "actor"))


@pytest.mark.django_db
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", Campaign.State.values)
def test_each_arrow_leaves_evidence_and_every_other_verb_is_refused_and_changes_nothing(state, verb):
    campaign = in_state(state)
    before = evidence_of(campaign)
    if (state, verb) in ARROWS:
        VERBS[verb](campaign, parts.staff())
        assert campaign.state == ARROWS[state, verb]
        said = SAID[verb]
        assert evidence_of(campaign)[len(before) :] == [(said, f"user {parts.staff().pk}")]
        assert (campaign.finished_at is not None) == (verb == "cancel")
    else:
        with pytest.raises(campaigns.CampaignRefused, match=campaign.get_state_display().lower()):
            VERBS[verb](campaign, parts.staff())
        campaign.refresh_from_db()
        assert (campaign.state, evidence_of(campaign)) == (state, before)


@pytest.mark.django_db
@pytest.mark.parametrize("state", [state for state in Campaign.State.values if state != "sending"])
def test_a_worker_pauses_and_finishes_only_what_is_sending(state):
    campaign = in_state(state)
    before = evidence_of(campaign)
    campaigns.pause_because(campaign.pk, "a reason")
    assert not campaigns.finish(campaign.pk)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.pause_reason, evidence_of(campaign)) == (state, "", before)


@pytest.mark.django_db
def test_a_workers_pause_says_why_and_resuming_forgets_it():
    campaign = in_state("sending")
    campaigns.pause_because(campaign.pk, "The address is no longer attested.")
    campaign.refresh_from_db()
    assert (campaign.state, campaign.pause_reason) == ("paused", "The address is no longer attested.")
    assert evidence_of(campaign)[-1] == ("paused", "worker")
    campaigns.resume(campaign, parts.staff())
    assert (campaign.state, campaign.pause_reason) == ("sending", "")


@pytest.mark.duty("D25", "D127")
@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes", [{"subject": ""}, {"subject": "Re: your order"}, {"html": "Hello {{ unknown }}"}]
)
def test_what_the_gate_blocks_is_not_launched_and_nothing_is_frozen(changes):
    campaign = parts.draft(parts.list_of(2), **changes)
    with pytest.raises(campaigns.CampaignRefused) as refused:
        campaigns.launch(campaign, parts.staff())
    assert [finding.message for finding in refused.value.findings if finding.severity == "block"]
    assert_untouched(campaign)


@pytest.mark.django_db
def test_without_a_list_or_an_attested_address_there_is_no_launch():
    nobody = parts.draft(parts.list_of(2))
    nobody.lists.clear()
    unattested = parts.draft(parts.list_of(2, "others", prefix="other"))
    Sender.objects.update(address_attested_by=None, address_attested_at=None)
    for campaign in (nobody, unattested):
        with pytest.raises(campaigns.CampaignRefused) as refused:
            campaigns.launch(Campaign.objects.get(pk=campaign.pk), parts.staff())
        assert refused.value.findings
        assert_untouched(campaign)


def assert_untouched(campaign: Campaign) -> None:
    campaign.refresh_from_db()
    assert (campaign.state, campaign.revision, campaign.launched_at) == ("draft", None, None)
    assert not Revision.objects.filter(campaign=campaign).exists()
    assert {verb for verb, _ in evidence_of(campaign)} <= {"launch refused"}


@pytest.mark.django_db
def test_what_was_launched_is_what_goes_out_whatever_is_written_afterwards(settings):
    campaign = in_state("sending")
    frozen = bytes(campaign.revision.skeleton)
    Campaign.objects.filter(pk=campaign.pk).update(subject="Another subject", html="<p>Other words</p>")
    assert bytes(Revision.objects.get(campaign=campaign).skeleton) == frozen
    assert Evidence.objects.get(verb="launched").details["sha256"] == bytes(campaign.revision.sha256).hex()


@pytest.mark.django_db
def test_a_campaign_is_sent_only_when_nothing_is_open():
    campaign = in_state("sending")
    assert not campaigns.finish(campaign.pk), "its audience is not fixed"
    audience.snapshot(campaign)
    one, other = Message.objects.filter(campaign_id=campaign.pk)
    Message.objects.filter(address_key=one.address_key).update(state="unknown")
    claim = {"claim": "00000000-0000-0000-0000-000000000001", "worker": 1}
    for state, held in (("pending", {}), ("claimed", claim), ("handed_over", claim)):
        Message.objects.filter(address_key=other.address_key).update(state=state, **held)
        assert not campaigns.finish(campaign.pk)
    Message.objects.filter(address_key=other.address_key).update(state="refused")
    assert campaigns.finish(campaign.pk)
    assert not campaigns.finish(campaign.pk)
    assert Evidence.objects.get(verb="sent").details["counts"] == {"unknown": 1, "refused": 1}


@pytest.mark.duty("D125")
@pytest.mark.django_db
def test_the_kill_switch_is_turned_with_a_reason_and_evidence():
    campaigns.stop_all(parts.staff(), "the wrong list")
    switch = KillSwitch.objects.get()
    assert (switch.is_on, switch.reason, switch.changed_by) == (True, "the wrong list", parts.staff())
    campaigns.allow_all(parts.staff())
    assert not KillSwitch.objects.get().is_on
    rows = Evidence.objects.filter(subject="kill switch").order_by("id")
    assert [(row.verb, row.details["reason"]) for row in rows] == [
        ("stopped all sending", "the wrong list"),
        ("allowed sending", ""),
    ]


@pytest.mark.duty("D11", "D13")
@pytest.mark.django_db
def test_only_the_installations_own_domains_can_be_attested():
    sender = parts.attested_sender()
    sender.from_email = "news@elsewhere.example.net"
    with pytest.raises(campaigns.CampaignRefused, match="is not among the domains"):
        campaigns.attest_identity(sender, parts.staff())
