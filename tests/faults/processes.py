"""An installation of its own, every part of it a process that can be killed: PostgreSQL, broker and mail server too.

What `make run` would start again after a death is started again here, and nothing else is ever done by hand.
"""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from kombu.exceptions import OperationalError as OperationalErrorOfBroker

from mailer.management.commands.run import parts
from project.celery import app
from project.inbox.store import MessageStore
from project.localpg.place import place_of
from project.supervise import die_with_parent
from tests.faults.mail_server import Signs

PATIENCE = 300.0  # seconds for what usually takes a few, on a busy machine
GONE = (OperationalError, InterfaceError)


class Processes:
    """The parts by name: “worker 1”, “worker 2”, …, “beat”, “web”, “broker”, “mail server”, and “postgres”."""

    def __init__(
        self, folder: Path, broker_port: int | None, delay: float, *, disk_is_small: bool = False
    ) -> None:
        self.folder, self.delay, self.disk_is_small = folder, delay, disk_is_small
        self.signs = Signs(folder / "signs")
        self.signs.folder.mkdir()
        self.mail = folder / "mail"
        self.ended: Counter[str] = Counter()  # by themselves, which nobody has asked of them
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._commands = self._all(broker_port)

    def _all(self, broker_port: int | None) -> dict[str, Callable[[], list[str]]]:
        found: dict[str, Callable[[], list[str]]] = {"mail server": self._mail_server}
        if broker_port is not None:
            redis = ["redis-server", "--port", str(broker_port), "--bind", "127.0.0.1", "--save", ""]
            found["broker"] = lambda: [*redis, "--dir", str(self.folder)]
        number = 0
        for part in parts(keep_mail="all"):
            if part.name == "worker":
                number += 1
                found[f"worker {number}"] = lambda command=part.command: list(command)
            elif part.name in {"beat", "web"}:
                found[part.name] = lambda command=part.command: list(command)
        return found

    def _mail_server(self) -> list[str]:
        where = [str(settings.INBOX_PORT), str(self.mail), str(self.signs.folder), str(self.delay)]
        return [sys.executable, "-m", "tests.faults.mail_server", *where]

    @property
    def workers(self) -> list[str]:
        return [name for name in self._commands if name.startswith("worker")]

    def has(self, name: str) -> bool:
        return name == "postgres" or name in self._commands

    # -- life and death

    def start(self, *names: str) -> None:
        for name in names or self._commands:
            with (self.folder / f"{name}.log").open("ab") as words:
                self._running[name] = subprocess.Popen(
                    self._commands[name](),
                    stdin=subprocess.DEVNULL,
                    stdout=words,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=die_with_parent,
                    env={**os.environ, "PGAPPNAME": name},  # so that PostgreSQL can tell whose a session is
                )

    def kill(self, *names: str) -> None:
        """SIGKILL to all of them at once, and to what they started; they are started again by `tend`."""
        for name in names:
            if name == "postgres":
                _kill_postgres()
            else:
                with suppress(ProcessLookupError):
                    os.killpg(self._running[name].pid, signal.SIGKILL)
        for name in names:
            if name != "postgres":
                self._running.pop(name).wait(20)

    def tend(self) -> None:
        """Start what is not there, as the supervisor of `make run` does."""
        for name in self._commands:
            process = self._running.get(name)
            if process is not None and process.poll() is not None:
                self.ended[name] += 1
            if process is None or process.poll() is not None:
                self.start(name)

    def stop(self) -> None:
        self.kill(*self._running)

    def words(self, length: int = 1500) -> str:
        """The end of what each of them printed."""
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(f"-- {log.stem}\n{log.read_text(errors='replace')[-length:]}" for log in logs)

    # -- mail

    def take_mail_into(self, directory: Path) -> None:
        """From now on the mail server keeps what comes in another place."""
        self.mail = directory
        self.kill("mail server")
        self.start("mail server")

    def received(self) -> Counter[str]:
        """How often a message came for whom."""
        summaries = MessageStore(self.mail).latest(10**9)
        return Counter(one.rcpt_tos[0] for one in summaries)

    # -- faults that are no deaths

    def empty_broker(self) -> bool:
        """All that waits in it is lost; returns whether it could be reached."""
        with app.connection_for_write() as broker:
            lost = (
                *GONE,
                OSError,
                OperationalErrorOfBroker,
                *broker.connection_errors,
                *broker.channel_errors,
            )
            try:
                app.control.purge(connection=broker)
            except lost:  # it has been killed, and is on its way up again
                return False
        return True


def _kill_postgres() -> None:
    """Every process of the embedded server at once, as a power cut does. Its own cluster, found by its data."""
    server = place_of(settings.DATABASES["default"]["LOCALPG_ROOT"]).postmaster()
    if server is None:
        return
    for pid in [*_children(server), server]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    connection.close()


def _children(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(path.parent.name))
    return found


def patiently(ask: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """The answer of the database, which may be on its way up again."""
    until = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except GONE:
            connection.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
