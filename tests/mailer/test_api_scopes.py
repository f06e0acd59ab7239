"""Each operation against each scope: what a key may do is what it was made for."""

import re

import pytest
from django.db import connection

from mailer.api.urls import api
from mailer.models import ApiKey, Contact, Evidence, Import, ListLeaving, Subscription, Suppression
from tests.mailer.api_door import Program, new_list, on_list, opted_out

pytestmark = pytest.mark.django_db

READ, WRITE = {"contacts:read"}, {"contacts:write"}
# The operations, a request that each of them takes, and whose scopes open it.
OPERATIONS = {
    "PUT /contacts": ({"address": "new@example.org", "list": "news", "source": "form"}, WRITE),
    "GET /contacts": (None, READ),
    "POST /contacts/batch": (
        {"people": [{"address": "new@example.org", "list": "news", "source": "form"}]},
        WRITE,
    ),
    "POST /contacts/find": ({"address": "ann@example.org"}, READ),
    "GET /lists": (None, READ | WRITE | {"imports:write"}),
    "PUT /subscriptions": ({"address": "new@example.org", "list": "news", "source": "form"}, WRITE),
    "POST /subscriptions/leave": ({"address": "ann@example.org", "list": "news"}, WRITE),
    "POST /opt-outs": ({"address": "ann@example.org"}, {"suppressions:write"}),
    "POST /mailable": ({"address": "ann@example.org"}, {"mailable:read"}),
    "POST /mailable/bulk": ({"addresses": ["ann@example.org"]}, {"mailable:read"}),
    "GET /counters": (None, {"counters:write"}),
    "POST /counters": ({"counter": "seats", "stands_at": 36}, {"counters:write"}),
    "POST /imports": (None, {"imports:write"}),
    "GET /imports/1": (None, {"imports:write"}),
    "GET /imports/1/refused.csv": (None, {"imports:write"}),
}
# What an opened operation says where the request above names nothing that is there.
OTHERWISE = {
    "POST /counters": 422,
    "POST /imports": 422,
    "GET /imports/1": 404,
    "GET /imports/1/refused.csv": 404,
}


def everything() -> list:
    tables = (Contact, Subscription, Suppression, Import, Evidence, ListLeaving)
    return [sorted(map(str, table.objects.values_list())) for table in tables]


def test_the_table_has_every_operation_of_the_api():
    schema = api.get_openapi_schema()
    told = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, methods in schema["paths"].items()
        for method in methods
    }
    assert told == {re.sub(r"/1\b", "/{number}", operation) for operation in OPERATIONS}
    needing_no_key = [
        operation
        for methods in schema["paths"].values()
        for operation in methods.values()
        if not operation["security"]
    ]
    assert not needing_no_key


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("scope", ApiKey.Scope.values)
def test_an_operation_is_open_to_the_scopes_it_needs_and_to_no_other(operation, scope):
    on_list(new_list(), "ann@example.org")
    method, path = operation.split()
    body, opening = OPERATIONS[operation]
    program = Program(scope)
    before = everything()
    told = program.ask(method, path, body)
    if scope in opening:
        assert told.status == OTHERWISE.get(operation, 200)
    else:
        assert (told.status, told.problem) == (403, "scope-missing")
        assert 'error="insufficient_scope"' in told.headers["WWW-Authenticate"]
        assert everything() == before


@pytest.mark.parametrize("operation", OPERATIONS)
def test_without_a_key_nothing_is_answered_and_nothing_happens(operation):
    on_list(new_list(), "ann@example.org")
    method, path = operation.split()
    before = everything()
    told = Program().ask(method, path, OPERATIONS[operation][0], Authorization="")
    assert (told.status, told.problem) == (401, "no-key")
    assert everything()[:4] == before[:4]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_operation_lifts_what_stands_or_tells_who_opted_out_without_being_asked_by_address(operation):
    on_list(new_list(), "ann@example.org", "bea@example.org")
    opted_out("bea@example.org")
    opted_out("new@example.org")
    method, path = operation.split()
    body = OPERATIONS[operation][0]
    told = Program().ask(method, path, body)
    assert "bea@example.org" not in str(told.body)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM mailer_reinstatement")
        assert cursor.fetchone() == (0,)
    assert Suppression.objects.count() >= 2
