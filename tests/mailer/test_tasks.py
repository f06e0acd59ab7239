"""Celery is the alarm clock: each task that is called exists, has a worker, and may be lost."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction

from mailer import campaigns, tasks
from mailer.management.commands.run import Command as Run
from mailer.management.commands.run import parts as processes
from mailer.models import Heartbeat, Import, MailingList
from project.celery import SWEEP_SECONDS, app
from tests.stories import parts

NUDGES = {
    tasks.nudge_campaign: ("mailer.tasks.snapshot", (7,)),
    tasks.nudge_imports: ("mailer.tasks.run_imports", ()),
    tasks.nudge_tests: ("mailer.tasks.send_tests", ()),
    tasks.nudge_ways_back: ("mailer.tasks.send_ways_back", ()),
    tasks.nudge_data_links: ("mailer.tasks.send_data_links", ()),
    tasks.nudge_sign_ups: ("mailer.tasks.send_sign_ups", ()),
    tasks.nudge_verification: ("mailer.tasks.verify_evidence", ()),
}


def ours() -> set[str]:
    return {name for name in app.tasks if name.startswith("mailer.")}


def consumed() -> set[str]:
    """The queues that the workers of `run` take tasks from."""
    workers = [part.command for part in processes(keep_mail="all") if part.name == "worker"]
    assert workers
    assert not any({"-Q", "--queues", "-X"} & set(command) for command in workers)
    return set(app.amqp.queues.consume_from)


def test_every_task_is_routed_to_a_queue_that_the_workers_of_run_take_from():
    for name in ours():
        assert app.amqp.router.route({}, name)["queue"].name in consumed()


@pytest.mark.django_db
def test_run_makes_the_folder_in_which_beat_keeps_its_times(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "not" / "there"
    Run()._prepare(example=False)
    (beat,) = [part.command for part in processes(keep_mail="all") if part.name == "beat"]
    assert Path(beat[-1]).parent.is_dir()


def test_every_task_of_the_schedule_exists():
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= ours()


def test_a_clock_that_was_set_back_an_hour_does_not_silence_the_sweep():
    every = app.conf.beat_schedule["sweep"]["schedule"]
    now = every.now()
    assert every.is_due(now + timedelta(hours=1)) == (True, SWEEP_SECONDS)
    assert every.is_due(now - timedelta(hours=1)) == (True, SWEEP_SECONDS)
    hourly = app.conf.beat_schedule["record_head"]["schedule"]
    assert not hourly.is_due(hourly.now()).is_due


def test_a_nudge_asks_for_its_task_after_the_commit_and_not_before(living_database, monkeypatch):
    asked = []
    monkeypatch.setattr("celery.Task.apply_async", lambda task, args: asked.append((task.name, args)))
    for nudge, (name, arguments) in NUDGES.items():
        asked.clear()
        with transaction.atomic():
            nudge(*arguments)
            assert asked == []
        assert asked == [(name, arguments)]
        assert name in ours()
    assert {name for name in vars(tasks) if name.startswith("nudge_")} == {nudge.__name__ for nudge in NUDGES}


def test_a_nudge_that_is_rolled_back_asks_for_nothing(living_database, monkeypatch):
    asked = []
    monkeypatch.setattr("celery.Task.apply_async", lambda task, args: asked.append(task.name))
    with pytest.raises(RuntimeError), transaction.atomic():
        tasks.nudge_tests()
        raise RuntimeError
    assert asked == []


NUDGE_WITHOUT_BROKER = """
import time, django
django.setup()
from mailer import tasks
began = time.monotonic()
tasks.nudge_tests()
print(time.monotonic() - began)
"""


@pytest.mark.parametrize("broker", ["redis://127.0.0.1:9/0", "amqp://guest:guest@127.0.0.1:9//"])
def test_a_nudge_without_a_broker_is_a_warning_and_keeps_nobody_waiting(living_database, broker):
    done = subprocess.run(
        [sys.executable, "-c", NUDGE_WITHOUT_BROKER],
        env=living_database.environment(BROKER_URL=broker, DJANGO_SETTINGS_MODULE="project.settings"),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "The broker took no mailer.tasks.send_tests" in done.stderr
    assert float(done.stdout) < 15  # by itself the client library would try for ever


def test_the_sweep_shows_that_beat_and_worker_live_and_finds_what_no_nudge_told_of(
    living_database, settings, tmp_path, monkeypatch
):
    asked = []
    monkeypatch.setattr("celery.Task.apply_async", lambda task, args: asked.append((task.name, args)))
    with parts.mail_server(settings, tmp_path) as server:
        friends = parts.list_of(3)
        waiting, going = parts.draft(friends), parts.draft(friends)
        for campaign in (waiting, going):
            campaigns.launch(campaign, parts.staff())
        tasks.snapshot(going.pk)
        test = campaigns.request_test(waiting, parts.staff().email, parts.staff())
        Import.objects.create(list=MailingList.objects.get(), source="form", filename="a.csv", path="a.csv")
        asked.clear()
        tasks.sweep()
        test.refresh_from_db()
        assert (test.state, server.store.count()) == ("accepted", 1)
    assert ("mailer.tasks.snapshot", (waiting.pk,)) in asked
    assert asked.count(("mailer.tasks.send_slice", ())) == 2
    assert ("mailer.tasks.run_imports", ()) in asked
    assert ("mailer.tasks.seal_evidence", ()) in asked
    assert set(Heartbeat.objects.values_list("name", flat=True)) == {"beat", "worker"}


def test_an_unexpected_error_pauses_the_campaign_in_words_and_an_absent_database_does_not(
    living_database, settings, tmp_path, monkeypatch
):
    from django.db import InterfaceError, OperationalError

    campaign = parts.draft(parts.list_of(1))
    campaigns.launch(campaign, parts.staff())
    for absent in (OperationalError, InterfaceError):
        monkeypatch.setattr("mailer.dispatch.run_slice", _raising(absent("gone")))
        with pytest.raises(absent):
            tasks.send_slice()
        campaign.refresh_from_db()
        assert campaign.state == "sending"
    monkeypatch.undo()
    tasks.snapshot(campaign.pk)
    monkeypatch.setattr("mailer.dispatch.run.fill", _raising(ZeroDivisionError("by a person's address")))
    with parts.mail_server(settings, tmp_path) as server:
        tasks.send_slice()
        assert server.store.count() == 0
    campaign.refresh_from_db()
    assert campaign.state == "paused"
    assert "ZeroDivisionError" in campaign.pause_reason
    assert "address" not in campaign.pause_reason
    assert parts.states(campaign) == {"pending": 1}


def _raising(wrong: Exception):
    def raising(*_: object, **__: object) -> None:
        raise wrong

    return raising
