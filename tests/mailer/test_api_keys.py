"""Keys of other programs: what opens, what no longer does, and what is kept of them."""

import hashlib
import json
from datetime import timedelta
from threading import Barrier, Thread
from unittest import mock

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from mailer import api_keys
from mailer.models import ApiKey, ApiMinute, Evidence
from tests.mailer.admin_door import member
from tests.mailer.api_door import Program, new_list

SOON = timedelta(minutes=5)


def made(**options):
    return api_keys.create("Web shop", ["contacts:read"], **{"expires_at": None, "user": None, **options})


@pytest.mark.django_db
def test_of_a_key_only_its_beginning_and_its_digest_are_kept():
    key, text = made()
    mark, prefix, secret = text.split("_", 2)
    assert (mark, prefix, len(secret)) == ("candor", key.prefix, 43)
    assert bytes(key.digest) == hashlib.sha256(text.encode()).digest()
    kept = repr(ApiKey.objects.values()) + repr(Evidence.objects.values())
    assert secret not in kept


@pytest.mark.django_db
def test_making_and_revoking_a_key_is_one_row_of_evidence_each_by_whoever_did_it():
    olga = member("Operator")
    key, _ = made(user=olga, expires_at=timezone.now() + SOON)
    assert api_keys.revoke(key, user=olga) is True
    assert api_keys.revoke(key, user=olga) is False
    rows = Evidence.objects.order_by("id").values_list("verb", "actor", "subject", "details")
    assert list(rows) == [
        (
            "API key created",
            f"user {olga.pk}",
            f"API key {key.pk}",
            {"scopes": ["contacts:read"], "expires_at": key.expires_at.isoformat()},
        ),
        ("API key revoked", f"user {olga.pk}", f"API key {key.pk}", {}),
    ]


@pytest.mark.django_db
def test_a_whole_valid_key_opens_and_the_day_of_its_use_is_noted():
    program = Program("contacts:read")
    assert program.get("/lists").status == 200
    program.key.refresh_from_db()
    assert program.key.last_used_on == timezone.localdate()


@pytest.mark.django_db
def test_what_is_no_valid_key_opens_nothing_and_is_told_what_to_do():
    revoked, expired = Program("contacts:read"), Program("contacts:read")
    api_keys.revoke(revoked.key, user=None)
    expired.bearer = f"Bearer {made(expires_at=timezone.now() - SOON)[1]}"
    whole = Program("contacts:read")
    wrong = {
        "": NO_KEY,
        "Basic Og==": NO_KEY,
        "Bearer": NOT_KNOWN,
        "Bearer ": NOT_KNOWN,
        "Bearer candor_": NOT_KNOWN,
        "Bearer candor__": NOT_KNOWN,
        "Bearer \x00": NOT_KNOWN,
        "Bearer candor_\x00_x": NOT_KNOWN,
        "Bearer candor_ä_x": NOT_KNOWN,
        f"Bearer candor_{whole.key.prefix}_": NOT_KNOWN,
        whole.bearer[:-1]: NOT_KNOWN,
        f"{whole.bearer}x": NOT_KNOWN,
        whole.bearer.replace("candor", "CANDOR"): NOT_KNOWN,
        f"Bearer {bytes(whole.key.digest).hex()}": NOT_KNOWN,
        revoked.bearer: f"This key was revoked on {timezone.now():%d %B %Y}. Ask an operator for a new one.",
        expired.bearer: f"This key expired on {timezone.now() - SOON:%d %B %Y}. Ask an operator for a new one.",
    }
    answers = {bearer: whole.ask("GET", "/lists", Authorization=bearer) for bearer in wrong}
    assert {bearer: answer.status for bearer, answer in answers.items()} == dict.fromkeys(wrong, 401)
    assert {bearer: answer.body["detail"] for bearer, answer in answers.items()} == wrong
    assert all(answer.headers["WWW-Authenticate"].startswith("Bearer") for answer in answers.values())
    assert whole.get("/lists").status == 200


NO_KEY = (
    "Send the header “Authorization: Bearer candor_…”; an operator makes keys in the admin, under “API keys”."
)
NOT_KNOWN = "This key is not known here. Check that it was copied whole, or ask for a new one."


@pytest.mark.django_db
def test_the_scheme_is_read_in_any_case_as_rfc_7235_asks():
    program = Program("contacts:read")
    assert program.ask("GET", "/lists", Authorization=f"bEARER  {program.text}").status == 200


@pytest.mark.django_db
def test_secrets_are_compared_in_constant_time():
    program = Program("contacts:read")
    with mock.patch("hmac.compare_digest", side_effect=lambda one, other: one == other) as compare:
        assert program.get("/lists").status == 200
        assert program.ask("GET", "/lists", Authorization="Bearer candor_unknown_x").status == 401
    assert compare.call_count == 2


@pytest.mark.django_db
def test_neither_a_cookie_nor_a_session_stands_for_a_key(client):
    client.force_login(member())
    assert client.get("/api/v1/lists", HTTP_HOST="127.0.0.1").status_code == 401


CHANGES = {
    "its scopes": "UPDATE mailer_apikey SET scopes = '{contacts:write}'",
    "its digest": "UPDATE mailer_apikey SET digest = 'x'",
    "its beginning": "UPDATE mailer_apikey SET prefix = 'x'",
    "its end": "UPDATE mailer_apikey SET expires_at = now() + interval '9 years'",
    "its revocation": "UPDATE mailer_apikey SET revoked_at = NULL",
    "the whole row": "DELETE FROM mailer_apikey",
}


@pytest.mark.django_db
@pytest.mark.parametrize("what", CHANGES)
def test_the_database_itself_refuses_to_change_a_revoked_key(what):
    key, _ = made()
    api_keys.revoke(key, user=None)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CHANGES[what])
    key.refresh_from_db()
    assert key.revoked_at


@pytest.mark.django_db
@pytest.mark.parametrize("scopes", [[], ["everything"], ["contacts:read", "suppressions:lift"]])
def test_the_database_knows_no_other_scope_and_no_key_for_nothing(scopes):
    with pytest.raises(IntegrityError), transaction.atomic():
        api_keys.create("Web shop", scopes, expires_at=None, user=None)
    assert not Evidence.objects.exists()


# -- so many a minute ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_key_that_asks_too_often_is_told_when_to_go_on_and_others_are_not(settings):
    settings.API_REQUESTS_PER_MINUTE = 3
    busy, other = Program("contacts:read"), Program("contacts:read")
    with _at("2026-11-30 12:00:40"):
        answers = [busy.get("/lists") for _ in range(5)]
        assert other.get("/lists").status == 200
    assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[3].headers["Retry-After"] == "20"
    assert answers[3].problem == "too-many-requests"
    assert answers[3].body["detail"] == (
        "This key may make 3 requests a minute. Go on in 20 seconds, and send more at once where an endpoint takes "
        "many."
    )
    with _at("2026-11-30 12:01:00"):
        assert busy.get("/lists").status == 200


@pytest.mark.django_db
def test_refused_requests_count_too_but_not_those_of_a_wrong_key(settings):
    settings.API_REQUESTS_PER_MINUTE = 2
    program = Program("contacts:read")
    with _at("2026-11-30 12:00:00"):
        assert (
            program.ask("GET", "/lists", Authorization=f"Bearer candor_{program.key.prefix}_x").status == 401
        )
        assert program.post("/opt-outs", address="ann@example.org").status == 403
        assert program.get("/contacts?limit=0").status == 422
        assert program.get("/lists").status == 429


def test_requests_at_the_same_time_are_each_counted(living_database):
    key, _ = made()
    start, waits = Barrier(8), []

    def ask():
        start.wait(timeout=10)
        waits.extend(bool(api_keys.wait(key, per_minute=20)) for _ in range(5))
        connection.close()

    with mock.patch.object(api_keys, "COUNT", _fixed("2026-11-30 12:00:00")):
        threads = [Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
    assert (waits.count(False), waits.count(True)) == (20, 20)
    assert ApiMinute.objects.get().requests == 40


def _at(moment: str):
    return mock.patch.object(api_keys, "COUNT", _fixed(moment))


def _fixed(moment: str) -> str:
    return api_keys.COUNT.replace("statement_timestamp()", f"timestamptz '{moment}+00'")


@pytest.mark.django_db
def test_what_a_key_does_stands_in_the_evidence_under_its_number():
    new_list()
    program = Program()
    assert program.put("/contacts", address="ann@example.org", list="news", source="form").status == 200
    row = Evidence.objects.get(verb="added to list")
    assert row.actor == f"API key {program.key.pk}"
    assert "ann@" not in json.dumps(row.details)
