"""What is answered when something is wrong: RFC 9457 problem details, in words that say what to do."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpResponse
from ninja import Schema

CONTENT_TYPE = "application/problem+json"
AT_MOST_NAMED = 20  # errors of one request; the rest are found when these are mended


class Kind(NamedTuple):
    """A problem type: its HTTP status and what it is, the same each time."""

    status: int
    title: str


KINDS = {
    "not-json": Kind(400, "The body can't be read"),
    "no-key": Kind(401, "A valid API key is needed"),
    "scope-missing": Kind(403, "This key may not do that"),
    "not-found": Kind(404, "There is nothing here"),
    "method": Kind(405, "This address does not take that method"),
    "length-missing": Kind(411, "The length of the body is missing"),
    "too-large": Kind(413, "The body is too large"),
    "media-type": Kind(415, "The body is of the wrong type"),
    "refused": Kind(422, "What was sent can't be taken"),
    "too-many-requests": Kind(429, "Too many requests"),
    "defect": Kind(500, "Candor made a mistake"),
    "unavailable": Kind(503, "Candor can't answer just now"),
}
OF_STATUS = {kind.status: name for name, kind in KINDS.items()}

DETAILS = {
    404: "Look at the address of the request; /api/openapi.json tells what there is.",
    405: "The header Allow names the methods that this address takes.",
    400: "Look at the request: it could not be read as HTTP, or its body broke off.",
    413: "Send less at once.",
}
RETRY_AFTER = 60  # seconds


class FieldProblem(Schema):
    """What is wrong at one place of the request."""

    pointer: str  # a JSON pointer (RFC 6901) into the body or form, or the name of a parameter
    code: str  # for programs
    detail: str  # for people


class ProblemOut(Schema):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] = []


class Problem(Exception):
    """Ends a request with a problem of a kind in KINDS; `detail` says what to do."""

    def __init__(
        self, kind: str, detail: str, *, errors: Sequence[FieldProblem] = (), **headers: str
    ) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.errors = kind, detail, errors
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def answer(problem: Problem) -> HttpResponse:
    kind = KINDS[problem.kind]
    told = ProblemOut(
        type=f"{settings.PUBLIC_URL}/api/problems/{problem.kind}",
        title=kind.title,
        status=kind.status,
        detail=problem.detail,
        errors=list(problem.errors),
    ).model_dump()
    if not told["errors"]:
        del told["errors"]
    return HttpResponse(
        json.dumps(told), status=kind.status, content_type=CONTENT_TYPE, headers=problem.headers
    )


def of_status(status: int) -> Problem:
    """What Django would say with a page of its own."""
    kind = OF_STATUS.get(status, "defect" if status >= 500 else "not-json")
    return Problem(kind, DETAILS.get(status, "Send it again later; if it stays so, tell the operator."))


def unavailable(detail: str) -> Problem:
    return Problem("unavailable", detail, Retry_After=str(RETRY_AFTER))


# -- what is wrong with the fields of a request --------------------------------------------------------

WORDS = {
    "missing": "It is missing.",
    "extra_forbidden": "This is not known here. Is it misspelt?",
    "string_type": "Write a text, in quotation marks.",
    "model_type": "Write an object, in braces.",
    "model_attributes_type": "Write an object, in braces.",
    "list_type": "Write a list, in square brackets.",
    "string_too_long": "Write at most {max_length} characters.",
    "string_too_short": "Write at least {min_length} characters.",
    "too_long": "Send at most {max_length} at once.",
    "too_short": "Send at least {min_length}.",
    "int_parsing": "Write a whole number.",
    "greater_than_equal": "Write a number from {ge} on.",
    "less_than_equal": "Write a number up to {le}.",
    "literal_error": "Write one of these: {expected}.",
    "timezone_aware": "Write the time with its zone, such as 2026-11-20T15:30:00Z.",
}


def fields(errors: Iterable[dict[str, Any]]) -> Problem:
    """The problem of a request whose fields are wrong."""
    named = [field(error, *_place(*error["loc"])) for error in errors]
    return Problem(
        "refused",
        "Correct what is listed under “errors”, then send it again. Nothing of this request was carried out.",
        errors=named[:AT_MOST_NAMED],
    )


def _place(where: str, *path: str | int) -> Sequence[str | int]:
    """A place without what is the framework's own: it calls the body by the name of its parameter."""
    return path[1:] if where == "body" else path


def field(error: dict[str, Any], *path: str | int) -> FieldProblem:
    """One error of pydantic's in our words."""
    place = [str(part).replace("~", "~0").replace("/", "~1") for part in path]
    kind, given = error["type"], error.get("ctx", {})
    if kind == "value_error":
        detail = str(given.get("error", error["msg"]))
    else:
        detail = WORDS[kind].format(**given) if kind in WORDS else f"{error['msg']}."
    return FieldProblem(pointer="".join(f"/{part}" for part in place), code="not_understood", detail=detail)
