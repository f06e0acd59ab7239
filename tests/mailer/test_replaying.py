"""The journal is entered into a ledger that lacks something: nobody is resurrected, nobody is silenced twice."""

from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test import TestCase
from django.utils import timezone
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mailer import journal, replaying, suppression
from mailer.addresses import parse
from mailer.journal import JournalUnreadable, Line, What
from mailer.models import Evidence, Import, JournalFile, JournalMark, Reinstatement, Suppression, Trouble
from mailer.replaying import Replayed, assure, lag, replay
from mailer.suppression import Channel, Reason, Status, mailable
from tests.mailer.test_journal import line

ANN = parse("ann@example.org")
ANN_TAGGED = parse("ann+news@example.org")
BEN = parse("ben@example.org")

pytestmark = pytest.mark.django_db


def opt_out(address, reason=Reason.OPT_OUT) -> None:
    suppression.suppress(address.mailbox_key, reason=reason, channel=Channel.PAGE, actor="recipient")


def come_back(address, requested_at: datetime | None = None) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        suppression.reinstate(address, requested_at=requested_at or timezone.now())


@contextmanager
def undone():
    """What is done within is in the journal, and gone from the database: as after an older dump."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def kept_by_journal_alone(*lines: Line) -> None:
    journal.write(lines)


# -- what it enters ----------------------------------------------------------------------------------------


def test_what_an_older_dump_lost_is_entered_with_all_that_was_known_and_with_evidence():
    with undone():
        suppression.suppress(
            ANN.mailbox_key,
            address_key=ANN.address_key,
            reason=Reason.OPT_OUT,
            channel=Channel.ONE_CLICK,
            actor="recipient",
            campaign=7,
            received_at=datetime(2026, 11, 1, tzinfo=UTC),
        )
        before = Suppression.objects.values().get()
    assert mailable(ANN)
    assert replay() == Replayed(lines=1, entered=1)
    assert not mailable(ANN)
    after = Suppression.objects.values().get()
    for one in (before, after):
        one.pop("id"), one.pop("recorded_at")
    assert after == before
    assert after["journalled_at"] is not None
    told = Evidence.objects.get()
    assert (told.verb, told.actor, bytes(told.mailbox_key)) == ("suppressed", "journal", ANN.mailbox_key)
    assert told.details == {
        "entry": Suppression.objects.get().pk,
        "reason": "opt_out",
        "channel": "one_click",
        "campaign": 7,
        "import": None,
        "received_at": "2026-11-01T00:00:00+00:00",
    }


def test_what_the_ledger_has_is_left_alone_and_costs_nothing_the_next_time(django_assert_num_queries):
    opt_out(ANN)
    opt_out(ANN)
    opt_out(BEN, Reason.COMPLAINT)
    assert replay() == Replayed(lines=3)
    assert Suppression.objects.count() == Evidence.objects.count() == 2
    with django_assert_num_queries(3):  # of the key, the files, the mark
        assert replay() == Replayed()
    opt_out(BEN)
    assert replay() == Replayed(lines=1)


def test_a_trial_says_what_would_be_entered_and_does_nothing():
    with undone():
        opt_out(ANN)
    for _ in range(2):
        assert replay(is_trial=True) == Replayed(lines=1, entered=1)
    assert not Suppression.objects.exists()
    assert not JournalFile.objects.exists()


def test_a_torn_last_line_waits_for_its_rest_and_a_damaged_one_is_passed_and_told(capsys, journal_dir):
    with undone():
        opt_out(ANN)
    kept_by_journal_alone(line(5))
    (name,) = journal.files()
    raw = (journal_dir / name).read_bytes()
    (journal_dir / name).write_bytes(
        raw.replace(b"suppressed 0000", b"suppressed 0001") + line(6).written()[:50]
    )
    assert replay() == Replayed(lines=1, entered=1, damaged=1, torn=1)
    assert not mailable(ANN)
    assert JournalFile.objects.get().position == len(raw)
    assert replay() == Replayed(torn=1)
    with (journal_dir / name).open("ab") as file:
        file.write(line(6).written()[50:])
    assert replay() == Replayed(lines=1, entered=1)
    assert lag() == (0, 1)
    with pytest.raises(SystemExit):
        call_command("status")
    assert "1 lines of the journal are damaged" in capsys.readouterr().out


def test_lines_that_stand_in_several_files_and_several_times_are_entered_once(journal_dir):
    kept_by_journal_alone(line(1), line(2), line(1))
    (name,) = journal.files()
    (journal_dir / f"2020-01-01-other-1-aa{name[-8:]}").write_bytes((journal_dir / name).read_bytes())
    assert replay() == Replayed(lines=6, entered=2)


def test_a_file_that_shrank_is_read_from_its_beginning(journal_dir):
    kept_by_journal_alone(line(1), line(2))
    assert replay() == Replayed(lines=2, entered=2)
    (name,) = journal.files()
    (journal_dir / name).write_bytes(line(3).written())
    assert replay() == Replayed(lines=1, entered=1)


def test_many_are_entered_as_a_set():
    kept_by_journal_alone(*[line(number) for number in range(5000)])
    assert replay() == Replayed(lines=5000, entered=5000)
    assert Suppression.objects.count() == Evidence.objects.count() == 5000


# -- lifts -----------------------------------------------------------------------------------------------


def test_a_lift_that_an_older_dump_lost_is_lifted_again_for_its_address_alone():
    with undone():
        opt_out(ANN)
        come_back(ANN)
    assert replay() == Replayed(lines=2, entered=1, reinstated=1)
    assert mailable(ANN)
    assert not mailable(ANN_TAGGED)
    assert [told.actor for told in Evidence.objects.all()] == ["journal", "journal"]
    assert replay() == Replayed()


def test_an_opt_out_after_a_lift_wins():
    with undone():
        opt_out(ANN)
        come_back(ANN)
        opt_out(ANN)
    assert replay() == Replayed(lines=3, entered=2, overruled=1)
    assert not mailable(ANN)
    assert not Reinstatement.objects.exists()


def test_an_opt_out_between_asking_for_the_way_back_and_confirming_it_is_a_doubt_and_wins():
    with undone():
        opt_out(ANN)
        asked = timezone.now()
        opt_out(ANN)
        come_back(ANN, asked)
    replay()
    assert not mailable(ANN)


def test_a_lift_in_the_dump_stays_when_an_earlier_opt_out_is_entered_late():
    opt_out(ANN)
    late = timezone.now()
    come_back(ANN)
    assert mailable(ANN)
    kept_by_journal_alone(line(1, at=late, mailbox_key=ANN.mailbox_key, reason="complaint"))
    assert replay() == Replayed(lines=3, entered=1, reinstated=1)
    assert mailable(ANN)
    assert not mailable(ANN_TAGGED)


def test_a_lift_in_the_dump_does_not_cover_what_came_after_it():
    opt_out(ANN)
    come_back(ANN)
    with undone():
        opt_out(ANN)
    assert mailable(ANN)
    replay()
    assert not mailable(ANN)


def test_a_lift_whose_opt_out_is_nowhere_lifts_nothing():
    kept_by_journal_alone(
        Line(timezone.now(), What.REINSTATED, ANN.mailbox_key, ANN.address_key, received_at=timezone.now())
    )
    assert replay() == Replayed(lines=1)
    assert not Reinstatement.objects.exists()


ACTS = ("opt out", "complain", "ask", "confirm", "opt out unseen", "replay")


def act(name: str, asked: list[datetime]) -> None:
    """One thing that happens to Ann's mailbox."""
    if name == "opt out":
        opt_out(ANN)
    elif name == "complain":
        opt_out(ANN, Reason.COMPLAINT)
    elif name == "opt out unseen":  # the database is away
        now = timezone.now()
        kept_by_journal_alone(line(1, at=now, received_at=now, mailbox_key=ANN.mailbox_key))
    elif name == "ask":
        asked.append(timezone.now())
    elif name == "confirm" and asked:
        come_back(ANN, asked.pop())
    elif name == "replay":
        replay()


def standing() -> tuple[bool, bool]:
    return bool(mailable(ANN)), bool(mailable(ANN_TAGGED))


@pytest.mark.duty("D122")
@example(acts=["opt out", "opt out", "ask", "confirm"], dumped=0)
@example(acts=["ask", "opt out", "confirm", "opt out"], dumped=3)
@example(acts=["opt out", "ask", "confirm", "opt out unseen", "replay"], dumped=1)
@given(st.lists(st.sampled_from(ACTS), max_size=12), st.integers(0, 12))
@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_happened_after_the_dump_nobody_is_resurrected_and_a_second_replay_changes_nothing(
    journal_dir, acts, dumped
):
    for path in journal_dir.glob("*"):
        path.unlink()
    journal.writing._forget_writers()
    asked: list[datetime] = []
    with undone():
        for name in acts[:dumped]:
            act(name, asked)
        with undone():
            for name in acts[dumped:]:
                act(name, asked)
            replay()
            lived = standing()
        replay()
        restored = standing()
        assert [now for was, now in zip(lived, restored, strict=True) if now and not was] == []
        if not is_in_doubt(acts):
            assert restored == lived
        assert replay() == Replayed()
        JournalFile.objects.all().delete()
        replay()
        assert standing() == restored


def is_in_doubt(acts: list[str]) -> bool:
    """Whether something came against the mailbox between asking for the way back and confirming it."""
    since_asked = None
    for name in acts:
        if name == "ask":
            since_asked = False
        elif name in ("opt out", "complain", "opt out unseen") and since_asked is not None:
            since_asked = True
        elif name == "confirm" and since_asked:
            return True
    return False


# -- imports -----------------------------------------------------------------------------------------------


def import_says(import_id: int, *addresses) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        statuses = [Status(address, Reason.OPT_OUT) for address in addresses]
        suppression.suppress_many(statuses, import_id=import_id, actor="user 1")


def test_what_a_file_said_is_entered_again_as_its_word_and_its_number_is_not_given_out_again():
    with undone():
        import_says(9_001, ANN, BEN)
    assert replay() == Replayed(lines=2, entered=2)
    assert set(Suppression.objects.values_list("import_id", "channel")) == {(9_001, "import")}
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('mailer_import', 'id'))")
        assert cursor.fetchone() == (9_002,)


def test_a_file_that_failed_says_nothing():
    with undone():
        statuses = [Status(ANN, Reason.OPT_OUT)]
        suppression.suppress_many(statuses, import_id=9_001, actor="user 1")
    assert journal.files() == {}
    assert replay() == Replayed()


def test_what_a_voided_import_said_does_not_come_back():
    with undone():
        import_says(9_001, ANN)
        with TestCase.captureOnCommitCallbacks(execute=True):
            suppression.void(9_001, reason="The wrong file.", actor="user 1")
        opt_out(BEN)
    assert replay() == Replayed(lines=3, entered=1)
    assert mailable(ANN)
    assert not mailable(BEN)


# -- the mark, and before a hand-over --------------------------------------------------------------------------


def test_a_ledger_older_than_the_journal_has_known_is_behind_until_it_was_replayed():
    with TestCase.captureOnCommitCallbacks(execute=True):
        kept_by_journal_alone(line(1))
        replay()
    assert JournalMark.objects.get().replayed == journal.mark() == len(line(1).written())
    assert not replaying.is_behind()
    JournalFile.objects.all().delete()
    JournalMark.objects.all().delete()
    assert replaying.is_behind()
    replay()
    assert not replaying.is_behind()


def test_a_session_is_assured_once_and_again_when_a_line_is_told_to_wait(monkeypatch):
    replays = []
    monkeypatch.setattr(replaying, "replay", lambda: replays.append(1))
    replaying._assured.clear()
    assure()
    assure()
    assert replays == [1]
    kept_by_journal_alone(line(1))
    journal.tell_waiting()
    assure()
    assure()
    assert replays == [1, 1]


def test_a_journal_that_cannot_be_read_assures_nobody(settings):
    settings.LOCAL = False
    for _ in range(2):
        with pytest.raises(JournalUnreadable):
            assure()


# -- the other way ------------------------------------------------------------------------------------------


def test_what_the_journal_could_not_take_is_written_as_soon_as_it_can_be(
    journal_dir, tmp_path, settings, caplog
):
    opt_out(BEN)
    (tmp_path / "file").touch()
    settings.JOURNAL_DIR = tmp_path / "file" / "journal"
    opt_out(ANN)
    assert not mailable(ANN)
    assert "would not outlive an older dump" in caplog.text
    assert replaying.catch_up_journal() == 0
    assert Trouble.objects.get().about == "journal"
    settings.JOURNAL_DIR = journal_dir
    assert replaying.catch_up_journal() == 2
    assert not Trouble.objects.exists()
    assert replay() == Replayed(lines=3)
    assert Suppression.objects.count() == 2


def test_a_lost_journal_is_filled_from_the_ledger_by_a_command(journal_dir, capsys):
    with TestCase.captureOnCommitCallbacks(execute=True):
        opt_out(ANN)
        come_back(ANN)
        opt_out(BEN)
        import_says(3, parse("cid@example.org"))
        suppression.void(3, reason="The wrong file.", actor="user 1")
    for path in journal_dir.iterdir():
        path.unlink()
    journal.writing._forget_writers()
    call_command("replay_journal", "--fill", "--json")
    assert capsys.readouterr().out == (
        '{"written": 5, "lines": 5, "entered": 0, "reinstated": 0, "overruled": 0, "damaged": 0, "torn": 0}\n'
    )
    lines = [
        journal.parse(raw)
        for name, size in journal.files().items()
        for raw in journal.lines_of(name, 0, size)
    ]
    assert [one.what for one in lines] == ["suppressed"] * 3 + ["reinstated", "voided"]
    assert Import.objects.count() == 0


def test_the_command_says_in_words_that_it_cannot_read(settings, capsys):
    settings.LOCAL = False
    with pytest.raises(Exception, match=r"The journal's folder .* is not there"):
        call_command("replay_journal", "--dry-run")
