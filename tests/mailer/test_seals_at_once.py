"""Sealing with real commits, several connections and processes: nobody waits, nothing is lost or sealed twice."""

import os
import signal
import subprocess
import sys
import threading
import time

import psycopg
import pytest
from django.db import connection, transaction

from mailer import evidence, suppression
from mailer.addresses import parse
from mailer.evidence import sealing
from mailer.models import Evidence, Seal

pytestmark = pytest.mark.long

ADD = "INSERT INTO mailer_evidence (verb, actor, subject) SELECT 'act', 'user 1', '' FROM generate_series(1, %s)"


def acted(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ADD, [number])


def in_threads(*acts) -> list:
    results, start = [], threading.Barrier(len(acts))

    def run(act):
        try:
            start.wait(timeout=10)
            results.append(act())
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def assert_all_sealed(number: int) -> None:
    verdict = evidence.verify()
    assert (verdict.breaks, verdict.reached, verdict.unsealed) == ([], number, 0)
    assert Evidence.objects.count() == number


def test_a_transaction_that_commits_after_later_rows_were_sealed_has_its_rows_sealed(living_database):
    with psycopg.connect(living_database.url) as slow:
        slow.execute(ADD, [2])  # numbered, and not yet to be seen
        acted(3)
        assert evidence.seal() == 3
        slow.commit()
    assert evidence.is_anything_unsealed()
    assert evidence.seal() == 2
    first_two = sorted(Evidence.objects.values_list("id", flat=True))[:2]
    assert list(Seal.objects.order_by("position").values_list("evidence_id", flat=True))[3:] == first_two
    assert_all_sealed(5)


def test_sealers_at_the_same_time_give_each_row_one_place(living_database, monkeypatch):
    monkeypatch.setattr(sealing, "BATCH", 50)
    acted(2_000)

    def patiently():
        sealed = 0
        while evidence.is_anything_unsealed():
            sealed += evidence.seal()
        return sealed

    assert sum(in_threads(patiently, patiently, patiently)) == 2_000
    assert_all_sealed(2_000)


def test_a_sealer_waits_for_no_writer_and_no_writer_for_a_sealer(living_database):
    acted(10)
    with psycopg.connect(living_database.url) as writer:
        writer.execute(ADD, [1])
        assert evidence.seal() == 10
    with transaction.atomic():
        assert evidence.seal() == 1  # not committed yet, so its lock is held
        with psycopg.connect(living_database.url) as writer:
            writer.execute("SET lock_timeout = '1s'")
            writer.execute(ADD, [5])
        ben = parse("ben@example.org")
        [entered] = in_threads(
            lambda: suppression.suppress(ben.mailbox_key, reason="opt_out", channel="phone", actor="user 1")
        )
        assert entered
    evidence.seal()
    assert_all_sealed(17)


SEALER = """
import django
django.setup()
from mailer import evidence
from mailer.evidence import sealing
sealing.BATCH = 20
while True:
    evidence.seal()
"""


def test_a_sealer_that_is_killed_leaves_a_whole_chain_that_the_next_goes_on_with(living_database):
    environment = living_database.environment(DJANGO_SETTINGS_MODULE="project.settings")
    for _ in range(5):
        acted(3_000)
        before = Seal.objects.count()
        sealer = subprocess.Popen([sys.executable, "-c", SEALER], env=environment)
        try:
            until = time.monotonic() + 30
            while Seal.objects.count() < before + 100 and time.monotonic() < until:
                time.sleep(0.002)
        finally:
            os.kill(sealer.pid, signal.SIGKILL)
            sealer.wait()
        assert Seal.objects.count() >= before + 100
        assert evidence.verify().is_whole
    until = time.monotonic() + 10
    while evidence.is_anything_unsealed() and time.monotonic() < until:
        evidence.seal()  # the killed one's lock goes with its session
    assert_all_sealed(15_000)
