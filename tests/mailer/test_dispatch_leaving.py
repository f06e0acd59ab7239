"""A list that is left while its campaign goes out: nothing is handed over for it any more."""

from collections.abc import Iterator

import pytest

from mailer import audience, campaigns, dispatch
from mailer.addresses import parse
from mailer.contacts import leaving
from mailer.dispatch.claim import claim, worker_mark
from mailer.dispatch.hand_over import hand_over
from mailer.models import Campaign, Contact, MailingList, Message, Subscription
from project.inbox.server import InboxServer
from tests.stories import parts

PERSON = "person2@example.org"


@pytest.fixture
def server(living_database, settings, tmp_path) -> Iterator[InboxServer]:
    with parts.mail_server(settings, tmp_path) as inbox:
        yield inbox


@pytest.fixture
def friends(server) -> MailingList:
    return parts.list_of(3)


@pytest.fixture
def offers(server) -> MailingList:
    return MailingList.objects.create(name="Offers", slug="offers")


def sending(*lists: MailingList) -> Campaign:
    campaign = parts.draft(lists[0])
    campaign.lists.set(lists)
    campaigns.launch(campaign, parts.staff())
    audience.snapshot(campaign)
    return campaign


def leave(*lists: MailingList) -> None:
    leaving.leave(parse(PERSON).mailbox_key, lists, actor="recipient")


def put_on(there: MailingList) -> None:
    Subscription.objects.create(list=there, contact=Contact.objects.get(email=PERSON), source="event")


def test_who_left_after_the_audience_was_fixed_is_withheld_with_that_reason(server, friends):
    campaign = sending(friends)
    leave(friends)
    dispatch.run_slice(campaign.pk)
    withheld = Message.objects.get(campaign_id=campaign.pk, state="withheld")
    assert (withheld.reason, withheld.handed_over_at, withheld.sha256) == ("left_list", None, None)
    assert withheld.get_reason_display() == "No longer on the list"
    assert set(parts.recipients(server)) == {"person1@example.org", "person3@example.org"}
    assert parts.states(campaign) == {"accepted": 2, "withheld": 1}
    assert campaigns.finish(campaign.pk)


def test_a_place_that_an_import_brought_meanwhile_does_not_help(server, friends):
    campaign = sending(friends)
    leave(friends)
    put_on(friends)
    dispatch.run_slice(campaign.pk)
    assert PERSON not in parts.recipients(server)
    assert parts.states(campaign) == {"accepted": 2, "withheld": 1}


def test_who_leaves_between_claim_and_hand_over_is_not_handed_over(server, friends):
    campaign = sending(friends)
    with worker_mark() as worker:
        taken = claim(campaign, [friends.pk], worker)
        leave(friends)
        allowed, states = hand_over(campaign.pk, taken.number, taken.messages)
    assert {message.email for message in allowed} == {"person1@example.org", "person3@example.org"}
    assert states == {"handed_over": 2, "left_list": 1}
    back = Message.objects.get(campaign_id=campaign.pk, state="pending")
    assert (back.claim, back.worker, back.attempts, back.handed_over_at) == (None, None, 0, None)


def test_who_leaves_in_mid_slice_is_withheld_and_the_slice_goes_on(server, friends, monkeypatch):
    """The very moment: after the message was filled, before it is handed over."""
    campaign = sending(friends)
    fill = dispatch.run.fill

    def fill_and_leave(skeleton, recipient, **how):
        if recipient.address == PERSON and not Message.objects.filter(reason="left_list").exists():
            leave(friends)
        return fill(skeleton, recipient, **how)

    monkeypatch.setattr(dispatch.run, "fill", fill_and_leave)
    tally = dispatch.run_slice(campaign.pk)
    assert PERSON not in parts.recipients(server)
    assert parts.states(campaign) == {"accepted": 2, "withheld": 1}
    assert (tally.states["accepted"], tally.states["withheld"]) == (2, 1)


def test_who_is_on_another_list_of_the_campaign_gets_it_for_that_one(server, friends, offers):
    put_on(offers)
    campaign = sending(friends, offers)
    with worker_mark() as worker:
        taken = claim(campaign, [friends.pk, offers.pk], worker)
        leave(friends)
        hand_over(campaign.pk, taken.number, taken.messages)
        again = claim(campaign, [friends.pk, offers.pk], worker)
    assert [(message.email, message.list_slug, message.source) for message in again.messages] == [
        (PERSON, "offers", "event")
    ]
    dispatch.recover()
    dispatch.run_slice(campaign.pk)
    (got,) = [one for one in server.store.iterate() if one.rcpt_tos == (PERSON,)]
    body = parts.parsed(got).get_body(("plain",)).get_content()
    assert "because you are on the list “Offers” as somebody Acme Garden met at an event" in body
    assert "“Friends”" not in body


def test_the_ledger_and_a_cancelled_campaign_are_said_before_a_left_list(server, friends):
    campaign = sending(friends)
    with worker_mark() as worker:
        taken = claim(campaign, [friends.pk], worker)
        leave(friends)
        Campaign.objects.update(state="cancelled")
        _, states = hand_over(campaign.pk, taken.number, taken.messages)
    assert states == {"withheld": 3}
