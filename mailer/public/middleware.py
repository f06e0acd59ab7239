"""Recipients' pages, answered before anything else sees the request."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from mailer import tokens
from mailer.public import (
    health,
    images,
    my_data,
    opt_out,
    pages,
    preferences,
    privacy,
    sign_up,
    signals,
    way_back,
    web_copy,
)

Page = Callable[[HttpRequest], HttpResponse]

logger = logging.getLogger(__name__)


class RecipientPages:
    """Stands first in MIDDLEWARE and answers recipients' links whole.

    So no session, cookie, CSRF token, login, language or redirect can come between a mail program's POST
    and the ledger (RFC 8058 §3.1: no redirect, no cookies), and neither Host nor Authorization is asked.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        segments = [segment for segment in request.path_info.split("/") if segment]
        match segments:
            case ["healthz"]:
                return _answered(request, health.alive, health.METHODS)
            case ["readyz"]:
                return _answered(request, health.ready, health.METHODS)
            case ["u" | "U", *rest]:
                return _answered(request, _page_at(rest), pages.METHODS)
            case ["join", *rest]:
                return _answered(request, _form_at(rest), pages.METHODS)
            case ["privacy"]:
                return _answered(request, privacy.current, privacy.METHODS)
            case ["privacy", number]:
                return _answered(request, lambda request: privacy.version(request, number), privacy.METHODS)
            case ["v" | "V", *rest, web_copy.OPT_OUT]:
                return _answered(
                    request, lambda request: web_copy.opt_out(request, "/".join(rest)), web_copy.METHODS
                )
            case ["v" | "V", *rest]:
                return _answered(
                    request, lambda request: web_copy.copy(request, "/".join(rest)), web_copy.METHODS
                )
            case ["i", file]:
                return _answered(request, lambda request: images.picture(request, file), images.METHODS)
            case [".well-known", "gpc.json"]:
                return _answered(request, privacy.gpc, privacy.METHODS)
            case ["my-data", *rest]:
                return _answered(request, _data_page_at(rest), pages.METHODS)
        return self.get_response(request)


def _page_at(segments: list[str]) -> Page:
    """The page for what follows /u/. Doubled slashes are gone by now; other damage is the token's matter."""
    match segments:
        case ["back", *rest]:
            return lambda request: way_back.confirmation(request, "/".join(rest))
        case [token, "back"]:
            return lambda request: way_back.question(request, token)
        case [token, "data"]:
            return lambda request: my_data.question(request, token)
    path = "/".join(segments)
    if (chooser := tokens.of_preferences(path)) is not None:
        return lambda request: preferences.answer(request, chooser)
    return lambda request: opt_out.answer(request, path)


def _form_at(segments: list[str]) -> Page:
    """The page for what follows /join/: a form, or the link of the mail that it had sent."""
    match segments:
        case ["confirm", *rest]:
            return lambda request: sign_up.confirmation(request, "/".join(rest))
    return lambda request: sign_up.form(request, "/".join(segments))


def _data_page_at(segments: list[str]) -> Page:
    """The page for what follows /my-data/: the form without a link, a person's data, or what can be done with them."""
    match segments:
        case []:
            return my_data.form
        case ["address", *rest]:
            return lambda request: my_data.new_address(request, "/".join(rest))
        case [*signed, "data.json"]:
            return lambda request: my_data.download(request, "/".join(signed))
        case [*signed, "names"]:
            return lambda request: my_data.names_form(request, "/".join(signed))
        case [*signed, "address"]:
            return lambda request: my_data.address_form(request, "/".join(signed))
        case [*signed, "erase"]:
            return lambda request: my_data.erase(request, "/".join(signed))
    return lambda request: my_data.see(request, "/".join(segments))


def _answered(request: HttpRequest, page: Page, methods: tuple[str, ...]) -> HttpResponse:
    with signals.heard(request):
        response = _by_method(request, page, methods)
    for name, value in pages.headers().items():
        response.setdefault(name, value)  # pictures and web copies have their own
    if response.status_code not in {204, 304}:
        response["Content-Length"] = str(len(response.content))
    if request.method == "HEAD":
        response.content = b""
    # Django would log the path of every 4xx and 5xx, and with it a link that speaks for a person.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _by_method(request: HttpRequest, page: Page, methods: tuple[str, ...]) -> HttpResponse:
    """Methods that ask nothing of a page are the same everywhere, and never change anything."""
    allow = ", ".join(methods)
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers={"Allow": allow})
    if request.method not in methods:
        return pages.plain("This address does not take that method.", status=405, Allow=allow)
    try:
        return page(request)
    except Exception:
        # Database and journal gone, ledger unreadable, or a defect: the sender must hear “not yet, send it again”,
        # and no log may get the path.
        logger.exception("A recipient's page could not be answered")
        return pages.unavailable()
