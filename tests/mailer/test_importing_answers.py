"""Candor asks what only a person can know, shows what would come in, and keeps what it was told."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from mailer.addresses import parse
from mailer.contacts import importing, mapping
from mailer.contacts.reading import Columns, FileRefused, Holds, Meaning
from mailer.models import (
    ColumnMapping,
    Contact,
    Evidence,
    HashedOptOut,
    Import,
    MailingList,
    RefusedRow,
    Suppression,
)
from mailer.suppression import mailable
from tests.mailer.admin_door import member, signed_in
from tests.mailer.test_admin_imports import TOLD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]

FILE = "Kontakt,Rufname,status\nann(at)example,Ann,\nann@example.org,Ann,\nben@example.org,Ben,unsubscribed\n"
UNKNOWN = "Kontakt,Rufname\n-,Ann\nann@example.org,Ann\n--,Ben\n"


@pytest.fixture
def friends():
    return MailingList.objects.create(name="Friends", slug="friends")


def begin(content, list_, filename="people.csv", **said):
    return importing.begin(
        io.BytesIO(content.encode()), list=list_, source="event", filename=filename, **said
    )


def run(import_):
    assert importing.run(import_)
    import_.refresh_from_db()
    return import_


def nothing_came_in():
    return not (
        Contact.objects.exists()
        or Suppression.objects.exists()
        or HashedOptOut.objects.exists()
        or Evidence.objects.filter(verb__contains="import").exists()
    )


# -- trials --------------------------------------------------------------------------------------------


def test_a_trial_tells_what_would_come_in_and_changes_nothing(friends):
    import_ = run(begin(FILE, friends, is_trial=True))
    assert import_.state == "tried"
    assert (import_.rows, import_.accepted, import_.duplicates, import_.rejected, import_.suppressed) == (
        3, 2, 0, {"not_an_address": 1}, 1,
    )  # fmt: skip
    assert nothing_came_in()
    assert list(RefusedRow.objects.values_list("line", "row")) == [(2, "ann(at)example,Ann,")]
    assert Path(import_.path).exists()
    assert import_.understood == [
        {
            "name": "people.csv", "system": "", "encoding": "utf-8", "delimiter": ",",
            "headings": ["Kontakt", "Rufname", "status"], "meanings": ["email", "", "status"],
        }
    ]  # fmt: skip


def test_after_a_trial_the_file_comes_in_as_it_was_tried(friends):
    import_ = run(begin(FILE, friends, is_trial=True))
    tried = importing.figures(import_)
    importing.answer(import_, is_trial=False)
    assert import_.state == "waiting"
    run(import_)
    assert import_.state == "done"
    assert importing.figures(import_) == tried
    assert RefusedRow.objects.count() == 1
    assert not mailable(parse("ben@example.org"))
    assert not Path(import_.path).exists()


def test_a_trial_of_digests_changes_nothing_either(friends):
    import_ = run(begin("5d41402abc4b2a76b9719d911017c592\n", friends, is_trial=True))
    assert (import_.state, import_.accepted) == ("tried", 1)
    assert nothing_came_in()


def test_a_trial_keeps_a_thousand_refused_rows_to_look_at(friends):
    import_ = run(begin("email\n" + "no\n" * 1_500, friends, is_trial=True))
    assert import_.rejected == {"not_an_address": 1_500}
    assert RefusedRow.objects.count() == 1_000
    importing.answer(import_, is_trial=False)
    run(import_)
    assert RefusedRow.objects.count() == 1_500


# -- questions -----------------------------------------------------------------------------------------


def test_without_a_column_of_addresses_candor_asks_which_it_is_and_keeps_the_answer(friends):
    import_ = run(begin(UNKNOWN, friends))
    assert (import_.state, import_.asks) == ("asking", "columns")
    assert nothing_came_in()
    (look,) = mapping.looks(import_)
    assert (look.headings, look.meanings) == (["Kontakt", "Rufname"], ["", ""])
    user = member("Marketer")
    importing.answer(import_, is_trial=False, meanings={look.shape: ["email", "first_name"]}, user=user)
    run(import_)
    assert (import_.state, import_.accepted, import_.rejected) == ("done", 1, {"not_an_address": 2})
    assert list(Contact.objects.values_list("email", "first_name")) == [("ann@example.org", "Ann")]
    kept = ColumnMapping.objects.get()
    assert (kept.headings, kept.meanings, kept.said_by) == (
        ["Kontakt", "Rufname"], ["email", "first_name"], user,
    )  # fmt: skip

    again = run(begin("KONTAKT;rufname\nben@example.org;Ben\n", friends, filename="next.csv"))
    assert again.state == "done"
    assert Contact.objects.get(email="ben@example.org").first_name == "Ben"


def test_said_to_be_opt_outs_the_same_upload_goes_to_the_ledger(friends):
    import_ = run(begin("email\nann@example.org\n", friends, filename="suppressed.csv"))
    assert (import_.state, import_.asks) == ("asking", "holds")
    importing.answer(import_, is_trial=False, holds=Holds.OPT_OUTS)
    run(import_)
    assert import_.state == "done"
    assert not mailable(parse("ann@example.org"))


def test_vouched_for_generated_looking_addresses_come_in(friends):
    content = "email\n" + "".join(f"user{n}@acme-widgets.com\n" for n in range(60))
    import_ = run(begin(content, friends))
    assert (import_.state, import_.asks) == ("asking", "vouched")
    importing.answer(import_, is_trial=False, vouched="Badge numbers.")
    run(import_)
    assert (import_.state, import_.accepted, import_.vouched) == ("done", 60, "Badge numbers.")


@pytest.mark.parametrize(
    ("header", "meanings", "words"),
    [
        ("email,status", ["email", ""], "says who must not be mailed"),
        ("email,opted out", ["email", "first_name"], "says who must not be mailed"),
        ("email,birthdate", ["email", ""], "says who must not be mailed"),
        ("email,name", ["", ""], "which column holds the addresses"),
        ("email,name", ["email", "email"], "can't both be"),
        ("email,name", ["email"], "not those of this file"),
    ],
)
def test_columns_that_guard_people_can_not_be_left_out(friends, header, meanings, words):
    import_ = run(begin(f"{header}\nann@example.org,\n", friends, is_trial=True))
    (look,) = mapping.looks(import_)
    with pytest.raises(importing.ImportRefused, match=words):
        importing.answer(import_, is_trial=False, meanings={look.shape: meanings})
    import_.refresh_from_db()
    assert import_.state == "tried"
    assert not ColumnMapping.objects.exists()


def test_a_kept_mapping_can_not_hide_a_column_that_guards(friends):
    """Not even one that got into the table in another way."""
    import_ = run(begin("email,status\nann@example.org,unsubscribed\n", friends, is_trial=True))
    (look,) = mapping.looks(import_)
    ColumnMapping.objects.create(shape=look.shape, headings=look.headings, meanings=["email", ""])
    again = run(begin("email,status\nann@example.org,unsubscribed\n", friends))
    assert again.state == "failed"
    assert "says who must not be mailed" in again.error
    assert nothing_came_in()


def test_an_answer_counts_once(friends):
    import_ = run(begin(FILE, friends, is_trial=True))
    importing.answer(import_, is_trial=False)
    with pytest.raises(importing.ImportRefused, match="answered already"):
        importing.answer(import_, is_trial=False)


def test_left_unanswered_for_a_week_the_file_goes(friends):
    import_, young = (run(begin(FILE, friends, is_trial=True)) for _ in range(2))
    Import.objects.filter(pk=import_.pk).update(finished_at=timezone.now() - timedelta(days=8))
    importing.forget_strays()
    import_.refresh_from_db()
    young.refresh_from_db()
    assert import_.state == "failed"
    assert "within 7 days" in import_.error
    assert not Path(import_.path).exists()
    assert not RefusedRow.objects.filter(of=import_).exists()
    assert young.state == "tried"
    assert Path(young.path).exists()


@given(
    st.lists(st.sampled_from([str(m) for m in Meaning]), min_size=1, max_size=8),
)
def test_what_columns_say_survives_being_written_down(meanings):
    try:
        columns = Columns.from_meanings(meanings)
    except FileRefused:
        return
    without = [said if said != "digest" or columns.digest >= 0 else "" for said in meanings]
    assert columns.meanings == without
    assert Columns.from_meanings(columns.meanings) == columns


# -- by command and by hand ----------------------------------------------------------------------------


def test_the_command_names_the_flag_that_answers_and_takes_columns(friends, tmp_path, capsys):
    path = tmp_path / "people.csv"
    path.write_text(UNKNOWN)
    with pytest.raises(CommandError, match="--column HEADING=email"):
        call_command("import_contacts", path, "--list", "friends", "--source", "event")
    with pytest.raises(CommandError, match="no column “Mail”, but Kontakt, Rufname"):
        call_command(
            "import_contacts", path, "--list", "friends", "--source", "event", "--column", "Mail=email"
        )
    call_command(
        "import_contacts", path, "--list", "friends", "--source", "event",
        "--column", "Kontakt=email", "--column", "Rufname=first_name",
    )  # fmt: skip
    assert "1 accepted" in capsys.readouterr().out
    assert Contact.objects.get().first_name == "Ann"
    with pytest.raises(SystemExit, match="1"):  # nobody new; what the columns hold is known from before
        call_command("import_contacts", path, "--list", "friends", "--source", "event")
    assert "1 already known" in capsys.readouterr().out


def uploaded(client, content, name="people.csv", **form):
    file = SimpleUploadedFile(name, content.encode(), "text/csv")
    answer = client.post(
        "/admin/mailer/import/add/",
        {"file": file, "source": "event", "new_list": "Fair", **TOLD, **form},
    )
    importing.run_waiting()
    return answer["Location"]


def test_by_hand_a_file_is_tried_its_columns_corrected_and_then_imported():
    client = signed_in("Marketer")
    page = uploaded(client, UNKNOWN, try_first="on")
    shown = client.get(page).content.decode()
    assert "Which column holds the addresses?" in shown
    assert "ann@example.org" in shown
    said = {"t0c0": "email", "t0c1": "first_name", "do": "try"}
    assert client.post(f"{page}answer/", said).status_code == 302
    importing.run_waiting()
    shown = client.get(page).content.decode()
    assert "Nothing was changed." in shown
    assert "Is this right?" in shown
    assert '<option value="email" selected>' in shown
    assert nothing_came_in()
    client.post(f"{page}answer/", {**said, "do": "import"})
    importing.run_waiting()
    assert Contact.objects.get().first_name == "Ann"
    shown = client.get(page).content.decode()
    assert "How people.csv was read" in shown
    assert "<dt>Kontakt</dt><dd>Email address</dd>" in shown


def test_by_hand_a_question_is_answered_on_the_page_without_another_upload():
    client = signed_in("Marketer")
    page = uploaded(client, "email\nann@example.org\n", name="bounces.csv")
    shown = client.get(page).content.decode()
    assert "Are these people to mail, or people who must not be mailed?" in shown
    assert client.post(f"{page}answer/", {"do": "import", "t0c0": "email"}).status_code == 302
    assert "Answer the questions first." in client.get(page).content.decode()
    client.post(f"{page}answer/", {"do": "import", "t0c0": "email", "holds": "opt-outs"})
    importing.run_waiting()
    assert Import.objects.get().state == "done"
    assert not mailable(parse("ann@example.org"))


def test_by_hand_a_file_can_be_left():
    client = signed_in("Marketer")
    page = uploaded(client, UNKNOWN)
    client.post(f"{page}answer/", {"do": "leave"})
    import_ = Import.objects.get()
    assert (import_.state, Path(import_.path).exists()) == ("failed", False)
    assert nothing_came_in()


def test_headings_and_cells_of_a_file_are_shown_as_text(friends):
    client = signed_in("Marketer")
    page = uploaded(client, "<script>a,b\n<img src=x>,<i>\n")
    shown = client.get(page).content.decode()
    assert "<script>a" not in shown
    assert "<img src=x>" not in shown
    assert "&lt;script&gt;a" in shown


def test_who_may_only_look_can_not_answer(friends):
    import_ = run(begin(FILE, friends, is_trial=True))
    client = signed_in("Nobody")
    assert client.post(f"/admin/mailer/import/{import_.pk}/answer/", {"do": "import"}).status_code == 403
    import_.refresh_from_db()
    assert import_.state == "tried"
