"""The page behind the opt-out link, and the POST that acts at once (RFC 8058, 16 CFR 316.5)."""

import logging

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from mailer import suppression, tokens
from mailer.models import Suppression
from mailer.public import names, pages, session
from mailer.public.body import beginning, read_away
from mailer.tokens import DamagedToken, OptOutToken

logger = logging.getLogger(__name__)

# What the page's own button sends. It is compared whole: every other body, none included, is an opt-out.
OUR_BUTTON = b"page=1"


def answer(request: HttpRequest, text: str) -> HttpResponse:
    """What stands behind /u/<text>: the page with its one button, or the opt-out itself.

    A POST with a token acts whatever else it carries, and says the same each time (D77–D80).
    """
    try:
        token = tokens.read(text)
    except DamagedToken:
        return pages.damaged()
    if pages.only_looks(request):
        return pages.page("opt_out", names=names.names_of(token), is_test=token.is_test)
    return _posted(request, token)


def _posted(request: HttpRequest, token: OptOutToken) -> HttpResponse:
    received_at = timezone.now()
    session.trust_if_quiet()
    body = beginning(request)
    if token.is_test and body == OUR_BUTTON:
        return pages.page("test", names=names.names_of(token))
    try:
        suppression.suppress(
            token.mailbox_key,
            reason=Suppression.Reason.OPT_OUT,
            channel=_channel(body),
            actor="recipient",
            campaign=token.campaign,
            received_at=received_at,
        )
    except suppression.Journalled:
        logger.warning("The database can't be reached; an opt-out waits for it in the journal")
        read_away(request)
        return pages.journalled()
    read_away(request)
    return _done(token)


def _done(token: OptOutToken) -> HttpResponse:
    known, link = names.names_of(token), f"/u/{tokens.sign(token)}"
    return pages.page(
        "done",
        names=known,
        effective=names.in_words(known.opted_out_at or timezone.now()),
        way_back=f"{link}/back",
        preferences=tokens.preferences_path(token),
        my_data=f"{link}/data",
    )


def _channel(body: bytes) -> Suppression.Channel:
    """RFC 8058 §3.2 sends List-Unsubscribe=One-Click, as a form of either kind."""
    one_click = b"List-Unsubscribe" in body and b"One-Click" in body
    return Suppression.Channel.ONE_CLICK if one_click else Suppression.Channel.PAGE
