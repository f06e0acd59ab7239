"""Writing a message: the editor's files are ours, a draft is seen while it is written, and nothing typed is lost."""

import re
import time

import pytest

from mailer.models import Campaign, Evidence
from tests.mailer.admin_door import HOSTILE, HTML, new_draft, new_sender, signed_in

pytestmark = pytest.mark.django_db

DRAFT = "/admin/mailer/campaign/draft/"


def drawn(**said: str):
    said = {"sender": str(new_sender().pk), "layout": "newsletter", "html": HTML, **said}
    return signed_in("Marketer").post(DRAFT, said)


def test_the_editor_comes_from_here_and_its_import_map_has_the_pages_nonce():
    answer = signed_in("Marketer").get(f"/admin/mailer/campaign/{new_draft().pk}/change/")
    page, policy = answer.content.decode(), answer["Content-Security-Policy"]
    [nonce] = re.findall(r"'nonce-([^']+)'", policy)
    assert f'<script type="importmap" nonce="{nonce}">' in page
    assert re.search(r'"django-prose-editor/editor": ?"/static/django_prose_editor/editor[.\w]*\.js"', page)
    assert re.search(r'<script src="/static/mailer/admin/editor[.\w]*\.js"[^>]* type="module"', page)


def test_a_new_campaign_starts_as_a_newsletter_and_an_old_one_stays_what_it_is():
    page = signed_in("Marketer").get("/admin/mailer/campaign/add/").content.decode()
    assert '<option value="newsletter" selected>' in page
    page = signed_in("Marketer").get(f"/admin/mailer/campaign/{new_draft().pk}/change/").content.decode()
    assert '<option value="" selected>My own HTML' in page


def test_a_draft_is_seen_while_it_is_written_and_kept_nowhere():
    answer = drawn()
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert "sandbox allow-popups" in answer["Content-Security-Policy"]
    shown = answer.content.decode()
    assert "Advertisement · Garden &amp; Grain" in shown
    assert "Hello Dana, they are here." in shown
    assert not Campaign.objects.exists()
    assert not Evidence.objects.filter(verb="wrote").exists()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"html": ""}, "There is no body."),
        ({"html": "<p>{{ nickname }}</p>"}, "there is no field “nickname”"),
        (
            {"layout": "mjml", "html": "<mjml><mj-body>"},
            "Line 1 of the MJML: &lt;mj-body&gt; is never closed.",
        ),
        ({"html": "<div>" * 200}, "nests more than 150 elements"),
        ({"sender": ""}, "Choose a sender"),
        ({"sender": "9" * 40}, "Choose a sender"),
        ({"sender": "x"}, "Choose a sender"),
    ],
)
def test_what_stands_in_its_way_is_said_in_its_place(said, words):
    answer = drawn(**said)
    assert answer.status_code == 200
    assert words in answer.content.decode()


def test_a_draft_shows_its_kind():
    assert "Advertisement" not in drawn(kind="editorial").content.decode().partition("</div>")[0]


def test_only_who_may_write_campaigns_looks_at_drafts():
    assert signed_in("Nobody").post(DRAFT, {}).status_code == 403
    assert signed_in("Marketer").get(DRAFT).status_code == 405
    assert signed_in("Marketer", csrf=True).post(DRAFT, {}).status_code == 403


def test_what_was_typed_is_still_there_when_a_form_is_refused():
    client, draft = signed_in("Marketer"), new_draft()
    typed = {
        "name": "",
        "sender": draft.sender_id,
        "subject": "",
        "layout": "letter",
        "html": f"<p>Long work</p>{HOSTILE}",
    }
    page = client.post(f"/admin/mailer/campaign/{draft.pk}/change/", typed).content.decode()
    assert "&lt;p&gt;Long work&lt;/p&gt;&lt;script&gt;" in page
    assert '<option value="letter" selected>' in page


def test_thirty_megabytes_are_refused_in_words_and_soon():
    draft = new_draft()
    typed = {"name": "Big", "sender": draft.sender_id, "subject": "Big", "html": "<b>" * 10_000_000}
    for path in (f"/admin/mailer/campaign/{draft.pk}/change/", DRAFT):
        began = time.perf_counter()
        answer = signed_in("Marketer").post(path, typed)
        assert answer.status_code == 400
        assert "what you typed is still in the form" in answer.content.decode()
        assert time.perf_counter() - began < 30
    assert Campaign.objects.get().html == draft.html
