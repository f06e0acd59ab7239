"""The API as a whole: its routers, its OpenAPI, and what an error anywhere in it becomes."""

import json
import logging
import traceback
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.urls import URLPattern, URLResolver, path
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser

from mailer import suppression
from mailer.api import counters, imports, ledger, people, problems
from mailer.api.keys import BearerKey
from mailer.api.problems import CONTENT_TYPE, KINDS, Problem, ProblemOut

logger = logging.getLogger(__name__)

ABOUT = """
Requests and answers are JSON. Each request carries a key: `Authorization: Bearer candor_…`. Repeats are harmless.
Addresses stand in bodies only, never in URLs. Errors are problem details (RFC 9457) that say what to do.

No key lifts a suppression, and none reads who has opted out: only the person can come back, and only they are told.
"""
# What any operation may answer besides its own.
PROBLEMS = (400, 401, 403, 404, 411, 413, 415, 422, 429, 503)


class StrictJson(Parser):
    """JSON as RFC 8259 has it, which knows neither NaN nor Infinity."""

    def parse_body(self, request: HttpRequest) -> Any:
        if len(request.body) != int(request.META["CONTENT_LENGTH"]):
            raise ValueError("the body broke off (RFC 9112 §8)")
        return json.loads(request.body, parse_constant=_refuse)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


class Api(NinjaAPI):
    """ninja, with scopes and problems told in OpenAPI as they are."""

    def get_openapi_operation_id(self, operation: Any) -> str:
        return str(operation.view_func.__name__)

    def get_openapi_schema(self, **options: Any) -> Any:
        schema = super().get_openapi_schema(**options)
        schema["components"]["schemas"].update(_component(ProblemOut))
        for methods in schema["paths"].values():
            for operation in methods.values():
                operation["security"] = [{BearerKey.__name__: operation.pop("x-scopes")}]
                operation["responses"] |= {str(status): _response(status) for status in PROBLEMS}
        return schema


def _component(model: Any) -> dict[str, Any]:
    described = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**described.pop("$defs", {}), model.__name__: described}


def _response(status: int) -> dict[str, Any]:
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
    return {"description": KINDS[problems.OF_STATUS[status]].title, "content": content}


api = Api(
    title="Candor",
    version="1",
    description=ABOUT,
    docs_url=None,  # its page would load scripts from elsewhere; docs/api.md is for people
    urls_namespace="api",
    parser=StrictJson(),
)
for router in (people.router, ledger.router, counters.router, imports.router):
    api.add_router("v1", router)


# -- errors --------------------------------------------------------------------------------------------


@api.exception_handler(Problem)
def _problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    return problems.answer(problem)


@api.exception_handler(ValidationError)
def _fields(request: HttpRequest, wrong: ValidationError) -> HttpResponse:
    return problems.answer(problems.fields(wrong.errors))


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, wrong: HttpError) -> HttpResponse:
    """ninja raises it itself for a body that its parser can't read, and for nothing else here."""
    return problems.answer(Problem("not-json", "The body is not JSON (RFC 8259, in UTF-8)."))


@api.exception_handler(MultiPartParserError)
@api.exception_handler(SuspiciousOperation)
@api.exception_handler(UnreadablePostError)
def _broken_body(request: HttpRequest, wrong: Exception) -> HttpResponse:
    if isinstance(wrong, RequestDataTooBig):
        return problems.answer(problems.of_status(413))
    return problems.answer(
        Problem("not-json", "The body can't be read as what its header says, or it broke off.")
    )


@api.exception_handler(suppression.LedgerUnreadable)
def _no_ledger(request: HttpRequest, wrong: suppression.LedgerUnreadable) -> HttpResponse:
    logger.error("The API could not ask the ledger.")
    return problems.answer(
        problems.unavailable("The ledger can't be asked. Tell the operator; nothing was changed.")
    )


@api.exception_handler(DatabaseError)
@api.exception_handler(InterfaceError)
def _no_database(request: HttpRequest, wrong: Exception) -> HttpResponse:
    _log(wrong)
    return problems.answer(problems.unavailable("The database did not answer. Send it again in a minute."))


@api.exception_handler(Exception)
def _defect(request: HttpRequest, wrong: Exception) -> HttpResponse:
    _log(wrong)
    return problems.answer(problems.of_status(500))


def _log(wrong: Exception) -> None:
    """Only where and what kind: an error's own words may quote an address, and logs hold none."""
    place = traceback.extract_tb(wrong.__traceback__)[-1]
    logger.error("The API failed: %s in %s:%s", type(wrong).__name__, place.name, place.lineno)


# -- addresses -----------------------------------------------------------------------------------------


def problem_type(request: HttpRequest, kind: str) -> HttpResponse:
    """What the `type` of a problem leads to."""
    if kind not in KINDS:
        return problems.answer(problems.of_status(404))
    status, title = KINDS[kind]
    return HttpResponse(f"{title} (HTTP {status}).\n", content_type="text/plain; charset=utf-8")


urls: tuple[list[URLPattern | URLResolver], str, str] = (
    [path("problems/<slug:kind>", problem_type), *api.urls[0]],
    "ninja",
    "api",
)
