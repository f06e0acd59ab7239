"""The ledger: an opt-out is for ever, outlives everything, and only its owner's opt-in lifts it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from mailer import suppression
from mailer.addresses import parse
from mailer.contacts import people
from mailer.models import Contact, Evidence, KeyCanary, MailingList, Reinstatement, Suppression
from mailer.suppression import Channel, LedgerUnreadable, Reason, Status, mailable, reinstate, suppress

pytestmark = pytest.mark.django_db

ANN = parse("ann@example.org")
ANN_TAGGED = parse("Ann+shop@example.org")
BEN = parse("ben@example.org")


def opt_out(address, **kwargs):
    given = {"reason": Reason.OPT_OUT, "channel": Channel.PHONE, "actor": "user 1", **kwargs}
    return suppress(address.mailbox_key, address_key=address.address_key, **given)


def come_back(address):
    return reinstate(address, requested_at=timezone.now())


@pytest.mark.duty("D8", "D65")
def test_an_opt_out_forbids_every_address_of_the_mailbox_and_no_other():
    assert opt_out(ANN)
    assert mailable(ANN).reasons == ("opt_out",)
    assert not mailable(ANN_TAGGED)
    assert mailable(BEN)
    assert mailable(BEN).reasons == ()


def test_a_repeat_is_harmless_and_adds_nothing():
    assert opt_out(ANN)
    assert not opt_out(ANN)
    assert not opt_out(ANN_TAGGED, channel=Channel.ONE_CLICK)
    assert Suppression.objects.count() == 1
    assert Evidence.objects.filter(verb="suppressed").count() == 1


def test_every_reason_is_kept_oldest_first():
    for reason in (Reason.SOFT_BOUNCE, Reason.HARD_BOUNCE, Reason.OPT_OUT, Reason.COMPLAINT):
        assert opt_out(ANN, reason=reason)
    assert mailable(ANN).reasons == ("soft_bounce", "hard_bounce", "opt_out", "complaint")


def test_the_entry_says_when_we_were_told_and_the_evidence_names_nobody():
    told = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    opt_out(ANN, received_at=told, campaign=12)
    entry = Suppression.objects.get()
    assert (entry.received_at, entry.channel, entry.campaign_number) == (told, "phone", 12)
    assert bytes(entry.mailbox_key) == ANN.mailbox_key
    assert bytes(entry.address_key) == ANN.address_key
    proof = Evidence.objects.get()
    assert (proof.verb, proof.actor, proof.subject) == ("suppressed", "user 1", "")
    assert bytes(proof.mailbox_key) == ANN.mailbox_key
    assert proof.details["entry"] == entry.pk
    assert proof.details["reason"] == "opt_out"
    assert proof.details["channel"] == "phone"
    assert proof.details["campaign"] == 12
    assert datetime.fromisoformat(proof.details["received_at"]) == told
    assert "@" not in str(proof.details)


def test_the_question_in_sql_has_the_same_answers():
    friends = MailingList.objects.create(name="Friends", slug="friends")
    for address in (ANN, ANN_TAGGED, BEN):
        people.add(address, friends, source="form", actor="user 1")
    opt_out(ANN)
    come_back(ANN_TAGGED)
    expected = {address.text for address in (ANN, ANN_TAGGED, BEN) if mailable(address)}
    assert expected == {ANN_TAGGED.text, BEN.text}
    for question, answer in (("mailable_sql", expected), ("forbidden_sql", {ANN.text})):
        condition = getattr(suppression, question)("contact")
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT email FROM mailer_contact AS contact WHERE {condition}")
            assert {email for (email,) in cursor.fetchall()} == answer


# -- for ever ------------------------------------------------------------------------------------------


@pytest.mark.duty("D64")
def test_an_opt_out_outlives_contact_and_list_and_greets_the_person_who_is_added_again():
    friends = MailingList.objects.create(name="Friends", slug="friends")
    people.add(ANN, friends, source="form", actor="user 1")
    opt_out(ANN)
    Contact.objects.all().delete()
    friends.delete()
    assert mailable(ANN).reasons == ("opt_out",)
    others = MailingList.objects.create(name="Others", slug="others")
    people.add(ANN_TAGGED, others, source="customer", actor="user 1")
    assert mailable(ANN_TAGGED).reasons == ("opt_out",)


def test_rotating_the_link_keys_leaves_the_ledger_alone(settings):
    opt_out(ANN)
    settings.LINK_KEYS = {9: bytes(32)}
    settings.SECRET_KEY = "another" * 10
    assert mailable(ANN).reasons == ("opt_out",)


@pytest.mark.duty("D58")
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE {table} SET id = id",
        "UPDATE {table} SET id = id + 1000",
        "DELETE FROM {table}",
        "TRUNCATE {table}",
        "TRUNCATE {table} CASCADE",
    ],
)
@pytest.mark.parametrize(
    "table", ["mailer_suppression", "mailer_reinstatement", "mailer_evidence", "mailer_keycanary"]
)
def test_the_database_refuses_to_change_or_remove_what_was_recorded(table, change):
    opt_out(ANN)
    come_back(ANN)
    with (
        pytest.raises(IntegrityError, match="only ever added"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change.format(table=table))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone()[0] >= 1


@pytest.mark.parametrize("model", [Suppression, Reinstatement, Evidence, KeyCanary])
def test_the_orm_is_refused_too(model):
    opt_out(ANN)
    come_back(ANN)
    row = model.objects.first()
    with pytest.raises(IntegrityError), transaction.atomic():
        row.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


# -- the way back --------------------------------------------------------------------------------------


def test_coming_back_lifts_what_stood_for_the_exact_address_only():
    opt_out(ANN)
    opt_out(ANN, reason=Reason.HARD_BOUNCE)
    assert come_back(ANN_TAGGED)
    assert mailable(ANN_TAGGED)
    assert mailable(ANN).reasons == ("opt_out", "hard_bounce")
    proof = Evidence.objects.get(verb="reinstated")
    assert proof.actor == "recipient"
    assert bytes(proof.mailbox_key) == ANN.mailbox_key


@pytest.mark.duty("D63")
def test_an_opt_out_after_coming_back_counts_again():
    opt_out(ANN)
    come_back(ANN)
    assert opt_out(ANN)
    assert mailable(ANN).reasons == ("opt_out",)
    assert come_back(ANN)
    assert mailable(ANN)


def test_coming_back_lifts_by_order_of_entry_whatever_the_clock_says():
    opt_out(ANN)
    come_back(ANN)
    opt_out(ANN, received_at=timezone.now() - timedelta(days=3650))
    assert mailable(ANN).reasons == ("opt_out",)


def test_who_has_not_left_needs_no_way_back():
    assert not come_back(ANN)
    opt_out(ANN)
    assert come_back(ANN)
    assert not come_back(ANN)
    assert Reinstatement.objects.count() == 1


@pytest.mark.duty("D63")
def test_the_rooms_offer_no_fourth_verb():
    """Enter, lift for the owner alone, and void a mistaken import: nothing else in the ledger's room writes."""
    verbs = {
        name
        for name, value in vars(suppression).items()
        if callable(value) and getattr(value, "__module__", "") == "mailer.suppression" and name[0].islower()
    }
    writing = {"suppress", "suppress_many", "reinstate", "void"}
    asking = {
        "mailable",
        "mailable_many",
        "has_opted_out",
        "mailable_sql",
        "forbidden_sql",
        "standing_reason_sql",
        "unvoided",
        "assert_ledger",
    }
    assert verbs == writing | asking


# -- many at once --------------------------------------------------------------------------------------


def test_a_files_statuses_are_entered_once_each_with_their_import():
    opt_out(BEN)
    statuses = [
        Status(ANN, Reason.OPT_OUT),
        Status(ANN_TAGGED, Reason.OPT_OUT),
        Status(ANN, Reason.HARD_BOUNCE),
        Status(BEN, Reason.OPT_OUT),
    ]
    assert suppression.suppress_many(statuses, import_id=7, actor="user 1") == 2
    assert suppression.suppress_many(statuses, import_id=8, actor="user 1") == 2
    assert set(mailable(ANN).reasons) == {"opt_out", "hard_bounce"}
    assert mailable(BEN).reasons == ("opt_out",)
    assert set(Suppression.objects.filter(import_id=7).values_list("channel", flat=True)) == {"import"}
    proof = Evidence.objects.filter(verb="suppressed from import").order_by("id")
    assert [(row.subject, row.details) for row in proof] == [
        ("import 7", {"given": 4, "new": 2}),
        ("import 8", {"given": 4, "new": 2}),  # each file's own word, so that voiding one leaves the other
    ]


def test_a_files_statuses_count_again_for_who_came_back():
    opt_out(ANN)
    come_back(ANN)
    assert suppression.suppress_many([Status(ANN, Reason.OPT_OUT)], import_id=7, actor="user 1") == 1
    assert not mailable(ANN)


# -- the key -------------------------------------------------------------------------------------------


@pytest.mark.duty("D123", "D127")
def test_with_another_key_the_ledger_is_unreadable_and_nothing_is_mailable(settings):
    opt_out(ANN)
    settings.ADDRESS_KEY = bytes(32)
    ann, ben = parse("ann@example.org"), parse("ben@example.org")
    for ask in (
        lambda: mailable(ann),
        lambda: mailable(ben),
        lambda: opt_out(ann),
        lambda: come_back(ann),
        lambda: suppression.suppress_many([Status(ann, Reason.OPT_OUT)], import_id=1, actor="user 1"),
    ):
        with pytest.raises(LedgerUnreadable, match="Set ADDRESS_KEY back to its first value"):
            ask()
    assert Suppression.objects.count() == 1


@pytest.mark.django_db
def test_only_the_owner_s_own_word_is_an_opt_out_and_it_is_told_by_exact_address():
    dana, other = parse("dana@example.org"), parse("dana+other@example.org")
    for reason in ("hard_bounce", "soft_bounce"):
        suppression.suppress(dana.mailbox_key, reason=reason, channel="esp", actor="worker")
    assert not suppression.has_opted_out(dana.mailbox_key)
    for reason in ("complaint", "opt_out"):
        suppression.suppress(dana.mailbox_key, reason=reason, channel="page", actor="recipient")
        assert suppression.has_opted_out(dana.mailbox_key)
        suppression.reinstate(dana, requested_at=timezone.now())
        assert not suppression.has_opted_out(dana.mailbox_key, dana.address_key)
        assert suppression.has_opted_out(dana.mailbox_key, other.address_key)
        assert not suppression.has_opted_out(dana.mailbox_key)
