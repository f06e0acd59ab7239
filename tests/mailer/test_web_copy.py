"""“View this email in your browser”: exactly what was frozen, about nobody, and for everybody with the link."""

import re
from email import message_from_bytes, policy
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from lxml.html import document_fromstring

from mailer import campaigns, rendering, tokens
from mailer.models import Contact, Evidence, Revision, Suppression, TestSend
from mailer.rendering import KindFacts, compile_content
from mailer.tokens import DamagedToken, OptOutToken, ViewToken
from tests.mailer.admin_door import member, new_draft
from tests.mailer.messages import CAMPAIGN, FACTS, LIST, compiled, content, parts, recipient, sent
from tests.mailer.pictures import stored

BASE = "http://127.0.0.1:8000"
LINK = re.compile(rf"{BASE}(/v/[A-Za-z0-9_-]{{28}})(?![A-Za-z0-9_-])")
HTML = (
    '<h1>Tomatoes</h1><p>Hello {{ first_name|default:"friend" }} {{ last_name|default:"" }} at {{ email }}.</p>'
    '<p><a href="https://example.com/shop?to={{ email }}">Shop</a></p>'
)


def link_of(raw: bytes) -> str:
    """The link to the copy as it stands in a message: the same in both parts, once in each."""
    (in_text,), (in_html,) = (LINK.findall(part) for part in parts(raw))
    assert in_text == in_html
    return in_text


def launched(**written: str) -> Revision:
    draft = new_draft(**{"html": HTML, **written})
    return campaigns.launch(draft, member("Marketer"))


def filled(revision: Revision, **about) -> bytes:
    skeleton = rendering.Skeleton.from_bytes(revision.skeleton)
    return rendering.fill(skeleton, recipient(**about), at=timezone.now()).data


# -- the link -----------------------------------------------------------------------------------------------


def test_the_link_is_the_same_for_everybody_and_says_so_in_words():
    one, other = sent(compiled(), address="a@example.org"), sent(compiled(), address="b@example.org")
    assert link_of(one) == link_of(other)
    text, html = parts(one)
    assert f"View this email in your browser:\n{BASE}{link_of(one)}\n" in text
    assert ">View this email in your browser</a>" in html
    assert link_of(sent(compiled("<p>Other words</p>"))) != link_of(one)


def test_a_test_has_a_link_of_its_own():
    normal, test = (tokens.read_view(link_of(sent(compiled(), is_test=mark))[3:]) for mark in (False, True))
    assert (normal.is_test, test.is_test) == (False, True)
    assert (normal.campaign, normal.digest) == (test.campaign, test.digest)


def test_a_notice_leads_nowhere_but_to_the_opt_out():
    skeleton = compile_content(content(), FACTS, LIST, CAMPAIGN, kind=KindFacts("notice", "breach"))
    assert "/v/" not in "".join(parts(sent(skeleton)))


def test_no_token_of_one_kind_is_one_of_the_other():
    opt_out, view = OptOutToken(b"m" * 16, 12), ViewToken(12, b"d" * 8)
    with pytest.raises(DamagedToken):
        tokens.read_view(tokens.sign(opt_out))
    with pytest.raises(DamagedToken):
        tokens.read(tokens.view_url(view).rpartition("/")[2])


@hypothesis_settings(deadline=None)
@given(st.integers(0, 27), st.sampled_from("AZaz09_-"))
def test_a_changed_token_is_never_another_s(place, letter):
    text = tokens.view_url(ViewToken(12, b"digest..")).rpartition("/")[2]
    changed = text[:place] + letter + text[place + 1 :]
    try:
        assert tokens.read_view(changed) == ViewToken(12, b"digest..")
    except DamagedToken:
        assert changed != text


@hypothesis_settings(deadline=None)
@given(st.text(max_size=80))
def test_whatever_stands_in_its_place_is_damaged(text):
    with pytest.raises(DamagedToken):
        tokens.read_view(text)


def test_what_mail_programs_hang_on_a_link_is_undone():
    text = tokens.view_url(ViewToken(12, b"digest..", is_test=True)).rpartition("/")[2]
    for damaged in (
        f"{text}.",
        f"{text}>",
        f"3D{text}",
        f"{text[:9]}=\r\n{text[9:]}",
        f"{text}?utm=x",
        f"{text}%20",
    ):
        assert tokens.read_view(damaged) == ViewToken(12, b"digest..", is_test=True)


def test_old_keys_verify_for_ever(settings):
    text = tokens.view_url(ViewToken(12, b"digest..")).rpartition("/")[2]
    settings.LINK_KEYS = {9: b"n" * 32, **settings.LINK_KEYS}
    assert tokens.read_view(text).campaign == 12
    assert tokens.view_url(ViewToken(12, b"digest..")).rpartition("/")[2] != text


# -- the copy -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_it_shows_what_was_frozen_and_nobody_s_data():
    revision = launched()
    raw = filled(revision, address="dana@example.org", first_name="Dana", last_name="Miller")
    answer = Client().get(link_of(raw))
    assert answer.status_code == 200
    shown = answer.content.decode()
    for personal in ("dana", "Dana", "Miller", "example.org"):
        assert personal not in shown
    words = " ".join(document_fromstring(shown).body.text_content().split())
    assert words.startswith(
        "A copy on the web of an email, the same for everybody: it shows nobody’s name or address."
    )
    assert "Advertisement · Garden & Grain" in words
    assert "Hello friend at your address." in words
    assert (
        "You received it at the address that it was sent to because of what the email itself says here."
        in words
    )
    assert "1450 Rose Street" in words
    assert words.endswith("+1 503 555 0142")
    assert 'href="https://example.com/shop?to="' in shown


@pytest.mark.django_db
def test_nobody_can_opt_anybody_out_from_it():
    shown = Client().get(link_of(filled(launched()))).content.decode()
    links = [a.get("href") for a in document_fromstring(shown).iter("a")]
    assert not any("/u/" in link for link in links)
    assert "Unsubscribe from all" not in shown
    assert "One click" not in shown
    assert "View this email" not in shown
    assert "Choose which lists" not in shown
    (how,) = [link for link in links if link.startswith(BASE)]
    page = Client().get(how.removeprefix(BASE))
    assert page.status_code == 200
    words = unescape(page.content.decode())
    assert "It does not know who you are" in words
    assert "tell Garden and Grain Trading LLC: +1 503 555 0142, hello@example.com" in words
    assert "<form" not in words
    assert not Suppression.objects.exists()


@pytest.mark.django_db
def test_its_headers_let_it_do_and_tell_nothing():
    answer = Client(HTTP_COOKIE="sessionid=x").get(link_of(filled(launched())))
    assert dict(answer.headers) == {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": str(len(answer.content)),
        "Cache-Control": "no-store",
        "Content-Security-Policy": f"default-src 'none'; img-src {BASE}; style-src 'unsafe-inline'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow",
    }
    assert not answer.cookies


@pytest.mark.django_db
def test_looking_leaves_no_trace_and_takes_no_orders():
    link = link_of(filled(launched()))
    before = Evidence.objects.count()
    client = Client()
    assert client.head(link).content == b""
    client.get(link)
    assert client.post(link, "List-Unsubscribe=One-Click", "text/plain").status_code == 405
    assert client.post(f"{link}/opt-out", "x", "text/plain").status_code == 405
    assert Evidence.objects.count() == before
    assert not Suppression.objects.exists()


@pytest.mark.django_db
def test_it_outlives_the_campaign_s_end_and_every_contact():
    revision = launched()
    link = link_of(filled(revision))
    before = Client().get(link).content
    campaigns.cancel(revision.campaign, member("Marketer"))
    Contact.objects.all().delete()
    assert Client().get(link).content == before


@pytest.mark.django_db
def test_it_shows_our_pictures():
    roses = stored(alt="Roses")
    shown = Client().get(link_of(filled(launched(html=f'<p>x</p><img src="{roses.path}" alt="Roses">'))))
    assert f'src="{BASE}{roses.path}"' in shown.content.decode()


@pytest.mark.django_db
def test_a_test_s_link_shows_the_bytes_of_that_test():
    draft = new_draft(html="<p>First words</p>")
    marketer = member("Marketer")
    first = campaigns.request_test(draft, marketer.email, marketer)
    draft.html = "<p>Second words</p>"
    draft.save()
    second = campaigns.request_test(draft, marketer.email, marketer)
    for test, words in ((first, "First words"), (second, "Second words")):
        skeleton = rendering.Skeleton.from_bytes(TestSend.objects.get(pk=test.pk).skeleton)
        link = link_of(rendering.fill(skeleton, recipient(), at=timezone.now(), is_test=True).data)
        shown = Client().get(link).content.decode()
        assert words in shown
        assert "A copy on the web of a test" in shown
        plain = tokens.view_url(ViewToken(draft.pk, skeleton.sha256)).removeprefix(BASE)
        assert Client().get(plain).status_code == 404, "a draft is shown to nobody without a test"
    TestSend.objects.all().delete()
    gone = Client().get(link)
    assert gone.status_code == 404
    assert "Tests are kept for 90 days" in gone.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/v/", "/v/x", "/v/" + "A" * 28, "/v/x/opt-out", "/v/%00", "/V/x/y/z"])
def test_a_damaged_link_says_so_and_names_nobody(path):
    answer = Client().get(path)
    assert answer.status_code == 400
    assert "This link is damaged" in answer.content.decode()


@pytest.mark.django_db
def test_bytes_that_an_older_candor_froze_are_gone_in_words(monkeypatch):
    link = link_of(filled(launched()))
    monkeypatch.setattr("mailer.rendering.skeletons.VERSION", b"candor skeleton 0")
    assert Client().get(link).status_code == 404


@pytest.mark.django_db
def test_both_parts_of_a_finished_message_still_pass_the_gate():
    revision = launched()
    assert not [f for f in campaigns.findings_of(revision.campaign) if f.severity == "block"]
    message = message_from_bytes(filled(revision), policy=policy.default)
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
