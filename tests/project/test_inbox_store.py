"""The inbox's store keeps each byte, in order, whatever happens to the process that writes."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project.inbox.store import SEGMENT_MESSAGES, InboxInUse, MessageStore, NoSuchMessage, header

ADDRESS = "lee@example.net"
addresses = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)
envelopes = st.tuples(addresses, st.lists(addresses, max_size=3), st.binary(max_size=300))


@pytest.fixture
def store(tmp_path):
    with MessageStore(tmp_path) as store:
        yield store


def fill(store: MessageStore, count: int) -> None:
    for number in range(1, count + 1):
        store.append("sender@example.org", [ADDRESS], b"Subject: number %d\r\n\r\n" % number)


def numbers(store: MessageStore) -> list[int]:
    return [received.number for received in store.iterate()]


@settings(deadline=None)
@given(st.lists(envelopes, max_size=5))
def test_every_message_comes_back_byte_for_byte_and_in_order(tmp_path_factory, given_messages):
    directory = tmp_path_factory.mktemp("store")
    with MessageStore(directory) as store:
        assert [store.append(*message) for message in given_messages] == [
            n + 1 for n in range(len(given_messages))
        ]
    found = [(r.mail_from, list(r.rcpt_tos), r.raw) for r in MessageStore(directory).iterate()]
    assert found == [tuple(message) for message in given_messages]


@settings(deadline=None)
@given(
    st.lists(st.binary(max_size=60), min_size=1, max_size=4),
    st.sampled_from([".raw", ".index"]),
    st.integers(min_value=0, max_value=400),
)
def test_a_torn_end_loses_no_message_before_it_and_the_next_append_is_whole(
    tmp_path_factory, contents, suffix, lost
):
    directory = tmp_path_factory.mktemp("store")
    with MessageStore(directory) as store:
        for raw in contents:
            store.append("", [ADDRESS], raw)
    torn = directory / f"000000000001{suffix}"
    os.truncate(torn, max(torn.stat().st_size - lost, 0))

    with MessageStore(directory) as store:
        survivors = [received.raw for received in store.iterate()]
        assert survivors == contents[: len(survivors)]
        assert store.count() == len(survivors)
        assert store.append("", [ADDRESS], b"after the fall") == len(survivors) + 1
        assert [received.raw for received in store.iterate()] == [*survivors, b"after the fall"]


def test_only_the_last_message_is_lost_when_its_index_line_is_torn(store, tmp_path):
    fill(store, 3)
    store.close()
    index = tmp_path / "000000000001.index"
    os.truncate(index, index.stat().st_size - 1)
    assert numbers(store) == [1, 2]


def test_bytes_without_an_index_line_are_cut_off_by_the_next_append(store, tmp_path):
    fill(store, 1)
    store.close()
    with (tmp_path / "000000000001.raw").open("ab") as file:
        file.write(b"half a mess")
    store.append("", [ADDRESS], b"whole")
    assert (tmp_path / "000000000001.raw").read_bytes() == b"Subject: number 1\r\n\r\nwhole"


def test_a_killed_writer_leaves_whole_messages_and_no_lock(tmp_path):
    program = (
        "import os, sys; from pathlib import Path; from project.inbox.store import MessageStore\n"
        "store = MessageStore(Path(sys.argv[1]))\n"
        "for n in range(1200): store.append('', ['a@b.c'], b'x' * n)\n"
        "os.kill(os.getpid(), 9)"
    )
    died = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert died.returncode == -9
    with MessageStore(tmp_path) as store:
        assert [len(received.raw) for received in store.iterate()] == list(range(1200))
        assert store.append("", [ADDRESS], b"next") == 1201


def test_another_writer_is_turned_away_until_the_first_has_closed(store, tmp_path):
    fill(store, 1)
    with MessageStore(tmp_path) as second:
        with pytest.raises(InboxInUse, match="Another inbox is already writing"):
            second.append("", [ADDRESS], b"")
        with pytest.raises(InboxInUse):
            second.clear()
        store.close()
        assert second.append("", [ADDRESS], b"") == 2


def test_a_reader_sees_each_message_as_soon_as_it_is_appended(store, tmp_path):
    reader = MessageStore(tmp_path)
    assert (reader.count(), reader.latest(5), numbers(reader)) == (0, [], [])
    for number in range(1, 4):
        fill(store, 1)
        assert reader.count() == number
        assert reader.read(number).number == number


def test_a_directory_that_does_not_exist_reads_as_empty_and_is_not_made(tmp_path):
    reader = MessageStore(tmp_path / "inbox")
    assert (reader.count(), reader.latest(5), numbers(reader)) == (0, [], [])
    assert not (tmp_path / "inbox").exists()


def test_keep_drops_whole_segments_and_never_one_of_the_newest(tmp_path):
    with MessageStore(tmp_path, keep=700) as store:
        for _ in range(2300):
            store.append("", [ADDRESS], b"x")
            assert store.count() >= min(700, store.latest(1)[0].number)
        assert numbers(store) == list(range(1001, 2301))
        assert len(list(tmp_path.glob("*.raw"))) == 3
        with pytest.raises(NoSuchMessage, match="no message 1000"):
            store.read(1000)


def test_without_keep_everything_stays(tmp_path):
    with MessageStore(tmp_path) as store:
        fill(store, 3 * SEGMENT_MESSAGES + 1)
        assert numbers(store) == list(range(1, 3 * SEGMENT_MESSAGES + 2))
        assert store.count() == 3 * SEGMENT_MESSAGES + 1


@pytest.mark.parametrize("number", [-1, 0, 4, 10**20])
def test_a_number_that_no_message_has_is_said_to_have_none(store, number):
    fill(store, 3)
    with pytest.raises(NoSuchMessage):
        store.read(number)


@pytest.mark.parametrize("number", [1, SEGMENT_MESSAGES, SEGMENT_MESSAGES + 1, 1100])
def test_each_number_finds_its_own_message_in_any_segment(store, number):
    fill(store, 1100)
    assert store.read(number).raw == b"Subject: number %d\r\n\r\n" % number


def test_latest_goes_from_the_newest_down_below_the_given_number(store):
    fill(store, SEGMENT_MESSAGES + 2)
    first = store.latest(3)
    assert [summary.number for summary in first] == [502, 501, 500]
    assert [summary.number for summary in store.latest(2, before=500)] == [499, 498]
    assert store.latest(2, before=1) == []


@pytest.mark.parametrize("words", ["BOUNCE+7", "lee@", "Lee <", "prüf", "PRÜFUNG"])
def test_search_finds_addresses_and_subjects_in_capitals_or_not(store, words):
    fill(store, 2)
    store.append(
        "bounce+7@example.org", ["Lee@example.net"], "Subject: Prüfung\r\nTo: Lee <lee@b.c>\r\n\r\n".encode()
    )
    assert 3 in [summary.number for summary in store.latest(9, search=words)]
    assert [summary.number for summary in store.latest(9, search="prüf")] == [3]
    assert store.latest(9, search="zebra") == []


def test_a_summary_tells_what_the_index_knows(store):
    raw = b"Subject: Hello\r\nTo: Lee <lee@example.net>\r\n\r\nBody"
    before = datetime.now(UTC)
    store.append("a@b.c", [ADDRESS, "max@example.net"], raw)
    [summary] = store.latest(1)
    assert before <= summary.received_at <= datetime.now(UTC)
    assert summary.received_at == store.read(1).received_at
    assert (summary.mail_from, summary.rcpt_tos) == ("a@b.c", (ADDRESS, "max@example.net"))
    assert (summary.subject, summary.header_to) == ("Hello", "Lee <lee@example.net>")
    assert summary.size == len(raw)


def test_clear_forgets_everything_and_counts_from_one_again(store, tmp_path):
    fill(store, SEGMENT_MESSAGES + 1)
    store.clear()
    assert (store.count(), numbers(store)) == (0, [])
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]
    assert store.append("", [ADDRESS], b"first") == 1


def test_a_full_disk_is_reported_and_leaves_the_store_whole(store, monkeypatch):
    fill(store, 2)
    import project.inbox.store as module

    def full(file, data):
        file.write(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(module, "_write_whole", full)
        with pytest.raises(OSError, match="No space left"):
            store.append("", [ADDRESS], b"too much")
    assert store.append("", [ADDRESS], b"fits") == 3
    assert [received.raw for received in store.iterate()][1:] == [b"Subject: number 2\r\n\r\n", b"fits"]


def test_a_segment_that_vanishes_while_it_is_read_reads_as_empty(store, tmp_path):
    fill(store, 2)
    (tmp_path / "000000000001.raw").unlink()
    assert (numbers(store), store.count(), store.latest(3)) == ([], 0, [])


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"Subject: plain\r\n\r\nSubject: body\r\n", "plain"),
        (b"From: a\r\nsUBJECT:   folded\r\n here\r\n\tand there\r\nTo: b\r\n\r\n", "folded here\tand there"),
        (b"Subject: =?utf-8?q?Pr=C3=BCfung_=E2=80=93?=\r\n =?utf-8?b?IHR3bw==?=\r\n\r\n", "Prüfung – two"),
        (b"Subject: =?nonsense?q?a?=\r\n\r\n", "=?nonsense?q?a?="),
        (b"Subject: =?utf-8?b?a?=\r\n\r\n", "=?utf-8?b?a?="),
        (b"Subject: \xff\r\n\r\n", "\N{REPLACEMENT CHARACTER}"),
        (b"X-Subject: no\r\n\r\nSubject: body\r\n", ""),
        (b"Subject: at the very end", "at the very end"),
        (b"Subject:\r\nTo: b\r\n\r\n", ""),
        (b"", ""),
    ],
)
def test_a_header_is_read_as_a_person_would_write_it(raw, value):
    assert header(raw, b"Subject") == value


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_at_all_upset_the_reading_of_a_header(rest):
    header(b"Subject: =?" + rest, b"Subject")


def test_raw_and_index_files_are_named_after_their_first_message(store, tmp_path: Path):
    fill(store, SEGMENT_MESSAGES + 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "000000000001.index",
        "000000000001.raw",
        "000000000501.index",
        "000000000501.raw",
        "lock",
    ]
