"""The operator's shell: import_contacts, mailable, opt_out, export_opt_outs, as other programs rely on them."""

import csv
import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from mailer import suppression
from mailer.addresses import parse
from mailer.contacts import people
from mailer.models import (
    Contact,
    Evidence,
    Import,
    KeyCanary,
    MailingList,
    RefusedRow,
    Subscription,
    Suppression,
)
from mailer.suppression import Channel, Reason, mailable

CLONE = Path(__file__).resolve().parents[2]
PEOPLE = """\
email,first_name,status
ann@example.org,Ann,
ben@example.org,Ben,unsubscribed
nope,N,
ann@example.org,A,
"""
RESULT = {
    "rows": 4, "accepted": 2, "duplicates": 1, "rejected": {"not_an_address": 1}, "flagged": {}, "suppressed": 1,
}  # fmt: skip


def run(*arguments, stdin=""):
    """Run a command in this process, as the shell would; returns exit code, output and errors."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
    try:
        call_command(*arguments, stdout=out, stderr=err)
    except CommandError as wrong:
        code = wrong.returncode
        err.write(str(wrong))
    except SystemExit as exit_:
        code = exit_.code
    finally:
        sys.stdin.close()
        sys.stdin = before
    return code, out.getvalue(), err.getvalue()


# -- import_contacts -----------------------------------------------------------------------------------


@pytest.fixture
def people_csv(db, data_dir):
    path = data_dir / "people.csv"
    path.write_text(PEOPLE)
    return str(path)


def bring_in(file, *more, stdin="", source="form"):
    return run("import_contacts", file, "--list", "garden-friends", "--source", source, *more, stdin=stdin)


def test_the_result_is_one_line_of_json_and_the_list_is_made(people_csv, data_dir):
    code, out, err = bring_in(people_csv, "--json")
    assert (code, err, out.count("\n")) == (0, "", 1)
    result = json.loads(out)
    rejects = result.pop("rejects_file")
    assert result == RESULT
    made = MailingList.objects.get()
    assert (made.slug, made.name) == ("garden-friends", "Garden friends")
    assert Subscription.objects.get().contact.email == "ann@example.org"
    assert Import.objects.get().filename == "people.csv"
    with Path(rejects).open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["refused line", "refused because", "email", "first_name", "status"],
            ["4", RefusedRow.objects.get().words, "nope", "N", ""],
        ]
    assert Path(rejects).is_relative_to(data_dir)
    assert Path(rejects).stat().st_mode & 0o077 == 0


def test_without_json_it_says_the_same_in_words(people_csv):
    code, out, _ = bring_in(people_csv)
    assert code == 0
    assert out.startswith("4 rows: 2 accepted, 1 already known, 1 refused.\n")
    assert "1 of the accepted may not be mailed." in out
    assert "The refused rows, with reasons, are in " in out


def test_it_reads_standard_input(people_csv):
    code, out, _ = bring_in("-", "--json", stdin=PEOPLE)
    assert code == 0
    assert json.loads(out)["accepted"] == 2


def test_without_refused_rows_there_is_no_file_of_them(people_csv, data_dir):
    _, out, _ = bring_in("-", "--json", stdin="email\nann@example.org\n")
    assert json.loads(out)["rejects_file"] is None
    assert not (data_dir / "rejects").exists()


def test_a_dry_run_says_what_would_come_in_and_changes_nothing(people_csv, data_dir):
    code, out, _ = bring_in(people_csv, "--json", "--dry-run")
    result = json.loads(out)
    assert Path(result.pop("rejects_file")).read_text().count("\n") == 2
    assert (code, result) == (0, RESULT)
    for model in (Contact, Subscription, Suppression, RefusedRow, Import, MailingList, Evidence):
        assert not model.objects.exists()
    assert mailable(parse("ben@example.org"))
    assert list((data_dir / "uploads").iterdir()) == []
    code, out, _ = bring_in(people_csv, "--json")
    assert json.loads(out) | {"rejects_file": ""} == RESULT | {"rejects_file": ""}


def test_the_key_is_proved_for_good_even_by_a_dry_run(people_csv):
    bring_in(people_csv, "--dry-run")
    assert KeyCanary.objects.exists()


def test_exit_1_when_nobody_was_accepted(people_csv):
    assert bring_in("-", stdin="email\nnope\n")[0] == 1
    bring_in(people_csv)
    assert bring_in("-", stdin="email\nann@example.org\n")[0] == 1


@pytest.mark.parametrize("source", ["purchased", "scraped", "rented"])
def test_exit_2_for_a_source_that_the_law_punishes(people_csv, source):
    code, _, err = bring_in(people_csv, source=source)
    assert code == 2
    assert "bought, rented, collected from websites" in err
    assert not MailingList.objects.exists()


def test_exit_2_for_a_file_that_can_not_be_read_and_no_list_is_left(people_csv):
    code, _, err = bring_in("/nowhere/people.csv")
    assert (code, err) == (2, "The file can't be read or kept: No such file or directory.")
    assert not MailingList.objects.exists()


def test_exit_2_for_a_file_without_addresses(people_csv):
    code, _, err = bring_in("-", stdin="name\nAnn\n")
    assert code == 2
    assert err.startswith("Nothing was changed. No column of addresses: the first line names “name”.")


def test_exit_2_for_a_slug_that_is_none(people_csv):
    code, _, err = run("import_contacts", people_csv, "--list", "Garden Friends!", "--source", "form")
    assert code == 2
    assert "--list Garden Friends!" in err


# -- mailable ------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_mailable_answers_line_by_line_with_the_reasons():
    ann = parse("ann@example.org")
    for reason in (Reason.HARD_BOUNCE, Reason.OPT_OUT):
        suppression.suppress(ann.mailbox_key, reason=reason, channel=Channel.PHONE, actor="user 1")
    code, out, err = run("mailable", stdin="ben@example.org\nAnn+x@Example.org\r\n\nnope\n")
    assert [json.loads(line) for line in out.splitlines()] == [
        {"address": "ben@example.org", "mailable": True, "why": ""},
        {"address": "Ann+x@Example.org", "mailable": False, "why": "hard_bounce, opt_out"},
        {
            "address": "nope",
            "mailable": False,
            "why": "not an address: An email address must have an @-sign.",
        },
    ]
    assert (code, err) == (1, "")


@pytest.mark.django_db
@pytest.mark.parametrize("stdin", ["", "\n\n", "ann@example.org\nben@example.org\n"])
def test_mailable_exits_0_when_nothing_stands_against_anybody(stdin):
    assert run("mailable", stdin=stdin)[0] == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    "command",
    [
        ["mailable"],
        ["opt_out", "ann@example.org", "--channel", "phone"],
        ["export_opt_outs", "--since", "2026-01-01"],
    ],
)
def test_with_another_address_key_every_command_fails_in_words(command, settings):
    suppression.assert_ledger()
    settings.ADDRESS_KEY = bytes(32)
    code, out, err = run(*command, stdin="ann@example.org\n")
    assert (code, out) == (2, "")
    assert "Set ADDRESS_KEY back" in err


# -- opt_out -------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("channel", ["phone", "post", "in_person", "web_form", "staff"])
def test_opt_out_enters_each_address_and_says_so(channel):
    code, out, err = run("opt_out", "ann@example.org", "Ben+x@Example.org", "--channel", channel)
    assert (code, err) == (0, "")
    assert out.splitlines() == ["ann@example.org: opted out", "Ben+x@Example.org: opted out"]
    assert (
        mailable(parse("ann+y@example.org")).reasons
        == mailable(parse("ben@example.org")).reasons
        == ("opt_out",)
    )
    assert set(Suppression.objects.values_list("channel", "reason")) == {(channel, "opt_out")}
    assert set(Evidence.objects.values_list("verb", "actor")) == {("suppressed", "shell")}


@pytest.mark.django_db
def test_opt_out_again_says_that_it_stood():
    run("opt_out", "ann@example.org", "--channel", "phone")
    assert run("opt_out", "ann@example.org", "--channel", "post")[:2] == (
        0,
        "ann@example.org: had opted out already\n",
    )


@pytest.mark.django_db
def test_opt_out_keeps_when_we_were_told():
    run("opt_out", "ann@example.org", "--channel", "post", "--received", "2026-11-20T15:30+01:00")
    assert Suppression.objects.get().received_at == datetime(2026, 11, 20, 14, 30, tzinfo=UTC)


@pytest.mark.django_db
@pytest.mark.parametrize("received", [lambda: timezone.now() + timedelta(minutes=5), lambda: "next week"])
def test_opt_out_takes_no_time_that_is_in_the_future_or_none(received):
    told = received()
    told = told if isinstance(told, str) else told.isoformat()
    code, _, err = run("opt_out", "ann@example.org", "--channel", "post", "--received", told)
    assert code != 0
    assert "future" in err or "not a time" in err
    assert not Suppression.objects.exists()


@pytest.mark.django_db
def test_opt_out_enters_the_others_when_one_is_no_address():
    code, out, err = run("opt_out", "nope", "ann@example.org", "--channel", "phone")
    assert code == 1
    assert out == "ann@example.org: opted out\n"
    assert err == "nope: not entered: An email address must have an @-sign.\n"
    assert not mailable(parse("ann@example.org"))


@pytest.mark.django_db
@pytest.mark.parametrize("channel", ["one_click", "import", "smoke signal"])
def test_opt_out_takes_no_channel_that_programs_have_to_themselves(channel):
    assert run("opt_out", "ann@example.org", "--channel", channel)[0] != 0
    assert not Suppression.objects.exists()


# -- export_opt_outs -----------------------------------------------------------------------------------


def exported(since):
    code, out, err = run("export_opt_outs", "--since", since)
    assert (code, err) == (0, "")
    return list(csv.reader(io.StringIO(out)))


@pytest.mark.django_db
def test_the_export_names_what_is_known_of_each_wish_and_of_no_bounce():
    friends = MailingList.objects.create(name="Friends", slug="friends")
    for raw in ("ann@example.org", "ann+x@example.org", "dan@example.org"):
        people.add(parse(raw), friends, source="form", actor="user 1")
    told = datetime(2026, 11, 20, 9, tzinfo=UTC)
    for name, reason in (("ann", Reason.OPT_OUT), ("ben", Reason.COMPLAINT), ("dan", Reason.HARD_BOUNCE)):
        raw = f"{name}@example.org"
        suppression.suppress(
            parse(raw).mailbox_key, reason=reason, channel=Channel.STAFF, actor="user 1", received_at=told
        )
    ann, ben = parse("ann@example.org").mailbox_key.hex(), parse("ben@example.org").mailbox_key.hex()
    assert exported("2026-11-01") == [
        ["address", "key", "time", "reason"],
        ["ann@example.org", ann, told.isoformat(), "opt_out"],
        ["ann+x@example.org", ann, told.isoformat(), "opt_out"],
        ["", ben, told.isoformat(), "complaint"],
    ]


@pytest.mark.django_db
def test_the_export_begins_where_it_is_told_to():
    suppression.suppress(bytes(16), reason=Reason.OPT_OUT, channel=Channel.STAFF, actor="user 1")
    later = (timezone.now() + timedelta(hours=1)).isoformat()
    assert exported(later) == [["address", "key", "time", "reason"]]


@pytest.mark.duty("D62")
@pytest.mark.django_db
def test_who_exported_what_for_which_purpose_is_recorded(monkeypatch):
    monkeypatch.setenv("LOGNAME", "olga")
    suppression.suppress(bytes(16), reason=Reason.OPT_OUT, channel=Channel.STAFF, actor="user 1")
    exported("2026-11-01")
    proof = Evidence.objects.get(verb="opt-outs exported")
    assert proof.actor == "shell olga"
    assert proof.details == {"since": "2026-11-01T00:00:00+00:00", "purpose": "compliance", "rows": 1}


# -- as a real process ---------------------------------------------------------------------------------


def test_real_processes_agree_through_the_database(living_database, data_dir):
    environment = living_database.environment(DATA_DIR=str(data_dir))

    def shell(*arguments, stdin=""):
        return subprocess.run(
            [sys.executable, "manage.py", *arguments], input=stdin, env=environment, cwd=CLONE, text=True,
            capture_output=True, timeout=60,
        )  # fmt: skip

    assert os.environ.get("DATABASE_URL") != environment["DATABASE_URL"]
    came_in = shell("import_contacts", "-", "--list", "friends", "--source", "form", "--json", stdin=PEOPLE)
    assert (came_in.returncode, came_in.stderr) == (0, "")
    assert json.loads(came_in.stdout) | {"rejects_file": ""} == RESULT | {"rejects_file": ""}
    left = shell("opt_out", "ANN@example.org", "--channel", "phone")
    assert (left.returncode, left.stdout) == (0, "ANN@example.org: opted out\n")
    asked = shell("mailable", stdin="ann+x@example.org\n")
    assert asked.returncode == 1
    assert json.loads(asked.stdout) == {"address": "ann+x@example.org", "mailable": False, "why": "opt_out"}
    listed = shell("export_opt_outs", "--since", "2020-01-01")
    assert listed.returncode == 0
    rows = list(csv.DictReader(io.StringIO(listed.stdout)))
    assert [row["address"] for row in rows] == ["", "ann@example.org"]
