"""The whole way of a campaign, from rows to a mail server, against the fastest sender there is.

The server is Postfix's `smtp-sink`, the limit its `smtp-source`, which is written in C, sends one prepared
message and asks nobody; both speak on loopback. Candor's workers are processes of their own that call
`run_slice` as Celery's task does, with every claim, lock, ledger check, commit and settled row. Each run
measures all of them on the same sink, one after the other.
"""

import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import override_settings

from bench import letter, scratch
from mailer import audience
from mailer.contacts import importing
from mailer.dispatch.claim import CLAIM_SIZE
from mailer.dispatch.run import GROUP_SECONDS
from mailer.management.example import people
from mailer.models import Campaign, MailingList, Message, Sender

MESSAGES = 20_000
WORKERS = (1, 2)
SESSIONS = (8, 20)  # where smtp-source was fastest (measured with 1 to 40)
PATIENCE = 300  # seconds until a part that hangs is ended

POSTFIX = settings.BASE_DIR / "var/postfix/usr"

# Rows that were settled in one statement bear the same xmin: a group, without asking the worker.
GROUPS = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY messages), percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds)
FROM (SELECT count(*) AS messages, extract(epoch FROM max(settled_at) - min(handed_over_at)) AS seconds
      FROM mailer_message WHERE campaign_id = %s AND state = 'accepted' GROUP BY xmin::text) AS settled
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """One campaign sent: messages a second, what a message cost the workers' processors in seconds, and its median
    group in messages and in seconds."""

    rate: float
    cost: float
    group: float
    in_flight: float


def run(messages: int = MESSAGES) -> Iterator[dict[str, object]]:
    """Yields, for each number of workers, the rate against smtp-source's best, and what is in flight at once."""
    with scratch.database("dispatch"), sink() as port:
        sender, user = letter.sender_and_user()
        list_ = list_of(messages)
        limits, sent = [], {}
        for workers in WORKERS:
            limits += [smtp_source(port, sessions, messages) for sessions in SESSIONS]
            sent[workers] = candor(port, audience_of(sender, user, list_), workers)
        for workers in WORKERS:
            yield from _lines(workers, sent[workers], max(limits))


def _lines(workers: int, sent: Sent, limit: float) -> Iterator[dict[str, object]]:
    named = f"dispatch, {workers} worker" + "s" * (workers > 1)
    sessions = " and ".join(map(str, SESSIONS))
    yield {
        "bench": named,
        "value": round(sent.rate),
        "unit": "messages/s",
        "against": f"smtp-source, best of {sessions} sessions",
        "ratio": round(sent.rate / limit, 3),
    }
    yield {
        "bench": f"{named}: group",
        "value": round(sent.group),
        "unit": "messages",
        "against": f"a claim of {CLAIM_SIZE}",
        "ratio": round(sent.group / CLAIM_SIZE, 2),
    }
    yield {
        "bench": f"{named}: group in flight",
        "value": round(sent.in_flight * 1000),
        "unit": "ms",
        "against": f"{GROUP_SECONDS * 1000:.0f} ms",
        "ratio": round(sent.in_flight / GROUP_SECONDS, 2),
    }


# -- the campaign ---------------------------------------------------------------------------------------


def list_of(number: int) -> MailingList:
    """A list of so many people at example.org, brought in as a file."""
    list_ = MailingList.objects.create(name="Everybody", slug="everybody")
    with tempfile.TemporaryDirectory() as folder, override_settings(UPLOAD_DIR=Path(folder) / "uploads"):
        path = Path(folder) / "people.csv"
        path.write_text(people(number), encoding="utf-8")
        importing.run(importing.begin(path, list=list_, source="customer", filename="people.csv"))
    return list_


def audience_of(sender: Sender, user: User, list_: MailingList) -> Campaign:
    campaign = letter.launched(sender, user, list_)
    audience.snapshot(campaign)
    return campaign


# -- the two senders ------------------------------------------------------------------------------------


def candor(port: int, campaign: Campaign, workers: int, *, patience: int = PATIENCE, **chosen: str) -> Sent:
    """The whole campaign by so many worker processes, with these settings, within `patience` seconds."""
    messages = Message.objects.filter(campaign_id=campaign.pk)
    before = _cpu_of_children()
    with ExitStack() as ending:
        processes = [ending.enter_context(worker(port, campaign, chosen, patience)) for _ in range(workers)]
        begun = time.monotonic()
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            if process.wait(timeout=patience + 30):
                raise RuntimeError(f"A worker ended with {process.returncode}; its words stand above.")
        seconds = time.monotonic() - begun
    cost = _cpu_of_children() - before
    total, accepted = messages.count(), messages.filter(state=Message.State.ACCEPTED).count()
    if accepted != total:
        raise RuntimeError(f"Of {total} messages only {accepted} were accepted, so nothing was measured.")
    with connection.cursor() as cursor:
        cursor.execute(GROUPS, [campaign.pk])
        return Sent(total / seconds, cost / total, *map(float, cursor.fetchone()))


def _cpu_of_children() -> float:
    """Processor seconds of child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def worker(
    port: int, campaign: Campaign, chosen: dict[str, str], patience: int = PATIENCE
) -> Iterator[subprocess.Popen]:
    """A worker that is connected and waits for the word."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.sending", str(campaign.pk), str(patience)],
        cwd=settings.BASE_DIR,
        env=scratch.environment(INBOX_PORT=str(port), **chosen),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with ended(process):
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("A worker could not start; its words stand above.")
        yield process


def smtp_source(port: int, sessions: int, messages: int) -> float:
    """Messages a second of `smtp-source -d`: connections are kept, as ours are."""
    command = [_tool("smtp-source"), "-d", "-s", str(sessions), "-m", str(messages), "-l", str(letter.SIZE)]
    begun = time.monotonic()
    subprocess.run([*command, f"127.0.0.1:{port}"], check=True, env=_with_libraries(), timeout=PATIENCE)
    return messages / (time.monotonic() - begun)


# -- the server -----------------------------------------------------------------------------------------


@contextmanager
def sink() -> Iterator[int]:
    """smtp-sink on a loopback port: takes everything, keeps nothing."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # As root it wants to be somebody less (its -u).
    as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen(
        [_tool("smtp-sink"), *as_nobody, f"127.0.0.1:{port}", "256"], env=_with_libraries()
    )
    with ended(process):
        _wait_for(port)
        yield port


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise RuntimeError("smtp-sink did not start within five seconds.")


@contextmanager
def ended(process: subprocess.Popen) -> Iterator[None]:
    """Whatever happens, the process is gone afterwards."""
    try:
        yield
    finally:
        process.terminate()
        process.communicate(timeout=10)


def _tool(name: str) -> str:
    path = POSTFIX / "sbin" / name
    if not path.exists():
        subprocess.run([settings.BASE_DIR / "bench/get_postfix_tools"], check=True)
    return str(path)


def _with_libraries() -> dict[str, str]:
    return {**os.environ, "LD_LIBRARY_PATH": str(POSTFIX / "lib/postfix")}
