"""What people who sign up meet: the form here and elsewhere, the link in their mail, and every wrong turn in words."""

import re
from base64 import b64encode
from datetime import timedelta
from hashlib import sha256
from html.parser import HTMLParser
from unittest import mock
from urllib.parse import urlencode

import pytest
from django.core import signing
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mailer import addresses, suppression, tasks, tokens
from mailer.admin.sign_ups import embedded
from mailer.contacts import joining
from mailer.models import Consent, Contact, Evidence, Sender, SignUp, SignUpForm, Subscription
from mailer.tokens import DamagedToken, ExpiredJoin
from tests.mailer import recipients
from tests.mailer.joining_forms import DANA, HERE, WORDING, fields, link, new_form, post, wish
from tests.mailer.serving import request as raw_request
from tests.mailer.serving import served
from tests.mailer.test_public_pages import CSP, Parts, words

URLENCODED = "Content-Type: application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def _database(request: pytest.FixtureRequest) -> None:
    if "living_database" not in request.fixturenames:
        request.getfixturevalue("db")


@pytest.fixture
def form() -> SignUpForm:
    return new_form()


@pytest.fixture
def asked(form, client) -> SignUp:
    """Dana, or somebody else, has filled in the form."""
    assert post(client).status_code == 200
    return SignUp.objects.get()


def mailable(email: str = DANA) -> bool:
    return bool(suppression.mailable(addresses.parse(email)))


# -- the form --------------------------------------------------------------------------------------------


def test_the_form_shows_who_writes_and_what_is_agreed_to_with_nothing_ticked(form, client):
    page = client.get("/join/letter")
    assert page.status_code == 200
    assert words(page) == (
        "The garden letter Email from Acme Garden LLC. "
        "We first send you one mail to confirm that the address is yours. "
        f"Your email address First name (if you like) Leave this empty {WORDING} Sign up "
        "Acme Garden LLC 1450 Rose Street Portland, OR 97201 US hello@example.org"
    )
    parts = Parts(page.content.decode())
    assert parts.named("form") == [{"method": "post", "action": "/join/letter"}]
    (box,) = [field for field in parts.named("input") if field.get("type") == "checkbox"]
    assert box == {"id": "consent", "name": "consent", "type": "checkbox", "value": "yes", "required": None}
    assert [field["name"] for field in parts.named("input")] == [
        "email",
        "first_name",
        "homepage",
        "consent",
        "wording",
    ]


@pytest.mark.duty("D96")
def test_nothing_is_ever_ticked_beforehand_here_or_elsewhere_whatever_was_sent(form, client):
    for html in (
        client.get("/join/letter").content.decode(),
        post(client, email="wrong").content.decode(),
        embedded(form),
    ):
        assert "checked" not in html
        assert [field.get("type") for field in Parts(html).named("input")].count("checkbox") == 1


def test_looking_changes_nothing(form, client):
    statuses = [getattr(client, m)("/join/letter").status_code for m in ("get", "head", "options", "put")]
    assert statuses == [200, 200, 204, 405]
    assert not SignUp.objects.exists()


def test_what_was_filled_in_is_noted_and_a_worker_is_woken(form, client, monkeypatch):
    woken = []
    monkeypatch.setattr(tasks, "nudge_sign_ups", lambda: woken.append(True))
    page = post(client)
    assert words(page).startswith("Look into your mailbox A mail from Acme Garden is on its way to it")
    sign_up = SignUp.objects.get()
    assert (sign_up.email, sign_up.first_name, sign_up.page_url) == (
        DANA,
        "Dana",
        f"{tokens.settings.PUBLIC_URL}/join/letter",
    )
    assert bytes(sign_up.network_key) == addresses.keyed(b"network", "198.51.100.0/24")
    assert woken == [True]


def test_the_answer_is_the_same_for_everybody(form, client):
    recipients.contact("known@example.org")
    joining.confirm(joining.ask(form, wish("member@example.org")).pk, network="")
    recipients.contact("out@example.org")
    recipients.opt_out("out@example.org")
    people = ("known@example.org", "member@example.org", "out@example.org", "new@example.org")
    answers = [post(client, email=email) for email in (*people, "new@example.org")]
    answers.append(post(client, homepage="https://buy.example"))
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    assert {tuple(sorted(answer.headers.items())) for answer in answers} == {
        tuple(sorted(answers[0].headers.items()))
    }


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(form, client):
    page = post(client, email='"><script>', first_name="www.buy.example", consent=None)
    html = page.content.decode()
    assert page.status_code == 422
    assert "Please look again" in html
    assert "This is not an email address" in html
    assert "A name holds no link and no address." in html
    assert "Please tick the box if you agree; without it you get no email." in html
    assert 'value="&quot;&gt;&lt;script&gt;"' in html
    assert 'value="www.buy.example"' in html
    assert html.count('aria-invalid="true"') == html.count('class="wrong"') == 3
    assert not SignUp.objects.exists()


@pytest.mark.parametrize("consent", [None, "", "no", "on", "YES"])
def test_only_the_ticked_box_counts(form, client, consent):
    assert post(client, consent=consent).status_code == 422
    assert not SignUp.objects.exists()


def test_old_words_are_answered_with_todays_to_be_ticked_anew(form, client):
    joining.word(form, "The new words of Acme Garden", actor="shell")
    page = post(client)
    assert page.status_code == 422
    assert "These words have changed. Please read them, then tick the box." in words(page)
    assert "The new words of Acme Garden" in words(page)
    assert 'name="wording" value="2"' in page.content.decode()
    assert post(client, wording="2").status_code == 200
    assert SignUp.objects.get().wording.version == 2


def test_a_form_that_is_not_there_or_takes_nothing_says_so(form, client):
    assert words(client.get("/join/other")).startswith("There is no such form")
    for path in ("/join", "/join/", "/join/letter/x", "/join/confirm/x/y"):
        assert client.get(path).status_code in {400, 404}, path
    SignUpForm.objects.update(is_open=False)
    for page in (client.get("/join/letter"), post(client)):
        assert page.status_code == 404
        assert words(page).startswith("“The garden letter” takes no sign-ups now Nothing was recorded.")
    SignUpForm.objects.update(is_open=True)
    Sender.objects.update(identity_attested_at=None, identity_attested_by=None)
    assert client.get("/join/letter").status_code == 404
    assert not SignUp.objects.exists()


def test_too_many_at_once_are_asked_to_come_later(form, client, monkeypatch):
    monkeypatch.setattr(joining, "NETWORK_AN_HOUR", 1)
    post(client)
    page = post(client, email="erin@example.org")
    assert (page.status_code, page["Retry-After"]) == (429, "3600")
    assert words(page).startswith("Too many have asked just now")
    assert SignUp.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"x" * 4097, "application/x-www-form-urlencoded"),
        (b"email=" + b"a" * 2**20, "application/x-www-form-urlencoded"),
        (b"&".join(b"a=%d" % n for n in range(30)), "application/x-www-form-urlencoded"),
        (b"email=dana%FF@example.org", "application/x-www-form-urlencoded"),
        (b"email=d\xc3\xa4na@example.org", "application/x-www-form-urlencoded"),
    ],
    ids=["too long", "far too long", "too many fields", "no text", "not a form"],
)
def test_a_body_that_is_no_form_of_ours_is_refused_in_words(form, client, body, kind):
    page = client.post("/join/letter", body, kind)
    assert page.status_code == 400
    assert words(page).startswith("This could not be read")
    assert not SignUp.objects.exists()


def test_our_try_again_button_brings_the_form_back(form, client):
    page = client.post("/join/letter", "page=1", "application/x-www-form-urlencoded")
    assert (page.status_code, "Please look again" in words(page)) == (200, False)


@hypothesis_settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(body=st.binary(max_size=300) | st.text(max_size=100).map(lambda t: urlencode(fields(t)).encode()))
def test_whatever_is_posted_is_answered(db, client, body):
    if not SignUpForm.objects.exists():
        new_form()
    page = client.post("/join/letter", body, "application/x-www-form-urlencoded")
    assert page.status_code in {200, 400, 422, 429}


# -- on another page -------------------------------------------------------------------------------------


class Fields(HTMLParser):
    """What a browser would send of a form: names and values as they stand, with the box ticked by a person."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action = ""
        self.values: dict[str, str] = {}
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        given = dict(attrs)
        if tag == "form":
            self.action = given["action"]
        if tag == "input":
            self.values[given["name"]] = given.get("value", "")


def test_the_copy_for_other_pages_is_plain_html_that_works_from_there_without_cookie_or_token(form, client):
    parts = Fields(embedded(form))
    assert set(parts.tags) == {"form", "p", "label", "br", "input", "button"}
    assert parts.action == f"{tokens.settings.PUBLIC_URL}/join/letter"
    assert parts.values == {"email": "", "first_name": "", "homepage": "", "consent": "yes", "wording": "1"}
    answer = client.post(
        "/join/letter",
        urlencode({**parts.values, "email": DANA}),
        "application/x-www-form-urlencoded",
        HTTP_ORIGIN="https://garden.example",
        HTTP_REFERER="https://garden.example/club/?visitor=dana@example.org",
        HTTP_SEC_FETCH_SITE="cross-site",
    )
    assert (answer.status_code, answer.cookies) == (200, {})
    assert SignUp.objects.get().page_url == "https://garden.example/club/"


def test_the_copy_shows_names_as_text(client):
    form = new_form()
    joining.word(form, '<script>alert("x")</script> of Acme Garden\nSecond line', actor="shell")
    html = embedded(form)
    assert "<script" not in html
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; of Acme Garden<br>Second line" in html
    page = client.get("/join/letter").content
    assert b"<script" not in page


@pytest.mark.parametrize(
    ("referer", "origin", "told"),
    [
        ("https://garden.example/a?b#c", "", "https://garden.example/a"),
        ("https://garden.example", "", "https://garden.example/"),
        ("", "https://garden.example", "https://garden.example/"),
        ("https://u:p@garden.example:8443/a", "", "https://garden.example:8443/a"),
        ("https://garden.example/dana@example.org/x", "", "https://garden.example/"),
        ("https://garden.example/dana%40example.org/x", "", "https://garden.example/"),
        ("https://garden.example/" + "x" * 999, "", ("https://garden.example/" + "x" * 999)[:300]),
        ("", "null", "ours"),
        ("", "", "ours"),
        ("javascript:alert(1)", "", "ours"),
        ("https://[::1", "", "ours"),
        ("//garden.example/", "", "ours"),
        ("https:///x", "", "ours"),
        ("android-app://org.example/", "https://garden.example", "https://garden.example/"),
    ],
)
def test_the_page_is_told_without_what_may_name_a_person(form, client, referer, origin, told):
    headers = {"HTTP_REFERER": referer, "HTTP_ORIGIN": origin}
    client.post("/join/letter", urlencode(fields()), "application/x-www-form-urlencoded", **headers)
    ours = f"{tokens.settings.PUBLIC_URL}/join/letter"
    assert SignUp.objects.get().page_url == (ours if told == "ours" else told)


@pytest.mark.parametrize(
    ("local", "proxies", "forwarded", "network"),
    [
        (True, 1, "203.0.113.9", "198.51.100.0/24"),  # there is no proxy that could have said so
        (False, 1, "203.0.113.9", "203.0.113.0/24"),
        (False, 1, "192.0.2.1, 203.0.113.9", "203.0.113.0/24"),  # the first is what the visitor said
        (False, 2, "192.0.2.1, 203.0.113.9, 10.0.0.1", "203.0.113.0/24"),
        (False, 2, "203.0.113.9", "198.51.100.0/24"),
        (False, 1, "", "198.51.100.0/24"),
        (False, 1, "203.0.113.9:4711", "203.0.113.0/24"),
        (False, 1, "[2001:db8:1:2::9]:4711", "2001:db8:1::/48"),
        (False, 1, "2001:db8:1:2::9", "2001:db8:1::/48"),
        (False, 1, "nonsense", "unknown"),
    ],
)
def test_a_network_is_told_by_our_own_proxies_alone(
    form, client, settings, local, proxies, forwarded, network
):
    settings.LOCAL, settings.PROXIES = local, proxies
    client.post(
        "/join/letter",
        urlencode(fields()),
        "application/x-www-form-urlencoded",
        REMOTE_ADDR=HERE,
        HTTP_X_FORWARDED_FOR=forwarded,
    )
    assert bytes(SignUp.objects.get().network_key) == addresses.keyed(b"network", network)


# -- the link in the mail --------------------------------------------------------------------------------


@pytest.mark.duty("D97")
def test_opening_the_link_shows_what_is_agreed_to_and_changes_nothing(asked, client):
    page = client.get(link(asked))
    assert (page.status_code, client.head(link(asked)).status_code) == (200, 200)
    assert words(page) == (
        "Get email from Acme Garden LLC at d•••@e•••.org? This was asked for at "
        f"{asked.requested_at:%H:%M} UTC on {asked.requested_at.day} {asked.requested_at:%B %Y}, with the form "
        f"“The garden letter” and these words: {WORDING} If it was not you, close this page: nothing comes of it. "
        "Yes, sign me up"
    )
    assert Parts(page.content.decode()).named("form") == [{"method": "post"}]
    assert not Contact.objects.exists()
    assert not Consent.objects.exists()


def test_the_button_signs_up_and_the_proof_says_from_where(asked, client):
    page = client.post(link(asked), REMOTE_ADDR="203.0.113.77")
    asked.refresh_from_db()
    at = f"{asked.confirmed_at:%H:%M} UTC on {asked.confirmed_at.day} {asked.confirmed_at:%B %Y}"
    assert words(page) == (
        f"You are signed up Acme Garden LLC may send email to d•••@e•••.org. You confirmed this at {at}. "
        "Every email has a link to unsubscribe."
    )
    assert Subscription.objects.get().contact.email == DANA
    assert Consent.objects.get().place == "203.0.113.0/24"


def test_pressing_twice_and_looking_afterwards_say_the_same(asked, client):
    first, second, look = client.post(link(asked)), client.post(link(asked)), client.get(link(asked))
    assert first.status_code == 200
    assert first.content == second.content == look.content
    assert Consent.objects.count() == 1


def test_any_body_confirms_as_any_body_opts_out(asked, client):
    assert client.post(link(asked), b"\xff" * 5000, "multipart/form-data; boundary=x").status_code == 200
    assert Consent.objects.count() == 1


def test_who_opted_out_comes_back_by_the_button_alone_and_for_this_address_alone(form, client):
    recipients.contact("dana+shop@example.org")
    recipients.opt_out(DANA)
    post(client)
    sign_up = SignUp.objects.get()
    client.get(link(sign_up))
    assert not mailable()
    client.post(link(sign_up))
    assert (mailable(), mailable("dana+shop@example.org")) == (True, False)


def test_who_opted_out_after_asking_is_told_that_it_stands(asked, client):
    recipients.contact(DANA)
    client.post(recipients.link(DANA))
    page = client.post(link(asked))
    assert page.status_code == 200
    assert words(page).startswith("You unsubscribed after asking for this The later wish counts")
    assert not mailable()
    assert not Subscription.objects.exists()


def test_the_old_link_brings_nobody_back_who_left_since(asked, client):
    client.post(link(asked))
    client.post(recipients.link(DANA))
    page = client.post(link(asked))
    assert words(page).startswith("This link was used before It signed up d•••@e•••.org at ")
    assert not mailable()
    Contact.objects.all().delete()
    assert words(client.post(link(asked))).startswith(
        "This link was used before It signed up this mailbox at "
    )


def test_after_seven_days_the_link_says_so_and_does_nothing(asked, client):
    path = link(asked)
    signed_at = signing.time.time()
    with mock.patch("django.core.signing.time.time", lambda: signed_at + 7 * 86_400 - 5):
        assert client.get(path).status_code == 200
    with mock.patch("django.core.signing.time.time", lambda: signed_at + 7 * 86_400 + 5):
        answers = [client.get(path), client.post(path)]
    SignUp.objects.update(requested_at=timezone.now() - timedelta(days=7, seconds=1))
    answers.append(client.post(path))
    joining.forget_old()
    answers += [client.get(path), client.post(path)]
    assert {answer.status_code for answer in answers} == {410}
    assert words(answers[0]) == (
        "This link has expired It was good for 7 days, and the request has been deleted. Nothing was changed. "
        "To sign up, fill in the form once more; a new mail follows."
    )
    assert not Contact.objects.exists()


def test_a_link_that_is_not_ours_confirms_nothing(asked, client):
    path = link(asked)
    signed = path.removeprefix("/join/confirm/")
    number, rest = signed.split(":", 1)
    way_back = tokens.way_back_url(asked.pk).rpartition("/")[2]
    for wrong in (
        f"/join/confirm/{int(number) + 1}:{rest}",
        f"/join/confirm/{signing.TimestampSigner().sign(number)}",
        f"/join/confirm/{way_back}",
        path[:-1],
        path[:-1] + "x",
        "/join/confirm/",
        "/join/confirm",
    ):
        for answer in (client.post(wrong), client.get(wrong)):
            assert answer.status_code == 400, wrong
            assert words(answer).startswith("This link is damaged"), wrong
    assert client.post(f"/u/back/{signed}").status_code == 400
    assert not Contact.objects.exists()
    assert not Consent.objects.exists()


@given(text=st.text())
def test_no_text_is_a_link(text):
    with pytest.raises(DamagedToken):
        tokens.read_join(text)


@given(number=st.integers(1, 2**63 - 1), bit=st.integers(0))
def test_every_bit_of_a_link_counts(number, bit):
    signed = tokens.join_url(number).rpartition("/")[2]
    assert tokens.read_join(signed) == number
    broken = bytearray(signed.encode())
    broken[bit // 8 % len(broken)] ^= 1 << bit % 7
    try:
        assert (
            tokens.read_join(broken.decode(errors="replace")) == number
        )  # a trailing mark, which is cut off
    except DamagedToken as damaged:
        assert not isinstance(damaged, ExpiredJoin)


def test_a_link_that_a_mail_client_damaged_a_little_is_read(asked, client):
    path = link(asked)
    for damaged in (
        f"{path}/",
        f"{path}.",
        f"{path}%3E",
        path.replace(":", "%3A"),
        path.replace("/confirm/", "//confirm//"),
    ):
        assert client.get(damaged).status_code == 200, damaged


def test_the_link_holds_no_address(asked):
    url = tokens.join_url(asked.pk)
    assert url.startswith(f"{tokens.settings.PUBLIC_URL}/join/confirm/{asked.pk}:")
    assert "@" not in url


# -- every page ------------------------------------------------------------------------------------------


@pytest.fixture
def every_page(form, client, monkeypatch):
    pages = {
        "form": client.get("/join/letter"),
        "wrong": post(client, email="x", first_name="x.com", wording="9"),
    }
    pages["unreadable"] = client.post("/join/letter", b"x" * 5000, "application/x-www-form-urlencoded")
    pages["asked"] = post(client)
    path = link(SignUp.objects.get())
    pages["confirm"], pages["done"] = client.get(path), client.post(path)
    client.post(recipients.link(DANA))
    pages["used"] = client.post(path)
    pages["damaged"] = client.get(path[:-1])
    post(client, email="erin@example.org")
    recipients.opt_out("erin@example.org")
    pages["stays"] = client.post(link(SignUp.objects.get(email="erin@example.org")))
    pages["expired"] = client.get(link(SignUp(pk=999)))
    monkeypatch.setattr(joining, "FORM_AN_HOUR", 0)
    pages["busy"] = post(client, email="finn@example.org")
    SignUpForm.objects.update(is_open=False)
    pages["closed"], pages["none"] = client.get("/join/letter"), client.get("/join/none")
    monkeypatch.setattr(SignUpForm, "takes_requests", property(lambda form: 1 / 0))
    pages["out of order"] = client.get("/join/letter")
    return pages


def test_every_page_keeps_to_itself_and_asks_for_nothing_else(every_page):
    structure = {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "h1",
        "p",
        "div",
        "br",
        "blockquote",
        "footer",
    }
    for name, page in every_page.items():
        html = page.content.decode()
        styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
        headers = dict(page.headers)
        headers.pop("Retry-After", None)
        assert headers == {
            "Content-Type": "text/html; charset=utf-8",
            "Cache-Control": "no-store",
            "Content-Security-Policy": CSP.format(b64encode(sha256(styles[0].encode()).digest()).decode()),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Robots-Tag": "noindex, nofollow",
            "Content-Length": str(len(page.content)),
        }, name
        assert not page.cookies, name
        parts = Parts(html)
        assert {tag for tag, _ in parts.seen} <= structure | {
            "form",
            "input",
            "button",
            "label",
            "span",
            "a",
        }, name
        assert len(parts.named("h1")) == len(parts.named("title")) == 1, name
        assert "://" not in html, name
        assert "url(" not in html, name
        assert " style=" not in html, name
        assert "checked" not in html, name


def test_no_page_shows_the_address_of_a_person_who_has_a_link(every_page):
    for name in ("asked", "confirm", "done", "used", "stays", "expired"):
        assert "dana" not in every_page[name].content.decode(), name
        assert "erin" not in every_page[name].content.decode(), name


def test_the_statuses_of_the_pages(every_page):
    assert {name: page.status_code for name, page in every_page.items()} == {
        "form": 200,
        "wrong": 422,
        "unreadable": 400,
        "asked": 200,
        "confirm": 200,
        "done": 200,
        "used": 200,
        "damaged": 400,
        "stays": 200,
        "expired": 410,
        "busy": 429,
        "closed": 404,
        "none": 404,
        "out of order": 503,
    }


# -- as gunicorn serves it -------------------------------------------------------------------------------


def test_a_form_from_another_site_arrives_through_the_whole_server_and_its_mail_can_be_confirmed(
    living_database,
):
    new_form()
    body = urlencode(fields()).encode()
    origin, forwarded = "Origin: https://garden.example", "X-Forwarded-For: 192.0.2.1, 203.0.113.9"
    with served(living_database, BROKER_URL="") as server:
        answer = server.ask("POST", "/join/letter", URLENCODED, origin, forwarded, body=body)
        assert (answer.status, "set-cookie" in answer.headers, "location" in answer.headers) == (
            200,
            False,
            False,
        )
        sign_up = SignUp.objects.get()
        assert sign_up.page_url == "https://garden.example/"
        assert bytes(sign_up.network_key) == addresses.keyed(b"network", "203.0.113.0/24")
        chunked = f"{len(body):x}\r\n".encode() + body.replace(b"dana", b"erin") + b"\r\n0\r\n\r\n"
        answer = server.exchange(
            raw_request("POST", "/join/letter", URLENCODED, "Transfer-Encoding: chunked", body=chunked)
        )
        assert answer.status == 200
        assert SignUp.objects.filter(email="erin@example.org").exists()
        too_long = server.ask("POST", "/join/letter", URLENCODED, body=b"email=" + b"x" * 2**20)
        assert (too_long.status, "This could not be read" in too_long.text) == (400, True)
        path = link(sign_up)
        assert server.ask("GET", path).status == 200
        assert not Consent.objects.exists()
        assert server.ask("POST", path, forwarded).status == 200
        assert Consent.objects.get().place == "203.0.113.0/24"
        assert DANA not in server.log.read_text()
        assert path not in server.log.read_text()
    assert not Evidence.objects.filter(details__icontains="example.org").exists()
