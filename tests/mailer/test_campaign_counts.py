"""What became of a campaign is counted for good once nothing of it can change, and from then on costs nothing."""

import uuid

import pytest
from django.utils import timezone

from mailer import audience, campaigns, dispatch, tasks
from mailer.models import Campaign, Message
from tests.stories import parts

IN_FLIGHT = {"claim": uuid.UUID(int=1), "worker": 1}
CAN_CHANGE = {"pending": {}, "claimed": IN_FLIGHT, "handed_over": IN_FLIGHT, "unknown": {}}

pytestmark = pytest.mark.django_db


def launched(people: int, name: str = "friends") -> Campaign:
    campaign = parts.draft(parts.list_of(people, name, name))
    campaigns.launch(campaign, parts.staff())
    return campaign


def sent(state: str, name: str = "friends", **fields) -> Campaign:
    """A campaign that is over, of three messages: one withheld, one accepted, and one like this."""
    campaign = launched(3, name)
    audience.snapshot(campaign)
    first, second, third = Message.objects.filter(campaign_id=campaign.pk).values_list(
        "address_key", flat=True
    )
    for key, become in ((first, {"state": "withheld", "reason": "opt_out"}), (second, {"state": "accepted"})):
        Message.objects.filter(address_key=key).update(**become, settled_at=timezone.now())
    Message.objects.filter(address_key=third).update(state=state, **fields)
    Campaign.objects.filter(pk=campaign.pk).update(state="sent", finished_at=timezone.now())
    campaign.refresh_from_db()
    return campaign


@pytest.mark.parametrize("state", CAN_CHANGE)
def test_nothing_is_counted_for_good_while_a_message_may_change(state):
    campaign = sent(state, **CAN_CHANGE[state])
    assert not campaigns.keep_counts()
    campaign.refresh_from_db()
    assert campaign.final_counts is None
    assert campaigns.progress(campaign).counts == {"withheld": 1, "accepted": 1, state: 1}


def test_counts_for_good_are_those_of_the_messages_and_outlive_them():
    campaign = sent("refused")
    counted = campaigns.progress(campaign)
    assert campaigns.keep_counts()
    assert not campaigns.keep_counts(), "each campaign is counted once"
    Message.objects.all().delete()
    campaign.refresh_from_db()
    kept = campaigns.progress(campaign)
    assert (kept.counts, kept.withheld) == (counted.counts, counted.withheld)
    assert kept.counts == {"withheld": 1, "accepted": 1, "refused": 1}
    assert (kept.total, kept.open, kept.rate) == (3, 0, 0)


def test_a_late_word_about_an_unknown_message_is_waited_for():
    campaign = sent("unknown")
    assert not campaigns.keep_counts()
    Message.objects.filter(state="unknown").update(state="accepted")
    assert campaigns.keep_counts()
    campaign.refresh_from_db()
    assert campaigns.progress(campaign).counts == {"withheld": 1, "accepted": 2}


def test_a_cancelled_campaign_is_counted_when_what_it_left_is_withheld():
    campaign = launched(2)
    campaigns.cancel(campaign, parts.staff())
    assert not campaigns.keep_counts(), "its audience may be being fixed at this moment"
    other = launched(2, "others")
    audience.snapshot(other)
    campaigns.cancel(other, parts.staff())
    assert not campaigns.keep_counts()
    dispatch.withhold_cancelled()
    assert campaigns.keep_counts()
    other.refresh_from_db()
    assert campaigns.progress(other).withheld == {"cancelled": 2}


def test_the_sweep_counts_old_campaigns_one_at_a_time(monkeypatch):
    monkeypatch.setattr("celery.Task.apply_async", lambda task, args: None)  # no broker is asked for anything
    old = [sent("accepted", name).pk for name in ("friends", "others")]
    for counted in (1, 2):
        tasks.sweep()
        assert Campaign.objects.filter(pk__in=old, final_counts__isnull=False).count() == counted
