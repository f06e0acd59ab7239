"""Nothing is kept longer than the register says, and a legal hold stops that (GDPR 5(1)(e), 17(3)(e))."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mailer import addresses, locks, suppression, tasks
from mailer.models import (
    Campaign,
    Contact,
    DataLink,
    DataRequest,
    EarlierAttempt,
    Evidence,
    HashedOptOut,
    Import,
    LegalHold,
    MailingList,
    Message,
    RefusedRow,
    Report,
    SignUp,
    SignUpForm,
    Subscription,
    Suppression,
    TestSend,
    WayBack,
)
from mailer.privacy import erasure, holds, retention
from mailer.privacy.register import KEPT
from project.celery import app
from tests.mailer import recipients
from tests.mailer.admin_door import member, new_sender, said, signed_in
from tests.mailer.joining_forms import new_form
from tests.stories import parts

NOW = datetime(2026, 11, 30, 3, 17, tzinfo=UTC)
DANA = addresses.parse("dana@example.org")
KEY = {"mailbox_key": DANA.mailbox_key}


@pytest.fixture(autouse=True)
def _database(request: pytest.FixtureRequest) -> None:
    if "living_database" not in request.fixturenames:
        request.getfixturevalue("db")


def a_list() -> MailingList:
    return MailingList.objects.get_or_create(slug="friends", defaults={"name": "Friends"})[0]


def an_import(at: datetime) -> Import:
    return Import.objects.create(
        list=a_list(), source="form", filename="a.csv", path="x", state="done", finished_at=at
    )


def a_campaign(**times: datetime) -> Campaign:
    sender = Campaign.objects.select_related("sender").first()
    campaign = Campaign.objects.create(
        name="x", sender=sender.sender if sender else new_sender(attested=False), subject="x"
    )
    Campaign.objects.filter(pk=campaign.pk).update(**times)
    return campaign


def a_message(campaign: int, at: datetime, **also) -> Message:
    number = Message.objects.count()
    told = {"address_key": number.to_bytes(16, "big"), "state": "accepted", "settled_at": at, **KEY, **also}
    return Message.objects.create(campaign_id=campaign, contact_id=1, **told)


def a_contact(at: datetime, email: str = "dana@example.org") -> Contact:
    contact = recipients.contact(email)
    Contact.objects.filter(pk=contact.pk).update(created_at=at)
    return contact


def a_log_entry(at: datetime) -> LogEntry:
    kind = ContentType.objects.get_for_model(Contact)
    entry = LogEntry.objects.create(
        user=member("Operator"), content_type=kind, object_id="1", object_repr="contact 1", action_flag=CHANGE
    )
    LogEntry.objects.filter(pk=entry.pk).update(action_time=at)
    return entry


def a_sign_up(at: datetime) -> SignUp:
    form = SignUpForm.objects.first() or new_form()
    return SignUp.objects.create(
        form=form,
        wording=form.wording,
        email=DANA.text,
        address_key=DANA.address_key,
        network_key=b"network",
        requested_at=at,
        **KEY,
    )


# One row of each table that has a limit, of an age.
MADE: dict[str, Callable[[datetime], models.Model]] = {
    "mailer.RefusedRow": lambda at: RefusedRow.objects.create(
        of=an_import(at), line=2, reason="x", words="x", row="x"
    ),
    "mailer.TestSend": lambda at: TestSend.objects.create(
        campaign=a_campaign(), skeleton=b"", email="a@example.org", asked_at=at, state="accepted"
    ),
    "mailer.SignUp": a_sign_up,
    "mailer.WayBack": lambda at: WayBack.objects.create(contact_id=1, requested_at=at, **KEY),
    "mailer.DataLink": lambda at: DataLink.objects.create(contact_id=1, requested_at=at, **KEY),
    "mailer.DataRequest": lambda at: DataRequest.objects.create(
        kind="access", channel="phone", received_at=at, closed_at=at, outcome="done", **KEY
    ),
    "mailer.EarlierAttempt": lambda at: EarlierAttempt.objects.create(
        campaign_id=1, address_key=DANA.address_key, attempts=1, evidence=1, sent_again_at=at
    ),
    "mailer.Report": lambda at: Report.objects.create(
        campaign_id=1, address_key=DANA.address_key, kind="delivered", source="dsn", received_at=at
    ),
    "mailer.Message": lambda at: a_message(a_campaign(finished_at=at).pk, at),
    "mailer.Contact": a_contact,
    "mailer.Import": an_import,
    "admin.LogEntry": a_log_entry,
    "sessions.Session": lambda at: Session.objects.create(session_key="x", session_data="x", expire_date=at),
}


def rows(label: str) -> int:
    return apps.get_model(label)._default_manager.count()


@pytest.mark.duty("D111")
def test_every_table_with_a_limit_has_its_rule_and_no_other():
    limited = {label for label, kept in KEPT.items() if kept.limit is not None}
    assert limited == retention.PAST.keys() == MADE.keys()
    assert all(kept.why for kept in KEPT.values() if kept.holds)
    with pytest.raises(LookupError, match="for ever"):
        retention.limit_of("mailer.Suppression")


@pytest.mark.parametrize("label", MADE)
@hypothesis_settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(beyond=st.one_of(st.integers(-3, 3), st.integers(-(10**9), 10**9)))
@example(beyond=0)
@example(beyond=1)
def test_a_row_goes_the_moment_after_its_time_and_not_before(label, beyond):
    with transaction.atomic():
        at = NOW - retention.limit_of(label) - timedelta(microseconds=beyond)
        MADE[label](at)
        told = {gone.table: gone for gone in retention.run(NOW)}
        assert rows(label) == (0 if beyond > 0 else 1)
        assert (told[label].rows, told[label].deleted) == (1 if beyond > 0 else 0, True)
        transaction.set_rollback(True)


def test_a_dry_run_tells_the_same_and_deletes_nothing():
    for make in MADE.values():
        make(NOW - timedelta(days=20 * 366))
    before = {label: rows(label) for label in MADE}
    counted = {gone.table: gone.rows for gone in retention.run(NOW, dry_run=True)}
    assert {label: rows(label) for label in MADE} == before
    assert not Evidence.objects.filter(verb="kept no longer").exists()
    deleted = {gone.table: gone.rows for gone in retention.run(NOW)}
    # the import's own refused rows went before it, and the messages before their contact
    assert counted == deleted == before
    assert {label: rows(label) for label in MADE} == dict.fromkeys(MADE, 0)


def test_each_table_has_its_evidence_with_numbers_only():
    campaign = a_campaign(finished_at=NOW - timedelta(days=2000))
    for state in ("accepted", "accepted", "withheld"):
        a_message(
            campaign.pk,
            NOW - timedelta(days=2000),
            state=state,
            reason="opt_out" if state == "withheld" else "",
        )
    MADE["mailer.WayBack"](NOW - timedelta(days=400))
    list(retention.run(NOW, actor="shell lee"))
    told = {act.details["table"]: act for act in Evidence.objects.filter(verb="kept no longer")}
    assert told.keys() == {"mailer.Message", "mailer.WayBack"}
    assert told["mailer.Message"].details == {
        "table": "mailer.Message",
        "rows": 3,
        "before": (NOW - timedelta(days=5 * 365)).isoformat(),
        "campaigns": {str(campaign.pk): {"accepted": 2, "withheld": 1}},
    }
    assert told["mailer.WayBack"].actor == "shell lee"
    assert told["mailer.WayBack"].mailbox_key is None


LONG_AGO = NOW - timedelta(days=3000)


@pytest.mark.duty("D35", "D64")
def test_the_ledger_and_the_evidence_are_never_too_old():
    suppression.suppress(
        DANA.mailbox_key, reason="opt_out", channel="page", actor="recipient", received_at=LONG_AGO
    )
    suppression.reinstate(DANA, requested_at=LONG_AGO)
    suppression.suppress(DANA.mailbox_key, reason="opt_out", channel="page", actor="recipient")
    HashedOptOut.objects.create(digest=b"d" * 32, import_id=1)
    before = [Suppression.objects.count(), HashedOptOut.objects.count(), Evidence.objects.count()]
    list(retention.run(NOW + timedelta(days=20 * 366)))
    assert [Suppression.objects.count(), HashedOptOut.objects.count(), Evidence.objects.count()] == before
    assert not suppression.mailable(DANA)


def on_a_list(contact: Contact) -> None:
    Subscription.objects.create(contact=contact, list=a_list(), source="form")


@pytest.mark.parametrize(
    ("lives", "kept"),
    [
        (lambda contact: on_a_list(contact), True),
        (lambda contact: None, False),
        (lambda contact: Evidence.objects.create(verb="x", actor="x", subject="", **KEY), True),
        (
            lambda contact: Evidence.objects.create(verb="x", actor="x", subject="", at=LONG_AGO, **KEY),
            False,
        ),
        (lambda contact: a_message(a_campaign(finished_at=NOW).pk, NOW, address_key=DANA.address_key), True),
        (lambda contact: a_message(a_campaign().pk, NOW, address_key=DANA.address_key), True),
        (lambda contact: a_message(a_campaign(finished_at=NOW).pk, NOW), False),
        (
            lambda contact: a_message(
                a_campaign(finished_at=LONG_AGO).pk, LONG_AGO, address_key=DANA.address_key
            ),
            False,
        ),
        (
            lambda contact: a_message(
                a_campaign(finished_at=NOW).pk,
                NOW,
                address_key=DANA.address_key,
                state="withheld",
                reason="opt_out",
            ),
            False,
        ),
    ],
)
def test_a_person_stays_on_the_books_while_there_is_a_use_for_it(lives, kept):
    lives(a_contact(LONG_AGO))
    list(retention.run(NOW))
    assert Contact.objects.exists() is kept


def test_a_person_who_opted_out_long_ago_goes_although_on_a_list_and_stays_opted_out():
    on_a_list(a_contact(LONG_AGO))
    Suppression.objects.create(
        reason="opt_out", channel="page", received_at=LONG_AGO, recorded_at=LONG_AGO, **KEY
    )
    list(retention.run(NOW))
    assert (Contact.objects.count(), Subscription.objects.count()) == (0, 0)
    assert not suppression.mailable(DANA)


def test_a_file_is_proof_as_long_as_somebody_who_came_with_it_is_there():
    brought = an_import(LONG_AGO)
    contact = a_contact(NOW)
    Subscription.objects.create(contact=contact, list=a_list(), source="form", import_id=brought.pk)
    list(retention.run(NOW))
    assert Import.objects.exists()
    contact.delete()
    list(retention.run(NOW))
    assert not Import.objects.exists()


def test_what_is_open_stays(monkeypatch):
    DataRequest.objects.create(kind="access", channel="phone", received_at=LONG_AGO, **KEY)
    TestSend.objects.create(campaign=a_campaign(), skeleton=b"", email="a@example.org", asked_at=LONG_AGO)
    a_message(a_campaign().pk, LONG_AGO)
    list(retention.run(NOW))
    assert (DataRequest.objects.count(), TestSend.objects.count(), Message.objects.count()) == (1, 1, 1)


def test_messages_of_a_deleted_campaign_go_by_their_own_time():
    a_message(999, LONG_AGO)
    a_message(999, NOW)
    list(retention.run(NOW))
    assert Message.objects.get().settled_at == NOW


def test_many_rows_go_in_pieces(monkeypatch):
    monkeypatch.setattr(retention, "PIECE", 2)
    for _ in range(5):
        MADE["mailer.WayBack"](LONG_AGO)
    told = {gone.table: gone.rows for gone in retention.run(NOW)}
    assert (told["mailer.WayBack"], WayBack.objects.count()) == (5, 0)
    assert [act.details["rows"] for act in Evidence.objects.filter(verb="kept no longer").order_by("id")] == [
        2,
        2,
        1,
    ]


def test_messages_go_a_campaign_at_a_time_each_with_its_sums():
    many = [a_campaign(finished_at=LONG_AGO).pk for _ in range(3)]
    for campaign in many:
        a_message(campaign, LONG_AGO)
        a_message(campaign, LONG_AGO, state="refused")
    kept = a_message(a_campaign(finished_at=NOW).pk, LONG_AGO)
    told = {gone.table: gone.rows for gone in retention.run(NOW)}
    assert (told["mailer.Message"], Message.objects.get()) == (6, kept)
    acts = Evidence.objects.filter(verb="kept no longer").order_by("id")
    assert [(act.details["rows"], act.details["campaigns"]) for act in acts] == [
        (2, {str(campaign): {"accepted": 1, "refused": 1}}) for campaign in many
    ]


def test_it_runs_each_night():
    entry = app.conf.beat_schedule["keep_no_longer"]
    assert (entry["task"], str(entry["schedule"])) == (
        "mailer.tasks.keep_no_longer",
        "<crontab: 17 3 * * * (m/h/dM/MY/d)>",
    )
    MADE["mailer.WayBack"](timezone.now() - timedelta(days=400))
    tasks.keep_no_longer()
    assert not WayBack.objects.exists()
    assert Evidence.objects.get(verb="kept no longer").actor == "worker"


def test_two_at_once_do_it_once(living_database):
    MADE["mailer.WayBack"](LONG_AGO)
    with parts.elsewhere(locks.held, locks.LEGAL_HOLD, retention.NIGHTLY):
        assert list(retention.run(NOW)) == []
    assert WayBack.objects.exists()
    assert len(list(retention.run(NOW))) == len(MADE)


# -- legal hold ----------------------------------------------------------------------------------------


def test_a_legal_hold_stops_it_until_it_is_lifted():
    MADE["mailer.WayBack"](LONG_AGO)
    one, other = (holds.set_hold(reason, user=member("Operator")) for reason in ("File 12/26", "File 13/26"))
    for hold in (one, other):
        assert list(retention.run(NOW)) == []
        assert WayBack.objects.exists()
        holds.lift(hold.pk, "Settled.", user=member("Operator"))
    list(retention.run(NOW))
    assert not WayBack.objects.exists()
    acts = Evidence.objects.filter(subject=f"legal hold {one.pk}").order_by("id")
    assert [(act.verb, act.actor) for act in acts] == [
        ("legal hold set", f"user {member('Operator').pk}"),
        ("legal hold lifted", f"user {member('Operator').pk}"),
    ]
    assert "File 12/26" not in str([act.details for act in acts])


def test_a_hold_that_is_set_meanwhile_stops_the_next_table():
    for label in ("mailer.RefusedRow", "mailer.WayBack"):
        MADE[label](LONG_AGO)
    running = retention.run(NOW)
    assert next(running).table == "mailer.RefusedRow"
    holds.set_hold("File 12/26", user=member("Operator"))
    assert list(running) == []
    assert (RefusedRow.objects.count(), WayBack.objects.count()) == (0, 1)


def test_setting_a_hold_waits_for_what_is_just_being_deleted(living_database):
    with parts.elsewhere(_sharing), pytest.raises(Exception, match="lock timeout"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '200ms'")
        holds.set_hold("File 12/26", user=member("Operator"))


class _sharing:
    def __enter__(self) -> None:
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        assert not holds.is_held()

    def __exit__(self, *wrong: object) -> None:
        self.atomic.__exit__(None, None, None)


def test_erasing_waits_for_a_hold_and_the_opt_out_does_not(data_dir):
    contact = a_contact(NOW)
    hold = holds.set_hold("File 12/26", user=member("Operator"))
    request = erasure.ask(bytes(contact.mailbox_key), channel="data_page")
    assert erasure.obstacles() == [holds.FOR_A_PERSON]
    assert (request.outcome, Contact.objects.count()) == ("", 1)
    assert not suppression.mailable(DANA)
    assert erasure.carry_out_waiting() == 0
    holds.lift(hold.pk, "Settled.", user=member("Operator"))
    assert erasure.carry_out_waiting() == 1
    assert not Contact.objects.exists()


@pytest.mark.parametrize("reason", ["", " ", "dana@example.org sues"])
def test_a_hold_says_why_without_an_address(reason):
    with pytest.raises(holds.HoldRefused):
        holds.set_hold(reason, user=member("Operator"))
    hold = holds.set_hold("File 12/26", user=member("Operator"))
    with pytest.raises(holds.HoldRefused):
        holds.lift(hold.pk, reason, user=member("Operator"))
    assert holds.standing().count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE mailer_legalhold SET reason = 'another'",
        "UPDATE mailer_legalhold SET set_by_id = NULL",
        "DELETE FROM mailer_legalhold",
        "TRUNCATE mailer_legalhold",
        "UPDATE mailer_legalhold SET lifted_at = now()",  # by nobody
        "INSERT INTO mailer_legalhold (reason, set_by_id, lifted_because) SELECT '', id, '' FROM auth_user",
    ],
)
def test_the_database_keeps_who_set_and_lifted_a_hold_and_why(living_database, statement):
    holds.set_hold("File 12/26", user=member("Operator"))
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    hold = LegalHold.objects.get()
    assert (hold.reason, hold.lifted_at) == ("File 12/26", None)


def test_a_lifted_hold_is_not_lifted_again():
    hold = holds.set_hold("File 12/26", user=member("Operator"))
    holds.lift(hold.pk, "Settled.", user=member("Operator"))
    with pytest.raises(holds.HoldRefused, match="lifted meanwhile"):
        holds.lift(hold.pk, "Again.", user=member("Operator"))
    with pytest.raises(IntegrityError), transaction.atomic():
        LegalHold.objects.update(lifted_because="Another reason")


def test_an_operator_sets_and_lifts_it_on_a_page_that_says_what_is_kept_how_long():
    client = signed_in("Operator")
    page = "/admin/mailer/legalhold/"
    shown = client.get(page).content.decode()
    assert "No legal hold stands" in shown
    assert "90 days, to be corrected" in shown
    assert list(client.post(page, {"reason": "dana@example.org"}).context["form"].errors) == ["reason"]
    assert said(client.post(page, {"reason": "File 12/26"}, follow=True)) == [
        "It stands. From now on nothing is deleted for its age."
    ]
    hold = LegalHold.objects.get()
    assert (hold.reason, hold.set_by) == ("File 12/26", member("Operator"))
    lift = f"{page}{hold.pk}/lift/"
    assert "because: File 12/26" in client.get(lift).content.decode()
    assert holds.standing().exists()
    client.post(lift, {"reason": "Settled."})
    hold.refresh_from_db()
    assert (hold.lifted_because, hold.lifted_by) == ("Settled.", member("Operator"))
    assert client.get(lift).status_code == 404
    assert "Settled." in client.get(page).content.decode()


# -- the command ---------------------------------------------------------------------------------------


def test_the_command_tells_each_table_and_stops_with_1_under_a_hold():
    MADE["mailer.WayBack"](timezone.now() - timedelta(days=400))
    out, err = StringIO(), StringIO()
    call_command("retention", "--dry-run", "--json", stdout=out, stderr=err)
    told = {line["table"]: line for line in map(json.loads, out.getvalue().splitlines())}
    assert told.keys() == MADE.keys()
    assert (told["mailer.WayBack"]["rows"], told["mailer.WayBack"]["deleted"]) == (1, False)
    assert "nothing was deleted" in err.getvalue()
    hold = holds.set_hold("File 12/26", user=member("Operator"))
    with pytest.raises(CommandError, match="nothing is deleted") as stopped:
        call_command("retention", stdout=StringIO())
    assert stopped.value.returncode == 1
    holds.lift(hold.pk, "Settled.", user=member("Operator"))
    out = StringIO()
    call_command("retention", stdout=out)
    assert (
        f"mailer.WayBack: 1 rows from before {timezone.now() - timedelta(days=365):%Y-%m-%d} deleted"
        in out.getvalue()
    )
