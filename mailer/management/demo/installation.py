"""A local installation for the length of a demo: its own data, database and ports, gone afterwards."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen

from django.conf import settings
from django.db import connection

from project.localpg.place import place_of

START_SECONDS = 90
STOP_SECONDS = 60


@contextmanager
def environment() -> Iterator[dict[str, str]]:
    """The environment of an installation that nobody else uses. Whatever it made is removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="candor-demo-"))
    variables = {
        **os.environ,
        "DATA_DIR": str(folder),
        "WEB_PORT": str(_free_port()),
        "INBOX_PORT": str(_free_port()),
    }
    for name in (
        "PUBLIC_URL",
        "EMAIL_URL",
        "ANYMAIL_ESP",
        "ADDRESS_KEY",
        "LINK_KEYS",
        "SECRET_KEY",
        "JOURNAL_DIR",
    ):
        variables.pop(name, None)  # whatever this installation is, the demo's is a local one
    try:
        with _database(variables):
            yield variables
    finally:
        shutil.rmtree(place_of(folder / "postgres").home, ignore_errors=True)  # elsewhere, for root
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _database(variables: dict[str, str]) -> Iterator[None]:
    """On a given server, a database of the demo's own; else the embedded server's, in the demo's folder."""
    if "DATABASE_URL" not in variables:
        yield
        return
    name = f"candor_demo_{os.getpid()}"
    parts = urlsplit(variables["DATABASE_URL"])
    variables["DATABASE_URL"] = urlunsplit(parts._replace(path=f"/{name}"))
    _on_server(f'CREATE DATABASE "{name}"')
    try:
        yield
    finally:
        _on_server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _on_server(statement: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Running:
    """`manage.py run` as a child process, with what it prints in a file."""

    def __init__(self) -> None:
        self.log = settings.DATA_DIR / "demo.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Running":
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "run", "--no-example", "--keep-mail", "all"],
                cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self._process is not None and self._process.poll() is not None:
                break
            if _answers(f"{settings.PUBLIC_URL}/readyz"):
                return
            time.sleep(0.2)
        raise RuntimeError(f"The installation did not start:\n{self.last_words()}")

    def __exit__(self, *_: object) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def last_words(self, lines: int = 20) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def kill_worker(self) -> None:
        """SIGKILL to every worker, wherever it is, as a crash would."""
        for number in re.findall(r"worker runs as process (\d+)", self.log.read_text(errors="replace")):
            os.killpg(int(number), signal.SIGKILL)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:  # noqa: S310  a loopback address of our own
            return bool(answer.status == 200)
    except OSError:
        return False
