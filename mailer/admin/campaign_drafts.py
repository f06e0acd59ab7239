"""How a draft looks while it is written: compiled from what is in the form, and kept nowhere."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.clickjacking import xframe_options_sameorigin

from mailer import rendering
from mailer.admin.pages import changes
from mailer.admin.previews import as_preview
from mailer.models import Campaign, Sender
from mailer.rendering import Brand, Content, ContentRefused, KindFacts, ListFacts, Problem, SenderFacts


@xframe_options_sameorigin
@changes("mailer.change_campaign")
def draft(request: HttpRequest, model_admin: ModelAdmin) -> HttpResponse:
    """The message to a sample recipient, or what stands in its way, in words."""
    said = request.POST
    number = said.get("sender", "")
    sender = (
        Sender.objects.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 18 else None
    )
    if sender is None:
        return _waiting("Choose a sender, and you see here how the message looks.")
    try:
        skeleton = rendering.compile_content(
            _content(said, sender), SenderFacts.of(sender), ListFacts("Friends", "friends"), 0, _kind(said)
        )
        shown = rendering.preview(skeleton, rendering.SAMPLE_RECIPIENT)
    except ContentRefused as refused:
        return _waiting("Not yet:", refused.problems)
    return as_preview(shown.html)


def _content(said: Any, sender: Sender) -> Content:
    """A message is looked at before it has a subject."""
    layout = said.get("layout", "")
    return Content(
        subject="Draft",
        preheader=said.get("preheader", ""),
        html=said.get("html", ""),
        text=said.get("text", ""),
        layout=layout if layout in Campaign.Layout.values else "",
        brand=Brand.of(sender),
    )


def _kind(said: Any) -> KindFacts:
    kind, _, purpose = said.get("kind", "").partition(":")
    if kind not in Campaign.Kind.values or (purpose and purpose not in Campaign.Purpose.values):
        kind = purpose = ""
    return KindFacts.of(
        Campaign(
            kind=kind or Campaign.Kind.COMMERCIAL,
            purpose=purpose,
            advertisers=said.get("advertisers", "")[:800],
            is_explicit=bool(said.get("is_explicit")),
        )
    )


def _waiting(words: str, problems: list[Problem] | None = None) -> HttpResponse:
    return as_preview(
        render_to_string("mailer/admin/draft.html", {"words": words, "problems": problems or []})
    )


URLS = (("draft/", "mailer_campaign_draft", draft),)
