"""The page on which somebody keeps some lists and leaves others.

Its first button is the opt-out of everything, as the law wants it beside any menu (15 U.S.C. 7704(a)(3)(B), D53).
Leaving is done at once. Whatever would bring mail back goes through the confirmation mail, since anybody may hold a
forwarded link; so a POST here alone lifts nothing, ever.
"""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from mailer import suppression, tokens
from mailer.contacts import leaving
from mailer.contacts.leaving import Places
from mailer.models import MailingList
from mailer.public import choice, names, pages, way_back
from mailer.public.body import beginning, read_away
from mailer.public.choice import Choice
from mailer.tokens import DamagedToken, OptOutToken

NOT_WHOLE = (
    "Nothing was changed: your choice did not arrive as the page sends it. Tick the lists that you want, and press the "
    "button below them."
)
NOTHING_TICKED = (
    "Nothing was changed: no list is ticked. You stay unsubscribed. To get the mail of a list again, tick it."
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a mailbox stands when its page is asked for."""

    token: OptOutToken
    names: names.Names
    places: Places
    is_out: bool  # it has opted out of everything

    @classmethod
    def of(cls, token: OptOutToken) -> "Standing":
        suppression.assert_ledger()
        contact = way_back.addressed(token)
        address_key = bytes(contact.address_key) if contact else None
        is_out = suppression.has_opted_out(token.mailbox_key, address_key)
        return cls(token, names.names_of(token), _places(token), is_out)


def _places(token: OptOutToken) -> Places:
    """In a test, those of the campaign: whoever gets a test wants to see what its recipients will."""
    if token.is_test:
        return Places(on=tuple(MailingList.objects.filter(campaigns=token.campaign)))
    return leaving.places_of(token.mailbox_key)


def answer(request: HttpRequest, text: str) -> HttpResponse:
    """What stands behind /u/<text>/preferences: GET shows the lists, POST takes the choice."""
    try:
        token = tokens.read(text)
    except DamagedToken:
        return pages.damaged()
    standing = Standing.of(token)
    if pages.only_looks(request):
        return _page(standing)
    received_at = timezone.now()
    chosen = choice.read(beginning(request, choice.LONGEST + 1))
    read_away(request, choice.LONGEST + 1)
    if chosen is None:
        return _page(standing, NOT_WHOLE)
    if token.is_test:
        return pages.page("preferences_test", names=standing.names, to=_addresses(token))
    if standing.is_out:
        return _asked_for_some(standing, chosen)
    return _saved(standing, chosen, received_at)


def _page(standing: Standing, note: str = "") -> HttpResponse:
    on = {one.pk for one in standing.places.on}
    return pages.page(
        "preferences",
        names=standing.names,
        note=note,
        is_test=standing.token.is_test,
        is_out=standing.is_out,
        since=names.in_words(standing.names.opted_out_at) if standing.names.opted_out_at else "",
        lists=[(one, one.pk in on and not standing.is_out) for one in standing.places.all],
        has_left_some=bool(standing.places.left),
        to=_addresses(standing.token),
    )


def _addresses(token: OptOutToken) -> dict[str, str]:
    """Where the forms go: never to the address that was asked for, which a mail program may have damaged."""
    opt_out = f"/u/{tokens.sign(token)}"
    return {"opt_out": opt_out, "way_back": f"{opt_out}/back", "again": tokens.preferences_path(token)}


def _asked_for_some(standing: Standing, chosen: Choice) -> HttpResponse:
    """Somebody who has opted out wants some lists after all: nothing changes until they confirm."""
    wanted = [one for one in standing.places.all if one.pk in chosen.kept]
    if not wanted:
        return _page(standing, NOTHING_TICKED)
    unwanted = [one for one in standing.places.on if one.pk in chosen.shown - chosen.kept]
    way_back.ask(standing.token, joins=wanted, leaves=unwanted)
    return pages.page("way_back_asked", is_out=True)


def _saved(standing: Standing, chosen: Choice, received_at: datetime) -> HttpResponse:
    """Off the lists that are no longer ticked, at once; onto those that are again, after the confirmation."""
    unticked = [one for one in standing.places.on if one.pk in chosen.shown - chosen.kept]
    ticked_again = [one for one in standing.places.left if one.pk in chosen.kept]
    if unticked:
        leaving.leave(
            standing.token.mailbox_key,
            unticked,
            actor="recipient",
            campaign=standing.token.campaign,
            received_at=received_at,
        )
    if ticked_again:
        way_back.ask(standing.token, joins=ticked_again)
    return pages.page(
        "preferences_saved",
        names=standing.names,
        left=unticked,
        on=leaving.places_of(standing.token.mailbox_key).on,
        wanted=ticked_again,
        effective=names.in_words(timezone.now()),
        to=_addresses(standing.token),
    )
