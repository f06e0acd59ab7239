"""Whether a campaign of a hundred times as many people costs a hundred times as much, and the worker no more memory.

One list is brought in, and campaigns go to 10,000 of its people, then to ten times as many, up to ROWS: each has its
audience fixed, and is sent by one worker process to smtp-sink. Times are for each recipient, so linear growth is 1.
"""

import itertools
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import connection

from bench import dispatch, letter, scratch
from mailer import audience
from mailer.models import MailingList, Sender

FIRST, TIMES = 10_000, 10
SLOWEST = 500  # messages a second that a machine must reach; a campaign that takes longer is ended

PART_OF = """
INSERT INTO mailer_subscription (contact_id, list_id, source, subscribed_at)
SELECT contact_id, %s, source, subscribed_at FROM mailer_subscription WHERE list_id = %s ORDER BY contact_id LIMIT %s
"""
# A worker's start is the same whatever the size, so it is not counted.
SENDING = """
SELECT extract(epoch FROM max(settled_at) - min(handed_over_at)) FROM mailer_message WHERE campaign_id = %s
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one recipient of a campaign costs, in seconds, and the largest worker process so far, in MB."""

    snapshot: float
    dispatch: float
    memory: float


def run(rows: int = 100_000) -> Iterator[dict[str, object]]:
    """Yields three lines for each size after the first: what it costs, against the first."""
    sizes = [size for n in range(5) if (size := FIRST * TIMES**n) <= rows]
    with scratch.database("growth"), dispatch.sink() as port:
        sender, user = letter.sender_and_user()
        everybody = dispatch.list_of(sizes[-1])
        costs = [_cost(port, sender, user, everybody, size) for size in sizes]
    for size, cost in itertools.islice(zip(sizes, costs, strict=True), 1, None):
        yield _line("snapshot", size, cost.snapshot * 1e6, "µs a recipient", costs[0].snapshot * 1e6)
        yield _line("dispatch", size, cost.dispatch * 1e6, "µs a message", costs[0].dispatch * 1e6)
        yield _line("worker's memory", size, cost.memory, "MB", costs[0].memory)


def _line(what: str, size: int, value: float, unit: str, first: float) -> dict[str, object]:
    return {
        "bench": f"growth: {what}, {size:,} recipients",
        "value": round(value, 1),
        "unit": unit,
        "against": f"with {FIRST:,}",
        "ratio": round(value / first, 3),
    }


def _cost(port: int, sender: Sender, user: User, everybody: MailingList, size: int) -> Cost:
    campaign = letter.launched(sender, user, _part(everybody, size))
    began = time.monotonic()
    audience.snapshot(campaign)
    fixed = time.monotonic() - began
    dispatch.candor(port, campaign, 1, patience=max(dispatch.PATIENCE, size // SLOWEST))
    # of all that have ended: each size is larger than those before, and none but workers has been waited for
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    with connection.cursor() as cursor:
        cursor.execute(SENDING, [campaign.pk])
        return Cost(fixed / size, float(cursor.fetchone()[0]) / size, memory)


def _part(everybody: MailingList, size: int) -> MailingList:
    """A list of so many of them."""
    some = MailingList.objects.create(name=f"{size:,} people", slug=f"people-{size}")
    with connection.cursor() as cursor:
        cursor.execute(PART_OF, [some.pk, everybody.pk, size])
        cursor.execute("ANALYZE mailer_subscription")
    return some
