"""The inbox's pages show each message as it is, and let nothing in it act on its own.

No test here may use the database: pytest-django fails those that try.
"""

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.urls import include, path
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from project.inbox.letter import Letter, opening_new_tabs
from project.inbox.server import InboxServer
from project.inbox.store import MessageStore

urlpatterns = [path("inbox/", include("project.inbox.urls"))]
pytestmark = pytest.mark.urls(__name__)

HERE = "http://127.0.0.1:8000"
LINK = f"{HERE}/u/token"


@pytest.fixture
def store(tmp_path, settings):
    settings.INBOX_DIRECTORY = tmp_path / "inbox"
    settings.PUBLIC_URL = HERE
    with MessageStore(settings.INBOX_DIRECTORY) as store:
        yield store


def letter(html: str | None = "<p>Hi</p>", text: str = "Hi", **headers: str) -> bytes:
    message = EmailMessage()
    message["Subject"] = "Hello"
    message["From"] = "News <news@example.org>"
    message["To"] = "Lee <lee@example.net>"
    for name, value in headers.items():
        del message[name.replace("_", "-")]
        message[name.replace("_", "-")] = value
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message.as_bytes(policy=policy.SMTP)


def keep(store, raw: bytes, to: str = "lee@example.net") -> int:
    return store.append("bounces@example.org", [to], raw)


def body(response) -> str:
    return response.content.decode()


# -- the list


def test_an_empty_inbox_says_kindly_that_there_is_no_mail_yet(client, store):
    page = body(client.get("/inbox/"))
    assert "No mail yet." in page
    assert "0 messages in the inbox" in page
    assert "<table" not in page


def test_the_list_shows_subject_and_recipient_newest_first(client, store):
    keep(store, letter(Subject="First"), "one@example.net")
    keep(store, letter(Subject="Second"), "two@example.net")
    page = body(client.get("/inbox/"))
    assert page.index('<a href="/inbox/2/">Second</a>') < page.index('<a href="/inbox/1/">First</a>')
    assert "to two@example.net" in page
    assert "2 messages in the inbox" in page


def test_pages_lead_from_the_newest_to_the_oldest_message_without_gap_or_repeat(client, store):
    for number in range(1, 121):
        keep(store, letter(Subject=f"No{number}"))
    seen, address = [], "/inbox/"
    while address:
        page = body(client.get(address))
        seen += [n for n in range(120, 0, -1) if f'"/inbox/{n}/"' in page]
        older = page.partition('<a href="?before=')[2].partition('"')[0]
        assert ("Newest mail" in page) == (address != "/inbox/")
        address = f"/inbox/?before={older}" if older else ""
    assert seen == list(range(120, 0, -1))


def test_search_finds_by_address_or_subject_and_keeps_its_words_on_the_next_page(client, store):
    for _ in range(51):
        keep(store, letter(Subject="Rye & wheat"))
    keep(store, letter(Subject="Other"))
    page = body(client.get("/inbox/", {"search": "rye &"}))
    assert "Other" not in page
    assert 'value="rye &amp;"' in page
    assert '<a href="?search=rye%20%26&amp;before=2">Older mail</a>' in page
    assert page.count("<tr>") == 51
    assert "No message mentions “zebra”." in body(client.get("/inbox/", {"search": "zebra"}))


@pytest.mark.parametrize("before", ["", "x", "9" * 5000, "-1", "0"])
def test_a_senseless_page_number_is_no_error(client, store, before):
    keep(store, letter())
    assert client.get("/inbox/", {"before": before}).status_code == 200


def test_a_message_without_a_subject_still_has_a_link(client, store):
    keep(store, b"\r\nBody\r\n")
    assert '<a href="/inbox/1/">(no subject)</a>' in body(client.get("/inbox/"))
    assert "<h1>(no subject)</h1>" in body(client.get("/inbox/1/"))


# -- one message


def test_a_message_page_shows_headers_envelope_text_and_source(client, store):
    keep(store, letter(Subject="Prüfung – two"))
    page = body(client.get("/inbox/1/"))
    assert "<h1>Prüfung – two</h1>" in page
    assert "<dd>News &lt;news@example.org&gt;</dd>" in page
    assert "<dd>lee@example.net</dd>" in page
    assert "<dd>bounces@example.org</dd>" in page
    assert "Subject: =?utf-8?" in page
    assert 'src="/inbox/1/html"' in page


@pytest.mark.parametrize("place", ["Subject", "From", "text", "html"])
def test_markup_in_any_part_of_a_message_is_shown_as_text(client, store, place):
    evil = "<script>alert(1)</script>"
    value = f'"{evil}" <a@b.c>' if place == "From" else evil
    keep(store, letter(**{place: value}), to="<img src=x>@example.net")
    for address in ("/inbox/", "/inbox/1/", "/inbox/?search=%3Cscript%3E"):
        assert "<script" not in body(client.get(address))
        assert "<img" not in body(client.get(address))


def test_links_in_the_plain_text_can_be_followed_and_are_nothing_but_links(client, store):
    link = f"{HERE}/join/confirm/12:1xXuo3:12oLzvL_1neRW1ABCyXE2Do3OyNMcVyhylw52hxDQHA"
    keep(store, letter(html=None, text=f"Open this page:\n{link}\n<b>javascript:alert(1)</b>"))
    page = body(client.get("/inbox/1/"))
    assert f'<a href="{link}" rel="nofollow">{link}</a>\r\n&lt;b&gt;javascript:' in page
    assert 'href="javascript' not in page


def test_a_number_without_a_message_is_not_found(client, store):
    keep(store, letter())
    for address in ("/inbox/2/", "/inbox/2/html", "/inbox/0/", f"/inbox/{'9' * 30}/"):
        assert client.get(address).status_code == 404


def test_missing_parts_are_said_to_be_missing(client, store):
    keep(store, letter(html=None))
    keep(store, b"Content-Type: text/html\r\n\r\n<p>Only</p>\r\n")
    assert "This message has no HTML part." in body(client.get("/inbox/1/"))
    assert client.get("/inbox/1/html").status_code == 404
    assert "This message has no plain text part." in body(client.get("/inbox/2/"))


def test_pages_can_be_read_only(client, store):
    keep(store, letter())
    for address in ("/inbox/", "/inbox/1/", "/inbox/1/html"):
        assert client.head(address).status_code == 200
        assert client.post(address).status_code == 405


# -- unsubscribing


def test_one_click_posts_to_the_header_link_what_a_mail_program_would(client, store):
    keep(
        store,
        letter(
            List_Unsubscribe=f"<{LINK}>, <mailto:stop@example.org>",
            List_Unsubscribe_Post="List-Unsubscribe=One-Click",
        ),
    )
    page = body(client.get("/inbox/1/"))
    assert f'<form method="post" action="{LINK}" target="_blank" rel="noopener">' in page
    assert '<input type="hidden" name="List-Unsubscribe" value="One-Click">' in page
    assert f'<a href="{LINK}" target="_blank" rel="noopener">' in page


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"List_Unsubscribe": f"<{LINK}>"}, "does not offer one-click"),
        (
            {
                "List_Unsubscribe": "<https://other.example.org/u/t>",
                "List_Unsubscribe_Post": "List-Unsubscribe=One-Click",
            },
            "the link leads elsewhere",
        ),
        ({}, "<h1>"),
    ],
)
def test_there_is_no_button_without_a_promise_or_to_another_site(client, store, headers, words):
    keep(store, letter(**headers))
    page = body(client.get("/inbox/1/"))
    assert words in page
    assert 'name="List-Unsubscribe"' not in page


def test_a_script_address_is_never_a_link(client, store):
    keep(store, letter(List_Unsubscribe="<javascript:alert(1)>"))
    assert 'href="javascript' not in body(client.get("/inbox/1/"))


# -- what browsers are told


def test_the_pages_allow_no_scripts_and_forms_to_this_installation_only(client, store):
    keep(store, letter())
    for address in ("/inbox/", "/inbox/1/"):
        response = client.get(address)
        assert response["Content-Security-Policy"] == (
            "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; "
            "form-action 'self' http://127.0.0.1:8000; base-uri 'none'; frame-ancestors 'none'"
        )
        assert response["X-Frame-Options"] == "DENY"
        assert not response.cookies


def test_the_html_part_is_sandboxed_and_may_be_framed_by_this_site_only(client, store):
    keep(store, letter())
    response = client.get("/inbox/1/html")
    assert response["Content-Security-Policy"] == (
        "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; "
        "default-src 'none'; img-src * data:; style-src 'unsafe-inline'"
    )
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert not response.cookies


def test_the_html_part_is_as_sent_but_for_its_base(client, store):
    html = '<!doctype html>\n<html><head lang="en"><title>ü</title></head><body>ü</body></html>\n'
    keep(store, letter(html=html))
    expected = html.replace('<head lang="en">', '<head lang="en"><base target="_blank">')
    assert body(client.get("/inbox/1/html")).replace("\r\n", "\n") == expected


def test_the_style_sheet_is_where_the_pages_look_for_it(client, store):
    assert 'href="/static/inbox/inbox.css"' in body(client.get("/inbox/"))
    assert Path(finders.find("inbox/inbox.css")).is_file()


# -- reading messages


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p>a</p>", '<base target="_blank"><p>a</p>'),
        ("<!DOCTYPE html><p>a</p>", '<!DOCTYPE html><base target="_blank"><p>a</p>'),
        ("<html><HEAD><title>", '<html><HEAD><base target="_blank"><title>'),
        ("<header>a</header>", '<base target="_blank"><header>a</header>'),
        ("", '<base target="_blank">'),
    ],
)
def test_the_base_stands_where_it_changes_nothing_else(html, shown):
    assert opening_new_tabs(html) == shown


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\n\xfc", "ü"),
        (b"Content-Type: text/plain; charset=no-such\r\n\r\n\xc3\xbc", "ü"),
        (b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nw7w=", "ü"),
        (b"\r\nplain", "plain"),
        (b"Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nfile", None),
        (b"Content-Type: multipart/alternative\r\n\r\nno parts", None),
    ],
)
def test_the_text_is_decoded_as_its_headers_say(raw, text):
    assert Letter.from_bytes(raw).text == text


@hypothesis_settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_at_all_upset_the_reading_of_a_message(raw):
    Letter.from_bytes(raw)
    Letter.from_bytes(b"Content-Type: " + raw)
    Letter.from_bytes(b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n" + raw)


# -- answering


@pytest.fixture
def server(store, settings):
    with InboxServer(store) as server:
        settings.INBOX_PORT = server.port
        yield server


def posted(client, number, **said):
    return client.post(f"/inbox/{number}/answer", said, headers={"origin": "http://testserver"})


def test_a_reply_goes_to_reply_to_as_the_recipient_with_the_words_that_were_written(client, store, server):
    number = keep(store, letter(Reply_To="Acme <hello@reply.example.org>", Message_ID="<12.ab@example.org>"))
    response = posted(client, number, words="UNSUBSCRIBE")
    assert (response.status_code, response["Location"]) == (302, f"/inbox/{number}/?answered=yes")
    sent = store.latest(1)[0]
    received = store.read(sent.number)
    assert (received.mail_from, received.rcpt_tos) == ("lee@example.net", ("hello@reply.example.org",))
    message = message_from_bytes(received.raw, policy=policy.default)
    assert (message["From"], message["To"]) == ("lee@example.net", "hello@reply.example.org")
    assert (message["Subject"], message["In-Reply-To"]) == ("Re: Hello", "<12.ab@example.org>")
    assert message.get_content().strip() == "UNSUBSCRIBE"
    assert "Your mail is on its way." in body(client.get(response["Location"]))


def test_a_mail_to_the_opt_out_address_needs_no_words(client, store, server):
    number = keep(store, letter(List_Unsubscribe=f"<{LINK}>, <mailto:abc@reply.example.org?subject=stop>"))
    assert "Unsubscribe by mail" in body(client.get(f"/inbox/{number}/"))
    assert posted(client, number, mailto="1").status_code == 302
    assert store.read(store.latest(1)[0].number).rcpt_tos == ("abc@reply.example.org",)


def test_another_site_can_answer_nothing(client, store, server):
    number = keep(store, letter())
    for origin in ({}, {"origin": "https://evil.example"}, {"origin": "null"}):
        assert client.post(f"/inbox/{number}/answer", {"words": "x"}, headers=origin).status_code == 403
    assert store.count() == 1


def test_without_a_mail_server_the_page_says_so(client, store, settings):
    settings.INBOX_PORT = 1
    response = posted(client, keep(store, letter()), words="x")
    assert response.status_code == 502
    assert "takes no mail at the moment" in body(response)
