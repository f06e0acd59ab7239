"""What the stories are played with: real workers, beat and web server, a real SMTP server, and people.

An `Installation` starts the very processes that `make run` starts, on a database of its own, and ends by
process group only what it started.
"""

import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.db import connection, transaction
from kombu import pools

from mailer import addresses, campaigns, locks, tasks
from mailer.management.commands.run import parts
from mailer.models import Campaign, Contact, MailingList, Message, Sender, Subscription
from project.celery import app
from project.inbox.server import InboxServer, Reply
from project.inbox.store import MessageStore, Received
from tests.conftest import LivingDatabase

PATIENCE = 150.0  # seconds for what usually takes one or two, on a busy machine

HTML = '<h1>Winter</h1>\n<p>Hello {{ first_name|default:"friend" }},</p>\n<p>cover the roses now.</p>\n'


# -- people and campaigns ------------------------------------------------------------------------------


def staff(name: str = "lee") -> User:
    return User.objects.get_or_create(username=name, defaults={"email": f"{name}@example.org"})[0]


def attested_sender() -> Sender:
    sender = Sender.objects.create(
        legal_name="Acme Garden LLC",
        trade_name="Acme Garden",
        from_email="news@example.org",
        reply_to="hello@example.org",
        contact="hello@example.org",
        line1="1450 Rose Street",
        city="Portland",
        region="OR",
        postal_code="97201",
        country="US",
    )
    campaigns.attest_identity(sender, staff())
    campaigns.attest_address(sender, staff())
    return sender


def list_of(number: int, slug: str = "friends", prefix: str = "") -> MailingList:
    """A list with person1@example.org … person<number>@example.org on it, new on our books."""
    there = MailingList.objects.get_or_create(slug=slug, defaults={"name": slug.title()})[0]
    people = [addresses.parse(f"{prefix}person{n + 1}@example.org") for n in range(number)]
    rows = Contact.objects.bulk_create(
        Contact(email=one.text, address_key=one.address_key, mailbox_key=one.mailbox_key, first_name="Ada")
        for one in people
    )
    Subscription.objects.bulk_create(
        Subscription(contact=contact, list=there, source="customer") for contact in rows
    )
    return there


def draft(to: MailingList, sender: Sender | None = None, **changes: Any) -> Campaign:
    content = {"subject": "Three things to do in the garden", "preheader": "Roses first.", "html": HTML}
    campaign = Campaign.objects.create(
        name="Winter",
        sender=sender or Sender.objects.first() or attested_sender(),
        author=staff(),
        **{**content, **changes},
    )
    campaign.lists.add(to)
    return campaign


def launch(campaign: Campaign) -> Campaign:
    """By the verb, and with the nudge of every door that launches."""
    campaigns.launch(campaign, staff())
    tasks.nudge_campaign(campaign.pk)
    return campaign


# -- what the server got -------------------------------------------------------------------------------


def parsed(received: Received) -> EmailMessage:
    message = message_from_bytes(received.raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def link_in(received: Received) -> str:
    """The opt-out link, as a mail program takes it from the header (RFC 2369 §3.2)."""
    return str(parsed(received)["List-Unsubscribe"]).strip().removeprefix("<").removesuffix(">")


def recipients(inbox: InboxServer, campaign: Campaign | None = None) -> Counter[str]:
    """How often the server got a message for whom; of one campaign, by the number in its Message-IDs."""
    mark = f"\r\nMessage-ID: <{campaign.pk}.".encode() if campaign else b""
    return Counter(one.rcpt_tos[0] for one in inbox.store.iterate() if mark in one.raw)


def states(campaign: Campaign) -> dict[str, int]:
    return campaigns.progress(campaign).counts


def emails(campaign: Campaign, *in_states: str) -> set[str]:
    """The addresses whose messages are in these states."""
    ids = Message.objects.filter(campaign_id=campaign.pk, state__in=in_states).values("contact_id")
    return set(Contact.objects.filter(pk__in=ids).values_list("email", flat=True))


def assert_accounted(campaign: Campaign, inbox: InboxServer, audience: int) -> None:
    """Promise 5: each recipient at most once at the server, and every message in a state that is true."""
    got = recipients(inbox, campaign)
    assert [email for email, times in got.items() if times > 1] == []
    accepted, unknown = emails(campaign, "accepted"), emails(campaign, "unknown")
    assert accepted <= set(got), "accepted, but the server has no such message"
    assert set(got) <= accepted | unknown, "at the server, but neither accepted nor unknown"
    counts = states(campaign)
    assert sum(counts.values()) == audience
    assert set(counts) <= {"accepted", "refused", "withheld", "unknown"}


# -- processes -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class Child:
    """One process of the installation, in a session of its own."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """SIGKILL to it and to all that it started: what a power cut leaves is what this leaves."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=20)


@dataclass(slots=True)
class Installation:
    """A local installation with its SMTP server in this process."""

    database: LivingDatabase
    folder: Path
    settings: Any
    inbox: InboxServer
    children: list[Child] = field(default_factory=list)
    inbox_runs: bool = True

    def start(self, *names: str, **environment: str) -> list[Child]:
        """Start parts by the names that `make run` prints: web, worker (there are several), beat."""
        return [
            self._start(name, part.command, environment)
            for name in names
            for part in parts(keep_mail="all")
            if part.name == name
        ]

    def start_again(self, child: Child) -> Child:
        """As the supervisor does with a part that has died."""
        return self._start(child.name, child.process.args, {})

    def _start(self, name: str, command: Any, environment: dict[str, str]) -> Child:
        log = self.folder / f"{name}{len(self.children)}.log"
        with log.open("wb") as words:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=self.environment(**environment),
            )
        self.children.append(Child(name, process, log))
        return self.children[-1]

    def environment(self, **extra: str) -> dict[str, str]:
        ports = {"WEB_PORT": str(self.settings.WEB_PORT), "INBOX_PORT": str(self.inbox.port)}
        return self.database.environment(
            **{**ports, "DATA_DIR": str(self.folder), "WORKERS": str(self.settings.WORKERS), **extra}
        )

    def manage(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """An operator's command, to its end."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=self.environment(**environment),
            cwd=self.settings.BASE_DIR,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def post(self, url: str, body: bytes = b"List-Unsubscribe=One-Click") -> tuple[int, datetime]:
        """One click over real HTTP: the status, and when the answer had come."""
        where = urlsplit(url)
        client = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
        try:
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            client.request("POST", where.path, body, form)
            status = client.getresponse().status
            return status, datetime.now(UTC)
        finally:
            client.close()

    def wait_for(self, what: str, condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """Ask until it is so; else fail with what the processes said."""
        until = time.monotonic() + seconds
        while not (answer := condition()):
            if time.monotonic() > until:
                raise AssertionError(f"In {seconds} s not: {what}\n{in_tables()}\n{self.words()}")
            time.sleep(0.05)
        return answer

    def wait_for_web(self) -> None:
        address = ("127.0.0.1", self.settings.WEB_PORT)
        self.wait_for("the web server answers", lambda: _answers(address))

    def wait_until_sent(self, campaign: Campaign, seconds: float = PATIENCE) -> None:
        self.wait_for("the campaign is sent", lambda: self._state(campaign) == "sent", seconds)
        campaign.refresh_from_db()

    def _state(self, campaign: Campaign) -> str:
        return Campaign.objects.values_list("state", flat=True).get(pk=campaign.pk)

    def wait_for_messages(self, number: int, seconds: float = PATIENCE) -> None:
        self.wait_for(f"{number} messages are there", lambda: self.inbox.store.count() >= number, seconds)

    def words(self) -> str:
        """The end of what each process printed."""
        return "\n".join(
            f"-- {child.log.stem}\n{child.log.read_text(errors='replace')[-1500:]}" for child in self.children
        )

    def stop_inbox(self) -> None:
        """Nobody answers on its port any more; the messages stay."""
        if self.inbox_runs:
            self.inbox.stop()
            self.inbox_runs = False

    def replace_inbox(self, *, reply: Reply | None = None, delay: float = 0.0) -> None:
        """Another server on the same port, with the same messages."""
        self.stop_inbox()
        self.inbox = InboxServer(self.inbox.store, port=self.inbox.port, reply=reply, delay=delay)
        self.inbox.start()
        self.inbox_runs = True

    def stop(self) -> None:
        for child in self.children:
            child.kill()
        self.stop_inbox()


def _answers(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=1).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@contextmanager
def installed(
    database: LivingDatabase, folder: Path, settings: Any, *, reply: Reply | None = None, delay: float = 0.0
) -> Iterator[Installation]:
    """An installation whose parts are still to be started; all that were end with the block."""
    inbox = InboxServer(MessageStore(folder / "inbox"), reply=reply, delay=delay)
    with _broker_to_ourselves():
        inbox.start()
        settings.WEB_PORT, settings.INBOX_PORT, settings.WORKERS = free_port(), inbox.port, 3
        settings.DATA_DIR, settings.INBOX_DIRECTORY = folder, folder / "inbox"
        settings.EMAIL_URL = f"smtp://127.0.0.1:{inbox.port}"
        settings.PUBLIC_URL = f"http://127.0.0.1:{settings.WEB_PORT}"
        installation = Installation(database, folder, settings, inbox)
        try:
            yield installation
        finally:
            installation.stop()
            _forget_broker()


def _forget_broker() -> None:
    """Let go of publishers' connections, to a database that is about to go; the next publish opens its own."""
    app.pool.force_close_all()
    app._after_fork()
    pools.reset()


@contextmanager
def _broker_to_ourselves() -> Iterator[None]:
    """pgmq's queues are in the test's own database; another broker's one queue is used in turn, emptied."""
    if app.conf.broker_url.startswith("pgmq"):
        yield
        return
    with (Path(tempfile.gettempdir()) / "candor-tests-broker.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        app.control.purge()
        yield


def in_tables() -> str:
    """How campaigns and messages stand, for who reads why a story failed."""
    ours = list(Campaign.objects.values_list("pk", "state", "pause_reason"))
    messages = Message.objects.values_list("campaign_id", "state", "reason", "worker")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT classid, objid, pid, granted FROM pg_locks WHERE locktype = 'advisory' AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return f"{ours}\n{Counter(messages)}\nadvisory locks: {cursor.fetchall()}"


def forbidding(kind: int, number: int = 0) -> AbstractContextManager[None]:
    """Hold, on another connection, the lock for which hand-overs wait."""

    @contextmanager
    def forbid() -> Iterator[None]:
        with transaction.atomic():
            locks.forbid(kind, number)
            yield

    return elsewhere(forbid)


@contextmanager
def elsewhere(manager: Callable[..., AbstractContextManager[Any]], *with_: Any) -> Iterator[None]:
    """The same context, for as long as this one lasts, in a thread with a connection of its own."""
    entered, over = threading.Event(), threading.Event()

    def stay() -> None:
        with manager(*with_):
            entered.set()
            over.wait()

    with ThreadPoolExecutor(1) as thread:
        staying = thread.submit(on_its_own_connection, stay)
        assert entered.wait(20), staying.result(0)
        try:
            yield
        finally:
            over.set()
            staying.result(20)


def on_its_own_connection(act: Callable[..., Any], *with_: Any) -> Any:
    """What another process would see and do: `act` in a thread, on a connection that ends with it."""

    def acting() -> Any:
        try:
            return act(*with_)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(acting).result(60)


@contextmanager
def mail_server(settings: Any, folder: Path, *, reply: Reply | None = None) -> Iterator[InboxServer]:
    """A real SMTP server in this process, to which this process's transport speaks."""
    inbox = InboxServer(MessageStore(folder / "inbox"), reply=reply)
    inbox.start()
    settings.EMAIL_URL = f"smtp://127.0.0.1:{inbox.port}"
    try:
        yield inbox
    finally:
        inbox.stop()


def end_sessions(but: int | None = None) -> int:
    """Cut all other sessions of the database off, as a restart of the server does; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND pid IS DISTINCT FROM %s",
            [but],
        )
        return cursor.fetchone()[0]
