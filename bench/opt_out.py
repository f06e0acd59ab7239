"""Opt-outs a second over HTTP, against a bare view on the same server.

One gunicorn with two sync workers, a database of its own, and a client of ours: a few threads on raw
sockets, a fresh connection for each POST as the sync worker closes each. Every POST carries another
mailbox's token, so each one is a new row of the ledger, committed before its answer, and a line of the journal,
which is on the disk before that (in the folder of temporary files). The load alternates
between the two in short turns, so that whatever else the machine does meets both alike.
"""

import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from bench import scratch
from bench.letter import sender_and_user
from mailer import journal, tokens
from mailer.models import Suppression
from mailer.tokens import OptOutToken

THREADS = 4
TURNS = 5
CAMPAIGN = 1  # the example's, the first of a new database
BODY = b"List-Unsubscribe=One-Click"
REQUEST = (
    b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: %d\r\n\r\n%s"
)


def run(seconds: int = 5) -> Iterator[dict[str, object]]:
    """Yields one line; each of the two is under load for `seconds`. Leaves nothing behind."""
    with scratch.database("opt_out"), _server() as port:
        sender_and_user()
        turn, before = seconds / TURNS, _recorded()
        opt_outs = bare = 0
        for _ in range(TURNS):
            bare += _load(port, "/bare/{}", turn)
            opt_outs += _load(port, "/u/{}", turn)
        entered, lines = (now - then for now, then in zip(_recorded(), before, strict=True))
        if (entered, lines) != (opt_outs, opt_outs):
            raise RuntimeError(
                f"{opt_outs} opt-outs were answered with 200, but {entered} entered the ledger and {lines} the journal."
            )
    yield {
        "bench": "opt_out",
        "value": round(opt_outs / seconds),
        "unit": "POST/s",
        "against": "bare view on the same server",
        "ratio": round(opt_outs / bare, 2),
    }


def _recorded() -> tuple[int, int]:
    """How many opt-outs the ledger holds, and how many lines the journal."""
    lines = sum(sum(1 for _ in journal.lines_of(name, 0, size)) for name, size in journal.files().items())
    return Suppression.objects.count(), lines


def _load(port: int, path: str, seconds: float) -> int:
    """How many POSTs were answered with 200 in `seconds`, all threads together."""
    ends = time.monotonic() + seconds

    def post_until_then(thread: int) -> int:
        answered = 0
        while time.monotonic() < ends:
            _post(port, path.format(_fresh_token()))
            answered += 1
        return answered

    with ThreadPoolExecutor(THREADS) as threads:
        return sum(threads.map(post_until_then, range(THREADS)))


def _fresh_token() -> str:
    return tokens.sign(OptOutToken(secrets.token_bytes(16), CAMPAIGN))


def _post(port: int, path: str) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(REQUEST % (path.encode(), len(BODY), BODY))
        answer = client.recv(65536)
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"The server answered {answer[:80]!r}.")


@contextmanager
def _server() -> Iterator[int]:
    """gunicorn as `make run` starts it, on a port of its own that takes connections at once."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        command = [sys.executable, "-m", "gunicorn", "project.wsgi:application", "--workers", "2"]
        server = subprocess.Popen(
            [*command, "--bind", f"fd://{listener.fileno()}", "--log-level", "error"],
            pass_fds=[listener.fileno()],
            env=scratch.environment(DJANGO_SETTINGS_MODULE="bench.opt_out_site"),
        )
        try:
            port = listener.getsockname()[1]
            for path in ("/bare/{}", "/u/{}"):
                _load(port, path, 0.5)  # workers started, connections open, templates read
            yield port
        finally:
            server.terminate()
            server.wait(timeout=10)
