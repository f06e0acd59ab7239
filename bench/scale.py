"""What finished messages cost those that go out: the same work beside 10,000 rows of old campaigns, and beside ROWS.

The ledger grows with them, to half as many entries: ten million beside 20 million messages.

Everything timed is the code that workers, the sweep and the admin call. A new campaign of 10,000 goes through claim,
hand-over and settle both times. Old rows are put in as a campaign leaves them, 500,000 to a campaign; the table is then
vacuumed as autovacuum would have.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from statistics import median

from django.contrib.auth.models import User
from django.db import ProgrammingError, connection
from django.test import Client
from django.utils import timezone

from bench import dispatch, letter, scratch
from bench.import_ import fill_ledger
from mailer import audience, campaigns
from mailer.dispatch import claim, hand_over, is_anything_due, recover, settle, withhold_cancelled
from mailer.management.commands.status import Command as Status
from mailer.models import Campaign, Contact, Message
from mailer.privacy import access, persons, retention
from mailer.transports import Kind, Outcome

FEW = 10_000  # old rows at first, and messages of the campaign that goes out
A_CAMPAIGN = 500_000
GROUPS = 8  # of claim.CLAIM_SIZE messages; medians of them are told
TIMES = 5  # of what is asked, not done

# As accepted, refused and withheld rows are left, in the order that a snapshot puts them in.
KEYS = (
    "CREATE UNLOGGED TABLE key AS SELECT n, sha256(n::text::bytea) AS of_n FROM generate_series(1, %s) AS n"
)
OLD = """
INSERT INTO mailer_message (campaign_id, address_key, mailbox_key, contact_id, state, reason, detail, attempts, due_at,
                            handed_over_at, settled_at, sha256)
SELECT %(campaign)s, substring(of_n FOR 16), substring(of_n FOR 16), 1000000000 + n,
       CASE WHEN n %% 50 = 0 THEN 'withheld' WHEN n %% 101 = 0 THEN 'refused' ELSE 'accepted' END,
       CASE WHEN n %% 50 = 0 THEN 'opt_out' ELSE '' END,
       CASE WHEN n %% 50 = 0 THEN '' ELSE '250 2.0.0 Ok: queued as 4XyZ1234567' END,
       (n %% 50 <> 0)::int, %(at)s, CASE WHEN n %% 50 <> 0 THEN %(at)s END, %(at)s, CASE WHEN n %% 50 <> 0 THEN of_n END
FROM key WHERE n <= %(rows)s ORDER BY 2
"""


def run(rows: int = 1_000_000) -> Iterator[dict[str, object]]:
    """Yields one line for each thing that is done or asked: its time beside `rows`, against that beside few."""
    with scratch.database("scale"):
        sender, user = letter.sender_and_user()
        list_ = dispatch.list_of(FEW)
        with connection.cursor() as cursor:
            cursor.execute(KEYS, [min(A_CAMPAIGN, rows)])
        times = []
        for more in (FEW, rows - FEW):
            fill_ledger(more // 2)
            old = _put_old(letter.launched(sender, user, list_), more)
            times.append(dict(_times(letter.launched(sender, user, list_), old, user)))
    few, many = times
    for what, seconds in many.items():
        yield {
            "bench": f"scale: {what}",
            "value": round(seconds * 1000, 2),
            "unit": "ms",
            "against": f"the same beside {FEW:,} finished messages, not {rows:,}",
            "ratio": round(seconds / few[what], 2),
        }


def _put_old(launched: Campaign, rows: int) -> Campaign:
    """So many finished messages, in campaigns like this one; returns it, the first of them."""
    now = timezone.now()
    with connection.cursor() as cursor:
        for number in itertools.count():
            campaign = launched if number == 0 else _like(launched)
            part = min(A_CAMPAIGN, rows)
            cursor.execute(OLD, {"campaign": campaign.pk, "rows": part, "at": now})
            Campaign.objects.filter(pk=campaign.pk).update(
                state=Campaign.State.SENT, snapshot_at=now, finished_at=now
            )
            rows -= part
            if not rows:
                break
        cursor.execute("VACUUM ANALYZE mailer_message")
        with suppress(
            ProgrammingError
        ):  # that is for few roles; without it the fill is written while we measure
            cursor.execute("CHECKPOINT")
    while campaigns.keep_counts():  # as the sweep does
        pass
    launched.refresh_from_db()
    return launched


def _like(campaign: Campaign) -> Campaign:
    return Campaign.objects.create(
        name="Old",
        sender=campaign.sender,
        subject=campaign.subject,
        html=campaign.html,
        state=Campaign.State.SENT,
        revision=campaign.revision,
        launched_at=campaign.launched_at,
    )


# -- what is timed --------------------------------------------------------------------------------------


def _times(campaign: Campaign, old: Campaign, user: User) -> Iterator[tuple[str, float]]:
    """Names and seconds."""
    yield "snapshot of 10,000", _seconds(lambda: audience.snapshot(campaign))
    yield from _sent(campaign)
    yield "recover 500", _recovered(campaign)
    for what, ask in _asked(campaign, old, user).items():
        ask()
        yield what, median(_seconds(ask) for _ in range(TIMES))


def _sent(campaign: Campaign) -> Iterator[tuple[str, float]]:
    lists = list(campaign.lists.values_list("pk", flat=True))
    took: dict[str, list[float]] = {"claim 500": [], "hand over 500": [], "settle 500": []}
    with claim.worker_mark() as worker:
        for _ in range(GROUPS):
            began = time.perf_counter()
            taken = claim.claim(campaign, lists, worker)
            claimed = time.perf_counter()
            allowed, _states = hand_over.hand_over(campaign.pk, taken.number, taken.messages)
            handed_over = time.perf_counter()
            outcomes = (Outcome(bytes(each.address_key), Kind.ACCEPTED, "250 2.0.0 Ok") for each in allowed)
            results = [
                settle.result_of(outcome, address="", attempts=0, sha256=b"s" * 32) for outcome in outcomes
            ]
            begun_settling = time.perf_counter()
            settled = settle.settle(campaign.pk, taken.number, results)
            ended = time.perf_counter()
            if settled != claim.CLAIM_SIZE:
                raise RuntimeError(f"Only {settled} of {claim.CLAIM_SIZE} messages were settled.")
            for name, seconds in zip(
                took, (claimed - began, handed_over - claimed, ended - begun_settling), strict=True
            ):
                took[name].append(seconds)
    for name, seconds in took.items():
        yield name, median(seconds)


def _recovered(campaign: Campaign) -> float:
    lists = list(campaign.lists.values_list("pk", flat=True))
    with claim.worker_mark() as worker:
        claim.claim(campaign, lists, worker)
    began = time.perf_counter()
    returned = recover().returned
    seconds = time.perf_counter() - began
    if returned != claim.CLAIM_SIZE:
        raise RuntimeError(f"Only {returned} of {claim.CLAIM_SIZE} messages were recovered.")
    return seconds


def _asked(campaign: Campaign, old: Campaign, user: User) -> dict[str, Callable[[], object]]:
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user)
    person = persons.person_of(bytes(Contact.objects.earliest("pk").mailbox_key))
    key = bytes(Message.objects.filter(campaign_id=old.pk).values_list("address_key", flat=True)[0])

    def page(path: str) -> Callable[[], object]:
        def get() -> None:
            answer = client.get(path)
            if answer.status_code != 200:
                raise RuntimeError(f"{path} answered {answer.status_code}.")

        return get

    return {
        "is anything due": lambda: is_anything_due(campaign.pk),
        "is it finished": lambda: campaigns.finish(campaign.pk),
        "withhold what was cancelled": withhold_cancelled,
        "progress of what goes out": lambda: campaigns.progress(campaign),
        "progress of an old campaign": lambda: campaigns.progress(old),
        "status": lambda: Status()._figures(),
        "page: overview": page("/admin/"),
        "page: campaigns": page("/admin/mailer/campaign/"),
        "page: messages of an old campaign": page(f"/admin/mailer/campaign/{old.pk}/messages/"),
        "one message by its key": lambda: Message.objects.get(campaign_id=old.pk, address_key=key),
        "what is held of one person": lambda: access.gather(person, timezone.now()),
        "what retention would delete": lambda: list(retention.run(timezone.now(), dry_run=True)),
    }


def _seconds(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began
