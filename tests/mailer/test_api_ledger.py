"""Opt-outs by other programs, and what they may ask of the ledger."""

import hashlib
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from django.db import connection
from django.utils import timezone

from mailer import addresses, suppression
from mailer.contacts import people
from mailer.models import Contact, Evidence, HashedOptOut, Import, Reinstatement, Suppression
from tests.mailer.api_door import Program, codes, is_mailable, new_list, on_list, opted_out


def key(address: str) -> bytes:
    return addresses.parse(address).mailbox_key


@pytest.mark.django_db
def test_an_opt_out_is_one_entry_and_one_row_of_evidence_however_often_it_is_sent():
    program = Program("suppressions:write")
    body = {"address": "Ann@Example.org", "channel": "phone", "received_at": "2026-11-20T15:30:00+01:00"}
    answers = [program.post("/opt-outs", **body) for _ in range(3)]
    assert {(told.status, str(told.body)) for told in answers} == {(200, "{'opted_out': True}")}
    entry = Suppression.objects.get()
    assert bytes(entry.mailbox_key) == key("ann@example.org")
    assert bytes(entry.address_key) == addresses.parse("ann@example.org").address_key
    assert (entry.reason, entry.channel, entry.import_id) == ("opt_out", "phone", None)
    assert entry.received_at == datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
    row = Evidence.objects.get(verb="suppressed")
    assert (row.actor, bytes(row.mailbox_key)) == (f"API key {program.key.pk}", key("ann@example.org"))


@pytest.mark.django_db
def test_who_has_opted_out_before_and_who_has_not_are_answered_alike():
    opted_out("ann@example.org")
    program = Program("suppressions:write")
    before, new = (
        program.post("/opt-outs", address="ann@example.org"),
        program.post("/opt-outs", address="bea@example.org"),
    )
    assert (before.status, before.body) == (new.status, new.body) == (200, {"opted_out": True})


@pytest.mark.django_db
def test_an_opt_out_with_the_address_alone_counts_from_now():
    before = timezone.now()
    assert Program("suppressions:write").post("/opt-outs", address="ann@example.org").status == 200
    entry = Suppression.objects.get()
    assert entry.channel == "api"
    assert before <= entry.received_at <= timezone.now()


@pytest.mark.django_db
def test_a_clock_that_is_ahead_holds_up_no_opt_out():
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    told = Program("suppressions:write").post("/opt-outs", address="ann@example.org", received_at=tomorrow)
    assert told.status == 200
    assert Suppression.objects.get().received_at <= timezone.now()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        "5035550142@txt.att.net",
        "info@example.org",
        "ann@mailinator.com",
        "änn@example.org",
        "an\u200bn@example.org",
        "Ann <ann@example.org>",
    ],
)
def test_addresses_that_may_not_come_in_may_opt_out(address):
    assert Program("suppressions:write").post("/opt-outs", address=address).status == 200
    assert suppression.mailable(people.any_address(address)).reasons == ("opt_out",)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, ("/address", "not_understood")),
        ({"address": "ann"}, ("/address", "not_an_address")),
        ({"address": "ann@example.org", "channel": "one_click"}, ("/channel", "not_understood")),
        ({"address": "ann@example.org", "channel": "import"}, ("/channel", "not_understood")),
        ({"address": "ann@example.org", "reason": "none"}, ("/reason", "not_understood")),
        (
            {"address": "ann@example.org", "received_at": "2026-11-20T15:30:00"},
            ("/received_at", "not_understood"),
        ),
        ({"address": "ann@example.org", "received_at": 1795000000}, ("/received_at", "not_understood")),
        ({"address": "ann@example.org", "received_at": "yesterday"}, ("/received_at", "not_understood")),
    ],
)
def test_what_can_not_be_recorded_is_refused_and_nothing_is(body, wrong):
    told = Program("suppressions:write").ask("POST", "/opt-outs", body)
    assert (told.status, codes(told)) == (422, [wrong])
    assert not Suppression.objects.exists()


def test_an_opt_out_is_answered_after_its_commit_and_waits_for_a_hand_over_that_has_begun(living_database):
    """What is answered with 200 is seen by every other connection, and the answer waits for the mailbox's lock."""
    program, answers = Program("suppressions:write"), []

    def ask():
        answers.append(program.post("/opt-outs", address="ann@example.org").status)
        connection.close()

    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("BEGIN; SELECT pg_advisory_xact_lock_shared(%s, %s)", _lock("ann@example.org"))
        asking = Thread(target=ask)
        asking.start()
        asking.join(timeout=1)
        assert answers == []
        cursor.execute("COMMIT")
        asking.join(timeout=20)
        assert answers == [200]
        cursor.execute("SELECT count(*) FROM mailer_suppression")
        assert cursor.fetchone() == (1,)
    other.close()


def _lock(address: str) -> list[int]:
    from mailer import locks

    return [locks.MAILBOX, locks.mailbox_lock(key(address))]


# -- asking --------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_one_address_and_many_are_answered_like_the_ledger_itself():
    for address, reasons in {
        "ann@example.org": ["opt_out"],
        "bea@example.org": ["hard_bounce", "complaint"],
        "cid@example.org": [],
    }.items():
        for reason in reasons:
            opted_out(address, reason)
    opted_out("dan@example.org")
    dan = addresses.parse("dan@example.org")
    suppression.reinstate(dan, requested_at=timezone.now())
    asked = [
        "ann@example.org",
        "ANN+tag@example.org",
        "bea@example.org",
        "cid@example.org",
        "dan@example.org",
        "dan+x@example.org",
        "ann@example.org",
    ]
    program = Program("mailable:read")
    bulk = program.post("/mailable/bulk", addresses=asked)
    assert bulk.status == 200
    told = [
        (answer["address"], answer["mailable"], tuple(answer["reasons"])) for answer in bulk.body["answers"]
    ]
    assert told == [
        ("ann@example.org", False, ("opt_out",)),
        ("ANN+tag@example.org", False, ("opt_out",)),
        ("bea@example.org", False, ("hard_bounce", "complaint")),
        ("cid@example.org", True, ()),
        ("dan@example.org", True, ()),
        ("dan+x@example.org", False, ("opt_out",)),
        ("ann@example.org", False, ("opt_out",)),
    ]
    assert [program.post("/mailable", address=address).body for address in asked] == bulk.body["answers"]
    single = [suppression.mailable(addresses.parse(address)) for address in asked]
    assert [(bool(one), one.reasons) for one in single] == [answer[1:] for answer in told]


@pytest.mark.django_db
def test_what_is_no_address_or_only_named_by_a_digest_may_not_be_mailed_either():
    given = Import.objects.create(list=new_list(), source="migration", filename="list.csv", state="done")
    HashedOptOut.objects.create(digest=hashlib.md5(b"ann@example.org").digest(), import_id=given.pk)
    asked = ["ann@example.org", "ann", "5035550142@txt.att.net", "", "\ud800\x00"]
    told = Program("mailable:read").post("/mailable/bulk", addresses=asked[:4])
    assert [(a["mailable"], a["reasons"], bool(a["detail"])) for a in told.body["answers"]] == [
        (False, ["opt_out"], False),
        (False, ["not_an_address"], True),
        (False, ["wireless"], True),
        (False, ["no_address"], True),
    ]
    assert not Suppression.objects.exists()
    assert not Contact.objects.exists()


@pytest.mark.django_db
def test_asking_changes_nothing_and_tells_of_nobody_else():
    on_list(new_list(), "ann@example.org", "bea@example.org")
    opted_out("bea@example.org")
    before = Evidence.objects.count()
    program = Program("mailable:read")
    told = program.post("/mailable/bulk", addresses=["ann@example.org"])
    assert [answer["address"] for answer in told.body["answers"]] == ["ann@example.org"]
    assert program.post("/mailable/bulk", addresses=[]).body == {"answers": []}
    assert Evidence.objects.filter(verb__in=["suppressed", "reinstated"]).count() == 1
    assert Evidence.objects.count() == before + 1  # the key
    assert not Reinstatement.objects.exists()


@pytest.mark.django_db
def test_ten_thousand_addresses_are_answered_at_once_and_one_more_is_refused():
    for n in range(0, 100, 7):
        opted_out(f"person{n}@example.org")
    asked = [f"person{n}@example.org" for n in range(10_000)]
    program = Program("mailable:read")
    told = program.post("/mailable/bulk", addresses=asked)
    no = [answer["address"] for answer in told.body["answers"] if not answer["mailable"]]
    assert no == [f"person{n}@example.org" for n in range(0, 100, 7)]
    assert len(told.body["answers"]) == 10_000
    more = program.post("/mailable/bulk", addresses=[*asked, "x@example.org"])
    assert (more.status, codes(more)) == (422, [("/addresses", "not_understood")])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path"),
    [
        (method, path)
        for path in (
            "/opt-outs",
            "/mailable",
            "/suppressions",
            "/opt-outs/1",
            "/mailable/bulk",
            "/reinstatements",
        )
        for method in ("GET", "DELETE", "PUT", "PATCH")
    ],
)
def test_there_is_no_way_to_list_or_to_lift(method, path):
    opted_out("ann@example.org")
    told = Program().ask(method, path, {"address": "ann@example.org"} if method != "GET" else None)
    assert told.status in {404, 405}
    assert not is_mailable("ann@example.org")


@pytest.mark.django_db
def test_under_a_wrong_address_key_nothing_is_answered_but_that_the_ledger_is_unreadable(settings):
    suppression.assert_ledger()
    opted_out("ann@example.org")
    program = Program()
    suppression._sure.clear()
    settings.ADDRESS_KEY = b"another" * 8
    for path, body in {
        "/opt-outs": {"address": "ann@example.org"},
        "/mailable": {"address": "ann@example.org"},
        "/mailable/bulk": {"addresses": ["ann@example.org"]},
    }.items():
        told = program.post(path, **body)
        assert (told.status, told.problem, told.headers["Retry-After"]) == (503, "unavailable", "60")
    assert Suppression.objects.count() == 1
