"""What one worker does with one campaign: every answer of a mail server, every end of a worker."""

import io
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from mailer import audience, campaigns, dispatch, locks, suppression, tasks
from mailer.contacts import importing, voiding
from mailer.dispatch.claim import claim, worker_mark
from mailer.dispatch.hand_over import hand_over
from mailer.dispatch.settle import BACK_OFF, Result, settle
from mailer.models import Campaign, Contact, DomainPace, KillSwitch, Message, Subscription, Trouble
from project.inbox.server import Envelope, Hangup, InboxServer, Stage
from tests.stories import parts

PERSON = "person2@example.org"


@pytest.fixture
def server(living_database, settings, tmp_path) -> Iterator[InboxServer]:
    with parts.mail_server(settings, tmp_path) as inbox:
        yield inbox


@pytest.fixture
def campaign(server) -> Campaign:
    """Launched to three people, its audience fixed."""
    return sending(parts.draft(parts.list_of(3)))


def sending(draft: Campaign) -> Campaign:
    campaigns.launch(draft, parts.staff())
    audience.snapshot(draft)
    return draft


def answering(server: InboxServer, words: str, *, to: str = PERSON, at: Stage = "rcpt") -> None:
    """From now on the server says this of one recipient."""

    def reply(stage: Stage, envelope: Envelope) -> str | None:
        return words if stage == at and envelope.rcpt_tos[-1:] == [to] else None

    server._handler.reply = reply


def message_to(campaign: Campaign, email: str = PERSON) -> Message:
    contact = Contact.objects.get(email=email)
    return Message.objects.get(campaign_id=campaign.pk, contact_id=contact.pk)


def make_due(campaign: Campaign) -> None:
    """Time passes, for the message and for its domain."""
    DomainPace.objects.update(held_until=timezone.now())
    Message.objects.filter(campaign_id=campaign.pk, state="pending").update(due_at=timezone.now())


def finish(campaign: Campaign) -> str:
    campaigns.finish(campaign.pk)
    campaign.refresh_from_db()
    return campaign.state


# -- what a server says --------------------------------------------------------------------------------


def test_accepted_is_written_with_the_hash_of_the_bytes_that_were_received(server, campaign):
    import hashlib

    dispatch.run_slice(campaign.pk)
    assert parts.states(campaign) == {"accepted": 3}
    for received in server.store.iterate():
        message = message_to(campaign, received.rcpt_tos[0])
        assert bytes(message.sha256) == hashlib.sha256(received.raw).digest()
        assert (message.attempts, message.claim, message.worker) == (1, None, None)
        assert message.handed_over_at <= message.settled_at
    assert finish(campaign) == "sent"


@pytest.mark.parametrize("stage", ["rcpt", "data", "message"])
def test_refused_is_final_with_the_servers_words_and_without_the_address(server, campaign, stage):
    answering(server, f"550 5.1.1 <{PERSON.title()}>: no such user", at=stage)
    dispatch.run_slice(campaign.pk)
    refused = message_to(campaign)
    assert (refused.state, refused.detail) == ("refused", "550 5.1.1 <…>: no such user")
    assert parts.states(campaign) == {"accepted": 2, "refused": 1}
    assert finish(campaign) == "sent"


def test_put_off_waits_longer_each_time_and_is_given_up_in_the_end(server, campaign):
    answering(server, "451 4.7.1 greylisted, come back")
    for tried, wait in enumerate(BACK_OFF):
        before = timezone.now()
        dispatch.run_slice(campaign.pk)
        waiting = message_to(campaign)
        assert (waiting.state, waiting.attempts) == ("pending", tried + 1)
        assert waiting.detail == "451 4.7.1 greylisted, come back"
        late = waiting.due_at - before - timedelta(seconds=wait)
        assert timedelta(0) <= late < timedelta(seconds=30)
        assert finish(campaign) == "sending"
        make_due(campaign)
    dispatch.run_slice(campaign.pk)
    given_up = message_to(campaign)
    assert (given_up.state, given_up.reason) == ("withheld", "gave_up")
    assert parts.recipients(server) == {"person1@example.org": 1, "person3@example.org": 1}
    assert finish(campaign) == "sent"


def test_a_message_put_off_is_sent_once_when_the_server_takes_it(server, campaign):
    answering(server, "451 4.7.1 greylisted")
    dispatch.run_slice(campaign.pk)
    server._handler.reply = None
    assert dispatch.run_slice(campaign.pk).states == {}  # not due yet
    make_due(campaign)
    dispatch.run_slice(campaign.pk)
    parts.assert_accounted(campaign, server, 3)
    assert parts.states(campaign) == {"accepted": 3}


def test_a_person_who_opts_out_while_put_off_gets_nothing(server, campaign):
    answering(server, "451 4.7.1 greylisted")
    dispatch.run_slice(campaign.pk)
    server._handler.reply = None
    key = bytes(message_to(campaign).mailbox_key)
    suppression.suppress(key, reason="opt_out", channel="page", actor="recipient")
    make_due(campaign)
    dispatch.run_slice(campaign.pk)
    message = message_to(campaign)
    assert (message.state, message.reason) == ("withheld", "opt_out")
    assert PERSON not in parts.recipients(server)


@pytest.mark.duty("D126")
def test_a_connection_cut_before_the_answer_leaves_one_message_unknown_and_it_is_never_sent_again(
    server, campaign
):
    def keep_and_hang_up(stage: Stage, envelope: Envelope) -> None:
        if stage == "message" and envelope.rcpt_tos == [PERSON]:
            raise Hangup(kept=True)

    server._handler.reply = keep_and_hang_up
    for _ in range(3):
        dispatch.run_slice(campaign.pk)
        make_due(campaign)
    parts.assert_accounted(campaign, server, 3)
    assert parts.states(campaign) == {"accepted": 2, "unknown": 1}
    assert message_to(campaign).state == "unknown"
    assert finish(campaign) == "sent"


def test_an_objection_to_the_sender_pauses_the_campaign_and_costs_no_recipient_anything(server, campaign):
    server._handler.reply = lambda stage, _: "550 5.7.1 sender not allowed" if stage == "mail" else None
    tasks.send_slice()
    campaign.refresh_from_db()
    assert campaign.state == "paused"
    assert "sender not allowed" in campaign.pause_reason
    assert parts.states(campaign) == {"pending": 3}


def test_a_server_that_is_away_is_told_in_words_and_nothing_is_claimed_or_counted_as_a_try(server, campaign):
    server.stop()
    assert dispatch.run_slice(campaign.pk).states == {}
    trouble = Trouble.objects.get(about="transport")
    assert f"127.0.0.1:{server.port}" in trouble.words
    assert "Sending goes on by itself" in trouble.words
    assert list(Message.objects.values_list("state", "attempts").distinct()) == [("pending", 0)]
    Trouble.objects.update(again_at=timezone.now())
    dispatch.run_slice(campaign.pk)
    assert Trouble.objects.get().since == trouble.since
    server.start()
    Trouble.objects.update(again_at=timezone.now())
    dispatch.run_slice(campaign.pk)
    assert parts.states(campaign) == {"accepted": 3}
    assert not Trouble.objects.exists()


# -- people who left -----------------------------------------------------------------------------------


def test_whom_a_mistaken_import_brought_gets_nothing_more_once_it_is_taken_back(server, data_dir):
    list_ = parts.list_of(2)
    import_ = importing.begin(
        io.BytesIO(b"email\nmistaken@example.org\n"), list=list_, source="event", filename="wrong.csv"
    )
    importing.run(import_)
    campaign = sending(parts.draft(list_))
    voiding.void(import_, reason="The file was of the wrong shop.", actor="user 1")
    dispatch.run_slice(campaign.pk)
    assert campaigns.progress(campaign).withheld == {"no_contact": 1}
    assert {tuple(received.rcpt_tos) for received in server.store.iterate()} == {
        ("person1@example.org",),
        ("person2@example.org",),
    }


def test_who_was_deleted_or_left_the_list_meanwhile_is_withheld_and_counted(server, campaign):
    Contact.objects.get(email="person1@example.org").delete()
    Subscription.objects.filter(contact__email=PERSON).delete()
    dispatch.run_slice(campaign.pk)
    assert campaigns.progress(campaign).withheld == {"no_contact": 1, "left_list": 1}
    assert parts.recipients(server) == {"person3@example.org": 1}
    assert finish(campaign) == "sent"


# -- doubt about a right: nothing is sent --------------------------------------------------------------


@pytest.mark.duty("D125", "D127")
def test_the_kill_switch_holds_everything_back_and_so_does_its_missing_row(server, campaign):
    campaigns.stop_all(parts.staff(), "something is wrong")
    dispatch.run_slice(campaign.pk)
    campaigns.allow_all(parts.staff())
    KillSwitch.objects.all().delete()
    dispatch.run_slice(campaign.pk)
    assert server.store.count() == 0
    assert list(Message.objects.values_list("state", "claim", "attempts").distinct()) == [
        ("pending", None, 0)
    ]


def test_another_address_key_pauses_the_campaign_in_words_and_sends_nothing(server, campaign, settings):
    settings.ADDRESS_KEY = b"another key, by a mistake, of 32"
    tasks.send_slice()
    campaign.refresh_from_db()
    assert campaign.state == "paused"
    assert "Set ADDRESS_KEY back" in campaign.pause_reason
    with pytest.raises(suppression.LedgerUnreadable), worker_mark() as worker:
        taken = claim(campaign, [], worker)
        hand_over(campaign.pk, taken.number, taken.messages)
    assert server.store.count() == 0


def test_another_address_key_fixes_no_audience(server, settings):
    campaign = parts.draft(parts.list_of(3))
    campaigns.launch(campaign, parts.staff())
    suppression.assert_ledger()
    settings.ADDRESS_KEY = b"another key, by a mistake, of 32"
    tasks.snapshot(campaign.pk)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.snapshot_at) == ("paused", None)
    assert "ADDRESS_KEY" in campaign.pause_reason
    assert not Message.objects.exists()


def test_frozen_bytes_refuse_to_be_changed(server, campaign):
    with pytest.raises(IntegrityError), transaction.atomic():
        campaign.revisions.update(skeleton=b"other bytes")


@pytest.mark.duty("D127")
@pytest.mark.parametrize("consistently", [False, True])
def test_tampered_bytes_pause_the_campaign_in_words_and_nothing_is_sent(server, campaign, consistently):
    """By somebody who owns the tables and has taken the trigger off."""
    import hashlib

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE mailer_revision DISABLE TRIGGER never_changed")
    campaign.revisions.update(skeleton=b"other bytes")
    if consistently:
        campaign.revisions.update(sha256=hashlib.sha256(b"other bytes").digest())
    tasks.send_slice()
    campaign.refresh_from_db()
    assert campaign.state == "paused"
    assert ("Launch again" if consistently else "no longer what it was") in campaign.pause_reason
    assert server.store.count() == 0


@pytest.mark.parametrize("what", ["identity", "address"])
def test_an_attestation_withdrawn_after_launch_pauses_the_campaign(server, campaign, what):
    type(campaign.sender).objects.update(**{f"{what}_attested_by": None, f"{what}_attested_at": None})
    tasks.send_slice()
    campaign.refresh_from_db()
    assert campaign.state == "paused"
    assert campaign.pause_reason
    assert server.store.count() == 0
    assert parts.states(campaign) == {"pending": 3}


# -- recovery ------------------------------------------------------------------------------------------


def test_recovery_leaves_a_living_workers_messages_alone_and_brings_back_a_dead_ones(server, campaign):
    with worker_mark() as worker:
        taken = claim(campaign, list(campaign.lists.values_list("id", flat=True)), worker)
        hand_over(campaign.pk, taken.number, taken.messages[:1])
        assert parts.on_its_own_connection(dispatch.recover) == dispatch.Recovered(0, 0)
        assert parts.states(campaign) == {"claimed": 2, "handed_over": 1}
    assert parts.on_its_own_connection(dispatch.recover) == dispatch.Recovered(returned=2, unknown=1)
    assert parts.states(campaign) == {"pending": 2, "unknown": 1}
    assert dispatch.recover() == dispatch.Recovered(0, 0)
    assert list(
        Message.objects.filter(state="pending").values_list("claim", "worker", "attempts").distinct()
    ) == [(None, None, 0)]


@pytest.mark.parametrize("word", ["accepted", "refused"])
def test_a_late_word_of_the_server_ends_doubt_by_its_own_claim_alone(server, campaign, word):
    with worker_mark() as worker:
        taken = claim(campaign, list(campaign.lists.values_list("id", flat=True)), worker)
        (message,) = hand_over(campaign.pk, taken.number, taken.messages[:1])[0]
    dispatch.recover()
    result = Result(bytes(message.address_key), word, detail="250 OK")
    assert settle(campaign.pk, uuid4(), [result]) == 0
    later = Result(bytes(message.address_key), "pending", wait=1)
    assert settle(campaign.pk, taken.number, [later]) == 0, "what is unknown is never sent again by itself"
    assert parts.states(campaign)["unknown"] == 1
    assert settle(campaign.pk, taken.number, [result]) == 1
    assert parts.states(campaign) == {"pending": 2, word: 1}
    assert settle(campaign.pk, taken.number, [result]) == 0


def test_a_claim_that_was_given_to_another_worker_can_no_longer_be_handed_over(server, campaign):
    lists = list(campaign.lists.values_list("id", flat=True))
    with worker_mark() as cut_off:
        old = claim(campaign, lists, cut_off)
    dispatch.recover()
    with worker_mark() as next_worker:
        new = claim(campaign, lists, next_worker)
        assert hand_over(campaign.pk, old.number, old.messages) == ([], {})
        assert len(hand_over(campaign.pk, new.number, new.messages)[0]) == 3


def test_no_more_processes_than_slots_send_at_once(server, campaign, settings):
    assert settings.SENDING_WORKERS == dispatch.free_slots() == 2
    with parts.elsewhere(locks.held, locks.SLOT, 0):
        assert dispatch.free_slots() == 1
        with parts.elsewhere(locks.held, locks.SLOT, 1):
            assert dispatch.free_slots() == 0
            assert dispatch.run_slice().states == {}
    assert server.store.count() == 0
