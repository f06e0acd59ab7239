"""Mail services on loopback that take many messages in one request, as each documents its own way of that.

What comes in is held against the documentation: path, authentication, count, size, fields, headers, keys. What was
taken counts as mailed, so that a test can see who got how many. Sources: the rows of `mailer.transports.capabilities`.
"""

import json
import re
import socket
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from uuid import UUID

from tests.mailer.esp_formats import Answer, Message, Request
from tests.mailer.esp_formats_more import ESPS

TOKEN = re.compile(
    r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
)  # a field name (RFC 5322 §2.2, as RFC 9110 §5.6.2 narrows it)


class Undocumented(AssertionError):
    """A request that the service does not document."""


@dataclass(frozen=True, slots=True)
class Way:
    """How one service takes many: where, how many, how big; its messages in a request; its answer about each."""

    path: str
    messages: int
    octets: int
    split: Callable[[Any], list[dict[str, Any]]]  # the request's JSON as one for each message
    fields: frozenset[str]
    answer: Callable[[list[tuple[str, str]]], Answer]  # of recipient and why not, "" if taken


def number(to: str) -> str:
    return f"number-of-{to.replace('@', '-at-')}"


def _listed(given: Any) -> list[dict[str, Any]]:
    assert isinstance(given, list)
    return given


def _of_mailjet(given: Any) -> list[dict[str, Any]]:
    assert given.keys() == {"Messages"}
    return [
        {
            "Globals": {name: value for name, value in one.items() if name != "To"},
            "Messages": [{"To": one["To"]}],
        }
        for one in given["Messages"]
    ]


def _of_mailtrap(given: Any) -> list[dict[str, Any]]:
    assert given.keys() == {"base", "requests"}
    assert not given["base"].keys() & {"to", "headers", "text", "html", "custom_variables"}, (
        "somebody's own is shared"
    )
    return [{**given["base"], **one} for one in given["requests"]]


def _postmark(told: list[tuple[str, str]]) -> Answer:
    def one(to: str, why: str) -> dict[str, Any]:
        if why:
            return {"ErrorCode": 400 if "sender" in why.lower() else 406, "Message": why}
        return {
            "To": to,
            "SubmittedAt": "2026-11-30T12:00:00Z",
            "MessageID": number(to),
            "ErrorCode": 0,
            "Message": "OK",
        }

    return 200, [one(*each) for each in told]


def _resend(told: list[tuple[str, str]]) -> Answer:
    errors = [{"index": place, "message": why} for place, (_, why) in enumerate(told) if why]
    ids = [{"id": number(to)} for to, why in told if not why]
    return 200, {"data": ids, **({"errors": errors} if errors else {})}


def _mailjet(told: list[tuple[str, str]]) -> Answer:
    def one(to: str, why: str) -> dict[str, Any]:
        if not why:
            sent = {"Email": to, "MessageUUID": "u", "MessageID": number(to), "MessageHref": "https://…"}
            return {"Status": "success", "CustomID": "", "To": [sent], "Cc": [], "Bcc": []}
        related = "From" if "sender" in why.lower() else "To[0].Email"
        error = {"ErrorCode": "mj-0013", "StatusCode": 400, "ErrorMessage": why, "ErrorRelatedTo": [related]}
        return {"Status": "error", "Errors": [{"ErrorIdentifier": "i", **error}]}

    return (400 if any(why for _, why in told) else 200), {"Messages": [one(*each) for each in told]}


def _mailtrap(told: list[tuple[str, str]]) -> Answer:
    responses = [
        {"success": False, "errors": [why]} if why else {"success": True, "message_ids": [number(to)]}
        for to, why in told
    ]
    return 200, {"success": True, "responses": responses}


MB = 1_000_000
WAYS = {
    "postmark": Way(
        "/email/batch",
        500,
        50 * MB,
        _listed,
        frozenset({"From", "To", "Subject", "ReplyTo", "TextBody", "HtmlBody", "Headers", "Metadata"})
        | {"TrackLinks", "TrackOpens", "MessageStream", "Tag"},
        _postmark,
    ),
    "resend": Way(
        "/emails/batch",
        100,
        40 * MB,
        _listed,
        frozenset({"from", "to", "subject", "reply_to", "text", "html", "headers"}),
        _resend,
    ),
    "mailjet": Way("/v3.1/send", 50, 15 * MB, _of_mailjet, frozenset({"Globals", "Messages"}), _mailjet),
    "mailtrap": Way(
        "/api/batch",
        500,
        50 * MB,
        _of_mailtrap,
        frozenset({"from", "to", "subject", "reply_to", "text", "html", "headers", "custom_variables"}),
        _mailtrap,
    ),
}


@dataclass(frozen=True, slots=True)
class Turn:
    """What the service does with one request out of the usual way."""

    answer: Answer | None = None  # instead of its own
    headers: Mapping[str, str] = field(default_factory=dict)
    takes: bool = True  # mails what it was given, whatever it answers
    hangs: bool = False  # never answers
    cuts: bool = False  # closes the connection instead of answering
    meanwhile: Callable[[], object] | None = None  # happens before it answers


@dataclass(slots=True)
class BatchEsp:
    """Serves one of `ESPS`, one message or many a request. `turns` are what it does with the next requests."""

    name: str
    turns: list[Turn] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)  # recipients, with the words
    most: int | None = None  # instead of the documented numbers, so that tests need not send so many
    octets: int | None = None
    requests: list[int] = field(default_factory=list)  # how many messages each had
    mailed: list[Message] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _had: dict[str, tuple[bytes, Answer]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _released: threading.Event = field(default_factory=threading.Event)
    _lines: list[socket.socket] = field(default_factory=list)
    _server: ThreadingHTTPServer | None = None
    _thread: threading.Thread | None = None

    @property
    def anymail(self) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self._server.server_port}"
        return json.loads(json.dumps(dict(ESPS[self.name].settings)).replace("{url}", url))

    def got(self) -> Counter[str]:
        """How many messages were mailed to whom."""
        return Counter(message.to[0] for message in self.mailed)

    def __enter__(self) -> Self:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                fake._lines.append(self.connection)

            def do_POST(self) -> None:
                fake._respond(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._thread.join()
        for line in self._lines:  # whose client keeps it open
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        self._server.server_close()

    def _respond(self, line: BaseHTTPRequestHandler, raw: bytes) -> None:
        with self._lock:
            turn = self.turns.pop(0) if self.turns else Turn()
            status, body = self._answered(Request(line.path, line.headers, raw), turn)
        if turn.meanwhile:
            turn.meanwhile()
        if turn.hangs:
            self._released.wait(60)
        if turn.hangs or turn.cuts:
            line.close_connection = True
            return
        octets = body if isinstance(body, bytes) else json.dumps(body).encode()
        line.send_response(status)
        line.send_header("Content-Type", "text/html" if isinstance(body, bytes) else "application/json")
        line.send_header("Content-Length", str(len(octets)))
        for name, value in turn.headers.items():
            line.send_header(name, value)
        line.end_headers()
        line.wfile.write(octets)

    def _answered(self, request: Request, turn: Turn) -> Answer:
        if not ESPS[self.name].is_authentic(request):
            return ESPS[self.name].unauthorised
        try:
            messages = self._read(request)
            key = self._key(request)
        except (Undocumented, LookupError, ValueError, TypeError, AssertionError) as wrong:
            self.problems.append(f"{type(wrong).__name__}: {wrong}")
            return 400, {"message": "not as documented"}
        self.requests.append(len(messages))
        if key:
            self.keys.append(key)
            if key in self._had:
                return self._repeated(*self._had[key], request.raw)
        answer = self._take(request, messages, mails=turn.takes)
        if key and turn.takes:
            self._had[key] = (request.raw, answer)
        return turn.answer or answer

    def _take(self, request: Request, messages: list[Message], *, mails: bool) -> Answer:
        told = [(message.to[0], self.refuses.get(message.to[0], "")) for message in messages]
        if mails:
            self.mailed += [message for message, (_, why) in zip(messages, told, strict=True) if not why]
        if self._is_batch(request):
            return WAYS[self.name].answer(told)
        ((to, why),) = told
        return ESPS[self.name].refusal(to) if why else ESPS[self.name].success(to)

    def _repeated(self, before: bytes, answer: Answer, raw: bytes) -> Answer:
        if self.name == "brevo":
            return 400, {"code": "duplicate_parameter", "message": "idempotencyKey has been used"}
        if before != raw:
            return 409, {
                "statusCode": 409,
                "name": "invalid_idempotent_request",
                "message": "another payload",
            }
        return answer

    # -- what is documented --------------------------------------------------------------------------

    def _is_batch(self, request: Request) -> bool:
        way = WAYS.get(self.name)
        if way is None or request.path != way.path:
            return False
        return self.name != "mailjet" or "Globals" not in request.json

    def _read(self, request: Request) -> list[Message]:
        if not self._is_batch(request):
            if request.path != ESPS[self.name].path:
                raise Undocumented(f"no such path: {request.path}")
            return [self._checked(ESPS[self.name].read(request))]
        way = WAYS[self.name]
        if request.headers["Content-Type"].partition(";")[0] != "application/json":
            raise Undocumented("no JSON")
        if len(request.raw) > (self.octets or way.octets):
            raise Undocumented(f"{len(request.raw)} octets")
        given = way.split(request.json)
        if not 1 <= len(given) <= (self.most or way.messages):
            raise Undocumented(f"{len(given)} messages")
        if self.name == "resend" and request.headers.get("x-batch-validation") != "permissive":
            raise Undocumented("strict")
        return [self._one(request, one, way) for one in given]

    def _one(self, request: Request, one: dict[str, Any], way: Way) -> Message:
        if unknown := one.keys() - way.fields:
            raise Undocumented(f"unknown fields {sorted(unknown)}")
        return self._checked(ESPS[self.name].read(Request("", request.headers, json.dumps(one).encode())))

    def _checked(self, message: Message) -> Message:
        if len(message.to) != 1:
            raise Undocumented(f"{len(message.to)} people see each other")
        for name, value in message.headers.items():
            if not TOKEN.fullmatch(name) or not value.isascii() or not value.isprintable():
                raise Undocumented(f"header {name}: {value!r}")
        if reserved := ESPS[self.name].own_headers & {name.lower() for name in message.headers}:
            raise Undocumented(f"reserved headers: {sorted(reserved)}")
        assert message.subject
        assert message.text
        assert message.html
        return message

    def _key(self, request: Request) -> str:
        if self.name == "resend":
            key = request.headers["Idempotency-Key"]
            if not 1 <= len(key) <= 256:
                raise Undocumented("invalid_idempotency_key")
            return key
        if self.name == "brevo":
            return str(UUID(request.json["headers"]["idempotencyKey"]))
        return ""
