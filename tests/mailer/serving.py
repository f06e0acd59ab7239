"""The pages as gunicorn serves them, and a client that sends exactly the bytes it is given."""

import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import LivingDatabase

# A public installation: HTTPS redirects, HSTS and secure cookies are on, as recipients meet it.
PUBLIC = {
    "PUBLIC_URL": "https://mail.example.com",
    "SENDER_DOMAINS": "example.com",
    "EMAIL_URL": "smtp://127.0.0.1:9",
    "DEBUG": "false",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True, slots=True)
class Server:
    """A running gunicorn."""

    port: int
    log: Path

    def exchange(self, request: bytes, *, end: bool = False) -> Answer:
        """Send `request` as it stands and read to the end; `end` closes our half after it."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as client:
            client.sendall(request)
            if end:
                client.shutdown(socket.SHUT_WR)
            return _parsed(b"".join(iter(lambda: client.recv(65536), b"")))

    def ask(self, method: str, path: str, *headers: str, body: bytes = b"") -> Answer:
        """An ordinary request of HTTP/1.1."""
        return self.exchange(request(method, path, *headers, body=body))


def request(method: str, path: str, *headers: str, body: bytes = b"", version: str = "1.1") -> bytes:
    """The bytes of a request. A length is announced where there is a body; headers go as they are given."""
    lines = [f"{method} {path} HTTP/{version}", "Host: mail.example.com", *headers]
    if body and not any(line.lower().startswith("transfer-encoding") for line in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def _parsed(raw: bytes) -> Answer:
    head, _, body = raw.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n").partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        assert name.lower() not in headers, f"{name} is there twice"
        headers[name.lower()] = value
    return Answer(int(status.split()[1]), headers, body)


@contextmanager
def served(database: LivingDatabase, **environment: str) -> Iterator[Server]:
    """gunicorn with two sync workers on a living database, for the time of the block."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=128) as listener,
        tempfile.TemporaryDirectory() as folder,
        (Path(folder) / "log").open("w") as log,
    ):
        gunicorn = [sys.executable, "-m", "gunicorn", "project.wsgi:application", "--workers", "2"]
        process = subprocess.Popen(
            [*gunicorn, "--bind", f"fd://{listener.fileno()}"],
            pass_fds=[listener.fileno()],
            env=database.environment(**{**PUBLIC, "DATA_DIR": folder, **environment}),
            stdout=log,
            stderr=log,
        )
        try:
            yield Server(listener.getsockname()[1], Path(log.name))
        finally:
            process.terminate()
            process.wait(timeout=20)
