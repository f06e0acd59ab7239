"""An import comes in whole or not at all, whatever happens to its worker, its database or its owner's patience."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from django.db import OperationalError, connection

from mailer import locks
from mailer.contacts import importing, progress
from mailer.models import Contact, Evidence, MailingList, RefusedRow, Subscription, Suppression

pytestmark = pytest.mark.usefixtures("data_dir")

ROWS = 3_000


@pytest.fixture
def friends(living_database):
    return MailingList.objects.create(name="Friends", slug="friends")


@pytest.fixture
def told_often(monkeypatch):
    monkeypatch.setattr(progress, "EVERY", 0)
    monkeypatch.setattr(progress, "LOOK_AT_CLOCK_EVERY", 100)


def file_of(rows):
    people = "".join(
        f"person{number}@example.org,{'' if number % 10 else 'unsubscribed'}\n" for number in range(rows)
    )
    return f"email,status\n{people}nope,\n".encode()


def begin(list_, rows=ROWS):
    return importing.begin(io.BytesIO(file_of(rows)), list=list_, source="form", filename="people.csv")


def nothing_came_in():
    return not any(model.objects.exists() for model in (Contact, Subscription, Suppression, RefusedRow))


def all_came_in(import_, rows=ROWS):
    import_.refresh_from_db()
    assert (import_.state, import_.error) == ("done", "")
    assert (import_.rows, import_.accepted, import_.suppressed) == (rows + 1, rows, rows // 10)
    assert import_.rejected == {"not_an_address": 1}
    assert import_.bytes_read == import_.bytes_total
    assert Subscription.objects.count() == Contact.objects.count() == rows - rows // 10
    assert Suppression.objects.count() == rows // 10
    assert RefusedRow.objects.count() == 1
    assert Evidence.objects.filter(verb="imported").count() == 1
    assert not Path(import_.path).exists()


def test_progress_shows_from_outside_while_nothing_counts_yet(friends, told_often):
    import_, seen = begin(friends), []

    def look(_):
        with closing(connection.copy()) as outside, outside.cursor() as cursor:
            cursor.execute(
                "SELECT state, bytes_read, rows, (SELECT count(*) FROM mailer_contact) FROM mailer_import"
            )
            seen.append(cursor.fetchone())

    assert importing.run(import_, look)
    assert {state for state, *_ in seen} == {"running"}
    assert [rows for _, _, rows, _ in seen] == list(range(100, ROWS + 1, 100))
    assert all(0 < bytes_read <= import_.bytes_total for _, bytes_read, _, _ in seen)
    assert {contacts for *_, contacts in seen} == {0}
    all_came_in(import_)


def test_progress_is_told_at_most_twice_a_second(friends):
    told = []
    started = time.monotonic()
    importing.run(begin(friends, rows=20_000), told.append)
    assert len(told) <= 2 * (time.monotonic() - started)


def test_an_import_whose_worker_was_killed_starts_again_and_comes_in_once(friends, living_database, data_dir):
    import_ = begin(friends, rows=30_000)
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        env=living_database.environment(DJANGO_SETTINGS_MODULE="project.settings", DATA_DIR=str(data_dir)),
        stdout=subprocess.PIPE,
    )
    try:
        assert worker.stdout.readline() == b"in the middle\n"
        assert not importing.run(import_)  # a living worker is left alone
        assert importing.run_waiting() == 0
        os.kill(worker.pid, signal.SIGKILL)
    finally:
        worker.kill()
        worker.wait()
        worker.stdout.close()
    _until_the_server_has_noticed(import_)
    import_.refresh_from_db()
    assert import_.state == "running"
    assert nothing_came_in()
    assert importing.is_anything_waiting()
    assert importing.run_waiting() == 1
    all_came_in(import_, rows=30_000)


WORKER = """
import time, django
django.setup()
from mailer.contacts import importing, progress
progress.EVERY = 0
def stop_here(import_):
    print("in the middle", flush=True)
    time.sleep(60)
from mailer.models import Import
from mailer import locks
with locks.held(locks.IMPORT, 0):
    importing.run(Import.objects.get(), stop_here)
"""


def _until_the_server_has_noticed(import_):
    """A server frees a dead client's locks when it next reads from it: soon on one machine, but not in no time."""
    for _ in range(100):
        with locks.held(locks.IMPORT, import_.pk) as free, locks.held(locks.IMPORT, 0) as also_free:
            if free and also_free:
                return
        time.sleep(0.1)
    raise AssertionError("The dead worker's lock was never freed.")


def test_a_database_connection_that_breaks_leaves_it_to_the_next_sweep(friends, told_often):
    import_, struck = begin(friends), []

    def strike(_):
        if not struck:
            struck.append(connection.connection.info.backend_pid)
            with closing(connection.copy()) as outside, outside.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s)", struck)

    with pytest.raises(OperationalError):
        importing.run(import_, strike)
    connection.close()
    import_.refresh_from_db()
    assert import_.state == "running"
    assert nothing_came_in()
    assert importing.run_waiting() == 1
    all_came_in(import_)


def test_stopped_by_hand_it_fails_whole_and_is_not_taken_up_again(friends, told_often):
    def stop(_):
        raise KeyboardInterrupt

    import_ = begin(friends)
    with pytest.raises(KeyboardInterrupt):
        importing.run(import_, stop)
    import_.refresh_from_db()
    assert (import_.state, import_.error) == ("failed", "It was stopped by hand.")
    assert nothing_came_in()
    assert not importing.is_anything_waiting()
    assert not Path(import_.path).exists()


@pytest.mark.parametrize(
    ("sqlstate", "words"),
    [
        ("53100", "The database's disk is full. Make room there"),
        ("XX000", "Candor could not finish it (InternalError)"),
    ],
)
def test_an_error_at_the_very_end_takes_everything_back(friends, sqlstate, words, caplog):
    """After contacts, places, refused rows and ledger were written: the evidence, the last row, is refused."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION 'person7@example.org' USING ERRCODE = '{sqlstate}'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER fail BEFORE INSERT ON mailer_evidence FOR EACH ROW"
            " WHEN (NEW.verb = 'imported') EXECUTE FUNCTION fail()"
        )
    import_ = begin(friends)
    assert importing.run(import_)
    import_.refresh_from_db()
    assert import_.state == "failed"
    assert words in import_.error
    assert "@" not in import_.error + caplog.text
    assert nothing_came_in()


def test_two_imports_of_the_same_people_at_the_same_time_lose_nobody(friends):
    others = MailingList.objects.create(name="Others", slug="others")
    imports = [begin(friends), begin(others)]

    def run(import_):
        importing.run(import_)
        connection.close()

    threads = [threading.Thread(target=run, args=[import_]) for import_ in imports]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    people = ROWS - ROWS // 10
    for import_ in imports:
        import_.refresh_from_db()
        assert (import_.state, import_.accepted) == ("done", ROWS)
        assert Subscription.objects.filter(list=import_.list).count() == people
    assert Contact.objects.count() == people


def test_a_file_that_is_gone_fails_in_words(friends):
    import_ = begin(friends)
    Path(import_.path).unlink()
    importing.run(import_)
    import_.refresh_from_db()
    assert (import_.state, import_.error) == (
        "failed",
        "The file is gone from the upload folder. Bring it in again.",
    )


def test_with_another_address_key_nothing_comes_in(friends, settings):
    importing.run(begin(friends))
    settings.ADDRESS_KEY = bytes(32)
    import_ = begin(friends)
    importing.run(import_)
    import_.refresh_from_db()
    assert import_.state == "failed"
    assert "Set ADDRESS_KEY back" in import_.error
