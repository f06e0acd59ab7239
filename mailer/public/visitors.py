"""Where a request comes from: a network and a page, told by headers that only count as far as they go."""

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

from mailer.contacts import joining

LONGEST_URL = 300
_WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+")


def network(request: HttpRequest) -> str:
    """The visitor's network. Of X-Forwarded-For, what our own proxies added counts; what stood there before is said
    by the visitor.
    """
    seen = str(request.META.get("REMOTE_ADDR") or "")
    if not settings.LOCAL:
        told = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        if len(told) >= settings.PROXIES and told[-settings.PROXIES]:
            seen = told[-settings.PROXIES]
    if found := _WITH_PORT.fullmatch(seen):
        seen = found[1] or found[2]
    return joining.network_of(seen)


def page(request: HttpRequest, ours: str) -> str:
    """The address of the page a form was sent from, without what may name a person; `ours` where none is told.

    Our own page tells none, by its Referrer-Policy; a form on another page comes with its site at least.
    """
    for header in ("HTTP_REFERER", "HTTP_ORIGIN"):
        told = str(request.META.get(header) or "")
        if (url := _bare(told)) and not url.startswith(f"{settings.PUBLIC_URL}/"):
            return url
    return ours


def _bare(told: str) -> str:
    try:
        parts = urlsplit(told)
    except ValueError:
        return ""
    site = parts.netloc.rpartition("@")[2]
    if parts.scheme not in {"http", "https"} or not site or not told.isprintable():
        return ""
    path = "" if "@" in parts.path or "%40" in parts.path else parts.path
    return f"{parts.scheme}://{site}{path or '/'}"[:LONGEST_URL]
