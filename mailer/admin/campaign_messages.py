"""The messages of a campaign by state and reason: a page, since nobody edits them."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import ModelAdmin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from mailer.admin import campaign_progress
from mailer.admin.pages import fragment, page, reads
from mailer.models import Campaign, Contact, Message

PER_PAGE = 100


@reads("mailer.view_campaign")
def progress(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    campaign = get_object_or_404(Campaign, pk=number)
    return fragment(request, "parts/campaign_progress.html", **campaign_progress.told(campaign))


@reads("mailer.view_campaign")
def brief(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """One line of it, for the list of campaigns."""
    campaign = get_object_or_404(Campaign, pk=number)
    return fragment(request, "parts/campaign_brief.html", **campaign_progress.told(campaign))


@reads("mailer.view_campaign")
def message_list(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """One page of them, in the order of their keys: each page costs the same, the first or the last."""
    campaign = get_object_or_404(Campaign, pk=number)
    state, reason = _asked(request)
    rows = _rows(number, state, reason, _after(request))
    shown = rows[:PER_PAGE]
    chosen = {name: value for name, value in (("state", state), ("reason", reason)) if value}
    return page(
        request,
        model_admin,
        "messages.html",
        f"Messages of {campaign.name}",
        campaign=campaign,
        rows=_with_contacts(shown),
        state=Message.State(state) if state else None,
        reason=Message.Reason(reason) if reason else None,
        meaning=campaign_progress.MEANINGS.get(Message.State(state)) if state else None,
        states=Message.State.choices,
        next=urlencode({**chosen, "after": bytes(shown[-1].address_key).hex()})
        if len(rows) > PER_PAGE
        else "",
        first=urlencode(chosen) if "after" in request.GET else "",
    )


def _asked(request: HttpRequest) -> tuple[str, str]:
    state, reason = request.GET.get("state", ""), request.GET.get("reason", "")
    if (state and state not in Message.State) or (reason and reason not in Message.Reason):
        raise Http404
    return state, reason


def _after(request: HttpRequest) -> bytes:
    try:
        return bytes.fromhex(request.GET.get("after", ""))
    except ValueError:
        raise Http404 from None


def _rows(number: int, state: str, reason: str, after: bytes) -> list[Message]:
    rows = Message.objects.filter(campaign_id=number, address_key__gt=after).order_by("address_key")
    if state:
        rows = rows.filter(state=state)
    if reason:
        rows = rows.filter(state=Message.State.WITHHELD, reason=reason)
    return list(rows[: PER_PAGE + 1])


def _with_contacts(rows: list[Message]) -> list[tuple[Message, Any]]:
    """Each with the contact's number, linked only while the contact is there."""
    there = set(Contact.objects.filter(pk__in=[row.contact_id for row in rows]).values_list("pk", flat=True))
    return [(row, row.contact_id in there) for row in rows]


URLS = (
    ("<int:number>/progress/", "mailer_campaign_progress", progress),
    ("<int:number>/brief/", "mailer_campaign_brief", brief),
    ("<int:number>/messages/", "mailer_campaign_messages", message_list),
)
