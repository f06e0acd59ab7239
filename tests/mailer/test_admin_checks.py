"""Findings are told while somebody writes, of what stands in the form, and nothing is kept of it."""

from html import unescape

import pytest

from mailer.models import Campaign, MailingList
from tests.mailer.admin_door import new_draft, signed_in

pytestmark = pytest.mark.django_db

BODY = (
    "<p>20% off all roses in our shop, while they last. Come and see the figs and the old barn with us.</p>"
)


def told(client, draft: Campaign | None = None, **written: object) -> str:
    said = {"name": "Roses", "html": BODY, "kind": "commercial", **written}
    path = f"{draft.pk}/check/" if draft else "check/"
    answer = client.post(f"/admin/mailer/campaign/{path}", said)
    assert answer.status_code == 200 and "<html" not in answer.content.decode()
    return " ".join(unescape(answer.content.decode()).split())


@pytest.mark.parametrize("is_new", [True, False])
def test_a_claim_is_answered_before_anything_is_saved(is_new):
    draft = new_draft()
    form = {"sender": draft.sender.pk, "lists": [MailingList.objects.get().pk]}
    client, of = signed_in("Marketer"), None if is_new else draft
    assert "Must be changed:" in told(client, of, subject="Fwd: 20% off all roses", **form)
    assert "Needs a decision:" in told(client, of, subject="20% off all roses, ends tonight", **form)
    assert "nothing to object to so far" in told(client, of, subject="20% off all roses", **form)
    draft.refresh_from_db()
    assert (draft.subject, Campaign.objects.count()) == ("The first tomatoes are here", 1)


def test_who_has_only_begun_is_not_scolded_for_it_and_not_told_that_all_is_well():
    draft = new_draft()
    client, begun = signed_in("Marketer"), {"sender": draft.sender.pk, "html": "", "text": ""}
    assert told(client) == told(client, subject="20% off all roses") == ""
    assert "as soon as there is one" in told(client, subject="Roses are here", **begun)
    assert "Must be changed:" in told(client, subject="Fwd: Roses are here", **begun)


def test_what_is_written_is_text_and_no_markup():
    draft = new_draft()
    answer = signed_in("Marketer").post(
        "/admin/mailer/campaign/check/",
        {"subject": "Fwd: <script>alert(1)</script> ends tonight", "html": BODY, "sender": draft.sender.pk},
    )
    assert b"<script" not in answer.content
