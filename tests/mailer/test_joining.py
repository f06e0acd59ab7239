"""Joining: one mail a day at most, worth nothing to who asks for others, and nothing counts before the owner's yes."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import policy
from email.parser import BytesHeaderParser

import pytest
from aiosmtpd.smtp import Envelope
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mailer import addresses, campaigns, dispatch, suppression, tasks, tokens
from mailer.contacts import joining, leaving, people
from mailer.contacts.joining import OptedOutSince, SignUpRefused, TooManySignUps
from mailer.models import (
    Consent,
    Contact,
    Evidence,
    HashedOptOut,
    ListReturn,
    MailingList,
    Message,
    Reinstatement,
    Sender,
    SignUp,
    SignUpForm,
    SignUpWording,
    Subscription,
    Suppression,
    WayBack,
)
from mailer.privacy import holds
from project.inbox.server import InboxServer
from tests.mailer import recipients
from tests.mailer.joining_forms import DANA, WORDING, new_form, wish
from tests.stories import parts

NETWORK = "203.0.113.0/24"


@pytest.fixture(autouse=True)
def _database(request: pytest.FixtureRequest) -> None:
    if not {"living_database", "server"} & set(request.fixturenames):
        request.getfixturevalue("db")


@pytest.fixture
def server(living_database, settings, tmp_path) -> Iterator[InboxServer]:
    with parts.mail_server(settings, tmp_path) as inbox:
        yield inbox


def mailable(email: str = DANA) -> bool:
    return bool(suppression.mailable(addresses.parse(email)))


def asked(form: SignUpForm | None = None, email: str = DANA, **changes: object) -> SignUp:
    sign_up = joining.ask(form or new_form(), wish(email, **changes))
    assert sign_up is not None
    return sign_up


def yesterday() -> None:
    """As if all requests had been made a day and a bit ago."""
    SignUp.objects.update(requested_at=timezone.now() - timedelta(hours=24, minutes=1))


# -- asking ----------------------------------------------------------------------------------------------


def test_a_request_is_noted_with_evidence_that_names_nobody_and_puts_nobody_anywhere():
    form = new_form()
    sign_up = asked(form)
    dana = addresses.parse(DANA)
    sign_up.refresh_from_db()
    assert (sign_up.email, sign_up.first_name, sign_up.wording.version) == (DANA, "Dana", 1)
    assert bytes(sign_up.address_key) == dana.address_key
    assert bytes(sign_up.mailbox_key) == dana.mailbox_key
    assert sign_up.page_url == "https://acme.example/garden"
    assert (sign_up.handed_over_at, sign_up.settled_at, sign_up.confirmed_at) == (None, None, None)
    told = Evidence.objects.get(verb="sign-up asked")
    assert (told.actor, told.subject, bytes(told.mailbox_key), told.details) == (
        "visitor",
        f"sign-up form {form.pk}",
        dana.mailbox_key,
        {"sign_up": sign_up.pk, "wording": 1},
    )
    assert not Contact.objects.exists()
    assert not Consent.objects.exists()


def test_no_plain_network_is_kept_with_a_request():
    sign_up = asked()
    assert bytes(sign_up.network_key) == addresses.keyed(b"network", "198.51.100.0/24")
    assert not any("198.51" in str(value) for row in SignUp.objects.values() for value in row.values())


@pytest.mark.duty("D96")
def test_without_the_tick_nothing_is_kept():
    form = new_form()
    with pytest.raises(SignUpRefused) as refused:
        joining.ask(form, wish(agrees=False))
    assert refused.value.problems == {
        "consent": "Please tick the box if you agree; without it you get no email."
    }
    assert not SignUp.objects.exists()
    assert not Evidence.objects.filter(verb="sign-up asked").exists()


def test_who_fills_in_what_nobody_sees_gets_nothing():
    assert joining.ask(new_form(), wish(trap="https://buy.example")) is None
    assert not SignUp.objects.exists()


@pytest.mark.parametrize("version", ["2", "0", "", "one", "1 "])
def test_words_that_are_not_todays_are_shown_anew_before_anybody_agrees_to_them(version):
    with pytest.raises(SignUpRefused) as refused:
        joining.ask(new_form(), wish(wording=version))
    assert refused.value.problems == {
        "consent": "These words have changed. Please read them, then tick the box."
    }


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(SignUpRefused) as refused:
        joining.ask(new_form(), wish("nobody", first_name="www.buy.example", agrees=False))
    assert set(refused.value.problems) == {"email", "first_name", "consent"}


@pytest.mark.parametrize(
    "email",
    [
        "",
        " ",
        "dana",
        "dana@",
        "dana@example",
        "dana@example.org\r\nBcc: all@example.org",
        "dana@example.org\nBcc: all@example.org",
        "dana@example.org\0",
        "dana\u2028@example.org",
        "dana@example.org, erin@example.org",
        "dana@example.org erin@example.org",
        "Dana <dana@example.org>",
        "{{ email }}@example.org",
        "*|EMAIL|*",
        "däna@example.org",
        "5035550142@vtext.com",
        "dana@mailinator.com",
        "dana@in.mailinator.com",
        f"{'d' * 300}@example.org",
    ],
)
def test_an_address_that_can_not_be_written_to_is_refused_in_words_and_nothing_is_kept(email):
    with pytest.raises(SignUpRefused) as refused:
        joining.ask(new_form(), wish(email))
    assert list(refused.value.problems) == ["email"]
    assert refused.value.problems["email"].endswith((".", "?"))
    assert not SignUp.objects.exists()


HOSTILE_NAMES = [
    "Dana\r\nBcc: all@example.org",
    "Dana\nSubject: You won",
    "Dana\rX",
    "Dana\0",
    "Dana\x1b[2J",
    "Dana\u2028X",
    "Dana\u202eX",
    "Dana\u200bX",
    "{{ first_name }}",
    "{% include 'x' %}",
    "*|FNAME|*",
    "${name}",
    "%%name%%",
    "[[name]]",
    "https://buy.example",
    "www.buy.example",
    "buy.example/now",
    "BUY.COM now",
    "buy。com",
    "ｂｕｙ．ｃｏｍ",
    "see buy.co",
    "dana@example.org",
    "<b>Dana</b>",
    "<script>alert(1)</script>",
    "D" * 81,
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_name_that_is_more_than_a_name_is_refused_and_nothing_is_kept(name):
    with pytest.raises(SignUpRefused) as refused:
        joining.ask(new_form(), wish(first_name=name))
    assert list(refused.value.problems) == ["first_name"]
    assert not SignUp.objects.exists()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Dana",
        " Dana ",
        "Zoë",
        "Anne-Marie",
        "O’Neil",
        "Dr. Lee",
        "J. R.",
        "李",
        "می\u200cلاد",
        "D" * 80,
        "Lê & Co",
    ],
)
def test_a_name_as_people_have_it_is_taken(name):
    assert asked(first_name=name).first_name == name.strip()


def test_a_name_that_the_form_does_not_ask_for_is_not_kept():
    assert asked(new_form(asks_name=False), first_name="https://buy.example").first_name == ""


@hypothesis_settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(email=st.text(max_size=60), name=st.text(max_size=90))
def test_whatever_is_typed_is_taken_as_one_address_or_refused_in_words(db, email, name):
    form = SignUpForm.objects.first() or new_form()
    try:
        sign_up = joining.ask(form, wish(email, first_name=name))
    except SignUpRefused as refused:
        assert set(refused.problems) <= {"email", "first_name"}
        return
    if sign_up is not None:
        assert sign_up.email.isascii()
        assert sign_up.email.isprintable()
        assert addresses.parse(sign_up.email).text == sign_up.email


@pytest.mark.parametrize("change", ["closed", "sender not attested"])
def test_a_form_that_is_closed_or_speaks_for_nobody_takes_nothing(change):
    form = new_form()
    if change == "closed":
        SignUpForm.objects.update(is_open=False)
    else:
        Sender.objects.update(address_attested_at=None, address_attested_by=None)
    with pytest.raises(joining.FormClosed):
        joining.ask(SignUpForm.objects.get(pk=form.pk), wish())
    assert not SignUp.objects.exists()


def test_a_form_closed_while_somebody_fills_it_in_takes_nothing():
    form = new_form()
    SignUpForm.objects.update(is_open=False)
    with pytest.raises(joining.FormClosed):
        joining.ask(form, wish())
    assert not SignUp.objects.exists()


# -- limits ----------------------------------------------------------------------------------------------


def test_one_request_in_24_hours_for_all_addresses_of_a_mailbox_and_all_forms():
    letter, other = new_form(), new_form("other")
    assert joining.ask(letter, wish("dana@gmail.com")) is not None
    for again in ("dana@gmail.com", "DANA@gmail.com", "d.ana+shop@googlemail.com"):
        assert joining.ask(letter, wish(again)) is None
        assert joining.ask(other, wish(again)) is None
    SignUp.objects.update(requested_at=timezone.now() - timedelta(hours=23, minutes=59))
    assert joining.ask(letter, wish("dana@gmail.com")) is None
    yesterday()
    assert joining.ask(letter, wish("dana@gmail.com")) is not None
    assert SignUp.objects.count() == 2


def test_who_has_asked_on_the_opt_out_page_today_is_not_written_to_by_a_form_too_and_the_other_way_round(
    client,
):
    form = new_form()
    recipients.contact(DANA)
    recipients.opt_out(DANA)
    client.post(recipients.link(DANA) + "/back")
    assert WayBack.objects.count() == 1
    assert joining.ask(form, wish()) is None
    WayBack.objects.all().delete()
    asked(form)
    client.post(recipients.link(DANA) + "/back")
    assert not WayBack.objects.exists()


def test_a_request_before_the_opt_out_does_not_bar_the_way_back(client):
    sign_up = asked()
    joining.confirm(sign_up.pk, network=NETWORK)
    recipients.opt_out(DANA)
    client.post(recipients.link(DANA) + "/back")
    assert WayBack.objects.count() == 1


def test_a_network_that_asks_too_often_is_held_up_and_others_are_not():
    form = new_form()
    for number in range(joining.NETWORK_AN_HOUR):
        assert joining.ask(form, wish(f"a{number}@example.org")) is not None
    with pytest.raises(TooManySignUps):
        joining.ask(form, wish("one.more@example.org"))
    with pytest.raises(TooManySignUps):
        joining.ask(new_form("other"), wish("one.more@example.org"))
    assert joining.ask(form, wish("one.more@example.org", network="192.0.2.0/24")) is not None
    SignUp.objects.update(requested_at=timezone.now() - timedelta(minutes=61))
    assert joining.ask(form, wish("another@example.org")) is not None


def test_a_form_that_all_the_world_asks_through_is_held_up_and_others_are_not(monkeypatch):
    monkeypatch.setattr(joining, "FORM_AN_HOUR", 5)
    form, other = new_form(), new_form("other")
    for number in range(5):
        assert joining.ask(form, wish(f"a{number}@example.org", network=f"10.0.{number}.0/24")) is not None
    with pytest.raises(TooManySignUps):
        joining.ask(form, wish("b@example.org", network="10.9.0.0/24"))
    assert joining.ask(other, wish("b@example.org", network="10.9.0.0/24")) is not None


def test_being_held_up_tells_nothing_about_who_has_asked(monkeypatch):
    monkeypatch.setattr(joining, "NETWORK_AN_HOUR", 1)
    form = new_form()
    asked(form)
    for email in (DANA, "stranger@example.org"):
        with pytest.raises(TooManySignUps):
            joining.ask(form, wish(email))


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("198.51.100.7", "198.51.100.0/24"),
        ("198.51.100.255", "198.51.100.0/24"),
        ("198.51.101.0", "198.51.101.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("2001:db8:1:ffff::", "2001:db8:1::/48"),
        ("::ffff:198.51.100.7", "198.51.100.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", "unknown"),
        ("unix:", "unknown"),
        ("198.51.100.7, 10.0.0.1", "unknown"),
    ],
)
def test_a_network_is_told_but_no_persons_address(ip, network):
    assert joining.network_of(ip) == network


def test_of_requests_at_once_one_is_taken_and_a_network_gets_no_more_than_its_share(
    living_database, monkeypatch
):
    monkeypatch.setattr(joining, "NETWORK_AN_HOUR", 5)
    form = new_form()

    def ask(email: str) -> object:
        try:
            return joining.ask(form, wish(email))
        except TooManySignUps:
            return "too many"
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as visitors:
        same = list(visitors.map(ask, [DANA] * 16))
        assert len([one for one in same if one is not None]) == 1
        others = list(visitors.map(ask, [f"a{n}@example.org" for n in range(16)]))
    assert len([one for one in others if one == "too many"]) == 12
    assert SignUp.objects.count() == 5


# -- the mail --------------------------------------------------------------------------------------------


@pytest.mark.timeout(600)  # half a minute on an idle machine
@pytest.mark.parametrize("requests", [500, pytest.param(10_000, marks=pytest.mark.programs)])
def test_ten_thousand_requests_for_one_mailbox_are_one_mail(server, requests):
    form = new_form()
    for number in range(requests):
        joining.ask(
            form, wish(f"d.a.n.a+x{number}@gmail.com", network=f"10.{number // 256}.{number % 256}.0/24")
        )
        if number % 2_500 == 0:
            tasks.send_sign_ups()
    tasks.send_sign_ups()
    assert server.store.count() == 1
    assert SignUp.objects.count() == Evidence.objects.filter(verb="sign-up asked").count() == 1


def test_the_mail_says_who_asked_when_and_what_to_do_and_nothing_that_anybody_wrote(server):
    form = new_form(title="BUY NOW: 50 % off")
    sign_up = asked(form, first_name="Buy")
    tasks.send_sign_ups()
    (received,) = server.store.iterate()
    assert received.rcpt_tos == (DANA,)
    assert received.mail_from == "news@example.org"
    message = parts.parsed(received)
    sign_up.refresh_from_db()
    headers = {name.lower(): str(value) for name, value in message.items() if name.lower() != "received"}
    date = headers.pop("date")
    assert date.endswith("+0000")
    assert headers == {
        "from": "Acme Garden <news@example.org>",
        "to": DANA,
        "reply-to": "hello@example.org",
        "subject": "Please confirm your subscription to Acme Garden",
        "message-id": sign_up.message_id,
        "auto-submitted": "auto-generated",
        "mime-version": "1.0",
        "content-type": 'text/plain; charset="utf-8"',
        "content-transfer-encoding": "quoted-printable",
    }
    lines = message.get_content().splitlines()
    (link,) = [line for line in lines if "://" in line]
    assert tokens.read_join(link.rpartition("/confirm/")[2]) == sign_up.pk
    asked_at = f"{sign_up.requested_at:%d %B %Y, %H:%M} UTC"
    assert lines == [
        f"On {asked_at} somebody entered this address in a sign-up form, to get email from",
        "Acme Garden LLC.",
        "",
        "If that was you, open this page within 7 days and press its button:",
        link,
        "",
        "If you did not ask for this, do nothing. Without that button no email comes of it, and the",
        "request is deleted after 7 days.",
        "",
        "Acme Garden LLC",
        "1450 Rose Street",
        "Portland, OR 97201",
        "US",
        "hello@example.org",
    ]
    assert (sign_up.outcome, sign_up.handed_over_at <= sign_up.settled_at) == ("accepted", True)
    assert dispatch.waiting_sign_ups() == []


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_header_in_a_name_sends_nothing(server, name):
    with pytest.raises(SignUpRefused):
        joining.ask(new_form(), wish(first_name=name))
    tasks.sweep()
    assert server.store.count() == 0


def test_who_opted_out_before_asking_gets_the_mail_and_who_opted_out_since_does_not(server):
    form = new_form()
    for email in (DANA, "erin@example.org"):
        recipients.opt_out(email)
        asked(form, email)
    recipients.opt_out("erin@example.org")  # again, by an old link: it counts from now
    tasks.send_sign_ups()
    assert parts.recipients(server) == {DANA: 1}
    assert dict(SignUp.objects.values_list("email", "outcome")) == {
        DANA: "accepted",
        "erin@example.org": "withheld",
    }


def test_the_kill_switch_stops_the_mail_and_it_goes_out_afterwards(server):
    asked()
    campaigns.stop_all(parts.staff(), "something is wrong")
    tasks.send_sign_ups()
    dispatch.send_sign_up(SignUp.objects.get().pk)
    assert server.store.count() == 0
    campaigns.allow_all(parts.staff())
    tasks.send_sign_ups()
    assert server.store.count() == 1


def test_a_sender_whose_address_is_no_longer_attested_sends_no_mail_until_it_is(server):
    asked()
    sender = Sender.objects.get()
    Sender.objects.update(address_attested_at=None, address_attested_by=None)
    tasks.send_sign_ups()
    assert server.store.count() == 0
    campaigns.attest_address(sender, parts.staff())
    SignUp.objects.update(next_at=timezone.now())
    tasks.send_sign_ups()
    assert server.store.count() == 1


def test_a_busy_server_is_asked_again_after_longer_and_longer_with_the_same_message_id_and_then_no_more(
    server,
):
    sign_up = asked()
    seen = []

    def later(stage: str, envelope: Envelope) -> str | None:
        if stage == "message":
            content = envelope.original_content
            seen.append(BytesHeaderParser(policy=policy.default).parsebytes(content)["Message-ID"])
            return "451 4.7.1 later"
        return None

    server._handler.reply = later
    waits = []
    for _ in range(6):
        tasks.send_sign_ups()
        tasks.send_sign_ups()  # not before its time
        sign_up.refresh_from_db()
        waits.append(round((sign_up.next_at - timezone.now()).total_seconds() / 60))
        SignUp.objects.update(next_at=timezone.now())
    assert waits[:5] == [5, 15, 60, 240, 720]
    assert (sign_up.outcome, sign_up.settled_at is not None) == ("gave_up", True)
    tasks.send_sign_ups()
    assert len(seen) == 6
    assert set(seen) == {sign_up.message_id}
    assert server.store.count() == 0


def test_a_mail_put_off_goes_out_when_the_server_takes_it(server):
    asked()
    server._handler.reply = lambda stage, _: "451 4.7.1 later" if stage == "rcpt" else None
    tasks.send_sign_ups()
    server._handler.reply = None
    SignUp.objects.update(next_at=timezone.now())
    tasks.send_sign_ups()
    assert (server.store.count(), SignUp.objects.get().outcome) == (1, "accepted")


def test_a_server_that_is_away_costs_a_while_and_no_request(server):
    asked()
    server.stop()
    tasks.send_sign_ups()
    server.start()
    assert SignUp.objects.get().attempts == 1
    SignUp.objects.update(next_at=timezone.now())
    tasks.send_sign_ups()
    assert server.store.count() == 1


def test_what_the_server_refuses_is_not_tried_again(server):
    asked()
    server._handler.reply = lambda stage, _: "550 5.1.1 no" if stage == "rcpt" else None
    tasks.send_sign_ups()
    tasks.send_sign_ups()
    assert (SignUp.objects.get().outcome, server.store.count()) == ("refused", 0)


def test_a_mail_whose_worker_died_after_the_hand_over_is_not_sent_again(server):
    asked()
    SignUp.objects.update(handed_over_at=timezone.now())
    tasks.sweep()
    assert server.store.count() == 0


def test_two_workers_send_one_mail(server):
    sign_up = asked()

    def send(_: int) -> None:
        try:
            dispatch.send_sign_up(sign_up.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(send, range(4)))
    assert server.store.count() == 1


# -- confirming ------------------------------------------------------------------------------------------


@pytest.mark.duty("D95", "D97")
def test_the_owners_yes_puts_them_on_the_list_with_the_proof_and_keeps_the_address_in_one_place():
    form = new_form()
    sign_up = asked(form)
    SignUp.objects.update(message_id="<notice.1@example.org>")
    before = timezone.now()
    joining.confirm(sign_up.pk, network=NETWORK)
    place = Subscription.objects.select_related("contact").get()
    assert (place.list, place.source, place.contact.email, place.contact.first_name) == (
        form.list,
        "form",
        DANA,
        "Dana",
    )
    sign_up.refresh_from_db()
    assert (sign_up.email, sign_up.first_name, before <= sign_up.confirmed_at) == ("", "", True)
    dana = addresses.parse(DANA)
    proof = Consent.objects.values().get()
    number = proof.pop("id")
    assert {
        name: bytes(value) if isinstance(value, memoryview) else value for name, value in proof.items()
    } == {
        "form_number": form.pk,
        "list_number": form.list.pk,
        "list_name": "Friends of the garden",
        "wording_version": 1,
        "wording": WORDING,
        "wording_sha256": hashlib.sha256(WORDING.encode()).digest(),
        "page_url": "https://acme.example/garden",
        "network_key": addresses.keyed(b"network", "198.51.100.0/24"),
        "place": NETWORK,
        "message_id": "<notice.1@example.org>",
        "sign_up_number": sign_up.pk,
        "address_key": dana.address_key,
        "mailbox_key": dana.mailbox_key,
        "requested_at": sign_up.requested_at,
        "confirmed_at": sign_up.confirmed_at,
    }
    told = Evidence.objects.get(verb="sign-up confirmed")
    assert (told.actor, told.subject, bytes(told.mailbox_key), told.details) == (
        "recipient",
        f"sign-up form {form.pk}",
        dana.mailbox_key,
        {
            "sign_up": sign_up.pk,
            "consent": number,
            "contact": place.contact.pk,
            "lifted": False,
            "list_again": False,
        },
    )
    assert not Evidence.objects.filter(details__icontains="dana").exists()


def test_a_second_yes_changes_nothing():
    sign_up = asked()
    first = joining.confirm(sign_up.pk, network=NETWORK).confirmed_at
    assert joining.confirm(sign_up.pk, network="192.0.2.0/24").confirmed_at == first
    assert (Consent.objects.count(), Subscription.objects.count()) == (1, 1)
    assert Evidence.objects.filter(verb="sign-up confirmed").count() == 1


def test_yeses_at_once_are_one(living_database):
    sign_up = asked()
    recipients.opt_out(DANA)
    yesterday()
    sign_up = asked(SignUpForm.objects.get())

    def confirm(_: int) -> None:
        try:
            joining.confirm(sign_up.pk, network=NETWORK)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as presses:
        list(presses.map(confirm, range(6)))
    assert (Consent.objects.count(), Subscription.objects.count(), Reinstatement.objects.count()) == (1, 1, 1)


def test_an_opted_out_person_comes_back_for_exactly_the_address_confirmed():
    form = new_form()
    other = people.add(addresses.parse("dana+shop@example.org"), form.list, source="customer", actor="shell")
    recipients.opt_out(DANA)
    assert (mailable(), mailable(other.email)) == (False, False)
    sign_up = asked(form)
    assert not mailable()
    joining.confirm(sign_up.pk, network=NETWORK)
    assert (mailable(), mailable(other.email)) == (True, False)
    lifted = Reinstatement.objects.get()
    dana = addresses.parse(DANA)
    assert (bytes(lifted.address_key), lifted.requested_at) == (dana.address_key, sign_up.requested_at)
    assert Evidence.objects.get(verb="sign-up confirmed").details["lifted"] is True


@pytest.mark.parametrize("reason", ["opt_out", "complaint"])
def test_an_opt_out_or_complaint_after_asking_is_not_lifted_and_nothing_else_happens(reason):
    sign_up = asked()
    key = addresses.parse(DANA).mailbox_key
    suppression.suppress(key, reason=reason, channel="page", actor="recipient")
    with pytest.raises(OptedOutSince):
        joining.confirm(sign_up.pk, network=NETWORK)
    assert not mailable()
    assert not Contact.objects.exists()
    assert not Consent.objects.exists()
    sign_up.refresh_from_db()
    assert sign_up.confirmed_at is None


def test_opting_out_once_more_after_asking_stands_although_an_older_opt_out_stood(client):
    recipients.opt_out(DANA)
    sign_up = asked()
    assert client.post(recipients.link(DANA)).status_code == 200
    assert client.post(recipients.link(DANA)).status_code == 200
    assert Suppression.objects.count() == 2
    with pytest.raises(OptedOutSince):
        joining.confirm(sign_up.pk, network=NETWORK)
    assert not mailable()


def test_an_imported_opt_out_after_asking_stands(tmp_path):
    recipients.opt_out(DANA)
    sign_up = asked()
    status = suppression.Status(addresses.parse(DANA), "opt_out")
    suppression.suppress_many([status], import_id=1, actor="worker")
    with pytest.raises(OptedOutSince):
        joining.confirm(sign_up.pk, network=NETWORK)


def test_who_left_the_list_before_asking_is_on_it_again_with_exactly_that_address():
    form = new_form()
    other = people.add(addresses.parse("dana+shop@example.org"), form.list, source="customer", actor="shell")
    dana = addresses.parse(DANA)
    leaving.leave(dana.mailbox_key, [form.list], actor="recipient")
    sign_up = asked(form)
    joining.confirm(sign_up.pk, network=NETWORK)
    assert Subscription.objects.get().contact.email == DANA
    assert not leaving.has_left(dana, form.list)
    assert leaving.has_left(addresses.parse(other.email), form.list)
    assert ListReturn.objects.get().requested_at == sign_up.requested_at
    assert Evidence.objects.get(verb="sign-up confirmed").details["list_again"] is True


def test_who_left_the_list_after_asking_stays_off_it(server):
    form = new_form()
    sign_up = asked(form)
    leaving.leave(addresses.parse(DANA).mailbox_key, [form.list], actor="recipient")
    tasks.send_sign_ups()
    assert (server.store.count(), SignUp.objects.get().outcome) == (0, "withheld")
    with pytest.raises(OptedOutSince):
        joining.confirm(sign_up.pk, network=NETWORK)
    assert not Subscription.objects.exists()


def test_who_left_another_list_since_is_on_this_one():
    form = new_form()
    sign_up = asked(form)
    other = MailingList.objects.create(name="Other", slug="other")
    leaving.leave(addresses.parse(DANA).mailbox_key, [other], actor="recipient")
    joining.confirm(sign_up.pk, network=NETWORK)
    assert Subscription.objects.get().list == form.list


def test_an_opt_out_after_asking_that_its_owner_has_taken_back_since_is_no_bar():
    sign_up = asked()
    recipients.opt_out(DANA)
    suppression.reinstate(addresses.parse(DANA), requested_at=timezone.now())
    joining.confirm(sign_up.pk, network=NETWORK)
    assert mailable()
    assert Consent.objects.count() == 1


def test_the_owners_yes_lifts_a_bounce_too_since_the_mail_arrived():
    dana = addresses.parse(DANA)
    suppression.suppress(dana.mailbox_key, reason="hard_bounce", channel="esp", actor="worker")
    joining.confirm(asked().pk, network=NETWORK)
    assert mailable()


def test_an_opt_out_after_the_yes_is_not_lifted_by_the_old_link():
    sign_up = asked()
    joining.confirm(sign_up.pk, network=NETWORK)
    recipients.opt_out(DANA)
    joining.confirm(sign_up.pk, network=NETWORK)
    assert not mailable()
    assert not Reinstatement.objects.exists()


def test_who_a_list_of_digests_names_comes_back_by_their_yes_if_it_came_in_before_they_asked():
    digest = hashlib.sha256(DANA.encode()).digest()
    HashedOptOut.objects.create(digest=digest, import_id=1)
    sign_up = asked()
    joining.confirm(sign_up.pk, network=NETWORK)
    assert mailable()


def test_who_a_list_of_digests_names_since_they_asked_stays_out():
    sign_up = asked()
    HashedOptOut.objects.create(digest=hashlib.md5(DANA.encode()).digest(), import_id=1)
    with pytest.raises(OptedOutSince):
        joining.confirm(sign_up.pk, network=NETWORK)
    assert not Contact.objects.exists()


def test_a_name_that_we_have_is_not_overwritten_by_who_filled_in_the_form():
    form = new_form()
    dana = people.add(addresses.parse(DANA), form.list, source="customer", first_name="Dana", actor="shell")
    joining.confirm(asked(form, first_name="Rude").pk, network=NETWORK)
    dana.refresh_from_db()
    assert (dana.first_name, Subscription.objects.get().source) == ("Dana", "customer")


def test_what_was_agreed_to_is_what_stood_there_whatever_is_written_later():
    form = new_form()
    sign_up = asked(form)
    joining.word(form, "Other words of Acme Garden", actor="shell")
    joining.confirm(sign_up.pk, network=NETWORK)
    proof = Consent.objects.get()
    assert (proof.wording_version, proof.wording) == (1, WORDING)


def test_a_request_that_was_made_before_the_form_closed_can_be_confirmed():
    sign_up = asked()
    SignUpForm.objects.update(is_open=False)
    joining.confirm(sign_up.pk, network=NETWORK)
    assert Subscription.objects.count() == 1


def test_the_proof_outlives_form_list_sender_and_person():
    form = new_form()
    joining.confirm(asked(form).pk, network=NETWORK)
    Contact.objects.all().delete()
    form.list.delete()
    Sender.objects.all().delete()
    assert not SignUpWording.objects.exists()
    assert Consent.objects.get().wording == WORDING


def test_who_joined_left_and_is_imported_again_is_not_mailed_and_who_came_back_is(server):
    form = new_form()
    for email in (DANA, "erin@example.org"):
        joining.confirm(asked(form, email).pk, network=NETWORK)
        recipients.opt_out(email)
    Contact.objects.all().delete()
    for email in (DANA, "erin@example.org"):
        people.add(addresses.parse(email), form.list, source="migration", actor="shell")
    yesterday()
    joining.confirm(asked(form).pk, network=NETWORK)
    campaign = parts.draft(form.list)
    campaigns.launch(campaign, parts.staff())
    tasks.snapshot(campaign.pk)
    while dispatch.run_slice(campaign.pk).handed_over:
        pass
    assert parts.recipients(server, campaign) == {DANA: 1}
    assert Message.objects.get(state="withheld").reason == "opt_out"


# -- forgetting ------------------------------------------------------------------------------------------


def test_after_seven_days_a_request_is_gone_with_its_address_and_one_younger_stays():
    form = new_form()
    old, young = asked(form), asked(form, "erin@example.org")
    SignUp.objects.filter(pk=old.pk).update(requested_at=timezone.now() - timedelta(days=7, seconds=5))
    SignUp.objects.filter(pk=young.pk).update(
        requested_at=timezone.now() - timedelta(days=7) + timedelta(minutes=1)
    )
    with pytest.raises(SignUp.DoesNotExist):
        joining.confirm(old.pk, network=NETWORK)
    assert joining.forget_old() == 1
    assert SignUp.objects.get() == young
    assert Evidence.objects.get(verb="sign-up requests forgotten").details == {"requests": 1}
    assert joining.forget_old() == 0
    assert Evidence.objects.filter(verb="sign-up requests forgotten").count() == 1


def test_the_sweep_forgets_unless_a_legal_hold_keeps_everything(living_database):
    asked()
    SignUp.objects.update(requested_at=timezone.now() - timedelta(days=8))
    hold = holds.set_hold("A claim was announced.", user=parts.staff())
    tasks.sweep()
    assert SignUp.objects.exists()
    holds.lift(hold.pk, "It was settled.", user=parts.staff())
    tasks.sweep()
    assert not SignUp.objects.exists()


# -- what the database keeps -----------------------------------------------------------------------------


def test_the_same_words_are_no_new_version_and_other_words_are():
    form = new_form()
    assert joining.word(form, WORDING, actor="user 1").version == 1
    assert joining.word(form, "Other words", actor="user 1").version == 2
    assert joining.word(form, WORDING, actor="user 1").version == 3
    assert list(form.wordings.values_list("version", "text")) == [
        (3, WORDING),
        (2, "Other words"),
        (1, WORDING),
    ]
    told = Evidence.objects.filter(verb="sign-up wording written", actor="user 1").order_by("id")
    assert [row.details for row in told] == [
        {"version": 2, "sha256": hashlib.sha256(b"Other words").hexdigest()},
        {"version": 3, "sha256": hashlib.sha256(WORDING.encode()).hexdigest()},
    ]


def test_words_once_written_are_never_changed():
    new_form()
    with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
        SignUpWording.objects.update(text="Other words")


def test_a_confirmed_request_can_not_hold_an_address_nor_an_open_one_be_without():
    sign_up = asked()
    for wrong in ({"confirmed_at": timezone.now()}, {"email": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            SignUp.objects.filter(pk=sign_up.pk).update(**wrong)


def test_one_request_gives_one_consent():
    sign_up = asked()
    joining.confirm(sign_up.pk, network=NETWORK)
    proof = Consent.objects.get()
    proof.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        proof.save()
