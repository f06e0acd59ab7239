"""The API's door: how large a body may be, and how every answer leaves."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from mailer.api import problems
from mailer.api.problems import Problem

UPLOAD = "/api/v1/imports"
LARGEST_UPLOAD = 2**30
# A server that closes with bytes unread resets the connection, and the sender may never see the answer
# (RFC 9112 §9.6); so of a body that was refused, this much is taken in and dropped.
READ_AWAY = 2**23
PIECE = 2**16

# Answers speak of people: nobody keeps, shows or finds them.
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}

logger = logging.getLogger(__name__)


class ProgramsDoor:
    """Stands around everything under /api/, so that programs get JSON from whatever part of Django answers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith("/api/"):
            return self.get_response(request)
        response = self._answered(request)
        if isinstance(response, HttpResponse):
            response["Content-Length"] = str(len(response.content))
            if request.method == "HEAD":
                response.content = b""
        for name, value in HEADERS.items():
            response[name] = value
        return response

    def _answered(self, request: HttpRequest) -> HttpResponseBase:
        try:
            refuse_body(request)
        except Problem as problem:
            response: HttpResponseBase = problems.answer(problem)
        else:
            response = as_json(self.get_response(request))
        if response.status_code >= 400:
            read_away(request)
        return response


def refuse_body(request: HttpRequest) -> None:
    """Raise Problem for a body that is not read at all: of unknown length, too large, or not of our type."""
    announced = request.META.get("CONTENT_LENGTH") or ""
    if request.META.get("HTTP_TRANSFER_ENCODING"):
        raise Problem("length-missing", "Send the body in one piece, with the header Content-Length.")
    if not announced.isdecimal() or not int(announced):
        return
    is_upload = request.path_info == UPLOAD
    largest = LARGEST_UPLOAD if is_upload else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if int(announced) > largest:
        raise Problem("too-large", f"At most {largest:,} bytes are taken at once. Send it in smaller pieces.")
    wanted = "multipart/form-data" if is_upload else "application/json"
    if request.content_type != wanted:
        raise Problem("media-type", f"Send the body as {wanted}, and say so in the header Content-Type.")


def as_json(response: HttpResponseBase) -> HttpResponseBase:
    """The answer itself, or a problem in place of a page for people."""
    content_type = response.headers.get("Content-Type", "")
    if response.status_code < 400 or content_type.startswith(problems.CONTENT_TYPE):
        return response
    told = problems.answer(problems.of_status(response.status_code))
    if "Allow" in response.headers:
        told["Allow"] = response.headers["Allow"]
    return told


def read_away(request: HttpRequest) -> None:
    """Take in what is left of the body, up to 8 MB, so that the answer arrives."""
    left = READ_AWAY
    try:
        while left > 0 and (piece := request.read(min(PIECE, left))):
            left -= len(piece)
    except Exception as broken:  # each server has errors of its own for a body that breaks off
        logger.info("A request's body broke off (%s)", type(broken).__name__)
