"""The ledger with real commits and several connections: what the locks of an opt-out promise."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from mailer import locks, suppression
from mailer.addresses import parse
from mailer.models import KeyCanary, Suppression
from mailer.replaying import Replayed, replay
from mailer.suppression import Channel, LedgerUnreadable, Reason, mailable, suppress
from tests.stories.parts import on_its_own_connection

ANN = parse("ann@example.org")
BEN = parse("ben@example.org")


def opt_out(address):
    return suppress(address.mailbox_key, reason=Reason.OPT_OUT, channel=Channel.PHONE, actor="user 1")


def test_the_key_is_proved_again_after_a_transaction_that_was_rolled_back(living_database, settings):
    """A canary that went with its transaction must not count as written."""
    with transaction.atomic():
        suppression.assert_ledger()
        transaction.set_rollback(True)
    assert not KeyCanary.objects.exists()
    suppression.assert_ledger()
    assert KeyCanary.objects.count() == 1
    settings.ADDRESS_KEY = bytes(32)
    with pytest.raises(LedgerUnreadable):
        suppression.assert_ledger()


def in_threads(count, act):
    """Run `act` in that many threads, each on a connection of its own, started together."""
    start, results = threading.Barrier(count), []

    def run():
        try:
            start.wait(timeout=10)
            results.append(act())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results


def test_opt_outs_that_come_at_the_same_time_are_entered_once(living_database):
    for number in range(20):
        address = parse(f"person{number}@example.org")
        results = in_threads(4, lambda address=address: opt_out(address))
        assert sorted(results) == [False, False, False, True]
        assert Suppression.objects.filter(mailbox_key=address.mailbox_key).count() == 1


def test_an_opt_out_waits_for_the_hand_over_that_has_begun_and_holds_back_the_next(living_database):
    done = threading.Event()

    def leave():
        opt_out(ANN)
        done.set()
        connection.close()

    with transaction.atomic():
        locks.ask_leave(1, [ANN.mailbox_key])
        thread = threading.Thread(target=leave)
        thread.start()
        assert not done.wait(0.5)
        assert not Suppression.objects.exists()
    assert done.wait(10)
    thread.join()
    assert not mailable(ANN)


def test_an_opt_out_waits_for_nobody_elses_hand_over(living_database):
    with transaction.atomic():
        locks.ask_leave(1, [BEN.mailbox_key])
        assert in_threads(1, lambda: opt_out(ANN)) == [True]


def test_an_entry_that_is_being_made_is_waited_for_and_not_made_twice(living_database):
    """The journal's line is there before its commit; the replay waits at the mailbox's lock and then asks again."""
    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            opt_out(ANN)
            replayed = thread.submit(on_its_own_connection, replay)
            with pytest.raises(TimeoutError):
                replayed.result(1)
        assert replayed.result(20) == Replayed(lines=1)
    assert Suppression.objects.count() == 1
