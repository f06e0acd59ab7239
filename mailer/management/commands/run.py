"""The whole installation in the foreground: `make run`."""

import os
import socket
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import Tags, run_checks
from django.core.management import BaseCommand, CommandError, call_command
from django.db import ProgrammingError
from psycopg.errors import InsufficientPrivilege

from mailer.management.example import first_administrator, put_example
from mailer.models import Sender
from mailer.suppression import assert_ledger
from project.supervise import Part, Supervisor

LOCAL_INBOUND_DOMAIN = "reply.example.org"


class Command(BaseCommand):
    """Prepare the database, then run web, worker, beat and, locally, the inbox, until Ctrl-C."""

    help = "Run web, worker, beat and (in a local installation) the inbox in the foreground. Ctrl-C stops in order."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--no-example", action="store_true", help="start without the example sender and list"
        )
        parser.add_argument(
            "--keep-mail", default="5000", help="how many messages the local inbox keeps, or “all”"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.LOCAL and not settings.INBOUND_DOMAIN:
            _connect_the_inbox()
        self._assert_ports_free()
        _bring_tables_up_to_date()
        assert_ledger()
        self._welcome(first_start=self._prepare(example=not options["no_example"]))
        sys.exit(Supervisor(parts(options["keep_mail"]), self._say).run())

    def _prepare(self, *, example: bool) -> str:
        # beat keeps its times there, and makes no folder
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        user, password = first_administrator()
        if settings.LOCAL and example and not Sender.objects.exists():
            put_example(user)
        return password

    def _assert_ports_free(self) -> None:
        wanted = {"WEB_PORT": settings.WEB_PORT}
        if settings.LOCAL:
            wanted["INBOX_PORT"] = settings.INBOX_PORT
        for name, port in wanted.items():
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError as taken:
                    raise CommandError(
                        f"Port {port} is in use. Stop what uses it, or choose another: {name}={port + 1} make run"
                    ) from taken

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _welcome(self, first_start: str) -> None:
        for doubt in run_checks(tags=[Tags.database], databases=["default"]):
            if doubt.is_serious():
                raise CommandError(f"{doubt.msg} {doubt.hint}", returncode=2)
            self._say(f"\n  {doubt.msg}\n  {doubt.hint}")
        self._say(
            f"\n  Candor:  http://127.0.0.1:{settings.WEB_PORT}/admin/"
            if settings.LOCAL
            else f"\n  Candor:  {settings.PUBLIC_URL}/admin/"
        )
        if settings.LOCAL:
            self._say(
                f"  Inbox:   http://127.0.0.1:{settings.WEB_PORT}/inbox/  (all mail of this installation goes there)"
            )
        if first_start:
            self._say(f"  Account: admin   Password: {first_start}   (shown this once)")
            self._say_keys()
        self._say("  Stop:    Ctrl-C\n")

    def _say_keys(self) -> None:
        if not settings.LOCAL:
            return
        self._say(
            f"  Keys:    made for this installation, in {settings.KEY_DIR}; keep a copy elsewhere, above all of"
        )
        self._say(f"           ADDRESS_KEY={settings.ADDRESS_KEY.hex()}")
        self._say("           (without it, nobody's opt-out can be found again)")


def _bring_tables_up_to_date() -> None:
    """By migrations that are outstanding; where the application's role may not, its owner is asked to."""
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except ProgrammingError as refused:
        if not isinstance(refused.__cause__, InsufficientPrivilege):
            raise
        raise CommandError(
            "The tables are of another version, and the role in DATABASE_URL may not change them. Run `manage.py "
            "migrate` as their owner, then the SQL of `manage.py print_roles ROLE`.",
            returncode=2,
        ) from refused


def _connect_the_inbox() -> None:
    """Mail to this domain, which nobody owns (RFC 2606), is handed to `receive_mail` by the local inbox."""
    settings.INBOUND_DOMAIN = os.environ["INBOUND_DOMAIN"] = LOCAL_INBOUND_DOMAIN


def parts(keep_mail: str) -> list[Part]:
    """The processes, in the order in which they start."""
    celery = "-m celery -q -A project.celery:app"
    inbound = f" --inbound {settings.INBOUND_DOMAIN}" if settings.INBOUND_DOMAIN else ""
    inbox = f"-m project.inbox --port {settings.INBOX_PORT} --keep {keep_mail}{inbound} --directory"
    return [
        *([_python("inbox", inbox, settings.INBOX_DIRECTORY)] if settings.LOCAL else []),
        _python(
            "web",
            # Threads, since a browser opens connections in advance: each silent one would hold up a whole
            # synchronous worker for its 30 seconds (tried: one was enough).
            f"-m gunicorn project.wsgi:application --workers {settings.WEB_WORKERS} --threads 4"
            f" --bind 127.0.0.1:{settings.WEB_PORT} --no-control-socket --log-level warning",
        ),
        # Each a process of its own: those of a Celery pool share a lock to fetch tasks, and when one that
        # holds it is killed, the others wait for ever and nothing is sent any more (tried, with kill -9).
        *[
            _python(
                "worker",
                f"{celery} worker -n w{number}@candor --pool solo --loglevel WARNING"
                " --without-gossip --without-mingle --without-heartbeat",
            )
            for number in range(1, settings.WORKERS + 1)
        ],
        _python(
            "beat", f"{celery} beat --loglevel WARNING --pidfile= --schedule", settings.DATA_DIR / "beat"
        ),
    ]


def _python(name: str, arguments: str, *paths: Path) -> Part:
    return Part(name, [sys.executable, *arguments.split(), *map(str, paths)])
