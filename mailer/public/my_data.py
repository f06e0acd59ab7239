"""A person's own data: asked for on a page, shown behind a link that only the mailbox's reader gets (GDPR 12–17).

Whether a mailbox is known here, only its reader learns. Looking changes nothing; each button is a POST.
"""

from collections.abc import Callable
from urllib.parse import parse_qs

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from mailer import addresses, tasks, tokens
from mailer.addresses import AddressRefused
from mailer.models import Contact, DataLink, DataRequest, Suppression
from mailer.privacy import access, correction, erasure, links
from mailer.privacy.persons import person_of
from mailer.public import names, pages
from mailer.public.body import beginning, read_away
from mailer.tokens import MY_DATA, NEW_ADDRESS, DamagedToken, ExpiredDataLink, OptOutToken

MUCH_TO_DO = "There is much to look through; it is done within minutes."
WithLink = Callable[[DataLink, Contact], HttpResponse]


# -- asking for the mail ------------------------------------------------------------------------------


def question(request: HttpRequest, text: str) -> HttpResponse:
    """What stands behind /u/<token>/data: GET asks, POST asks for the mail. The same words in every case."""
    try:
        token = tokens.read(text)
    except DamagedToken:
        return pages.damaged()
    if pages.only_looks(request):
        return pages.page("data_question", names=names.names_of(token))
    read_away(request)
    return _asked(token.mailbox_key, token.campaign)


def form(request: HttpRequest) -> HttpResponse:
    """The same for who has no link at hand: they write their address, and the mail goes there."""
    if pages.only_looks(request):
        return pages.page("data_form", wrong="", address="")
    written = _written(request).get("address", "")
    try:
        address = addresses.parse(written)
    except AddressRefused as wrong:
        return pages.page("data_form", status=400, wrong=str(wrong), address=written)
    return _asked(address.mailbox_key, None)


def _asked(mailbox_key: bytes, campaign: int | None) -> HttpResponse:
    if links.ask(mailbox_key, campaign):
        tasks.nudge_data_links()
    return pages.page("data_asked")


# -- behind the mail's link ---------------------------------------------------------------------------


def see(request: HttpRequest, text: str) -> HttpResponse:
    """All that is held, to read, and what its owner can do. A link is good for 24 hours."""
    return _with_link(text, lambda link, contact: _shown(text, link, contact))


def download(request: HttpRequest, text: str) -> HttpResponse:
    """The same for programs: to be taken to another service (GDPR 20)."""

    def file(link: DataLink, contact: Contact) -> HttpResponse:
        held = access.gather(person_of(bytes(contact.mailbox_key)), timezone.now())
        return HttpResponse(
            held.as_json(),
            content_type="application/json",
            headers={"Content-Disposition": 'attachment; filename="my-data.json"'},
        )

    return _with_link(text, file)


def names_form(request: HttpRequest, text: str) -> HttpResponse:
    """POST writes the names as their owner writes them."""

    def corrected(link: DataLink, contact: Contact) -> HttpResponse:
        if pages.only_looks(request):
            return _shown(text, link, contact)
        written = _written(request)
        correction.correct_names(
            contact,
            first_name=written.get("first_name", ""),
            last_name=written.get("last_name", ""),
            actor="recipient",
        )
        contact.refresh_from_db()
        return _shown(text, link, contact, said="Your names are now as you wrote them.")

    return _with_link(text, corrected)


def address_form(request: HttpRequest, text: str) -> HttpResponse:
    """POST has a mail sent to the new address; nothing changes before its reader has confirmed it."""

    def asked(link: DataLink, contact: Contact) -> HttpResponse:
        if pages.only_looks(request):
            return _shown(text, link, contact)
        try:
            new = links.ask_address(contact, _written(request).get("address", ""), link.campaign_number)
        except links.NewAddressRefused as wrong:
            return _shown(text, link, contact, wrong=str(wrong))
        if new:
            tasks.nudge_data_links()
        return _shown(
            text,
            link,
            contact,
            said="If mail may go to the new address, one confirmation mail is on its way to it, once in 24 hours at "
            "most. Nothing changes before the button behind its link is pressed.",
        )

    return _with_link(text, asked)


def erase(request: HttpRequest, text: str) -> HttpResponse:
    """GET says what goes and what stays, POST erases."""

    def erased(link: DataLink, contact: Contact) -> HttpResponse:
        known = names.names_for(contact.email)
        if pages.only_looks(request):
            return pages.page("erase", names=known, back=f"/my-data/{text}")
        read_away(request)
        key = bytes(contact.mailbox_key)
        done = erasure.ask(key, channel=Suppression.Channel.DATA_PAGE)
        is_done = done.outcome == DataRequest.Outcome.DONE
        waits_for = [] if is_done else erasure.obstacles() or [MUCH_TO_DO]
        return pages.page("erased", names=known, waits_for=waits_for, due=names.in_words(done.due_at))

    return _with_link(text, erased)


def new_address(request: HttpRequest, text: str) -> HttpResponse:
    """What stands behind the mail to a new address: GET asks once more, POST makes it the person's address."""
    try:
        link = _link(text, NEW_ADDRESS)
    except ExpiredDataLink:
        return pages.page("data_expired", status=410)
    except DamagedToken:
        return pages.damaged()
    if link.confirmed_at is not None:
        return pages.page("address_confirmed", names=names.names_for(None))
    known = names.names_for(link.new_address)
    if pages.only_looks(request):
        return pages.page("address_question", names=known)
    read_away(request)
    confirmed = links.confirm_address(link.pk)
    return pages.page("address_confirmed" if confirmed else "data_gone", names=known)


# -- shared -------------------------------------------------------------------------------------------


def _with_link(text: str, answer: WithLink) -> HttpResponse:
    """The answer for a link that is ours, fresh, and of somebody who is on our books; else what is wrong with it."""
    try:
        link = _link(text, MY_DATA)
    except ExpiredDataLink:
        return pages.page("data_expired", status=410)
    except DamagedToken:
        return pages.damaged()
    contact = links.person_behind(link)
    if contact is None:
        return pages.page("data_gone")
    return answer(link, contact)


def _link(text: str, purpose: str) -> DataLink:
    found = DataLink.objects.filter(pk=tokens.read_data_link(text, purpose)).first()
    if found is None:
        raise DamagedToken("This link is damaged.")
    return found


def _shown(text: str, link: DataLink, contact: Contact, said: str = "", wrong: str = "") -> HttpResponse:
    key = bytes(contact.mailbox_key)
    held = access.gather(person_of(key), timezone.now())
    token = OptOutToken(key, link.campaign_number or 0)
    return pages.page(
        "my_data",
        status=400 if wrong else 200,
        names=names.names_of(token),
        contact=contact,
        sections=[part for part in held.sections if part.rows],
        at=names.in_words(held.at),
        here=f"/my-data/{text}",
        opt_out=f"/u/{tokens.sign(token)}",
        said=said,
        wrong=wrong,
    )


def _written(request: HttpRequest) -> dict[str, str]:
    """What stands in the fields of one of our forms, the first of each name."""
    body = beginning(request).decode("utf-8", "replace")
    read_away(request)
    fields = parse_qs(body, keep_blank_values=True, max_num_fields=10)
    return {name: values[0] for name, values in fields.items()}
