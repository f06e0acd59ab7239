"""One click in the mail program: every shape in which the POST was seen or may come (RFC 8058, D74–D81)."""

import select
import socket
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client

from mailer import addresses, journal, suppression, tokens
from mailer.models import Evidence, MailingList, Subscription, Suppression, Trouble
from mailer.tokens import OptOutToken
from tests.mailer import recipients
from tests.mailer.serving import request, served
from tests.stories import parts

ONE_CLICK = b"List-Unsubscribe=One-Click"
FORM = "Content-Type: application/x-www-form-urlencoded"
MULTIPART = b'--b1\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b1--\r\n'
CHUNKED = b"1a\r\nList-Unsubscribe=One-Click\r\n0\r\n\r\n"
TEST_LINK = "the link of a test"
DONE = "<h1>Done.</h1>"


def mailbox(name: str) -> bytes:
    return addresses.parse(f"{name}@example.org").mailbox_key


def token_of(name: str, **marks: bool) -> str:
    return tokens.sign(OptOutToken(mailbox(name), campaign=7, **marks))


def post(path: str, *headers: str, body: bytes = ONE_CLICK, version: str = "1.1") -> bytes:
    return request("POST", path, *(headers or (FORM,)), body=body, version=version)


def percent_encoded(token: str) -> str:
    return "".join(f"%{ord(letter):02x}" for letter in token)


# What is sent for a token, and the channel it is entered under.
SHAPES = {
    "urlencoded, as Gmail sends it": (lambda t: post(f"/u/{t}"), "one_click"),
    "multipart, as RFC 8058 asks": (
        lambda t: post(f"/u/{t}", "Content-Type: multipart/form-data; boundary=b1", body=MULTIPART),
        "one_click",
    ),
    "empty body": (lambda t: post(f"/u/{t}", FORM, "Content-Length: 0", body=b""), "page"),
    "no body, no length": (lambda t: post(f"/u/{t}", "Accept: */*", body=b""), "page"),
    "plain text": (lambda t: post(f"/u/{t}", "Content-Type: text/plain"), "one_click"),
    "JSON": (lambda t: post(f"/u/{t}", "Content-Type: application/json", body=b'{"a": 1}'), "page"),
    "broken JSON": (lambda t: post(f"/u/{t}", "Content-Type: application/json", body=b"{"), "page"),
    "no content type": (lambda t: post(f"/u/{t}", "Accept: */*"), "one_click"),
    "nonsense content type": (lambda t: post(f"/u/{t}", "Content-Type: ;;;"), "one_click"),
    "multipart without boundary": (
        lambda t: post(f"/u/{t}", "Content-Type: multipart/form-data", body=MULTIPART),
        "one_click",
    ),
    "binary body": (lambda t: post(f"/u/{t}", body=bytes(range(256))), "page"),
    "chunked": (lambda t: post(f"/u/{t}", FORM, "Transfer-Encoding: chunked", body=CHUNKED), "one_click"),
    "chunked and empty": (
        lambda t: post(f"/u/{t}", FORM, "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        "page",
    ),
    "chunks that make no sense": (
        lambda t: post(f"/u/{t}", FORM, "Transfer-Encoding: chunked", body=b"zz\r\nxx"),
        "page",
    ),
    "a body of 1 MB": (lambda t: post(f"/u/{t}", body=b"x" * 2**20), "page"),
    "HTTP/1.0": (lambda t: post(f"/u/{t}", version="1.0"), "one_click"),
    "HTTP/1.0 without Host": (
        lambda t: f"POST /u/{t} HTTP/1.0\r\nContent-Length: 26\r\n\r\n".encode() + ONE_CLICK,
        "one_click",
    ),
    "a foreign Host": (
        lambda t: post(f"/u/{t}").replace(b"Host: mail.example.com", b"Host: elsewhere.example"),
        "one_click",
    ),
    "no User-Agent": (lambda t: post(f"/u/{t}", FORM), "one_click"),
    "an odd agent": (
        lambda t: post(f"/u/{t}", FORM, "User-Agent: \xff\xfe'\"; bot spider curl/0"),
        "one_click",
    ),
    "a scanner's agent": (lambda t: post(f"/u/{t}", FORM, "User-Agent: Googlebot/2.1"), "one_click"),
    "foreign cookies": (lambda t: post(f"/u/{t}", FORM, "Cookie: sessionid=x; csrftoken=y; =;"), "one_click"),
    "Authorization": (lambda t: post(f"/u/{t}", FORM, "Authorization: Basic !!!"), "one_click"),
    "method override": (lambda t: post(f"/u/{t}", FORM, "X-HTTP-Method-Override: GET"), "one_click"),
    "another language": (lambda t: post(f"/u/{t}", FORM, "Accept-Language: de"), "one_click"),
    "a foreign Origin and Referer": (
        lambda t: post(f"/u/{t}", FORM, "Origin: https://evil.example", "Referer: https://evil.example/"),
        "one_click",
    ),
    "the null Origin of a mail program": (lambda t: post(f"/u/{t}", FORM, "Origin: null"), "one_click"),
    "plain HTTP behind the proxy": (lambda t: post(f"/u/{t}", FORM, "X-Forwarded-Proto: http"), "one_click"),
    "HTTPS behind the proxy": (lambda t: post(f"/u/{t}", FORM, "X-Forwarded-Proto: https"), "one_click"),
    "asks for JSON": (lambda t: post(f"/u/{t}", FORM, "Accept: application/json"), "one_click"),
    "asks to upgrade": (lambda t: post(f"/u/{t}", FORM, "Upgrade-Insecure-Requests: 1"), "one_click"),
    "waits for 100 Continue": (lambda t: post(f"/u/{t}", FORM, "Expect: 100-continue"), "one_click"),
    "trailing slash": (lambda t: post(f"/u/{t}/"), "one_click"),
    "doubled slash": (lambda t: post(f"//u//{t}"), "one_click"),
    "slashes all over": (lambda t: post(f"///u///{t}///"), "one_click"),
    "=3D before the token": (lambda t: post(f"/u/=3D{t}"), "one_click"),
    "=3D, encoded": (lambda t: post(f"/u/%3D3D{t}"), "one_click"),
    "percent-encoded": (lambda t: post(f"/u/{percent_encoded(t)}"), "one_click"),
    "percent-encoded in capitals": (
        lambda t: post(f"/u/{percent_encoded(t).upper()}"),
        "one_click",
    ),
    "percent-encoded twice": (lambda t: post(f"/u/{percent_encoded(t).replace('%', '%25')}"), "one_click"),
    "trailing full stop": (lambda t: post(f"/u/{t}."), "one_click"),
    "trailing angle bracket": (lambda t: post(f"/u/{t}>"), "one_click"),
    "trailing bracket": (lambda t: post(f"/u/{t})"), "one_click"),
    "trailing quote, encoded": (lambda t: post(f"/u/{t}%22%3E"), "one_click"),
    "a line break in the middle": (lambda t: post(f"/u/{t[:20]}%3D%0D%0A{t[20:]}"), "one_click"),
    "a tracker's query": (lambda t: post(f"/u/{t}?utm_source=news&fbclid=1"), "one_click"),
    "a tracker's query, encoded": (lambda t: post(f"/u/{t}%3Futm_source=news"), "one_click"),
    "absolute form": (lambda t: post(f"http://mail.example.com/u/{t}"), "one_click"),
    TEST_LINK: (None, "one_click"),
    "the page's button": (lambda t: post(f"/u/{t}", body=b"page=1"), "page"),
}


@pytest.mark.duty("D57", "D75", "D77", "D79", "D104", "D107")
def test_every_shape_of_the_post_opts_out_at_once_and_is_answered_with_the_page(living_database):
    shapes = {name: shape for name, (shape, _) in SHAPES.items() if shape}
    with served(living_database) as server:
        answers = {name: server.exchange(shape(token_of(slug(name)))) for name, shape in shapes.items()}
        answers[TEST_LINK] = server.exchange(post(f"/u/{token_of(slug(TEST_LINK), is_test=True)}"))
        log = server.log.read_text()
    seen = {name: (answer.status, DONE in answer.text) for name, answer in answers.items()}
    assert seen == dict.fromkeys(SHAPES, (200, True))
    assert not [name for name, a in answers.items() if {"set-cookie", "location", "vary"} & set(a.headers)]
    channels = {
        name: list(
            Suppression.objects.filter(mailbox_key=mailbox(slug(name))).values_list("channel", flat=True)
        )
        for name in SHAPES
    }
    assert channels == {name: [channel] for name, (_, channel) in SHAPES.items()}
    assert set(Suppression.objects.values_list("reason", "campaign_number")) == {("opt_out", 7)}
    assert Suppression.objects.count() == len(SHAPES) >= 40
    assert Evidence.objects.filter(verb="suppressed", actor="recipient").count() == len(SHAPES)
    assert not [name for name in SHAPES if token_of(slug(name)) in log]


def slug(name: str) -> str:
    return "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in name)


def test_a_body_that_breaks_off_is_an_opt_out(living_database):
    broken = f"POST /u/{token_of('cut')} HTTP/1.1\r\nHost: x\r\nContent-Length: 26\r\n\r\nList-Unsub".encode()
    with served(living_database) as server:
        answer = server.exchange(broken, end=True)
    assert (answer.status, Suppression.objects.get().mailbox_key) == (200, mailbox("cut"))


def test_a_long_body_is_taken_in_before_the_answer_which_a_closed_connection_could_cut_off(living_database):
    whole = post(f"/u/{token_of('slow')}", body=b"x" * 2**19)
    with served(living_database) as server:
        assert server.exchange(post(f"/u/{token_of('quick')}")).status == 200
        with socket.create_connection(("127.0.0.1", server.port), 30) as client:
            client.sendall(whole[:8192])
            assert select.select([client], [], [], 3) == ([], [], [])
            client.sendall(whole[8192:])
            assert client.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
    assert Suppression.objects.filter(mailbox_key=mailbox("slow")).count() == 1


@pytest.mark.duty("D78")
def test_looking_changes_nothing_whatever_the_method(living_database):
    token = token_of("dana")
    with served(living_database) as server:
        answers = {m: server.ask(m, f"/u/{token}") for m in ("GET", "HEAD", "OPTIONS")}
        refused = {
            m: server.ask(m, f"/u/{token}", body=ONE_CLICK)
            for m in ("PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "REPORT", "BREW")
        }
        with ThreadPoolExecutor(4) as scanners:
            seen = set(scanners.map(lambda _: server.ask("GET", f"/u/{token}").status, range(1000)))
    assert {m: (a.status, len(a.body) > 0) for m, a in answers.items()} == {
        "GET": (200, True),
        "HEAD": (200, False),
        "OPTIONS": (204, False),
    }
    assert answers["HEAD"].headers["content-length"] == str(len(answers["GET"].body))
    assert answers["OPTIONS"].headers["allow"] == "GET, HEAD, POST, OPTIONS"
    assert {(a.status, a.headers["allow"]) for a in refused.values()} == {(405, "GET, HEAD, POST, OPTIONS")}
    assert seen == {200}
    assert not Suppression.objects.exists()
    assert not Evidence.objects.exists()


@pytest.mark.duty("D80")
def test_repeats_and_races_leave_one_entry_and_get_the_same_page(living_database):
    path = f"/u/{token_of('dana')}"
    with served(living_database) as server, ThreadPoolExecutor(20) as clients:
        raced = list(clients.map(lambda _: server.exchange(post(path)), range(20)))
        again = [server.exchange(post(path)), server.exchange(post(path, body=b"page=1"))]
    assert {answer.status for answer in raced + again} == {200}
    assert len({answer.body for answer in raced + again}) == 1
    assert Suppression.objects.count() == 1
    assert Evidence.objects.filter(verb="suppressed").count() == 1


@pytest.mark.duty("D74")
def test_no_flipped_bit_reaches_a_mailbox_and_all_are_told_the_same(living_database):
    raw = bytearray(urlsafe_b64decode(token_of("dana")))
    with served(living_database) as server:
        bodies = {server.exchange(post(f"/u/{flipped(raw, bit)}")).text for bit in range(len(raw) * 8)}
        other = server.exchange(post("/u/nonsense"))
        looked = server.ask("GET", f"/u/{token_of('dana')[:-1]}/")
        nothing = [server.exchange(post(path)).status for path in ("/u", "/u/", "/u//", "/U/", "/u/back/")]
    assert bodies == {other.text} == {looked.text}
    assert (other.status, looked.status, nothing) == (400, 400, [400] * 5)
    assert not Suppression.objects.exists()


def flipped(raw: bytearray, bit: int) -> str:
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return urlsafe_b64encode(changed).decode()


@pytest.mark.duty("D50")
def test_a_link_outlives_contact_list_campaign_sender_and_two_changes_of_keys(living_database, settings):
    acme, dana = recipients.sender(), recipients.contact("dana@example.org")
    news, spring = MailingList.objects.create(name="News", slug="news"), recipients.campaign(acme)
    Subscription.objects.create(contact=dana, list=news, source="form")
    path = recipients.link("dana@example.org", spring.pk)
    for row in (spring, news, dana, acme):
        row.delete()
    newer = ",".join(f"{n}:{bytes([n]).hex() * 32}" for n in (9, 8))
    older = ",".join(f"{number}:{key.hex()}" for number, key in settings.LINK_KEYS.items())
    with served(living_database, LINK_KEYS=f"{newer},{older}") as server:
        answer = server.exchange(post(path))
    assert answer.status == 200
    assert "All mailings from mail.example.com to this mailbox have stopped." in answer.text
    assert not suppression.mailable(addresses.parse("dana@example.org"))


@pytest.mark.duty("D50", "D64")
@pytest.mark.django_db
def test_a_link_works_ten_years_later(client):
    path = f"/u/{token_of('dana')}"
    then = time.time() + 10 * 366 * 24 * 3600
    with mock.patch("time.time", lambda: then):
        assert client.post(path).status_code == 200
    assert Suppression.objects.get().mailbox_key == mailbox("dana")


@pytest.mark.duty("D76")
def test_a_member_of_staff_who_is_signed_in_opts_out_like_anybody(living_database):
    browser = Client()
    browser.force_login(get_user_model().objects.create_superuser("root", "root@example.com", "x"))
    session = browser.cookies["sessionid"].value
    with served(living_database) as server:
        answer = server.exchange(post(f"/u/{token_of('dana')}", FORM, f"Cookie: sessionid={session}"))
        anyone = server.exchange(post(f"/u/{token_of('dana')}"))
    assert answer.status == 200
    assert "set-cookie" not in answer.headers
    assert answer.body == anyone.body


@pytest.mark.duty("D80")
def test_without_a_database_the_wish_is_kept_in_the_journal_and_never_called_done(living_database):
    path = f"/u/{token_of('dana')}"
    with served(living_database) as server:
        assert server.ask("GET", "/readyz").status == 200
        away(living_database.name)
        refused, page = server.exchange(post(path)), server.ask("GET", path)
        probes = [server.ask("GET", probe).status for probe in ("/healthz", "/readyz")]
        back(living_database.name)
        done = server.exchange(post(path))
        log = server.log.read_text()
    assert (refused.status, refused.headers["retry-after"]) == (503, "60")
    assert "<h1>Your wish is recorded.</h1>" in refused.text
    assert "could not take effect yet" in refused.text
    assert "Done" not in refused.text
    assert (page.status, "<button>Unsubscribe</button>" in page.text) == (200, True)
    assert probes == [200, 503]
    assert done.status == 200
    assert Suppression.objects.count() == 1
    assert [line.mailbox_key for line in journalled()] == [mailbox("dana")] * 2
    assert "an opt-out waits for it in the journal" in log
    assert token_of("dana") not in log


def test_a_database_that_was_restarted_a_moment_ago_costs_no_opt_out_its_answer(living_database):
    with served(living_database) as server:
        for name in ("dana", "eli"):
            assert server.exchange(post(f"/u/{token_of(name)}")).status == 200
            while parts.end_sessions():  # until they are gone
                time.sleep(0.01)
        assert server.exchange(post(f"/u/{token_of('fay')}")).status == 200
    assert Suppression.objects.count() == 3


def test_with_neither_database_nor_journal_the_sender_is_told_that_nothing_was_recorded(
    living_database, tmp_path
):
    (tmp_path / "file").touch()
    with served(living_database, JOURNAL_DIR=str(tmp_path / "file" / "journal")) as server:
        away(living_database.name)
        refused = server.exchange(post(f"/u/{token_of('dana')}"))
        back(living_database.name)
        done = server.exchange(post(f"/u/{token_of('dana')}"))
        log = server.log.read_text()
    assert (refused.status, refused.headers["retry-after"]) == (503, "60")
    assert "your request could not be recorded. Nothing was changed." in refused.text
    assert "could not be answered" in log
    assert token_of("dana") not in log
    # with the database there, the ledger alone is enough, and status tells what is wrong
    assert done.status == 200
    assert Suppression.objects.get().journalled_at is None
    assert Trouble.objects.get().words.startswith(
        f"The journal in {tmp_path / 'file' / 'journal'} can't be written."
    )


def journalled() -> list[journal.Line]:
    """All lines of the journal."""
    return [
        journal.parse(raw)
        for name, size in journal.files().items()
        for raw in journal.lines_of(name, 0, size)
    ]


def away(name: str) -> None:
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


def back(name: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def test_under_a_wrong_address_key_nothing_is_recorded_and_the_sender_is_told_so(living_database):
    suppression.assert_ledger()
    with served(living_database, ADDRESS_KEY="ab" * 32) as server:
        refused, ready = server.exchange(post(f"/u/{token_of('dana')}")), server.ask("GET", "/readyz")
    assert (refused.status, refused.headers["retry-after"], ready.status) == (503, "60", 503)
    assert "ADDRESS_KEY is not the key" in ready.text
    assert journalled() == []
    assert not Suppression.objects.exists()


def test_a_test_link_shows_its_page_but_acts_on_everything_that_is_not_the_pages_button(living_database):
    path = f"/u/{token_of('dana', is_test=True)}"
    with served(living_database) as server:
        shown = server.exchange(post(path, body=b"page=1"))
        before = Suppression.objects.count()
        really = server.exchange(post(path, body=b"page=really"))
    assert (shown.status, "<h1>Test message: nothing was changed</h1>" in shown.text, before) == (
        200,
        True,
        0,
    )
    assert (really.status, DONE in really.text) == (200, True)
    assert Suppression.objects.get().channel == "page"
