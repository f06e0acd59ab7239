"""The journal's lines and files: what was written is there, whole, and what is not whole is seen."""

import os
import resource
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from mailer import journal
from mailer.journal import DamagedLine, JournalUnreadable, JournalUnwritable, Line, What
from mailer.models import Suppression

CLONE = Path(__file__).resolve().parents[2]
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)

moments = st.datetimes(timezones=st.just(UTC))
keys = st.binary(min_size=16, max_size=16)
numbers = st.none() | st.integers(0, 10**18 - 1)
lines = st.one_of(
    st.builds(
        Line,
        at=moments,
        what=st.just(What.SUPPRESSED),
        mailbox_key=keys,
        address_key=st.none() | keys,
        reason=st.sampled_from(Suppression.Reason.values),
        channel=st.sampled_from(Suppression.Channel.values),
        campaign=numbers,
        import_id=numbers,
        received_at=moments,
    ),
    st.builds(
        Line,
        at=moments,
        what=st.just(What.REINSTATED),
        mailbox_key=keys,
        address_key=keys,
        received_at=moments,
    ),
    st.builds(Line, at=moments, what=st.just(What.VOIDED), import_id=numbers),
)


def line(number: int = 1, **changes) -> Line:
    """An opt-out of the mailbox with this number."""
    said = {
        "at": NOON + timedelta(seconds=number),
        "what": What.SUPPRESSED,
        "mailbox_key": number.to_bytes(16, "big"),
        "reason": "opt_out",
        "channel": "page",
        "received_at": NOON,
    }
    return Line(**{**said, **changes})


def written() -> list[Line]:
    """All lines in the journal, by their times."""
    files = journal.files().items()
    found = [journal.parse(raw) for name, size in files for raw in journal.lines_of(name, 0, size)]
    return sorted(found, key=lambda one: one.at)


# -- a line ------------------------------------------------------------------------------------------


@given(lines)
def test_a_line_is_read_as_it_was_written(told):
    raw = told.written()
    assert raw.count(b"\n") == 1
    assert raw.isascii()
    assert journal.parse(raw) == told


@given(lines, st.data())
def test_a_line_that_was_cut_off_anywhere_is_seen(told, data):
    raw = told.written()
    with pytest.raises(DamagedLine):
        journal.parse(raw[: data.draw(st.integers(0, len(raw) - 1))])


@given(lines, st.data())
def test_a_line_with_any_byte_changed_is_seen(told, data):
    raw = bytearray(told.written())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(DamagedLine):
        journal.parse(bytes(raw))


@given(st.binary(max_size=400))
def test_whatever_a_file_holds_is_a_line_of_ours_or_damaged(raw):
    with pytest.raises(DamagedLine):
        journal.parse(raw)


@given(lines)
def test_a_line_of_another_installation_is_no_line(told):
    raw, key = told.written(), settings.ADDRESS_KEY
    settings.ADDRESS_KEY = bytes(32)
    try:
        with pytest.raises(DamagedLine):
            journal.parse(raw)
    finally:
        settings.ADDRESS_KEY = key


def test_a_line_looks_like_this():
    assert line(3, campaign=12).written().startswith(
        b"1 2026-11-30T12:00:03.000000+00:00 suppressed 00000000000000000000000000000003 - opt_out page 12 - "
        b"2026-11-30T12:00:00.000000+00:00 "
    )  # fmt: skip


# -- files -------------------------------------------------------------------------------------------


def test_a_local_installation_makes_its_folder_and_one_that_has_none_reads_nothing(journal_dir):
    assert journal.files() == {}
    journal.write([line(1), line(2)])
    journal.write([line(3)])
    (name,) = journal.files()
    assert name.startswith(f"{datetime.now(UTC):%Y-%m-%d}-")
    assert f"-{os.getpid()}-" in name
    assert written() == [line(1), line(2), line(3)]
    assert (journal_dir / name).stat().st_mode & 0o007 == 0


def test_in_a_public_installation_a_folder_that_is_gone_stops_the_reader_in_words(journal_dir, settings):
    settings.LOCAL = False
    with pytest.raises(JournalUnreadable, match=f"The journal's folder {journal_dir} is not there"):
        journal.files()


def test_threads_that_come_together_share_a_flush_and_each_returns_after_its_own(monkeypatch):
    flush, flushes, first, over = os.fdatasync, [], threading.Event(), threading.Event()

    def slow(descriptor):
        flushes.append(descriptor)
        first.set()
        assert over.wait(10)
        flush(descriptor)

    monkeypatch.setattr(os, "fdatasync", slow)
    done = []

    def write(number):
        journal.write([line(number)])
        done.append((number, line(number) in written()))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    threads[0].start()
    assert first.wait(10)
    for thread in threads[1:]:
        thread.start()
    until = time.monotonic() + 10
    while len(written()) < 8 and time.monotonic() < until:
        time.sleep(0.01)
    assert done == []
    over.set()
    for thread in threads:
        thread.join(10)
    assert sorted(done) == [(number, True) for number in range(8)]
    assert len(flushes) == 2
    assert written() == [line(number) for number in range(8)]


WRITE = """
import sys
import django
django.setup()
from datetime import UTC, datetime
from mailer import journal
from mailer.journal import Line, What
process, count = int(sys.argv[1]), int(sys.argv[2])
for number in range(count):
    key = (process * 1000 + number).to_bytes(16, "big")
    at = datetime.now(UTC)
    journal.write([Line(at, What.SUPPRESSED, key, None, "opt_out", "page", None, None, at)])
    print(number, flush=True)
sys.stdin.read()
"""


def process(number: int, count: int, **options) -> subprocess.Popen:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "JOURNAL_DIR": str(settings.JOURNAL_DIR),
        "ADDRESS_KEY": settings.ADDRESS_KEY.hex(),
    }
    return subprocess.Popen(
        [sys.executable, "-c", WRITE, str(number), str(count)],
        cwd=CLONE, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
    )  # fmt: skip


def test_two_processes_write_a_file_each_and_a_third_goes_on_with_that_of_a_dead_one():
    both = [process(1, 100), process(2, 100)]
    for one in both:
        assert [one.stdout.readline() for _ in range(100)][-1] == b"99\n", one.stderr.read()
    assert len(journal.files()) == 2
    for name, size in journal.files().items():
        keys = [journal.parse(raw).mailbox_key for raw in journal.lines_of(name, 0, size)]
        first = int.from_bytes(keys[0], "big")
        assert keys == [(first + number).to_bytes(16, "big") for number in range(100)]
    both[0].kill()
    both[0].communicate()
    third = process(3, 5)
    assert third.communicate()[0].endswith(b"4\n")
    both[1].communicate()
    assert len(journal.files()) == 2
    assert len(written()) == 205


def test_nothing_follows_a_torn_line_in_its_file():
    journal.write([line(1)])
    ((name, _),) = journal.files().items()
    dead = settings.JOURNAL_DIR / name.replace(f"-{os.getpid()}-", "-1-")
    dead.write_bytes(line(2).written() + line(3).written()[:40])
    third = process(3, 1)
    third.communicate()
    assert len(journal.files()) == 3
    assert dead.read_bytes().endswith(line(3).written()[:40])
    assert [one for one in written() if one.mailbox_key in {line(2).mailbox_key, line(3).mailbox_key}] == [
        line(2)
    ]


def test_a_full_disk_is_told_and_what_was_half_written_spoils_nothing():
    """The kernel cuts a write off at the limit, as a full disk does."""
    raw = line(1).written()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(raw) * 2 + 50, before[1]))
    try:
        journal.write([line(1)])
        journal.write([line(2)])
        with pytest.raises(JournalUnwritable, match="can't be written: File too large"):
            journal.write([line(3)])
        assert written() == [line(1), line(2)]
        journal.write([line(4)])  # in a file of its own
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    journal.write([line(5)])
    assert written() == [line(1), line(2), line(4), line(5)]
    ends = [(settings.JOURNAL_DIR / name).read_bytes()[-50:] for name in journal.files()]
    assert len(ends) == 2
    assert line(3).written()[:50] in ends


def test_while_nothing_can_be_written_no_heap_of_empty_files_grows(monkeypatch):
    def full(descriptor, octets):
        raise OSError(28, "No space left on device")

    journal.write([line(1)])
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        for _ in range(5):
            with pytest.raises(JournalUnwritable, match="No space left on device"):
                journal.write([line(2)])
    journal.write([line(3)])
    assert written() == [line(1), line(3)]
    assert len(journal.files()) == 1


def test_a_flush_that_fails_is_told_and_the_next_line_goes_into_another_file(monkeypatch):
    def failing(descriptor):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", failing)
        with pytest.raises(JournalUnwritable, match="can't be written: Input/output error"):
            journal.write([line(1)])
    journal.write([line(2)])
    assert len(journal.files()) == 2
    assert line(2) in written()


def test_lines_do_not_follow_a_file_that_somebody_moves_away(journal_dir, tmp_path):
    journal.write([line(1)])
    (name,) = journal.files()
    (journal_dir / name).rename(tmp_path / name)
    journal.write([line(2)])
    assert written() == [line(2)]
    assert (tmp_path / name).read_bytes() == line(1).written()


def test_a_day_and_a_size_end_a_file(monkeypatch):
    journal.write([line(1)])
    monkeypatch.setattr("mailer.journal.writing._today", lambda: "2031-01-01")
    journal.write([line(2)])
    monkeypatch.setattr("mailer.journal.writing.LARGEST_FILE", 100)
    journal.write([line(3)])
    assert len(journal.files()) == 3
    assert written() == [line(1), line(2), line(3)]


# -- marks -------------------------------------------------------------------------------------------


def test_the_mark_is_what_was_set_and_one_that_nobody_can_read_is_ahead_of_every_ledger(journal_dir):
    assert journal.mark() == 0
    journal_dir.mkdir()
    journal.set_mark(1234)
    assert journal.mark() == 1234
    (journal_dir / "mark").write_text("rubbish")
    assert journal.mark() > 10**15
    assert [path.name for path in journal_dir.iterdir()] == ["mark"]


def test_each_line_told_to_wait_is_told_anew(journal_dir):
    assert journal.told_waiting() == 0
    journal_dir.mkdir()
    numbers = []
    for _ in range(3):
        journal.tell_waiting()
        numbers.append(journal.told_waiting())
    assert numbers == sorted(set(numbers))
