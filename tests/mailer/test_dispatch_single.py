"""Tests to staff, and the mail by which a person comes back: one message each, by the same hand-over."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from mailer import addresses, campaigns, dispatch, locks, suppression, tasks, tokens
from mailer.models import Campaign, Contact, Evidence, Sender, TestAddress, TestSend, WayBack
from project.inbox.server import InboxServer
from tests.stories import parts

LEE, DANA = "lee@example.org", "person1@example.org"


@pytest.fixture
def server(living_database, settings, tmp_path) -> Iterator[InboxServer]:
    with parts.mail_server(settings, tmp_path) as inbox:
        yield inbox


@pytest.fixture
def campaign(server) -> Campaign:
    return parts.draft(parts.list_of(1))


def asked(campaign: Campaign, email: str = LEE) -> TestSend:
    return campaigns.request_test(campaign, email, parts.staff())


def sent(test: TestSend) -> TestSend:
    tasks.send_tests()
    test.refresh_from_db()
    return test


def opt_out(email: str) -> None:
    key = addresses.parse(email).mailbox_key
    suppression.suppress(key, reason="opt_out", channel="page", actor="recipient")


# -- tests ---------------------------------------------------------------------------------------------


def test_a_test_goes_to_ones_own_address_once_and_its_link_says_that_it_is_one(server, campaign):
    test = sent(asked(campaign))
    tasks.send_tests()
    assert (test.state, test.detail[:3]) == ("accepted", "250")
    (received,) = server.store.iterate()
    assert received.rcpt_tos == (LEE,)
    token = tokens.read(parts.link_in(received).rpartition("/")[2])
    assert token == tokens.OptOutToken(addresses.parse(LEE).mailbox_key, campaign.pk, is_test=True)
    assert parts.parsed(received)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "Advertisement · Acme Garden" in received.raw.decode("ascii").replace("=C2=B7", "·")
    asked_for = Evidence.objects.get(verb="asked for a test")
    assert (asked_for.actor, asked_for.subject) == (f"user {parts.staff().pk}", f"campaign {campaign.pk}")
    assert LEE not in str(asked_for.details)


def test_two_tests_have_two_message_ids(server, campaign):
    sent(asked(campaign))
    sent(asked(campaign))
    assert len({parts.parsed(one)["Message-ID"] for one in server.store.iterate()}) == 2


def test_a_test_goes_to_a_registered_address_and_to_nobody_else(server, campaign):
    with pytest.raises(campaigns.CampaignRefused, match="your own address or to a registered test address"):
        asked(campaign, DANA)
    assert not TestSend.objects.exists()
    TestAddress.objects.create(email="phone@example.org", whose="the phone on the desk")
    assert sent(asked(campaign, "phone@example.org")).state == "accepted"
    assert parts.recipients(server) == {"phone@example.org": 1}


def test_the_gate_refuses_a_test_of_what_could_not_go_out(server, campaign):
    Sender.objects.update(address_attested_by=None, address_attested_at=None)
    campaign.refresh_from_db()
    with pytest.raises(campaigns.CampaignRefused) as refused:
        asked(Campaign.objects.get(pk=campaign.pk))
    assert refused.value.findings
    assert not TestSend.objects.exists()


def test_the_gate_is_asked_again_when_the_test_goes_out(server, campaign):
    test = asked(campaign)
    Sender.objects.update(address_attested_by=None, address_attested_at=None)
    assert sent(test).state == "withheld"
    assert test.detail
    assert server.store.count() == 0


def test_staff_who_opted_out_get_no_tests_either(server, campaign):
    opt_out(LEE)
    test = sent(asked(campaign))
    assert (test.state, "opted out" in test.detail) == ("withheld", True)
    assert server.store.count() == 0


def test_the_kill_switch_stops_tests_too(server, campaign):
    campaigns.stop_all(parts.staff(), "something is wrong")
    test = sent(asked(campaign))
    assert (test.state, "kill switch" in test.detail) == ("withheld", True)
    assert server.store.count() == 0


@pytest.mark.parametrize("code", ["550 5.1.1", "451 4.7.1"])
def test_what_the_server_says_against_a_test_is_shown_without_the_address(server, campaign, code):
    server._handler.reply = lambda stage, _: f"{code} <{LEE}> not now" if stage == "rcpt" else None
    test = sent(asked(campaign))
    assert (test.state, test.detail) == ("refused", f"{code} <…> not now")


def test_a_server_that_is_away_is_shown_and_the_test_is_not_tried_for_ever(server, campaign):
    server.stop()
    test = sent(asked(campaign))
    server.start()
    assert (test.state, "can't be used" in test.detail) == ("refused", True)
    tasks.send_tests()
    assert server.store.count() == 0


def test_one_test_that_cannot_be_filled_holds_up_no_other(server, campaign):
    damaged, good = asked(campaign), asked(campaign)
    TestSend.objects.filter(pk=damaged.pk).update(skeleton=b"not a skeleton")
    assert (sent(damaged).state, sent(good).state) == ("withheld", "accepted")
    assert damaged.detail


def test_a_test_whose_worker_died_after_hand_over_becomes_unknown_and_one_in_hand_stays(server, campaign):
    test = asked(campaign)
    TestSend.objects.update(state="handed_over")
    with parts.elsewhere(locks.held, locks.TEST, test.pk):
        dispatch.recover()
        assert TestSend.objects.get().state == "handed_over"
    dispatch.recover()
    assert TestSend.objects.get().state == "unknown"
    assert sent(test).state == "unknown"
    assert server.store.count() == 0


# -- the way back --------------------------------------------------------------------------------------


@pytest.fixture
def way_back(server, campaign) -> WayBack:
    opt_out(DANA)
    contact = Contact.objects.get(email=DANA)
    return WayBack.objects.create(mailbox_key=contact.mailbox_key, contact_id=contact.pk)


def test_who_asked_for_the_way_back_gets_one_mail_without_advertising(server, way_back):
    tasks.send_ways_back()
    tasks.send_ways_back()
    (received,) = server.store.iterate()
    assert received.rcpt_tos == (DANA,)
    message = parts.parsed(received)
    words = message.get_content()
    assert "1450 Rose Street" in words
    assert "Advertisement" not in words
    assert message["List-Unsubscribe"] is None
    link = next(word for word in words.split() if "/u/back/" in word)
    assert tokens.read_way_back(link.rpartition("/")[2]) == way_back.pk
    way_back.refresh_from_db()
    assert way_back.handed_over_at <= way_back.settled_at


def test_the_kill_switch_stops_the_way_back_and_it_goes_out_afterwards(server, way_back):
    campaigns.stop_all(parts.staff(), "something is wrong")
    tasks.send_ways_back()
    assert server.store.count() == 0
    campaigns.allow_all(parts.staff())
    tasks.send_ways_back()
    assert server.store.count() == 1


def test_the_way_back_is_tried_again_when_the_server_is_back_and_only_then(server, way_back):
    server._handler.reply = lambda stage, _: "451 4.7.1 later" if stage == "rcpt" else None
    tasks.send_ways_back()
    assert dispatch.waiting_ways_back() == [way_back.pk]
    server._handler.reply = None
    tasks.send_ways_back()
    assert (server.store.count(), dispatch.waiting_ways_back()) == (1, [])


def test_nobody_is_written_to_when_the_contact_is_gone(server, way_back):
    Contact.objects.all().delete()
    tasks.send_ways_back()
    way_back.refresh_from_db()
    assert (server.store.count(), way_back.settled_at is not None) == (0, True)
    assert way_back.requested_at <= timezone.now()
