"""The way back: one mail a day at most, and only the mailbox's own reader can go it to its end (D63)."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from unittest import mock

import pytest
from django.core import signing
from django.db import connection, transaction
from django.utils import timezone

from mailer import addresses, locks, suppression, tokens
from mailer.models import Contact, Evidence, Message, Reinstatement, Suppression, WayBack
from tests.mailer import recipients
from tests.mailer.serving import served

DANA = "dana@example.org"


@pytest.fixture(autouse=True)
def _database(request: pytest.FixtureRequest) -> None:
    if "living_database" not in request.fixturenames:
        request.getfixturevalue("db")


def ask(client, email: str = DANA, **kind: int) -> bytes:
    answer = client.post(recipients.link(email, **kind) + "/back")
    assert answer.status_code == 200
    return answer.content


def confirmation(way_back: WayBack) -> str:
    """The path of the link in the confirmation mail."""
    return tokens.way_back_url(way_back.pk).removeprefix(tokens.settings.PUBLIC_URL)


def mailable(email: str = DANA) -> bool:
    return bool(suppression.mailable(addresses.parse(email)))


@pytest.fixture
def asked(client) -> WayBack:
    """Dana is on the books, has opted out, and has asked for the mail."""
    recipients.contact(DANA)
    recipients.opt_out(DANA)
    ask(client)
    return WayBack.objects.get()


def test_who_asks_is_noted_with_evidence_and_stays_opted_out(client, asked):
    dana = addresses.parse(DANA)
    assert (asked.mailbox_key, asked.confirmed_at, asked.handed_over_at) == (dana.mailbox_key, None, None)
    told = Evidence.objects.get(verb="way back asked")
    assert (told.actor, told.mailbox_key, told.details) == (
        "recipient",
        dana.mailbox_key,
        {"way_back": asked.pk},
    )
    assert not mailable()


def test_the_answer_is_the_same_for_everybody_and_only_the_opted_out_on_our_books_are_written_to(client):
    recipients.contact(DANA)
    recipients.contact("erin@example.org")
    recipients.opt_out(DANA)
    recipients.opt_out("nobody@example.org")
    answers = {ask(client, email) for email in (DANA, DANA, "erin@example.org", "nobody@example.org")}
    assert len(answers) == 1
    assert WayBack.objects.count() == 1
    assert WayBack.objects.get().mailbox_key == addresses.parse(DANA).mailbox_key


def test_one_mail_in_24_hours_and_the_next_after_them(client, asked):
    WayBack.objects.update(requested_at=timezone.now() - timedelta(hours=23, minutes=59))
    ask(client)
    assert WayBack.objects.count() == 1
    WayBack.objects.update(requested_at=timezone.now() - timedelta(hours=24, minutes=1))
    ask(client)
    assert WayBack.objects.count() == 2


def test_looking_asks_for_nothing(client):
    recipients.contact(DANA)
    recipients.opt_out(DANA)
    path = recipients.link(DANA) + "/back"
    assert [getattr(client, m)(path).status_code for m in ("get", "head", "options", "put")] == [
        200,
        200,
        204,
        405,
    ]
    assert not WayBack.objects.exists()
    assert client.post("/u/damaged/back").status_code == 400


def test_the_mail_goes_to_the_address_that_got_the_campaign(client):
    recipients.contact("dana+old@example.org")
    shop = recipients.contact("dana+shop@example.org")
    Message.objects.create(
        campaign_id=7, address_key=shop.address_key, mailbox_key=shop.mailbox_key, contact_id=shop.pk
    )
    recipients.opt_out("dana+shop@example.org")
    ask(client, "dana+shop@example.org")
    assert WayBack.objects.get().contact_id == shop.pk


def test_races_for_the_mail_end_in_one_and_wake_a_worker_once(living_database):
    recipients.contact(DANA)
    recipients.opt_out(DANA)
    path = recipients.link(DANA) + "/back"
    with served(living_database, BROKER_URL="") as server, ThreadPoolExecutor(10) as clients:
        answers = list(clients.map(lambda _: server.ask("POST", path), range(10)))
    assert {answer.status for answer in answers} == {200}
    assert WayBack.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT message -> 'headers' ->> 'task' FROM pgmq.q_candor")
        assert cursor.fetchall() == [("mailer.tasks.send_ways_back",)]


def test_asking_is_decided_under_the_mailboxs_lock(living_database):
    recipients.contact(DANA)
    recipients.opt_out(DANA)
    mailbox = locks.mailbox_lock(addresses.parse(DANA).mailbox_key)
    with served(living_database) as server, ThreadPoolExecutor(1) as clients:
        server.ask("GET", "/healthz")  # its workers have started
        with transaction.atomic():
            locks.forbid(locks.MAILBOX, mailbox)
            answer = clients.submit(server.ask, "POST", recipients.link(DANA) + "/back")
            assert wait([answer], timeout=3).not_done
        assert answer.result(timeout=10).status == 200
    assert WayBack.objects.count() == 1


@pytest.mark.duty("D63", "D69")
def test_opening_the_mails_link_changes_nothing_and_its_button_lifts_the_exact_address(client, asked):
    recipients.contact("dana+other@example.org")
    link = confirmation(asked)
    assert client.get(link).status_code == client.head(link).status_code == 200
    assert not mailable()
    assert client.post(link).status_code == 200
    assert (mailable(DANA), mailable("dana+other@example.org")) == (True, False)
    lifted = Reinstatement.objects.get()
    assert lifted.requested_at == asked.requested_at
    assert Evidence.objects.filter(verb="reinstated", actor="recipient").count() == 1
    asked.refresh_from_db()
    assert asked.confirmed_at is not None


def test_pressing_twice_is_harmless(client, asked):
    link = confirmation(asked)
    first, second = client.post(link), client.post(link)
    assert (first.status_code, first.content) == (200, second.content)
    assert "Welcome back" in first.content.decode()
    assert Reinstatement.objects.count() == 1


def test_an_opt_out_after_coming_back_is_not_lifted_by_the_old_link(client, asked):
    client.post(confirmation(asked))
    client.post(recipients.link(DANA))
    answer = client.post(confirmation(asked))
    assert (answer.status_code, "This link was used before" in answer.content.decode()) == (200, True)
    assert not mailable()
    assert (Suppression.objects.count(), Reinstatement.objects.count()) == (2, 1)


def test_after_seven_days_the_link_says_how_to_ask_again(client, asked):
    link = confirmation(asked)
    signed_at = signing.time.time()
    with mock.patch("django.core.signing.time.time", lambda: signed_at + 7 * 86_400 - 5):
        assert client.get(link).status_code == 200
    with mock.patch("django.core.signing.time.time", lambda: signed_at + 7 * 86_400 + 5):
        answers = client.get(link), client.post(link)
    assert {answer.status_code for answer in answers} == {410}
    assert "press “Unsubscribe” and then “That was a mistake”" in answers[0].content.decode()
    assert not mailable()


def test_a_link_that_is_not_ours_lifts_nothing(client, asked):
    link = confirmation(asked)
    number, rest = link.removeprefix("/u/back/").split(":", 1)
    forged = f"/u/back/{int(number) + 1}:{rest}"
    unsalted = f"/u/back/{signing.TimestampSigner().sign(number)}"
    beyond = tokens.way_back_url(asked.pk + 1).removeprefix(tokens.settings.PUBLIC_URL)
    for wrong in (forged, unsalted, link[:-1], link[:-1] + "x", beyond, "/u/back/", "/u/back"):
        assert client.post(wrong).status_code == 400, wrong
    assert not mailable()


def test_a_link_that_a_mail_client_damaged_a_little_is_read(client, asked):
    link = confirmation(asked)
    for damage in (
        f"{link}/",
        f"{link}.",
        f"{link}%3E",
        link.replace(":", "%3A"),
        link.replace("/back/", "//back//"),
    ):
        assert client.get(damage).status_code == 200, damage


def test_a_contact_deleted_meanwhile_is_not_brought_back(client, asked):
    link = confirmation(asked)
    Contact.objects.filter(pk=asked.contact_id).delete()
    assert client.get(link).status_code == 200
    answer = client.post(link)
    assert (answer.status_code, "not known here any more" in answer.content.decode()) == (200, True)
    assert not Reinstatement.objects.exists()
    asked.refresh_from_db()
    assert asked.confirmed_at is None


def test_the_mails_link_holds_no_address(asked):
    url = tokens.way_back_url(asked.pk)
    assert url.startswith(f"{tokens.settings.PUBLIC_URL}/u/back/{asked.pk}:")
    assert "@" not in url
    assert tokens.read_way_back(url.rpartition("/")[2]) == asked.pk
