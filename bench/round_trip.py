"""One worker process and a mail server 20 ms away: connections make up for the distance.

Against what the network alone would allow: each connection one message a round trip.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from bench import dispatch, letter, scratch
from mailer.dispatch.run import GROUP_SECONDS

SECONDS = 0.02
MESSAGES = 8_000
CONNECTIONS = (8, 32)


def run(messages: int = MESSAGES) -> Iterator[dict[str, object]]:
    with scratch.database("round_trip"), server(SECONDS) as port:
        sender, user = letter.sender_and_user()
        list_ = dispatch.list_of(messages)
        for connections in CONNECTIONS:
            campaign = dispatch.audience_of(sender, user, list_)
            sent = dispatch.candor(port, campaign, 1, CONNECTIONS=str(connections))
            yield from _lines(connections, sent)


def _lines(connections: int, sent: dispatch.Sent) -> Iterator[dict[str, object]]:
    named = f"round trip of {SECONDS * 1000:.0f} ms, {connections} connections"
    yield {
        "bench": named,
        "value": round(sent.rate),
        "unit": "messages/s",
        "against": "a message a round trip and connection",
        "ratio": round(sent.rate / (connections / SECONDS), 3),
    }
    yield {
        "bench": f"{named}: processor",
        "value": round(sent.cost * 1000, 3),
        "unit": "ms a message",
        "against": "a whole processor at that rate",
        "ratio": round(sent.cost * sent.rate, 3),
    }
    yield {
        "bench": f"{named}: group in flight",
        "value": round(sent.in_flight * 1000),
        "unit": "ms",
        "against": f"{GROUP_SECONDS * 1000:.0f} ms",
        "ratio": round(sent.in_flight / GROUP_SECONDS, 2),
    }


@contextmanager
def server(seconds: float) -> Iterator[int]:
    """A server that answers after so many seconds, in a process of its own; gives its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.far_server", str(seconds)],
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        text=True,
    )
    with dispatch.ended(process):
        yield int(process.stdout.readline())
