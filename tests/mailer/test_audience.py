"""Who gets a campaign: everyone on its lists is accounted for, each mailbox once."""

import threading

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer import audience, suppression
from mailer.addresses import parse
from mailer.contacts import people
from mailer.models import Campaign, Contact, Evidence, MailingList, Message, Revision, Sender
from mailer.suppression import Channel, LedgerUnreadable, Reason


@pytest.fixture
def friends(db):
    return MailingList.objects.create(name="Friends", slug="friends")


@pytest.fixture
def campaign(friends):
    return campaign_for(friends)


def campaign_for(*lists):
    sender = Sender.objects.create(
        legal_name="Acme Garden LLC", trade_name="Acme Garden", from_email="a@example.org", reply_to="a@example.org",
        contact="1", line1="1450 Rose Street", city="Portland", postal_code="97201",
    )  # fmt: skip
    campaign = Campaign.objects.create(name="Spring", sender=sender, subject="Roses")
    campaign.lists.set(lists)
    return campaign


def add(list_, *addresses):
    return [people.add(parse(raw), list_, source="form", actor="user 1") for raw in addresses]


def suppress(raw, reason=Reason.OPT_OUT):
    suppression.suppress(parse(raw).mailbox_key, reason=reason, channel=Channel.STAFF, actor="user 1")


def outcome(campaign):
    """What the message rows say of each address."""
    emails = dict(Contact.objects.values_list("id", "email"))
    return {
        emails[message.contact_id]: message.reason or message.state
        for message in Message.objects.filter(campaign_id=campaign.pk)
    }


def test_everyone_on_the_lists_has_a_message_waiting(campaign, friends):
    contacts = add(friends, "ann@example.org", "ben@example.org")
    assert audience.snapshot(campaign) == {"pending": 2}
    for contact in contacts:
        message = Message.objects.get(campaign_id=campaign.pk, contact_id=contact.pk)
        assert (message.state, message.reason, message.attempts, message.claim) == ("pending", "", 0, None)
        assert bytes(message.address_key) == bytes(contact.address_key)
        assert bytes(message.mailbox_key) == bytes(contact.mailbox_key)


def test_the_campaign_and_the_evidence_say_when_and_how_many(campaign, friends):
    add(friends, "ann@example.org", "ben@example.org")
    suppress("ben@example.org")
    before = timezone.now()
    counts = audience.snapshot(campaign)
    campaign.refresh_from_db()
    assert before <= campaign.snapshot_at <= timezone.now()
    proof = Evidence.objects.get(verb="audience fixed")
    assert proof.subject == f"campaign {campaign.pk}"
    assert proof.details == {"lists": [friends.pk], "counts": counts, "kind": "commercial"}
    assert counts == {"opt_out": 1, "pending": 1}


@pytest.mark.duty("D60", "D106")
@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        ([Reason.OPT_OUT], "opt_out"),
        ([Reason.COMPLAINT], "complaint"),
        ([Reason.HARD_BOUNCE], "hard_bounce"),
        ([Reason.SOFT_BOUNCE], "soft_bounce"),
        ([Reason.SOFT_BOUNCE, Reason.HARD_BOUNCE, Reason.COMPLAINT, Reason.OPT_OUT], "opt_out"),
        ([Reason.HARD_BOUNCE, Reason.COMPLAINT], "complaint"),
        ([Reason.SOFT_BOUNCE, Reason.HARD_BOUNCE], "hard_bounce"),
    ],
)
def test_whom_the_ledger_forbids_is_withheld_with_the_strongest_reason(campaign, friends, reasons, said):
    add(friends, "ann@example.org", "ben@example.org")
    for reason in reasons:
        suppress("ann@example.org", reason)
    assert audience.snapshot(campaign) == {said: 1, "pending": 1}
    assert outcome(campaign) == {"ann@example.org": said, "ben@example.org": "pending"}
    assert Message.objects.get(reason=said).state == "withheld"


def test_a_mailbox_gets_one_message_at_the_address_known_longest(campaign, friends):
    add(friends, "ann+b@example.org", "ann@example.org", "A.n.n@gmail.com", "ann@googlemail.com")
    assert audience.snapshot(campaign) == {"pending": 2, "same_mailbox": 2}
    assert outcome(campaign) == {
        "ann+b@example.org": "pending",
        "ann@example.org": "same_mailbox",
        "A.n.n@gmail.com": "pending",
        "ann@googlemail.com": "same_mailbox",
    }


def test_who_came_back_with_one_address_is_mailed_at_that_one(campaign, friends):
    add(friends, "ann@example.org", "ann+b@example.org")
    suppress("ann@example.org")
    suppression.reinstate(parse("ann+b@example.org"), requested_at=timezone.now())
    audience.snapshot(campaign)
    assert outcome(campaign) == {"ann@example.org": "opt_out", "ann+b@example.org": "pending"}


def test_a_person_on_two_lists_gets_one_message_and_others_lists_none(friends):
    others, strangers = (MailingList.objects.create(name=n, slug=n) for n in ("others", "strangers"))
    add(friends, "ann@example.org", "ben@example.org")
    add(others, "ann@example.org", "cleo@example.org")
    add(strangers, "dan@example.org")
    campaign = campaign_for(friends, others)
    assert audience.snapshot(campaign) == {"pending": 3}
    assert set(outcome(campaign)) == {"ann@example.org", "ben@example.org", "cleo@example.org"}


def test_an_audience_is_fixed_once(campaign, friends):
    add(friends, "ann@example.org")
    first = audience.snapshot(campaign)
    fixed_at = campaign.snapshot_at
    add(friends, "ben@example.org")
    assert audience.snapshot(campaign) == first == {"pending": 1}
    campaign.refresh_from_db()
    assert campaign.snapshot_at == fixed_at
    assert Evidence.objects.filter(verb="audience fixed").count() == 1


def test_an_empty_list_has_an_empty_audience(campaign):
    assert audience.snapshot(campaign) == {}
    campaign.refresh_from_db()
    assert campaign.snapshot_at is not None


def test_with_another_address_key_no_audience_is_fixed(campaign, friends, settings):
    add(friends, "ann@example.org")
    suppress("ben@example.org")
    settings.ADDRESS_KEY = bytes(32)
    with pytest.raises(LedgerUnreadable):
        audience.snapshot(campaign)
    with pytest.raises(LedgerUnreadable):
        audience.estimate([friends])
    campaign.refresh_from_db()
    assert campaign.snapshot_at is None
    assert not Message.objects.exists()


def test_the_estimate_counts_people_and_the_messages_that_would_go_out(friends):
    others = MailingList.objects.create(name="Others", slug="others")
    add(friends, "ann@example.org", "ann+b@example.org", "ben@example.org")
    add(others, "ben@example.org", "cleo@example.org")
    suppress("cleo@example.org")
    assert audience.estimate([friends, others]) == audience.Estimate(people=4, mailable=2)
    assert audience.estimate([others]) == audience.Estimate(people=2, mailable=1)
    assert audience.estimate([]) == audience.Estimate(people=0, mailable=0)
    assert not Message.objects.exists()


@pytest.mark.parametrize("state", ["sending", "paused", "cancelled"])
@pytest.mark.parametrize("is_fixed", [True, False])
def test_the_sweep_sees_campaigns_that_go_out_without_an_audience(campaign, state, is_fixed):
    revision = Revision.objects.create(
        campaign=campaign, number=1, subject="Roses", sender_facts={}, skeleton=b"", sha256=bytes(32)
    )
    Campaign.objects.update(state=state, revision=revision, snapshot_at=timezone.now() if is_fixed else None)
    assert audience.waiting_campaigns() == ([campaign.pk] if state == "sending" and not is_fixed else [])


address = st.tuples(st.sampled_from("abc"), st.sampled_from(["", "+x", "+y"])).map(
    "{0[0]}{0[1]}@example.org".format
)
acts = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from(["friends", "others"]), address),
        st.tuples(st.just("suppress"), st.sampled_from(Reason.values), address),
        st.tuples(st.just("come back"), st.none(), address),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts)
def test_whatever_happened_before_the_sums_add_up_and_no_mailbox_gets_two(db, history):
    now = timezone.now().timestamp()
    lists = {
        name: MailingList.objects.create(name=name, slug=f"{name}-{now}") for name in ("friends", "others")
    }
    for act, what, raw in history:
        if act == "add":
            add(lists[what], raw)
        elif act == "suppress":
            suppress(raw, what)
        else:
            suppression.reinstate(parse(raw), requested_at=timezone.now())
    campaign = campaign_for(*lists.values())
    counts = audience.snapshot(campaign)
    on_lists = Contact.objects.filter(subscriptions__list__in=lists.values()).distinct()
    assert sum(counts.values()) == Message.objects.filter(campaign_id=campaign.pk).count() == on_lists.count()
    waiting = Message.objects.filter(campaign_id=campaign.pk, state="pending")
    mailboxes = [bytes(message.mailbox_key) for message in waiting]
    assert len(mailboxes) == len(set(mailboxes)) == counts.get("pending", 0)
    could = {parse(c.email).mailbox for c in on_lists if suppression.mailable(parse(c.email))}
    got = {parse(email).mailbox for email, said in outcome(campaign).items() if said == "pending"}
    assert got == could
    assert audience.estimate(lists.values()).mailable == len(could)


def test_two_workers_that_fix_the_same_audience_fix_it_once(living_database):
    friends = MailingList.objects.create(name="Friends", slug="friends")
    add(friends, *(f"person{number}@example.org" for number in range(50)))
    campaign, counts, start = campaign_for(friends), [], threading.Barrier(3)

    def run():
        start.wait(timeout=10)
        counts.append(audience.snapshot(Campaign.objects.get(pk=campaign.pk)))
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert counts == [{"pending": 50}] * 3
    assert Evidence.objects.filter(verb="audience fixed").count() == 1


def test_the_planner_knows_of_the_audience_before_the_first_message_is_claimed(living_database):
    friends = MailingList.objects.create(name="Friends", slug="friends")
    add(friends, *(f"person{number}@example.org" for number in range(300)))

    audience.snapshot(campaign_for(friends))

    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'mailer_message'")
        assert cursor.fetchone() == (300.0,)
