"""What recipients read, and what the pages keep to themselves."""

import re
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mailer import addresses, tokens
from mailer.contacts import leaving, people
from mailer.models import MailingList, Suppression, WayBack
from mailer.tokens import OptOutToken
from tests.mailer import recipients

pytestmark = pytest.mark.django_db

CSP = "default-src 'none'; style-src 'sha256-{}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def words(response) -> str:
    """The text of a page as a person reads it."""
    main = re.search(r"<main>(.*)</main>", response.content.decode(), re.DOTALL)[1]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def _of_lists(client, link, test_link, dana):
    """The preference page in its shapes, of somebody who is on two lists."""
    form = "application/x-www-form-urlencoded"
    news, offers = (MailingList.objects.create(name=n, slug=n.lower()) for n in ("News", "Offers"))
    people.add(addresses.parse(dana.email), news, source="form", actor="user 1")
    pages = {"lists, out": client.get(f"{link}/preferences")}
    pages["lists, nothing ticked"] = client.post(f"{link}/preferences", "save=1", form)
    way_back = WayBack.objects.create(
        mailbox_key=dana.mailbox_key, contact_id=dana.pk, joins=["news"], leaves=["offers"]
    )
    back = tokens.way_back_url(way_back.pk).removeprefix(tokens.settings.PUBLIC_URL)
    pages["confirm lists"] = client.get(back)
    pages["back to lists"] = client.post(back)
    leaving.come_back(dana, [offers], requested_at=timezone.now())
    pages["lists"] = client.get(f"{link}/preferences")
    pages["lists, not understood"] = client.post(f"{link}/preferences", "x", form)
    pages["saved"] = client.post(f"{link}/preferences", f"shown={news.pk}&save=1", form)
    pages["asked"] = client.post(f"{link}/preferences", f"keep={news.pk}&shown={news.pk}&save=1", form)
    pages["test lists"] = client.post(f"{test_link}/preferences", "save=1", form)
    WayBack.objects.filter(pk=way_back.pk).update(confirmed_at=None, lifts_opt_out=False)
    recipients.opt_out()
    pages["overtaken"] = client.post(back)
    return pages


@pytest.fixture
def every_page(client):
    """Each page there is, as its link's owner meets it."""
    acme = recipients.sender()
    spring = recipients.campaign(acme)
    dana = recipients.contact()
    link = recipients.link(campaign=spring.pk)
    test_link = recipients.link(campaign=spring.pk, is_test=True)
    pages = {"before": client.get(link), "test before": client.get(test_link)}
    pages["test after"] = client.post(test_link, "page=1", "application/x-www-form-urlencoded")
    pages["after"] = client.post(link)
    pages["damaged"] = client.get(link[:-1])
    pages["way back"] = client.get(f"{link}/back")
    pages["way back asked"] = client.post(f"{link}/back")
    back = tokens.way_back_url(WayBack.objects.get().pk).removeprefix(tokens.settings.PUBLIC_URL)
    pages["confirm"] = client.get(back)
    pages["back"] = client.post(back)
    recipients.opt_out()
    pages["used"] = client.post(back)
    pages.update(_of_lists(client, link, test_link, dana))
    WayBack.objects.update(confirmed_at=None)
    dana.delete()
    pages["gone"] = client.post(back)
    pages["method refused"] = client.put(link)
    return pages


@pytest.mark.duty("D76", "D116")
def test_every_page_keeps_to_itself(every_page):
    for name, page in every_page.items():
        styles = re.findall(r"<style>(.*?)</style>", page.content.decode(), re.DOTALL)
        html = page["Content-Type"] == "text/html; charset=utf-8"
        assert len(styles) == html, name
        headers = dict(page.headers)
        policy = headers.pop("Content-Security-Policy")
        if html:
            assert policy == CSP.format(b64encode(sha256(styles[0].encode()).digest()).decode()), name
        headers.pop("Allow", None)
        assert headers == {
            "Content-Type": page["Content-Type"],
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Robots-Tag": "noindex, nofollow",
            "Content-Length": str(len(page.content)),
        }, name
        assert not page.cookies, name


class Parts(HTMLParser):
    """The tags of a page, each with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.seen if name == tag]


def test_every_page_is_whole_without_script_and_without_another_request(every_page):
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
        "ul",
        "li",
        "a",
        "span",
        "footer",
    }
    asking = {"form", "fieldset", "legend", "label", "input", "button"}
    for name, page in every_page.items():
        if name == "method refused":
            continue
        parts = Parts(page.content.decode())
        assert {tag for tag, _ in parts.seen} <= structure | asking, name
        assert parts.named("html") == [{"lang": "en"}], name
        assert len(parts.named("h1")) == len(parts.named("title")) == 1, name
        assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in parts.named("meta")
        assert "://" not in page.content.decode(), name
        assert "@import" not in page.content.decode(), name
        assert "url(" not in page.content.decode(), name
        assert {form["method"] for form in parts.named("form")} <= {"post"}, name
        assert all((form.get("action") or "/u/").startswith("/u/") for form in parts.named("form")), name
        assert {field["type"] for field in parts.named("input")} <= {"hidden", "checkbox"}, name
        assert all(link["href"].startswith(("/u/", "/privacy")) for link in parts.named("a")), name


@pytest.mark.duty("D48", "D116")
def test_no_page_shows_an_address(every_page):
    for name, page in every_page.items():
        assert "dana" not in page.content.decode(), name
        assert "example.org" not in page.content.decode(), name


@pytest.mark.duty("D52", "D98")
def test_the_page_asks_one_thing_and_has_one_button(every_page):
    assert words(every_page["before"]) == (
        "Unsubscribe d•••@e•••.org from all email from Acme Garden GmbH? Unsubscribe"
    )
    parts = Parts(every_page["before"].content.decode())
    assert parts.named("form") == [{"method": "post"}]  # no action: the same address
    assert parts.named("button") == [{}]
    assert parts.named("input") == [{"type": "hidden", "name": "page", "value": "1"}]


@pytest.mark.duty("D69")
def test_after_it_the_page_says_what_holds_since_when_and_offers_the_way_back(every_page):
    entered = Suppression.objects.earliest("id").recorded_at
    assert words(every_page["after"]) == (
        "Done. All mailings from Acme Garden GmbH to d•••@e•••.org have stopped. "
        f"This took effect at {entered:%H:%M} UTC on {entered.day} {entered:%B %Y}. "
        "You need to do nothing else. "
        "Pressed it by accident? A confirmation mail can bring you back. That was a mistake "
        "Or choose lists to keep . "
        "What is held about you"
    )


def test_a_later_repeat_tells_the_time_of_the_first(client):
    for reason, day in (("opt_out", 1), ("hard_bounce", 2)):
        Suppression.objects.create(
            mailbox_key=addresses.parse("dana@example.org").mailbox_key,
            reason=reason,
            channel="phone",
            received_at=timezone.now(),
            recorded_at=datetime(2026, 2, day, 9, 5, tzinfo=UTC),
        )
    assert "took effect at 09:05 UTC on 1 February 2026." in words(client.post(recipients.link()))
    assert Suppression.objects.count() == 2


def test_a_test_link_says_so_before_and_after_with_the_real_opt_out_beside_it(every_page):
    assert "In a test, this button changes nothing." in words(every_page["test before"])
    assert words(every_page["test after"]).startswith("Test message: nothing was changed")
    assert words(every_page["test after"]).endswith(
        "You really want no more email from Acme Garden GmbH to d•••@e•••.org? Unsubscribe for real"
    )


def test_a_damaged_link_is_refused_with_ways_out_that_work(every_page, client):
    page = every_page["damaged"]
    assert page.status_code == 400
    assert words(page) == (
        "This link is damaged Part of it was lost on its way, so it does not tell which mailbox it is for. "
        "Nothing was changed. To unsubscribe: open the link from the email again, by pressing it there; "
        "or use the unsubscribe button of your mail program; or tell Acme Garden GmbH: +49 30 1234567."
    )
    recipients.sender("Other Ltd")
    assert words(client.get("/u/x")).endswith(
        "or tell the sender: how to reach them stands at the foot of the email."
    )


def test_names_fall_back_to_the_only_sender_and_then_to_the_installation(client, settings):
    settings.PUBLIC_URL = "https://mail.example.net"
    question = "Unsubscribe this mailbox from all email from {}? Unsubscribe"
    link = recipients.link(campaign=99)
    assert words(client.get(link)) == question.format("mail.example.net")
    recipients.sender("Acme Garden GmbH")
    assert words(client.get(link)) == question.format("Acme Garden GmbH")
    other = recipients.campaign(recipients.sender("Other Ltd"))
    assert words(client.get(link)) == question.format("mail.example.net")
    assert words(client.get(recipients.link(campaign=other.pk))) == question.format("Other Ltd")


@pytest.mark.duty("D48")
def test_names_are_text_whatever_stands_in_them(client):
    recipients.sender('<b>"A" & Söhne</b>', contact="<script>alert(1)</script>")
    assert b"&lt;b&gt;&quot;A&quot; &amp; S\xc3\xb6hne&lt;/b&gt;?" in client.get(recipients.link()).content
    assert b"<script" not in client.get("/u/x").content


def test_any_address_of_the_mailbox_names_it(client):
    recipients.contact("d.a.n.a+shop@gmail.com")
    assert "d•••@g•••.com" in words(client.get(recipients.link("dana@googlemail.com")))


@pytest.mark.duty("D49", "D81")
@hypothesis_settings(
    max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(key=st.binary(min_size=16, max_size=16), campaign=st.integers(0, 2**32 - 1), is_test=st.booleans())
def test_whatever_a_link_is_for_it_opens_and_suppresses_exactly_that_mailbox(client, key, campaign, is_test):
    url = tokens.opt_out_url(OptOutToken(key, campaign, is_test=is_test))
    path = url.removeprefix(tokens.settings.PUBLIC_URL)
    before = set(Suppression.objects.values_list("pk", flat=True))
    assert client.get(path).status_code == 200
    assert client.post(path).status_code == 200
    entered = Suppression.objects.exclude(pk__in=before).values_list("mailbox_key", "campaign_number")
    known = Suppression.objects.filter(pk__in=before, mailbox_key=key).exists()
    assert [(bytes(mailbox), number) for mailbox, number in entered] == ([] if known else [(key, campaign)])


def test_other_addresses_go_on_to_the_rest_of_the_house(client):
    assert client.get("/", HTTP_HOST="localhost")["Location"] == "/admin/"
    for path in ("/unsubscribe", "/ux", "/a/u/x", "/.u/x"):
        assert client.get(path, HTTP_HOST="localhost").status_code == 404, path


@pytest.mark.duty("D51")
@pytest.mark.parametrize("probe", ["/healthz", "/readyz", "/healthz/"])
def test_probes_answer_get_and_head_in_a_word(client, probe):
    assert (client.get(probe).status_code, client.get(probe).content) == (200, b"ok\n")
    assert (client.head(probe).status_code, client.head(probe).content) == (200, b"")
    assert (client.post(probe).status_code, client.post(probe)["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_alive_asks_nothing_of_the_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get("/healthz")
