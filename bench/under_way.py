"""Opt-outs, pause, cancel and kill switch while a campaign goes out at full speed: what goes on after the answer.

Four worker processes send to `smtp-sink` while 2,000 recipients, drawn at random, press one click over HTTP on
gunicorn as `make run` starts it. For each, the answer's time is taken when the 200 has come. Whatever hand-over began
after that is a breach, and ends the bench with an error. What had begun before may still end: how long after the
answer, is measured up to the moment at which the worker had recorded the server's reply, so a little too long. Then
the same for each of the three ways to stop, on a campaign of its own.
"""

import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles

from django.conf import settings
from django.db import connection

from bench import dispatch, letter, scratch
from mailer import campaigns, tokens
from mailer.models import Campaign, Message
from mailer.tokens import OptOutToken

MESSAGES = 50_000
WORKERS = 4
OPT_OUTS = 2_000
CLICKERS = 4
GOAL = timedelta(milliseconds=250)  # answer to last byte, of 99 in 100
STOPPED = 10_000  # messages of each campaign that is stopped
PATIENCE = 300  # seconds

Verb = Callable[[Campaign], None]


def run(messages: int = MESSAGES) -> Iterator[dict[str, object]]:
    """Yields how long after the answer what was in flight still went out; raises if a hand-over began after it."""
    with scratch.database("under_way"), dispatch.sink() as sink, _web() as web:
        sender, user = letter.sender_and_user()
        everybody = dispatch.list_of(messages)
        campaign = dispatch.audience_of(sender, user, everybody)
        with _sending(sink, campaign):
            answers = _click(web, campaign, min(OPT_OUTS, messages // 4))
            _wait_until_over(campaign)
        ran_on = _ran_on(campaign, answers)
        _tell("opt-outs", ran_on, len(answers))
        yield _line("opt-outs", ran_on)
        not_in_flight = [timedelta(0)] * (len(answers) - len(ran_on))
        yield _line("opt-outs, all", [*not_in_flight, *ran_on])
        for name, stop in (("pause", _pause), ("cancel", _cancel), ("kill switch", _stop_all)):
            campaign = dispatch.audience_of(sender, user, everybody)
            with _sending(sink, campaign):
                _wait_until_settled(campaign, min(STOPPED, messages) // 4)
                stop(campaign)
                answered = datetime.now(UTC)
                time.sleep(1)  # for whoever would go on
            ran_on = _ran_on(campaign, dict.fromkeys(_keys(campaign), answered))
            _tell(name, ran_on, 1)
            yield _line(name, ran_on)
            campaigns.allow_all(None)


def _tell(name: str, ran_on: list[timedelta], answers: int) -> None:
    """For people, as it happens."""
    ms = sorted(each.total_seconds() * 1000 for each in ran_on)
    took = f", for {median(ms):.0f} ms in the median, {ms[-1]:.0f} at most" if ms else ""
    print(f"{name}: {answers} answered, 0 handed over after it, {len(ms)} in flight{took}", file=sys.stderr)


def _line(name: str, ran_on: list[timedelta]) -> dict[str, object]:
    seconds = sorted(each.total_seconds() for each in ran_on)
    late = quantiles(seconds, n=100, method="inclusive")[-1] if len(seconds) > 1 else sum(seconds)
    return {
        "bench": f"under way: {name}",
        "value": round(late * 1000),
        "unit": "ms from the answer to the end, of 99 in 100",
        "against": f"{GOAL.total_seconds() * 1000:.0f} ms",
        "ratio": round(late / GOAL.total_seconds(), 3),
    }


# -- who says no -----------------------------------------------------------------------------------------


def _click(port: int, campaign: Campaign, number: int) -> dict[bytes, datetime]:
    """So many of the recipients, by mailbox, and when each had their answer."""
    chosen = random.sample(_keys(campaign), number)

    def one_click(mailbox_key: bytes) -> datetime:
        path = f"/u/{tokens.sign(OptOutToken(mailbox_key, campaign.pk))}"
        body = b"List-Unsubscribe=One-Click"
        with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
            client.sendall(
                b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: %d\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n\r\n%s"
                % (path.encode(), len(body), body)
            )
            answer = client.recv(65536)
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"The server answered {answer[:80]!r}.")
        return datetime.now(UTC)

    with ThreadPoolExecutor(CLICKERS) as clickers:
        return dict(zip(chosen, clickers.map(one_click, chosen), strict=True))


def _pause(campaign: Campaign) -> None:
    campaigns.pause(campaign, None)


def _cancel(campaign: Campaign) -> None:
    campaigns.cancel(campaign, None)


def _stop_all(campaign: Campaign) -> None:
    campaigns.stop_all(None, "a bench")


# -- what went out ---------------------------------------------------------------------------------------


def _keys(campaign: Campaign) -> list[bytes]:
    return [bytes(key) for key in _messages(campaign).values_list("mailbox_key", flat=True)]


def _messages(campaign: Campaign):
    return Message.objects.filter(campaign_id=campaign.pk)


def _ran_on(campaign: Campaign, answers: dict[bytes, datetime]) -> list[timedelta]:
    """Of each message in flight at its answer, how long it still was. Raises if one was handed over after it."""
    handed_over = _messages(campaign).filter(handed_over_at__isnull=False, settled_at__isnull=False)
    ran_on = []
    for key, began, ended in handed_over.values_list(
        "mailbox_key", "handed_over_at", "settled_at"
    ).iterator():
        answered = answers.get(bytes(key))
        if answered and began > answered:
            raise RuntimeError(f"A hand-over began {began - answered} after the answer.")
        if answered and ended > answered:
            ran_on.append(ended - answered)
    return ran_on


def _wait_until_over(campaign: Campaign) -> None:
    _wait(lambda: not _messages(campaign).filter(state__in=["pending", "claimed", "handed_over"]).exists())


def _wait_until_settled(campaign: Campaign, number: int) -> None:
    _wait(lambda: _messages(campaign).filter(settled_at__isnull=False).count() >= number)


def _wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            raise RuntimeError(f"It did not come to an end within {PATIENCE} seconds.")
        time.sleep(0.1)


# -- processes -------------------------------------------------------------------------------------------


@contextmanager
def _sending(sink: int, campaign: Campaign) -> Iterator[None]:
    """Worker processes that send it, until the block ends."""
    with ExitStack() as ending:
        workers = [ending.enter_context(dispatch.worker(sink, campaign, {})) for _ in range(WORKERS)]
        for worker in workers:
            worker.stdin.write("go\n")
            worker.stdin.flush()
        yield


@contextmanager
def _web() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "project.wsgi:application",
            "--workers",
            "2",
            "--threads",
            "4",
        ]
        server = subprocess.Popen(
            [*command, "--bind", f"fd://{listener.fileno()}", "--log-level", "error"],
            pass_fds=[listener.fileno()],
            env=scratch.environment(),
            cwd=settings.BASE_DIR,
        )
        with dispatch.ended(server):
            yield listener.getsockname()[1]
            connection.close()
