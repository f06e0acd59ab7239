"""How every recipient's page is answered: its headers, its look, and what it says when something is wrong."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from mailer.public import names, signals

METHODS = ("GET", "HEAD", "POST", "OPTIONS")
RETRY_AFTER = "60"  # seconds


@cache
def style() -> SafeString:
    """The one style sheet, as it stands in each page: so a page is one request."""
    return mark_safe(render_to_string("mailer/public/style.css"))  # noqa: S308  a file of ours, nothing filled in


@cache
def headers() -> dict[str, str]:
    """What a page knows speaks of a person: nobody keeps it, finds it, or is told of it (D116).

    Nothing is loaded and nothing runs; the style sheet is allowed by the hash of its text.
    """
    digest = b64encode(sha256(style().encode()).digest()).decode()
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow",
    }


def page(name: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """One of the templates in `mailer/public`, filled."""
    content = render_to_string(
        f"mailer/public/{name}.html", {**context, "style": style(), "signal": signals.words()}
    )
    return HttpResponse(content, status=status)


def plain(words: str, *, status: int = 200, **headers: str) -> HttpResponse:
    """A line for programs."""
    return HttpResponse(
        f"{words}\n", status=status, content_type="text/plain; charset=utf-8", headers=headers
    )


def damaged() -> HttpResponse:
    """For every link that tells of nobody: the same words, and ways out that work (D52, D74)."""
    return page("damaged", status=400, sender=names.only_sender())


def unavailable() -> HttpResponse:
    """Nothing was recorded, and the page says so; whoever sent the request should send it again."""
    response = page("unavailable", status=503)
    response["Retry-After"] = RETRY_AFTER
    return response


def journalled() -> HttpResponse:
    """An opt-out is kept, but does not count yet: never “done”. A program that sends it again does no harm."""
    response = page("journalled", status=503)
    response["Retry-After"] = RETRY_AFTER
    return response


def only_looks(request: HttpRequest) -> bool:
    """GET and HEAD change nothing, ever: scanners follow links (D78)."""
    return request.method in {"GET", "HEAD"}
