"""Pages on which a person reads the mail that the local inbox took. They need no database and no session."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from project.inbox import answering
from project.inbox.letter import Letter, opening_new_tabs
from project.inbox.store import MessageStore, NoSuchMessage, Received

PAGE = 50

# No scripts at all, here or in the message. A message's pictures and styles are its own; its frame has
# no origin, so its links can open pages but nothing in it can reach this site.
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; "
    "form-action 'self' {origin}; base-uri 'none'; frame-ancestors 'none'"
)
MESSAGE_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; "
    "default-src 'none'; img-src * data:; style-src 'unsafe-inline'"
)


@require_safe
def messages(request: HttpRequest) -> HttpResponse:
    """The list, newest first, a page at a time."""
    store = MessageStore(settings.INBOX_DIRECTORY)
    search = request.GET.get("search", "").strip()
    before = _number(request.GET.get("before", ""))
    # One more than fits on the page tells whether there is an older page.
    found = store.latest(PAGE + 1, before, search)
    return _page(
        "inbox/messages.html",
        messages=found[:PAGE],
        older_than=found[PAGE - 1].number if len(found) > PAGE else None,
        first_page=before is None,
        search=search,
        count=store.count(),
    )


@require_safe
def message(request: HttpRequest, number: int) -> HttpResponse:
    """One message: its HTML in a frame, its plain text, and its source."""
    received = _received(number)
    letter = Letter.from_bytes(received.raw)
    return _page(
        "inbox/message.html",
        received=received,
        letter=letter,
        source=received.raw.decode("utf-8", "replace"),
        size=len(received.raw),
        # The policy lets forms go to this installation only, so only its own links get a button.
        answered=request.GET.get("answered") == "yes",
        can_post=letter.one_click and _origin(letter.unsubscribe) == _origin(settings.PUBLIC_URL),
    )


@csrf_exempt  # there is no session to protect; the origin is asked instead
@require_POST
def answer(request: HttpRequest, number: int) -> HttpResponse:
    """Send what the person who plays the recipient writes back: a reply, or a mail to the opt-out address."""
    if request.headers.get("Origin") != f"{request.scheme}://{request.get_host()}":
        return HttpResponseForbidden("Only this page's own forms can answer a message.")
    received = _received(number)
    try:
        if "mailto" in request.POST:
            answering.write_to_opt_out_address(received, settings.INBOX_PORT)
        else:
            answering.answer(received, request.POST.get("words", ""), settings.INBOX_PORT)
    except answering.NotAnswered as why:
        return HttpResponse(str(why), status=502, content_type="text/plain; charset=utf-8")
    return redirect(f"{reverse('inbox:message', args=[number])}?answered=yes")


@require_safe
def html(request: HttpRequest, number: int) -> HttpResponse:
    """The HTML part as it was sent, but for a `<base>` that makes its links open in a new tab."""
    letter = Letter.from_bytes(_received(number).raw)
    if letter.html is None:
        raise Http404("This message has no HTML part.")
    response = HttpResponse(opening_new_tabs(letter.html), content_type="text/html; charset=utf-8")
    response["Content-Security-Policy"] = MESSAGE_POLICY
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def _received(number: int) -> Received:
    try:
        return MessageStore(settings.INBOX_DIRECTORY).read(number)
    except NoSuchMessage as missing:
        raise Http404(str(missing)) from None


def _page(template: str, **context: object) -> HttpResponse:
    # Rendered without the request: context processors would bring in the session and the database.
    response = HttpResponse(render_to_string(template, context))
    response["Content-Security-Policy"] = PAGE_POLICY.format(origin=_origin(settings.PUBLIC_URL))
    response["X-Frame-Options"] = "DENY"
    return response


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
