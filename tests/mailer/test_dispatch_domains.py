"""Mail domains with a pace of their own: a cap, and patience with those that put us off."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from mailer import addresses, audience, campaigns, dispatch
from mailer.dispatch import domains, waiting
from mailer.dispatch.claim import Claimed
from mailer.models import Campaign, Contact, DomainPace, Message, Subscription
from project.inbox.server import Envelope, InboxServer, Stage
from tests.mailer.admin_door import signed_in
from tests.stories import parts


def claimed(number: int, domain: str = "busy.example") -> list[Claimed]:
    return [
        Claimed(bytes([n]) * 16, b"m" * 16, 0, f"p{n}@{domain}", None, None, None, None, None, None)
        for n in range(number)
    ]


def put_off(number: int = 1, *, asked: domains.Asked = domains.Asked([], [])) -> None:  # noqa: B008  frozen
    domains.learn(asked, set(), {"busy.example": ["451 4.7.1 later"] * number})


def hold_is_over() -> None:
    DomainPace.objects.update(held_until=timezone.now())


def held_for() -> float:
    return (DomainPace.objects.get().held_until - timezone.now()).total_seconds()


@pytest.mark.django_db
def test_a_domain_without_a_pace_of_its_own_is_asked_nothing():
    messages = claimed(3)
    assert domains.ask(messages) == domains.Asked(messages, [])


@pytest.mark.django_db
def test_a_cap_lets_some_go_and_lines_up_the_rest_behind_those_who_wait():
    DomainPace.objects.create(domain="busy.example", per_second=10, tokens=2)
    others = claimed(2, "other.example")
    asked = domains.ask(claimed(7) + others)
    assert [message.email for message in asked.going] == [
        "p0@busy.example", "p1@busy.example", *(message.email for message in others)
    ]  # fmt: skip
    waits = [result.wait for result in asked.put_off]
    assert waits == pytest.approx([0, 0.1, 0.2, 0.3, 0.4], abs=0.1)
    again = [result.wait for result in domains.ask(claimed(4)).put_off]
    assert again[0] == pytest.approx(0.5, abs=0.2)
    assert {(result.state, result.reason) for result in asked.put_off} == {("pending", "")}


@pytest.mark.django_db
def test_three_deferrals_in_a_row_hold_a_domain_for_longer_each_time_until_one_gets_through():
    put_off(2)
    assert len(domains.ask(claimed(5)).going) == 5
    put_off()
    for seconds in (*domains.HOLDS, domains.HOLDS[-1]):
        assert seconds - 5 < held_for() <= seconds
        asked = domains.ask(claimed(5))
        assert (len(asked.going), len(asked.put_off)) == (0, 5)
        assert seconds - 5 < asked.put_off[0].wait <= seconds
        put_off()  # of a connection that had begun before: no reason to wait longer
        assert held_for() <= seconds
        hold_is_over()
        trying = domains.ask(claimed(5))
        assert len(trying.going) == 1
        assert len(domains.ask(claimed(5)).going) == 0  # one tries, the others wait for its answer
        put_off(asked=trying)
    hold_is_over()
    domains.learn(domains.ask(claimed(1)), {"busy.example"}, {})
    assert not DomainPace.objects.exists()
    assert len(domains.ask(claimed(5)).going) == 5


@pytest.mark.django_db
def test_where_others_got_through_only_the_mailbox_was_meant():
    for _ in range(5):
        domains.learn(domains.Asked([], []), {"busy.example"}, {"busy.example": ["451 later"] * 3})
    assert not DomainPace.objects.exists()


@pytest.mark.django_db
def test_an_operators_cap_outlives_the_hold_and_the_rest_is_forgotten_after_a_day():
    DomainPace.objects.create(domain="busy.example", per_second=10)
    put_off(3)
    assert waiting.warnings() == [
        "Mail to some domains goes slower, because their servers keep putting it off: busy.example said “451 4.7.1 "
        "later”. It is tried again by itself; each message that is put off too often is counted as withheld."
    ]
    hold_is_over()
    domains.learn(domains.ask(claimed(1)), {"busy.example"}, {})
    kept = DomainPace.objects.get()
    assert (kept.per_second, kept.deferrals, kept.holds, kept.held_until, kept.words) == (10, 0, 0, None, "")
    assert waiting.warnings() == []
    DomainPace.objects.create(domain="old.example", deferrals=2)
    DomainPace.objects.update(counted_at=timezone.now() - timedelta(days=2))
    domains.forget_old()
    assert [row.domain for row in DomainPace.objects.all()] == ["busy.example"]


@pytest.mark.django_db
def test_an_operator_caps_a_domain_and_nought_is_refused_in_words():
    door = signed_in("Operator")
    refused = door.post("/admin/mailer/domainpace/add/", {"domain": "busy.example", "per_second": "0"})
    assert "0 would stop all of it" in refused.content.decode()
    refused = door.post("/admin/mailer/domainpace/add/", {"domain": "no domain", "per_second": "5"})
    assert "Write a domain such as example.com" in refused.content.decode()
    door.post("/admin/mailer/domainpace/add/", {"domain": "@Busy.Example", "per_second": "5"})
    assert list(DomainPace.objects.values_list("domain", "per_second")) == [("busy.example", 5)]
    assert "5 a second" in door.get("/admin/mailer/domainpace/").content.decode()
    assert signed_in("Marketer").get("/admin/mailer/domainpace/").status_code == 403


# -- with a server -------------------------------------------------------------------------------------


@pytest.fixture
def server(living_database, settings, tmp_path) -> Iterator[InboxServer]:
    with parts.mail_server(settings, tmp_path) as inbox:
        yield inbox


def sending_to(*emails: str) -> Campaign:
    there = parts.list_of(0)
    for email in emails:
        address = addresses.parse(email)
        contact = Contact.objects.create(
            email=address.text, address_key=address.address_key, mailbox_key=address.mailbox_key
        )
        Subscription.objects.create(contact=contact, list=there, source="customer")
    campaign = parts.draft(there)
    campaigns.launch(campaign, parts.staff())
    audience.snapshot(campaign)
    return campaign


@pytest.mark.parametrize("words", ["451 4.7.1 too much mail", "421 4.7.0 try later", "450 busy"])
def test_a_busy_domain_is_held_and_others_go_on_and_its_messages_are_sent_once_when_it_takes_them(
    server, settings, words
):
    def busy(stage: Stage, envelope: Envelope) -> str | None:
        is_busy = stage == "rcpt" and envelope.rcpt_tos[-1].endswith("@busy.example")
        return words if is_busy else None

    server._handler.reply = busy
    campaign = sending_to(*[f"p{n}@busy.example" for n in range(6)], "ada@other.example")
    dispatch.run_slice()
    assert parts.states(campaign) == {"pending": 6, "accepted": 1}
    assert DomainPace.objects.get().holds == 1
    assert Message.objects.filter(attempts=1).count() == 7
    Message.objects.filter(state="pending").update(due_at=timezone.now())
    dispatch.run_slice()  # held: nobody is asked, and it counts as no try
    assert set(Message.objects.values_list("attempts", flat=True)) == {1}
    server._handler.reply = None
    hold_is_over()
    for _ in range(3):
        Message.objects.filter(state="pending").update(due_at=timezone.now())
        dispatch.run_slice()
    assert parts.states(campaign) == {"accepted": 7}
    parts.assert_accounted(campaign, server, 7)
    assert not DomainPace.objects.exists()


@pytest.mark.parametrize("words", ["452 4.2.2 mailbox full", "450 4.1.1 unknown just now"])
def test_what_is_about_a_mailbox_slows_no_domain(server, words):
    server._handler.reply = lambda stage, envelope: words if stage == "rcpt" else None
    campaign = sending_to(*[f"p{n}@busy.example" for n in range(4)])
    dispatch.run_slice()
    assert parts.states(campaign) == {"pending": 4}
    assert not DomainPace.objects.exists()
