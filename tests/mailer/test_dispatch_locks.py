"""Promise 2 between two connections: once an opt-out, pause, cancel or stop is answered, no hand-over begins.

Each round puts a hand-over and what forbids it into one of three orders: the hand-over held up in the middle
of its UPDATE, the forbidding held up before its commit, or both let go at once. With the locks left out,
rounds of the first two orders end in a hand-over after the answer.
"""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from mailer import addresses, campaigns, journal, replaying, suppression
from mailer.addresses import Address
from mailer.dispatch.claim import Claim, claim, worker_mark
from mailer.dispatch.hand_over import hand_over
from mailer.dossier import tables as dossiers
from mailer.journal import Line, What
from mailer.models import Campaign, JournalFile, JournalMark, Message, Revision
from mailer.suppression import Status
from tests.stories import parts

ROUNDS = 60
LATE = """
SELECT message.campaign_id FROM mailer_message AS message
JOIN mailer_suppression AS against USING (mailbox_key) WHERE message.handed_over_at > against.recorded_at
"""

Forbidding = Callable[[Campaign, Address], Any]


def one_suppressed(_: Campaign, person: Address) -> None:
    suppression.suppress(person.mailbox_key, reason="opt_out", channel="page", actor="recipient")


def many_suppressed(_: Campaign, person: Address) -> None:
    suppression.suppress_many([Status(person, "opt_out")], import_id=1, actor="worker")


FORBIDDING: dict[str, tuple[Forbidding, str]] = {
    "an opt-out": (one_suppressed, "withheld"),
    "a file's opt-outs": (many_suppressed, "withheld"),
    "a pause": (lambda campaign, _: campaigns.pause(campaign, None), "pending"),
    "a cancel": (lambda campaign, _: campaigns.cancel(campaign, None), "withheld"),
    "the kill switch": (lambda *_: campaigns.stop_all(None, "a test"), "pending"),
}


@pytest.mark.duty("D59", "D60")
@pytest.mark.parametrize("name", FORBIDDING)
def test_nothing_is_handed_over_after_the_answer(living_database, name: str):
    forbid, otherwise = FORBIDDING[name]
    launched = parts.draft(parts.list_of(1))
    revision = campaigns.launch(launched, parts.staff())
    after = before = 0
    with ThreadPoolExecutor(2) as threads, worker_mark() as worker:
        for turn in range(ROUNDS):
            campaign, person = _campaign_to_one(turn, revision)
            campaigns.allow_all(None)
            order = (_hand_over_first, _forbid_first, _at_once)[turn % 3]
            taken = claim(campaign, [], worker)
            seen = order(threads, campaign, taken, partial(forbid, campaign, person))
            state = _state(campaign)
            assert (
                state
                in {
                    _hand_over_first: {"handed_over"},
                    _forbid_first: {otherwise},
                    _at_once: {"handed_over", otherwise},
                }[order]
            ), f"{order.__name__}: {state}, and {seen} when it was answered"
            after += state == "handed_over" and seen != "handed_over"
            before += state == "handed_over"
        assert dossiers.asked(LATE) == []  # as the times that dossiers compare tell it, too
    assert after == 0
    assert before >= ROUNDS // 3


def _campaign_to_one(turn: int, revision: Revision) -> tuple[Campaign, Address]:
    """A person that the ledger does not know, and a campaign with one message due, to them."""
    person = addresses.parse(f"round{turn}@example.org")
    campaign = Campaign.objects.create(
        name="Round", sender=revision.campaign.sender, state="sending", revision=revision
    )
    Message.objects.create(
        campaign_id=campaign.pk,
        address_key=person.address_key,
        mailbox_key=person.mailbox_key,
        contact_id=0,
    )
    return campaign, person


def _hand_over_first(
    threads: ThreadPoolExecutor, campaign: Campaign, taken: Claim, forbid: Callable[[], Any]
) -> str:
    """The hand-over has taken its snapshot and waits for a row; the forbidding comes then."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT FROM mailer_message WHERE campaign_id = %s FOR UPDATE", [campaign.pk])
        handing = threads.submit(_on_its_own_connection, hand_over, campaign.pk, taken.number, taken.messages)
        _wait_for_waiters(1)
        answered = threads.submit(_on_its_own_connection, _answer, forbid, campaign)
        _wait_for_waiters(2, answered)
    handing.result(20)
    return answered.result(20)


def _forbid_first(
    threads: ThreadPoolExecutor, campaign: Campaign, taken: Claim, forbid: Callable[[], Any]
) -> str:
    """The forbidding has written and not committed; the hand-over comes then."""
    written, go = threading.Event(), threading.Event()

    def forbidding() -> str:
        with transaction.atomic():
            forbid()
            written.set()
            go.wait(20)
        return _state(campaign)

    answered = threads.submit(_on_its_own_connection, forbidding)
    assert written.wait(20)
    handing = threads.submit(_on_its_own_connection, hand_over, campaign.pk, taken.number, taken.messages)
    _wait_for_waiters(1, handing)
    go.set()
    handing.result(20)
    return answered.result(20)


def _at_once(threads: ThreadPoolExecutor, campaign: Campaign, taken: Claim, forbid: Callable[[], Any]) -> str:
    start = threading.Barrier(2)

    def begin(act: Callable[..., Any], *with_: Any) -> Any:
        _state(campaign)  # each connection is open before the race
        start.wait(20)
        time.sleep(random.random() / 500)
        return act(*with_)

    handing = threads.submit(
        _on_its_own_connection, begin, hand_over, campaign.pk, taken.number, taken.messages
    )
    answered = threads.submit(_on_its_own_connection, begin, _answer, forbid, campaign)
    handing.result(20)
    return answered.result(20)


def _answer(forbid: Callable[[], Any], campaign: Campaign) -> str:
    """Forbid, and say how the message stood when that had returned."""
    forbid()
    return _state(campaign)


WAITING = """
SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE NOT granted AND datname = current_database()
"""


def _wait_for_waiters(number: int, *or_done: Future) -> None:
    """Until so many sessions wait for a lock, or what should have waited has gone through."""
    until = time.monotonic() + 10
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees others as they were
            cursor.execute(WAITING)
            if cursor.fetchone()[0] >= number or any(one.done() for one in or_done):
                return
            time.sleep(0.001)
    raise AssertionError("Nobody waits for a lock.")


def _state(campaign: Campaign) -> str:
    return Message.objects.get(campaign_id=campaign.pk).state


def _on_its_own_connection(act: Callable[..., Any], *with_: Any) -> Any:
    try:
        return act(*with_)
    finally:
        connection.close()


def test_a_ledger_older_than_the_journal_has_known_hands_nothing_over_until_it_was_replayed(living_database):
    """As when a dump is put under a living session, which has nothing to notice it by."""
    revision = campaigns.launch(parts.draft(parts.list_of(1)), parts.staff())
    campaign, person = _campaign_to_one(1, revision)
    other, _ = _campaign_to_one(2, revision)
    with worker_mark() as worker:
        one_suppressed(campaign, person)
        replaying.assure()
        JournalFile.objects.all().delete()
        JournalMark.objects.all().delete()
        taken = claim(other, [], worker)
        assert hand_over(other.pk, taken.number, taken.messages) == ([], {"pending": 1})
        replaying.replay()
        taken = claim(other, [], worker)
        assert hand_over(other.pk, taken.number, taken.messages)[1] == {"handed_over": 1}


def test_an_opt_out_that_only_the_journal_has_is_entered_before_the_hand_over(living_database):
    revision = campaigns.launch(parts.draft(parts.list_of(1)), parts.staff())
    campaign, person = _campaign_to_one(1, revision)
    with worker_mark() as worker:
        replaying.assure()
        told = Line(timezone.now(), What.SUPPRESSED, person.mailbox_key, None, "opt_out", "page")
        journal.write([replace(told, received_at=told.at)])
        journal.tell_waiting()  # as a web process does that has lost the database, while we have not
        taken = claim(campaign, [], worker)
        assert hand_over(campaign.pk, taken.number, taken.messages) == ([], {"withheld": 1})
