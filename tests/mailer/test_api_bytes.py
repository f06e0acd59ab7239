"""The API as gunicorn serves it: what leaves with every answer, bodies of every kind, and what the log keeps."""

import json
import re
from pathlib import Path

import pytest
from django.db import connection

from mailer.models import Contact, Evidence, Import, Suppression
from tests.mailer.api_door import Program, is_mailable, new_list, on_list, opted_out
from tests.mailer.serving import Answer, Server, served
from tests.mailer.test_one_click import away, back

pytestmark = pytest.mark.long

JSON = "Content-Type: application/json"
HTTPS = "X-Forwarded-Proto: https"
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
}


def bearer(program: Program) -> str:
    return f"Authorization: {program.bearer}"


def put(
    server: Server, program: Program, body: bytes, *headers: str, path: str = "/api/v1/contacts"
) -> Answer:
    return server.ask("PUT", path, HTTPS, bearer(program), *(headers or (JSON,)), body=body)


def told(answer: Answer) -> tuple[int, str]:
    """The status and the kind of problem."""
    assert answer.headers["content-type"] == "application/problem+json"
    body = json.loads(answer.body)
    assert body["status"] == answer.status
    assert set(body) <= {"type", "title", "status", "detail", "errors"}
    assert body["type"].startswith("https://mail.example.com/api/problems/")
    return answer.status, body["type"].rpartition("/")[2]


def test_every_answer_is_json_that_nobody_keeps_and_sets_no_cookie(living_database):
    new_list()
    program = Program()
    with served(living_database) as server:
        answers = {
            "fine": put(server, program, b'{"address": "ann@example.org", "list": "news", "source": "form"}'),
            "read": server.ask("GET", "/api/v1/lists", HTTPS, bearer(program)),
            "schema": server.ask("GET", "/api/openapi.json", HTTPS),
            "type": server.ask("GET", "/api/problems/refused", HTTPS),
            "no key": server.ask("GET", "/api/v1/lists", HTTPS),
            "nothing there": server.ask("GET", "/api/v1/nothing", HTTPS, bearer(program)),
            "above": server.ask("GET", "/api/", HTTPS, bearer(program)),
            "no such type": server.ask("GET", "/api/problems/other", HTTPS),
            "method": server.ask("DELETE", "/api/v1/contacts", HTTPS, bearer(program)),
            "no JSON": put(server, program, b"{"),
        }
        head = server.ask("HEAD", "/api/v1/lists", HTTPS, bearer(program))
        login, page = server.ask("GET", "/admin/login/", HTTPS), server.ask("GET", "/u/nonsense")
    for name, answer in answers.items():
        assert {header: answer.headers.get(header) for header in HEADERS} == HEADERS, name
        assert not {"set-cookie", "location", "access-control-allow-origin", "vary"} & set(answer.headers), (
            name
        )
    assert {name: answer.status for name, answer in list(answers.items())[:4]} == {
        "fine": 200, "read": 200, "schema": 200, "type": 200,
    }  # fmt: skip
    assert {name: told(answer) for name, answer in list(answers.items())[4:]} == {
        "no key": (401, "no-key"),
        "nothing there": (404, "not-found"),
        "above": (404, "not-found"),
        "no such type": (404, "not-found"),
        "method": (405, "method"),
        "no JSON": (400, "not-json"),
    }
    assert set(answers["method"].headers["allow"].split(", ")) == {"GET", "PUT"}
    assert (head.status, head.body) == (405, b"")
    assert "script-src 'self'" in login.headers["content-security-policy"]
    assert "style-src 'sha256-" in page.headers["content-security-policy"]
    assert answers["type"].body == b"What was sent can't be taken (HTTP 422).\n"


# Bodies that are no JSON object of ours, and what they are told.
BODIES = {
    "cut off": (b'{"address": "ann@exam', (400, "not-json")),
    "not UTF-8": (b'{"address": "\xff\xfe"}', (400, "not-json")),
    "NaN": (b'{"address": NaN}', (400, "not-json")),
    "deep": (b"[" * 100_000, (400, "not-json")),
    "a number of 5,000 digits": (b"9" * 5_000, (400, "not-json")),
    "a list": (b"[]", (422, "refused")),
    "a text": (b'"ann@example.org"', (422, "refused")),
    "null": (b"null", (422, "refused")),
    "NUL": (b'{"address": "ann@example.org\\u0000", "list": "news", "source": "form"}', (422, "refused")),
    "half a character": (
        b'{"address": "\\ud800@example.org", "list": "news", "source": "form"}',
        (422, "refused"),
    ),
    "half a name": (
        b'{"address": "a@example.org", "first_name": "\\udfff", "list": "news", "source": "form"}',
        (422, "refused"),
    ),
    "too large": (b" " * (2_621_440 + 1), (413, "too-large")),
}


def test_no_body_is_a_defect_and_none_of_these_does_anything(living_database):
    new_list()
    program = Program()
    with served(living_database) as server:
        answers = {name: told(put(server, program, body)) for name, (body, _) in BODIES.items()}
        empty = told(server.ask("PUT", "/api/v1/contacts", HTTPS, bearer(program), JSON))
        as_form = told(
            put(server, program, b"address=ann", "Content-Type: application/x-www-form-urlencoded")
        )
        untyped = told(put(server, program, b"{}", "Accept: */*"))
        as_file = told(put(server, program, b"{}", JSON, path="/api/v1/imports"))
        chunked = told(
            server.ask(
                "PUT", "/api/v1/contacts", HTTPS, bearer(program), JSON, "Transfer-Encoding: chunked",
                body=b"2\r\n{}\r\n0\r\n\r\n",
            )
        )  # fmt: skip
    assert answers == {name: expected for name, (_, expected) in BODIES.items()}
    assert empty == (422, "refused")
    assert (as_form, untyped, as_file, chunked) == (
        (415, "media-type"),
        (415, "media-type"),
        (415, "media-type"),
        (411, "length-missing"),
    )
    assert not Contact.objects.exists()


def test_a_body_that_breaks_off_does_nothing(living_database):
    program = Program()
    cut = (
        f"POST /api/v1/opt-outs HTTP/1.1\r\nHost: mail.example.com\r\n{HTTPS}\r\n{bearer(program)}\r\n{JSON}\r\n"
        'Content-Length: 500\r\n\r\n{"address": "ann@example.org"}'
    ).encode()
    with served(living_database) as server:
        answer = server.exchange(cut, end=True)
    assert answer.status == 400
    assert not Suppression.objects.exists()


def test_a_form_that_can_not_be_read_begins_no_import(living_database):
    new_list()
    program = Program()
    body = b'--b1\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nemail\r\n'
    with served(living_database) as server:
        answers = [
            server.ask(
                "POST", "/api/v1/imports", HTTPS, bearer(program), f"Content-Type: multipart/form-data{boundary}",
                body=body,
            )
            for boundary in ("; boundary=b1", "", "; boundary=")
        ]  # fmt: skip
    assert [told(answer) for answer in answers] == [(422, "refused"), (400, "not-json"), (400, "not-json")]
    assert not Import.objects.exists()


def test_over_plain_http_nothing_is_taken_and_the_way_to_https_is_shown(living_database):
    program = Program()
    body = b'{"address": "ann@example.org"}'
    with served(living_database) as server:
        plain = server.ask("POST", "/api/v1/opt-outs", bearer(program), JSON, body=body)
        secure = server.ask("POST", "/api/v1/opt-outs", HTTPS, bearer(program), JSON, body=body)
    assert (plain.status, plain.headers["location"]) == (301, "https://mail.example.com/api/v1/opt-outs")
    assert (secure.status, secure.body) == (200, b'{"opted_out": true}')
    assert Evidence.objects.get(verb="suppressed").actor == f"API key {program.key.pk}"
    assert not is_mailable("ann+x@example.org")


def test_no_log_holds_an_address_a_key_or_what_was_sent(living_database):
    on_list(new_list(), "ann@example.org")
    program = Program()
    secret = program.text.rpartition("_")[2]
    with served(living_database) as server:
        put(server, program, b'{"address": "log.ann@example.org", "list": "news", "source": "form"}')
        put(server, program, b'{"address": "log.ann@@example.org"}')
        server.ask(
            "POST",
            "/api/v1/opt-outs",
            HTTPS,
            bearer(program),
            JSON,
            body=b'{"address": "log.bea@example.org"}',
        )
        connection.cursor().execute("ALTER TABLE mailer_contact RENAME TO gone")
        broken = put(server, program, b'{"address": "log.cid@example.org", "list": "news", "source": "form"}')
        away(living_database.name)
        unreachable = put(
            server, program, b'{"address": "log.dan@example.org", "list": "news", "source": "form"}'
        )
        back(living_database.name)
        log = server.log.read_text()
    assert [(answer.status, answer.headers["retry-after"]) for answer in (broken, unreachable)] == [
        (503, "60")
    ] * 2
    assert "The API failed: ProgrammingError in" in log
    assert "log." not in log.replace("server.log", "")
    assert "example.org" not in log
    assert secret not in log


def test_a_refused_upload_is_told_why_although_nobody_read_it(living_database):
    body = b"x" * 2**20
    form = "Content-Type: multipart/form-data; boundary=b1"
    with served(living_database) as server:
        answer = server.ask("POST", "/api/v1/imports", HTTPS, form, body=body)
        too_large = server.exchange(
            f"POST /api/v1/imports HTTP/1.1\r\nHost: mail.example.com\r\n{HTTPS}\r\n{form}\r\n"
            f"Content-Length: {2**30 + 1}\r\n\r\n".encode(),
            end=True,
        )
    assert told(answer) == (401, "no-key")
    assert told(too_large) == (413, "too-large")


def test_memory_does_not_grow_with_an_upload(living_database):
    new_list()
    program = Program("imports:write")
    head = b"".join(
        b'--b1\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name, value)
        for name, value in {
            b"list": b"news", b"source": b"event", b"notice": b"Told.", b"collected_by": b"Lee",
            b"collected_from": b"2026-05-01", b"collected_to": b"2026-05-31",
        }.items()
    )  # fmt: skip
    head += b'--b1\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nemail\r\n'
    rows, tail = b"somebody.with.a.name@example.org\r\n" * 1_000_000, b"--b1--\r\n"
    with served(living_database) as server:
        for _ in range(6):  # both workers have served by then
            server.ask("GET", "/api/v1/lists", HTTPS, bearer(program))
        before = most_memory(living_database.url)
        answer = server.ask(
            "POST", "/api/v1/imports", HTTPS, bearer(program), "Content-Type: multipart/form-data; boundary=b1",
            body=head + rows + tail,
        )  # fmt: skip
        grown = most_memory(living_database.url) - before
    assert answer.status == 202
    assert Import.objects.get().bytes_total == len(b"email\r\n" + rows) - 2
    assert grown < 15_000


def most_memory(database_url: str) -> int:
    """The most that any of the web server's processes has held so far, in kB."""
    held = []
    for process in Path("/proc").iterdir():
        try:
            if f"DATABASE_URL={database_url}".encode() in (process / "environ").read_bytes():
                held.append(int(re.search(r"VmHWM:\s+(\d+)", (process / "status").read_text())[1]))
        except (OSError, TypeError):
            continue  # not a process, or gone by now
    return max(held)


def test_a_list_of_people_never_shows_who_opted_out_while_pages_are_read(living_database):
    on_list(new_list(), *(f"person{n}@example.org" for n in range(30)))
    program = Program("contacts:read")
    with served(living_database) as server:
        first = json.loads(server.ask("GET", "/api/v1/contacts?limit=10", HTTPS, bearer(program)).body)
        opted_out("person15@example.org")
        second = json.loads(
            server.ask("GET", f"/api/v1/contacts?limit=10&after={first['next']}", HTTPS, bearer(program)).body
        )
    assert "person15@example.org" not in {person["address"] for person in second["people"]}
    assert len(second["people"]) == 10
