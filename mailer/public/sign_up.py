"""Sign-up forms: a page of ours, or the same fields on any other page, and the button that confirms (D95–D97).

A form on another site posts here without cookie or token: it asks for one mail to be sent, no more, and the limits on
that are the room's. Who asks is answered alike, whoever the address belongs to.
"""

from urllib.parse import parse_qs

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from mailer import addresses, suppression, tasks, tokens
from mailer.contacts import joining
from mailer.contacts.joining import CONSENT, EMAIL, FIRST_NAME, TRAP, WORDING, Wish
from mailer.models import Contact, SignUp, SignUpForm
from mailer.public import body, names, pages, visitors
from mailer.tokens import DamagedToken, ExpiredJoin

MOST_FIELDS = 20
RETRY_AFTER = "3600"  # seconds
REFUSED = 422  # the page again, with what is wrong beside each field


def form(request: HttpRequest, slug: str) -> HttpResponse:
    """What stands behind /join/<slug>: GET shows the form, POST asks for the confirmation mail."""
    found = SignUpForm.objects.select_related("sender").filter(slug=slug).first()
    if found is None:
        return pages.page("join_closed", status=404)
    if not found.takes_requests:
        return pages.page("join_closed", status=404, form=found)
    if pages.only_looks(request):
        return _shown(found)
    fields = _fields(request)
    if fields is None:
        return pages.page("join_unreadable", status=400, form=found)
    if EMAIL not in fields:
        return _shown(found)  # our “Try again” button: it has nothing to fill the form with
    return _asked(request, found, fields)


def _shown(
    found: SignUpForm,
    wish: Wish | None = None,
    problems: dict[str, str] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    return pages.page(
        "join",
        status=status,
        form=found,
        wording=found.wording,
        fields=joining,
        wish=wish,
        problems=problems or {},
    )


def _fields(request: HttpRequest) -> dict[str, str] | None:
    """What was filled in, as browsers send a plain form; None if it is anything else."""
    sent = body.whole(request)
    if sent is None:
        return None
    try:
        fields = parse_qs(
            sent.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"
        )
    except ValueError:
        return None
    return {name: values[-1] for name, values in fields.items()}


def _asked(request: HttpRequest, found: SignUpForm, fields: dict[str, str]) -> HttpResponse:
    wish = Wish(
        email=fields[EMAIL],
        first_name=fields.get(FIRST_NAME, ""),
        agrees=fields.get(CONSENT) == "yes",
        wording=fields.get(WORDING, ""),
        trap=fields.get(TRAP, ""),
        page_url=visitors.page(request, f"{settings.PUBLIC_URL}/join/{found.slug}"),
        network=visitors.network(request),
    )
    try:
        asked = joining.ask(found, wish)
    except joining.SignUpRefused as refused:
        return _shown(found, wish, refused.problems, status=REFUSED)
    except joining.FormClosed:
        return pages.page("join_closed", status=404, form=found)
    except joining.TooManySignUps:
        response = pages.page("join_busy", status=429)
        response["Retry-After"] = RETRY_AFTER
        return response
    if asked is not None:
        tasks.nudge_sign_ups()
    return pages.page("join_asked", form=found, days=tokens.JOIN_AGE.days)


def confirmation(request: HttpRequest, text: str) -> HttpResponse:
    """What stands behind the confirmation mail's link: GET asks once more, POST puts the person on the list."""
    try:
        number = tokens.read_join(text)
        asked = SignUp.objects.select_related("form__sender", "wording").get(pk=number)
    except (ExpiredJoin, SignUp.DoesNotExist):
        return _expired()
    except DamagedToken:
        return pages.page("join_damaged", status=400)
    if not pages.only_looks(request):
        return _confirmed(request, asked)
    if asked.confirmed_at is not None:
        return _since(asked)
    return pages.page(
        "join_confirm",
        form=asked.form,
        wording=asked.wording,
        mailbox=addresses.masked(asked.email),
        asked=names.in_words(asked.requested_at),
    )


def _confirmed(request: HttpRequest, asked: SignUp) -> HttpResponse:
    try:
        confirmed = joining.confirm(asked.pk, network=visitors.network(request))
    except joining.OptedOutSince:
        return pages.page("join_stays", form=asked.form)
    except SignUp.DoesNotExist:
        return _expired()
    return _since(confirmed)


def _since(confirmed: SignUp) -> HttpResponse:
    """What holds of a request that was confirmed, now or before; what has happened since then counts."""
    contact = Contact.objects.filter(address_key=bytes(confirmed.address_key)).first()
    holds = contact is not None and suppression.mailable(addresses.parse(contact.email))
    return pages.page(
        "join_done" if holds else "join_used",
        form=confirmed.form,
        mailbox=addresses.masked(contact.email) if contact else "this mailbox",
        confirmed=names.in_words(confirmed.confirmed_at) if confirmed.confirmed_at else "",
    )


def _expired() -> HttpResponse:
    return pages.page("join_expired", status=410, days=tokens.JOIN_AGE.days)
