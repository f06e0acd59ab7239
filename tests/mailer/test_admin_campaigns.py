"""A campaign through its pages: written, looked at, tested, launched, stopped, counted."""

import re

import pytest
from django.utils import timezone

from mailer import addresses, audience, campaigns, suppression
from mailer.models import Campaign, Contact, Evidence, MailingList, Message, Revision, TestAddress, TestSend
from tests.mailer.admin_door import HOSTILE, HTML, member, new_draft, new_list, new_sender, said, signed_in

pytestmark = pytest.mark.django_db


def at(campaign: Campaign, page: str = "") -> str:
    return f"/admin/mailer/campaign/{campaign.pk}/{page}"


def written(campaign: Campaign, **changed: str) -> dict:
    form = {
        name: getattr(campaign, name) for name in ("name", "subject", "preheader", "layout", "html", "text")
    }
    lists = list(campaign.lists.values_list("pk", flat=True))
    return {**form, "sender": campaign.sender_id, "lists": lists, **changed}


def launch(campaign: Campaign, client):
    shown = client.get(at(campaign, "launch/")).content.decode()
    fingerprint = re.search(r'name="fingerprint" value="(\w+)"', shown)[1]
    return client.post(at(campaign, "launch/"), {"fingerprint": fingerprint}, follow=True)


def launched(number: int = 4) -> Campaign:
    draft = new_draft(number)
    campaigns.launch(draft, None)
    audience.snapshot(draft)
    return draft


# -- writing ---------------------------------------------------------------------------------------------


def test_a_new_campaign_knows_its_author_and_leads_to_its_page():
    sender, friends = new_sender(), new_list()
    answer = signed_in("Marketer").post(
        "/admin/mailer/campaign/add/",
        {"name": "May", "sender": sender.pk, "lists": [friends.pk], "subject": "May is here", "html": HTML},
    )
    campaign = Campaign.objects.get()
    assert (campaign.author, campaign.state, list(campaign.lists.all())) == (
        member("Marketer"),
        "draft",
        [friends],
    )
    assert answer["Location"] == at(campaign)
    wrote = Evidence.objects.get(verb="wrote")
    assert (wrote.actor, wrote.subject) == (f"user {member('Marketer').pk}", f"campaign {campaign.pk}")


def test_a_campaign_without_a_message_is_told_so():
    draft = new_draft()
    answer = signed_in("Marketer").post(at(draft, "change/"), written(draft, html=" ", text=""))
    assert "There is no message yet: write HTML or plain text." in answer.content.decode()


def test_a_layout_is_chosen_looked_at_and_copied_and_the_revision_keeps_it():
    draft, client = new_draft(), signed_in("Marketer")
    client.post(at(draft, "change/"), written(draft, layout="newsletter"))
    draft.refresh_from_db()
    assert draft.layout == "newsletter"
    shown = client.get(at(draft, "preview/")).content.decode()
    assert "max-width:600px" in shown and "Tomatoes" in shown
    client.post(at(draft, "copy/"))
    assert Campaign.objects.first().layout == "newsletter"
    launch(draft, signed_in())
    assert Revision.objects.get().layout == "newsletter"


def test_mjml_is_asked_for_by_its_name_and_told_what_is_wrong_with_it():
    draft, client = new_draft(), signed_in("Marketer")
    mjml = "<mjml><mj-body><mj-section><mj-column><mj-text>Tomatoes</mj-text></mj-column></mj-section></mj-body></mjml>"
    answer = client.post(at(draft, "change/"), written(draft, html=mjml))
    assert "The message is MJML. Choose “My own MJML” here." in answer.content.decode()
    assert "&lt;mj-text&gt;Tomatoes&lt;/mj-text&gt;" in answer.content.decode()  # nothing typed is lost
    client.post(at(draft, "change/"), written(draft, html=mjml, layout="mjml"))
    assert "Tomatoes" in client.get(at(draft, "preview/")).content.decode()
    client.post(at(draft, "change/"), written(draft, html=mjml.replace("</mj-text>", ""), layout="mjml"))
    assert "Line 1 of the MJML: &lt;mj-text&gt; is never closed." in client.get(at(draft)).content.decode()


def test_what_went_out_stays_as_it_was():
    campaign = launched()
    client = signed_in()
    answer = client.post(at(campaign, "change/"), written(campaign, subject="Other"), follow=True)
    assert answer.redirect_chain == [(at(campaign), 302)]
    assert said(answer)[0].startswith("It is no longer a draft, so nothing was saved.")
    assert client.post(at(campaign, "delete/"), {"post": "yes"}).status_code == 403
    assert client.get(at(campaign, "change/")).status_code == 200
    campaign.refresh_from_db()
    assert campaign.subject == "The first tomatoes are here"


def test_a_draft_is_deleted_with_its_tests_and_leaves_evidence():
    draft = new_draft()
    campaigns.request_test(draft, "marketer@example.com", member("Marketer"))
    signed_in("Marketer").post(at(draft, "delete/"), {"post": "yes"})
    assert not Campaign.objects.exists()
    assert Evidence.objects.filter(verb="draft deleted", subject=f"campaign {draft.pk}").count() == 1


def test_a_copy_is_a_draft_with_the_same_words_and_lists():
    campaign = launched()
    answer = signed_in("Marketer").post(at(campaign, "copy/"))
    copied = Campaign.objects.exclude(pk=campaign.pk).get()
    assert answer["Location"] == at(copied, "change/")
    assert (copied.state, copied.revision, copied.name) == ("draft", None, "Tomatoes (copy)")
    assert (copied.subject, copied.html, set(copied.lists.all())) == (
        campaign.subject,
        campaign.html,
        set(campaign.lists.all()),
    )
    assert copied.author == member("Marketer")


# -- looking ---------------------------------------------------------------------------------------------


def test_the_page_of_a_good_draft_shows_it_and_lets_it_go():
    shown = signed_in("Marketer").get(at(new_draft()))
    page = shown.content.decode()
    assert shown.context["findings"] == []
    assert "Candor found nothing to object to." in page
    assert f'href="{at(Campaign.objects.get(), "launch/")}"' in page
    assert "Advertisement" in shown.context["preview"].text


def test_the_page_of_a_bad_draft_says_what_to_change_and_offers_no_launch():
    draft = new_draft(html="<p>Hi {{ nickname }}</p>")
    client = signed_in("Marketer")
    shown = client.get(at(draft))
    assert [finding.severity for finding in shown.context["findings"]] == ["block"]
    assert "there is no field “nickname”" in shown.content.decode()
    assert f'href="{at(draft, "launch/")}"' not in shown.content.decode()
    assert client.get(at(draft, "preview/")).status_code == 404
    answer = client.get(at(draft, "launch/"), follow=True)
    assert said(answer) == ["It can't go out as it is; the page says what to change."]
    client.post(at(draft, "launch/"), {"fingerprint": "x"})
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_a_draft_whose_lists_are_gone_is_told_so():
    draft = new_draft()
    draft.lists.clear()
    shown = signed_in("Marketer").get(at(draft))
    assert "Choose at least one list" in shown.content.decode()


def test_the_preview_is_a_stranger_s_document_in_a_frame():
    answer = signed_in("Marketer").get(at(new_draft(), "preview/"))
    policy = answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert [part.strip() for part in policy.split(";")] == [
        "default-src 'none'",
        "img-src https: http://127.0.0.1:8000",
        "style-src 'unsafe-inline'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "sandbox allow-popups allow-popups-to-escape-sandbox",
    ]
    shown = answer.content.decode()
    assert "<h1" in shown
    assert "Advertisement" in shown
    source = signed_in("Marketer").get(at(Campaign.objects.get(), "source/"))
    assert source["Content-Type"] == "text/plain; charset=utf-8"
    assert source["Content-Security-Policy"] == policy
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in source.content


def test_every_other_page_keeps_script_to_ours():
    draft = new_draft()
    client = signed_in()
    for path in ("/admin/", at(draft), at(draft, "change/"), at(draft, "launch/"), at(draft, "messages/")):
        answer = client.get(path)
        assert answer["X-Frame-Options"] == "DENY"
        script = next(p for p in answer["Content-Security-Policy"].split("; ") if p.startswith("script-src"))
        assert "'unsafe-inline'" not in script
        inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", answer.content.decode())
        nonces = re.findall(r"'nonce-([^']+)'", script)
        # the one thing inline is where the editor's module lies, let through by this answer's nonce
        assert inline in ([], [f'<script type="importmap" nonce="{"".join(nonces)}">']), path
        assert not re.findall(r'\son\w+="', answer.content.decode()), path
        assert not re.findall(r'(?:src|href)="https?://', answer.content.decode()), path


def test_what_went_out_is_shown_from_its_frozen_revision():
    campaign = launched()
    Campaign.objects.filter(pk=campaign.pk).update(html="<p>Never sent</p>")
    shown = signed_in("Marketer").get(at(campaign, "preview/")).content.decode()
    assert "Tomatoes" in shown
    assert "Never sent" not in shown


def test_a_revision_that_can_not_be_read_any_more_leaves_the_page_standing():
    """Rows of a revision never change (trigger); a later Candor may read other bytes."""
    campaign = launched()
    frozen = campaign.revision
    unreadable = Revision.objects.create(
        campaign=campaign, number=2, subject="x", sender_facts={}, skeleton=b"older", sha256=frozen.sha256
    )
    Campaign.objects.filter(pk=campaign.pk).update(revision=unreadable)
    client = signed_in("Marketer")
    assert "It can&#x27;t be shown any more." in client.get(at(campaign)).content.decode().replace(
        "'", "&#x27;"
    )
    assert client.get(at(campaign, "preview/")).status_code == 404
    assert client.get(at(campaign, "source/")).status_code == 404


def test_hostile_words_are_text_on_every_page():
    draft = new_draft(name=HOSTILE, subject=HOSTILE, preheader=HOSTILE)
    client = signed_in()
    for path in ("", "change/", "delete/", "messages/", "tests/", "preview/"):
        assert HOSTILE not in client.get(at(draft, path)).content.decode(), path
    for path in ("/admin/", "/admin/mailer/campaign/"):
        assert HOSTILE not in client.get(path).content.decode(), path


# -- tests -----------------------------------------------------------------------------------------------


def test_a_test_goes_to_oneself_or_a_registered_address_and_its_outcome_is_shown():
    draft = new_draft()
    other = TestAddress.objects.create(email="qa@example.com", whose="Quality")
    client = signed_in("Marketer")
    client.post(at(draft, "test/"), {"to": "own"})
    client.post(at(draft, "test/"), {"to": str(other.pk)})
    assert list(TestSend.objects.order_by("id").values_list("email", "state")) == [
        ("marketer@example.com", "waiting"),
        ("qa@example.com", "waiting"),
    ]
    assert "data-done" not in client.get(at(draft, "tests/")).content.decode()
    TestSend.objects.update(state="refused", detail=f"550 {HOSTILE}")
    outcome = client.get(at(draft, "tests/")).content.decode()
    assert outcome.count("Refused by the mail server") == 2
    assert "data-done" in outcome
    assert HOSTILE not in outcome


def test_a_test_to_anybody_else_is_not_sent():
    draft = new_draft()
    client = signed_in("Marketer")
    for to in ("", "999", "ada@example.org", "own@example.org"):
        assert client.post(at(draft, "test/"), {"to": to}).status_code == 404
    assert not TestSend.objects.exists()


def test_a_test_of_what_may_not_go_out_is_refused_with_what_to_change():
    draft = new_draft(html="<p>{{ nickname }}</p>")
    answer = signed_in("Marketer").post(at(draft, "test/"), {"to": "own"}, follow=True)
    assert said(answer)[0] == "The test can't go out as the campaign is."
    assert any("nickname" in words for words in said(answer)[1:])
    assert not TestSend.objects.exists()


# -- launching -------------------------------------------------------------------------------------------


def test_the_last_look_repeats_the_numbers_and_launches_what_was_looked_at():
    draft = new_draft(number=3)
    person = addresses.parse("person1@example.org")
    suppression.suppress(person.mailbox_key, reason="opt_out", channel="page", actor="recipient")
    client = signed_in("Marketer")
    page = client.get(at(draft, "launch/")).content.decode()
    assert "Send it to 2 people now" in page
    assert "Of 3 on your lists." in page
    answer = launch(draft, client)
    draft.refresh_from_db()
    assert said(answer) == ["It is on its way."]
    assert (draft.state, draft.revision.created_by) == ("sending", member("Marketer"))


@pytest.mark.parametrize(
    "change",
    [
        lambda draft: Campaign.objects.filter(pk=draft.pk).update(subject="Other"),
        lambda draft: type(draft.sender).objects.update(contact="elsewhere"),
        lambda draft: draft.lists.add(MailingList.objects.create(name="More", slug="more")),
    ],
)
def test_what_was_changed_after_the_last_look_is_not_launched(change):
    draft = new_draft()
    client = signed_in("Marketer")
    fingerprint = re.search(
        r'name="fingerprint" value="(\w+)"', client.get(at(draft, "launch/")).content.decode()
    )[1]
    change(draft)
    answer = client.post(at(draft, "launch/"), {"fingerprint": fingerprint}, follow=True)
    draft.refresh_from_db()
    assert draft.state == "draft"
    assert said(answer) == ["It was changed since you looked at it. Look once more, then launch."]


def test_a_double_click_launches_once():
    draft = new_draft()
    client = signed_in("Marketer")
    launch(draft, client)
    again = client.post(at(draft, "launch/"), {"fingerprint": "x"}, follow=True)
    assert said(again) == ["Only a draft can be launched; this one is sending."]
    assert draft.revisions.count() == 1


# -- while it goes out -----------------------------------------------------------------------------------


def test_pause_resume_and_cancel_do_what_they_say_or_say_why_not():
    campaign = launched()
    client = signed_in("Marketer")
    states = []
    for button in ("resume", "pause", "pause", "resume", "cancel", "resume"):
        answer = client.post(at(campaign, f"{button}/"), follow=True)
        campaign.refresh_from_db()
        states.append((button, campaign.state, said(answer)[0].split(".")[0].split(";")[0]))
    assert states == [
        ("resume", "sending", "Only a paused campaign can be resumed"),
        ("pause", "paused", "Paused"),
        ("pause", "paused", "The campaign can't be paused: it is paused"),
        ("resume", "sending", "It goes on from where it was"),
        ("cancel", "cancelled", "Cancelled for good"),
        ("resume", "cancelled", "Only a paused campaign can be resumed"),
    ]


def test_progress_accounts_for_everybody_in_words():
    campaign = launched(number=5)
    keys = list(Message.objects.order_by("contact_id").values_list("address_key", flat=True))
    now = timezone.now()
    for key, values in zip(
        keys,
        (
            {"state": "accepted", "settled_at": now},
            {"state": "refused", "detail": HOSTILE, "settled_at": now},
            {"state": "unknown"},
            {"state": "withheld", "reason": "opt_out"},
        ),
        strict=False,
    ):
        Message.objects.filter(address_key=bytes(key)).update(**values)
    client = signed_in("Marketer")
    answer = client.get(at(campaign, "progress/"))
    assert [(part.state, part.number) for part in answer.context["parts"]] == [
        ("accepted", 1),
        ("refused", 1),
        ("unknown", 1),
        ("withheld", 1),
        ("pending", 1),
    ]
    page = answer.content.decode()
    assert 'data-now="4 of 5 messages done"' in page
    assert "It is not sent again by itself" in page
    assert "Opted out</a>: <strong>1</strong>" in page
    assert HOSTILE not in client.get(at(campaign, "messages/?state=refused")).content.decode()
    assert "Tomatoes</a>" in client.get("/admin/").content.decode().split("may or may not have gone out")[1]


def test_messages_are_listed_page_by_page_each_once(monkeypatch):
    monkeypatch.setattr("mailer.admin.campaign_messages.PER_PAGE", 2)
    campaign = launched(number=5)
    Contact.objects.order_by("id").first().delete()
    client = signed_in("Marketer")
    seen, query = [], ""
    while True:
        answer = client.get(at(campaign, f"messages/?{query}"))
        seen += [(row.contact_id, there) for row, there in answer.context["rows"]]
        query = answer.context["next"]
        if not query:
            break
    in_campaign = list(Message.objects.values_list("contact_id", flat=True))
    assert sorted(number for number, _ in seen) == sorted(in_campaign)
    assert [number for number, there in seen if not there] == [min(in_campaign)]


@pytest.mark.parametrize("query", ["state=sent", "reason=x", "after=zz"])
def test_a_made_up_question_about_messages_finds_nothing(query):
    assert signed_in().get(at(launched(), f"messages/?{query}")).status_code == 404
