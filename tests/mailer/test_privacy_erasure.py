"""Erasing a person: nothing that names them is left anywhere, and they are never mailed again (D110)."""

import logging
import re
import subprocess
from base64 import b64encode
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from mailer import addresses, campaigns, dispatch, suppression, tasks
from mailer.contacts import importing, joining
from mailer.models import (
    Contact,
    DataRequest,
    Evidence,
    Import,
    MailingList,
    Message,
    RefusedRow,
    Reinstatement,
    SignUp,
    Subscription,
    Suppression,
    TestAddress,
)
from mailer.privacy import erasure, requests
from project.inbox.server import InboxServer
from project.inbox.store import MessageStore
from project.localpg import programs
from tests.mailer.admin_door import signed_in
from tests.mailer.joining_forms import new_form, wish
from tests.stories import parts

DANA = "Dana.Quillfeather@example.org"
FIRST, LAST = "Danaïs", "Quillfeather"
# Rows that hold her: taken in, refused for each kind of reason, with damage, and with her name alone.
FILE = f"""\
email,first_name,last_name,note
{DANA},{FIRST},{LAST},
dana.quillfeather+shop@example.org,{FIRST},{LAST},
erin@example.org,Erin,Eames,
dana.quillfeather@@example.org,{FIRST},{LAST},two signs
dana.quillfeather @example.org,{FIRST},{LAST},a space
"dana.quillfeather@example,org",{FIRST},{LAST},a comma
dana.quillfeather%40example.org,{FIRST},{LAST},as in a URL
nobody at all,{FIRST},{LAST},only her name
somebody else @example.org,Sam,Sand,not hers
,,,"see {DANA.upper()}"
"""
# Every form in which she could be found, as regular expressions over a whole dump.
PLAINTEXT = re.compile(
    rf"quillfeather|dana\.q|{FIRST}|{b64encode(DANA.encode()).decode()}|{DANA.encode().hex()}", re.IGNORECASE
)


@pytest.fixture
def server(living_database, data_dir, settings, tmp_path_factory):
    """A mail server whose messages are outside of DATA_DIR: what was delivered is in other people's hands."""
    inbox = InboxServer(
        MessageStore(tmp_path_factory.mktemp("elsewhere")),
        reply=lambda stage, envelope: (
            "550 5.1.1 <dana.quillfeather+shop@example.org> D. Quillfeather is not here"
            if stage == "rcpt" and "+shop" in envelope.rcpt_tos[-1]
            else None
        ),
    )
    inbox.start()
    settings.EMAIL_URL = f"smtp://127.0.0.1:{inbox.port}"
    yield inbox
    inbox.stop()
    parts._forget_broker()


def dumped(database) -> str:
    """The whole database as pg_dump tells it, queues included."""
    out = subprocess.run(
        [programs.locate() / "pg_dump", "--inserts", database.url], capture_output=True, check=True
    )
    return out.stdout.decode()


def in_files(folder: Path) -> str:
    return "\n".join(
        f"{path}\n{path.read_bytes().decode(errors='replace')}"
        for path in folder.rglob("*")
        if path.is_file()
    )


def brought_in(filename: str = f"{DANA} and others.csv") -> Import:
    client = signed_in("Marketer")
    client.post(
        "/admin/mailer/import/add/",
        {
            "file": SimpleUploadedFile(filename, FILE.encode(), "text/csv"),
            "new_list": "Friends",
            "source": "event",
            "notice": f"Dear {FIRST} {LAST}, may we write to you?",
            "collected_by": f"{LAST}, {FIRST}",
            "collected_from": "2026-05-01",
            "collected_to": "2026-05-31",
        },
    )
    importing.run_waiting()
    import_ = Import.objects.latest("id")
    assert (import_.state, import_.error) == ("done", "")
    return import_


def sent_to_all() -> None:
    launched = parts.draft(MailingList.objects.latest("id"))
    campaigns.launch(launched, parts.staff())
    tasks.snapshot(launched.pk)
    dispatch.run_slice(launched.pk)


def person_with_a_history(server) -> Contact:
    """She came with a file, got mail, has tests and a log of staff, opted out, asked for the way back."""
    brought_in()
    dana = Contact.objects.get(email=DANA)
    sent_to_all()
    form = new_form()
    joining.confirm(joining.ask(form, wish(DANA, first_name=FIRST)).pk, network="203.0.113.0/24")
    SignUp.objects.update(requested_at=timezone.now() - timedelta(days=2))
    joining.ask(form, wish(DANA, first_name=FIRST))
    client = signed_in("Operator")
    place = dana.subscriptions.get()
    client.post(
        f"/admin/mailer/contact/{dana.pk}/change/",
        {
            "first_name": FIRST,
            "last_name": f"{LAST}-Oye",
            "subscriptions-TOTAL_FORMS": 1,
            "subscriptions-INITIAL_FORMS": 1,
            "subscriptions-0-id": place.pk,
            "subscriptions-0-contact": dana.pk,
        },
    )
    Contact.objects.filter(pk=dana.pk).update(last_name=LAST)
    staff = signed_in("").get("/admin/").wsgi_request.user
    LogEntry.objects.create(
        user_id=staff.pk,
        content_type=ContentType.objects.get_for_model(Contact),
        object_id=dana.pk,
        object_repr=f"{DANA.lower()} ({FIRST} {LAST})",
        action_flag=CHANGE,
        change_message=f"Called {LAST}, {FIRST} <{DANA}>",
    )
    TestAddress.objects.create(email=DANA, whose=f"{FIRST} {LAST}")
    test = campaigns.request_test(parts.draft(MailingList.objects.get()), DANA, parts.staff())
    dispatch.send_test(test.pk)
    tokens = [parts.link_in(one) for one in server.store.iterate() if one.rcpt_tos == (DANA,)]
    path = "/u/" + tokens[0].rpartition("/u/")[2]
    assert signed_in("").post(path).status_code == 200
    assert signed_in("").post(path + "/back").status_code == 200
    with connection.cursor() as cursor:  # a task that says more than a task of ours ever does
        cursor.execute("SELECT pgmq.create('candor')")
        cursor.execute("SELECT pgmq.send('candor', %s)", [f'{{"body": "{DANA}"}}'])
    requests.receive(
        "access", addresses.parse(DANA), channel="phone", received_at=timezone.now(), words=f"I am {FIRST}"
    )
    return dana


@pytest.mark.duty("D110")
def test_after_erasure_nothing_names_the_person_and_the_ledger_holds(
    server, living_database, data_dir, caplog
):
    caplog.set_level(logging.DEBUG)
    dana = person_with_a_history(server)
    before = dumped(living_database)
    assert len(PLAINTEXT.findall(before)) > 20
    opted_out = Suppression.objects.get()
    asked = requests.receive(
        "erasure", addresses.parse(DANA), channel="phone", received_at=timezone.now(), words=f"Forget {DANA}!"
    )
    answer = signed_in("Operator").post(f"/admin/mailer/datarequest/{asked.pk}/erase/", follow=True)
    assert "The person is opted out from now on." in answer.content.decode()
    after = dumped(living_database)
    assert [line for line in after.splitlines() if PLAINTEXT.search(line)] == []
    assert not PLAINTEXT.search(in_files(data_dir))
    assert not PLAINTEXT.search(caplog.text)
    asked.refresh_from_db()
    assert (asked.outcome, asked.address, asked.words, asked.closed_by.username) == (
        "done",
        "",
        "",
        "operator",
    )
    assert list(Suppression.objects.all()) == [opted_out]  # what stood already is not entered twice
    assert suppression.mailable(addresses.parse(DANA)).reasons == ("opt_out",)
    told = Evidence.objects.get(verb="erased")
    assert (told.actor, told.subject, bytes(told.mailbox_key)) == (
        f"user {asked.closed_by_id}",
        f"data request {asked.pk}",
        bytes(dana.mailbox_key),
    )
    assert told.details == {
        "contacts": 2,
        "refused_rows": 6,
        "sign_ups": 2,
        "tasks": 1,
        "testaddress": 1,
        "testsend": 1,
        "texts": 2,
        "ways_back": 1,
    }


def test_others_are_untouched_and_the_sums_still_add_up(server, living_database):
    person_with_a_history(server)
    erin = Contact.objects.values().get(email="erin@example.org")
    erasure.ask(addresses.parse(DANA).mailbox_key, channel="data_page")
    assert Contact.objects.values().get() == erin
    assert Subscription.objects.get().contact_id == erin["id"]
    import_ = Import.objects.get()
    assert (import_.rows, import_.accepted, sum(import_.rejected.values())) == (10, 3, 7)
    rows = dict(RefusedRow.objects.values_list("line", "row"))
    assert {line for line, row in rows.items() if row} == {10}
    assert "somebody else @example.org" in rows[10]
    assert set(RefusedRow.objects.exclude(line=10).values_list("words", flat=True)) == {
        "Erased at the person's own request."
    }
    assert import_.filename == "… and others.csv"
    assert (import_.notice, import_.collected_by) == ("Dear …, may we write to you?", "…")
    assert Message.objects.count() == 3  # by key: what went out can still be proved


@pytest.mark.duty("D110")
def test_a_new_import_does_not_mail_the_erased(server, living_database):
    person_with_a_history(server)
    erasure.ask(addresses.parse(DANA).mailbox_key, channel="data_page")
    before = server.store.count()
    brought_in("again.csv")
    sent_to_all()
    assert {one.rcpt_tos[0] for one in list(server.store.iterate())[before:]} == {"erin@example.org"}


def test_who_never_opted_out_is_opted_out_by_erasure(server, living_database):
    brought_in()
    key = addresses.parse(DANA).mailbox_key
    request = erasure.ask(key, channel="data_page")
    entered = Suppression.objects.get()
    assert (bytes(entered.mailbox_key), entered.reason, entered.channel) == (key, "opt_out", "data_page")
    assert (request.outcome, request.received_at) == ("done", entered.received_at)
    assert [(one.verb, one.actor) for one in Evidence.objects.filter(mailbox_key=key).order_by("id")] == [
        ("suppressed", "recipient"),
        ("erasure ordered", "recipient"),
        ("erased", "recipient"),
    ]


def test_an_earlier_way_back_does_not_lift_it(server, living_database):
    brought_in()
    dana = addresses.parse(DANA)
    suppression.suppress(dana.mailbox_key, reason="opt_out", channel="page", actor="recipient")
    suppression.reinstate(dana, requested_at=timezone.now())
    assert suppression.mailable(dana)
    erasure.ask(dana.mailbox_key, channel="data_page")
    assert not suppression.mailable(dana)
    assert Reinstatement.objects.count() == 1


@pytest.mark.parametrize("state", ["waiting", "running", "asking", "tried"])
def test_erasing_waits_for_a_file_that_is_being_read_and_the_opt_out_does_not(
    living_database, data_dir, state
):
    friends = parts.list_of(1)
    person = Contact.objects.get()
    reading = Import.objects.create(list=friends, source="form", filename="a.csv", path="x", state=state)
    request = erasure.ask(bytes(person.mailbox_key), channel="data_page")
    assert not suppression.mailable(addresses.parse(person.email))
    assert (request.outcome, request.ordered_at is not None, Contact.objects.count()) == ("", True, 1)
    assert erasure.carry_out_waiting() == 0
    # what it brings of them goes with the rest
    Import.objects.filter(pk=reading.pk).update(state="done")
    RefusedRow.objects.create(of=reading, line=2, reason="too_long", words="x", row=f"{person.email},Ada")
    assert erasure.carry_out_waiting() == 1
    request.refresh_from_db()
    assert (request.outcome, Contact.objects.count(), RefusedRow.objects.get().row) == ("done", 0, "")
    assert Evidence.objects.get(verb="erased").actor == "worker"
    assert erasure.carry_out_waiting() == 0


def test_the_sweep_erases_who_waits(living_database, data_dir):
    friends = parts.list_of(1)
    reading = Import.objects.create(list=friends, source="form", filename="a.csv", path="x", state="running")
    erasure.ask(bytes(Contact.objects.get().mailbox_key), channel="data_page")
    reading.delete()
    tasks.sweep()
    assert not Contact.objects.exists()


def test_a_file_that_a_dead_worker_left_is_waited_for(living_database, data_dir, settings):
    parts.list_of(1)
    settings.UPLOAD_DIR.mkdir()
    left = settings.UPLOAD_DIR / "left.csv"
    left.write_text("person1@example.org")
    erasure.ask(bytes(Contact.objects.get().mailbox_key), channel="data_page")
    assert Contact.objects.exists()
    left.unlink()
    assert erasure.carry_out_waiting() == 1


def test_where_much_is_to_be_looked_through_the_sweep_does_it_and_the_opt_out_counts_at_once(
    living_database, data_dir, monkeypatch
):
    monkeypatch.setattr(erasure, "AT_ONCE", 0)
    brought = Import.objects.create(
        list=parts.list_of(1), source="form", filename="a.csv", path="x", state="done"
    )
    RefusedRow.objects.create(of=brought, line=2, reason="too_long", words="x", row="someone else")
    person = Contact.objects.get()
    request = erasure.ask(bytes(person.mailbox_key), channel="data_page")
    assert (request.outcome, Contact.objects.count()) == ("", 1)
    assert not suppression.mailable(addresses.parse(person.email))
    assert erasure.carry_out_waiting() == 1
    assert not Contact.objects.exists()


def test_one_who_can_not_be_erased_holds_up_nobody_else_and_is_no_name_in_a_log(
    living_database, data_dir, monkeypatch, caplog
):
    friends = parts.list_of(2)
    reading = Import.objects.create(list=friends, source="form", filename="a.csv", path="x", state="running")
    first, second = (
        erasure.ask(bytes(one.mailbox_key), channel="data_page") for one in Contact.objects.order_by("id")
    )
    reading.delete()
    erase = erasure._erase

    def breaks(request, actor, user):
        if request.pk == first.pk:
            raise ValueError("person1@example.org")
        erase(request, actor, user)

    monkeypatch.setattr(erasure, "_erase", breaks)
    assert erasure.carry_out_waiting() == 1
    assert [one.email for one in Contact.objects.all()] == ["person1@example.org"]
    assert f"Data request {first.pk} could not be erased: ValueError." in caplog.text
    assert "person1" not in caplog.text
    assert DataRequest.objects.get(outcome="done") == second


def test_a_message_in_hand_of_an_erased_person_is_withheld(server, living_database):
    friends = parts.list_of(2)
    launched = parts.draft(friends)
    campaigns.launch(launched, parts.staff())
    tasks.snapshot(launched.pk)
    Message.objects.update(state="pending")
    erasure.ask(addresses.parse("person1@example.org").mailbox_key, channel="data_page")
    dispatch.run_slice(launched.pk)
    assert "person1@example.org" not in parts.recipients(server, launched)


@pytest.mark.django_db
def test_an_erased_request_is_closed_once():
    request = erasure.ask(b"k" * 16, channel="data_page")
    with pytest.raises(requests.RequestRefused, match="closed meanwhile"):
        erasure.order(request, actor="user 1")
    other = requests.receive("access", addresses.parse(DANA), channel="phone", received_at=timezone.now())
    with pytest.raises(requests.RequestRefused, match="Only a request for erasure"):
        erasure.order(other, actor="user 1")
