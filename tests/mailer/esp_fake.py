"""A mail service on loopback that reads requests as the real one documents them, and answers in its format."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.mailer.esp_formats import Answer, Esp, Message, Request


@dataclass(slots=True)
class FakeEsp:
    """Serves one ESP. `answer` replaces its usual answer; `silent` reads requests and never answers."""

    esp: Esp
    answer: Answer | None = None
    silent: bool = False
    received: list[Message] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    requests: int = 0
    _released: threading.Event = field(default_factory=threading.Event)
    _server: ThreadingHTTPServer | None = None
    _thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def anymail(self) -> dict[str, Any]:
        """The ANYMAIL setting with which Candor uses this service."""
        return json.loads(json.dumps(dict(self.esp.settings)).replace("{url}", self.url))

    def __enter__(self) -> Self:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 20  # of a connection that its client forgot to close

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                fake._respond(self, Request(self.path, self.headers, raw))

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
        self._server.server_close()

    def _respond(self, line: BaseHTTPRequestHandler, request: Request) -> None:
        self.requests += 1
        status, body = self._answer(request)
        if self.silent:
            self._released.wait(10)
            line.close_connection = True
            return
        octets = body if isinstance(body, bytes) else json.dumps(body).encode()
        line.send_response(status)
        line.send_header("Content-Type", "text/plain" if isinstance(body, bytes) else "application/json")
        line.send_header("Content-Length", str(len(octets)))
        line.end_headers()
        line.wfile.write(octets)

    def _answer(self, request: Request) -> Answer:
        if not self.esp.is_authentic(request):
            return self.esp.unauthorised
        try:
            if request.path != self.esp.path:
                raise LookupError(f"no such path: {request.path}")
            message = self.esp.read(request)
            reserved = self.esp.own_headers & {name.lower() for name in message.headers}
            if reserved:
                raise LookupError(f"reserved headers: {sorted(reserved)}")
        except (LookupError, ValueError, TypeError, AssertionError) as wrong:
            self.problems.append(f"{type(wrong).__name__}: {wrong}")
            return 400, {"message": "not as documented"}
        self.received.append(message)
        return self.answer or self.esp.success(message.to[0])
