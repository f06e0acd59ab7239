"""The body of a request: read without trust, and never by Django's parsers."""

import logging
from typing import Any

from django.http import HttpRequest

logger = logging.getLogger(__name__)

# Enough for any form of RFC 8058 and for our own button.
LOOKED_AT = 4096
# A server that closes with bytes unread resets the connection, and the sender may never see the answer
# (RFC 9112 §9.6); so a body of up to this size is taken in and dropped.
READ_AWAY = 2**20
PIECE = 2**16


def beginning(request: HttpRequest, most: int = LOOKED_AT) -> bytes:
    """The first 4 kB as they came; what a broken body leaves. Never fails: no body stops an opt-out."""
    return _read(request, min(most, _announced(request)))


def whole(request: HttpRequest) -> bytes | None:
    """All of a small form; None if there is more of it than our forms hold, which is then taken in and dropped."""
    announced = _announced(request)
    found = _read(request, min(LOOKED_AT + 1, announced))
    if len(found) <= LOOKED_AT:
        return found
    read_away(request, LOOKED_AT + 1)
    return None


def read_away(request: HttpRequest, after: int = LOOKED_AT) -> None:
    """Take in what is left of the body, up to 1 MB, so that the answer arrives."""
    left = min(READ_AWAY, _announced(request) - after)
    while left > 0:
        piece = _read(request, min(PIECE, left))
        if not piece:
            return
        left -= len(piece)


def _announced(request: HttpRequest) -> int:
    """How many bytes may be asked for. A chunked body says nothing; the server then knows its end."""
    if request.META.get("wsgi.input_terminated") and not request.META.get("CONTENT_LENGTH"):
        return LOOKED_AT + READ_AWAY
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _read(request: HttpRequest, size: int) -> bytes:
    source: Any = request.META["wsgi.input"]  # Django's own stream takes a chunked body for an empty one
    try:
        return source.read(size)
    except Exception as broken:  # each server has errors of its own for a body that breaks off
        logger.info("A request's body broke off (%s); its link counts without it", type(broken).__name__)
        return b""
