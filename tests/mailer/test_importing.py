"""Files of people: what comes in, what is refused and why, what goes to the ledger."""

import csv
import io
import os
import time
from pathlib import Path

import pytest
from django.db import connection

from mailer import suppression
from mailer.addresses import parse
from mailer.contacts import importing, people
from mailer.models import Contact, Evidence, Import, MailingList, RefusedRow, Subscription, Suppression
from mailer.suppression import Channel, Reason, mailable

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]


@pytest.fixture
def friends():
    return MailingList.objects.create(name="Friends", slug="friends")


def bring_in(content, list_, source="form"):
    raw = content if isinstance(content, bytes) else content.encode()
    import_ = importing.begin(io.BytesIO(raw), list=list_, source=source, filename="people.csv")
    assert importing.run(import_)
    return Import.objects.get(pk=import_.pk)


def figures(import_):
    found = importing.figures(import_)
    assert found["rows"] == found["accepted"] + found["duplicates"] + sum(found["rejected"].values())
    assert 0 <= found["suppressed"] <= found["accepted"]
    return found


def on_list(list_):
    return set(Subscription.objects.filter(list=list_).values_list("contact__email", flat=True))


def refused(import_):
    return list(RefusedRow.objects.filter(of=import_).order_by("id").values_list("line", "reason"))


# -- what comes in -------------------------------------------------------------------------------------


def test_people_come_onto_the_list_with_names_source_and_import(friends):
    import_ = bring_in(
        "email,first_name,last_name\nann@example.org,Ann,Lee\nBen@Example.ORG,,O'Neil\n", friends, "customer"
    )
    assert import_.state == "done"
    assert figures(import_) == {
        "rows": 2, "accepted": 2, "duplicates": 0, "rejected": {}, "flagged": {}, "suppressed": 0,
    }  # fmt: skip
    assert list(Contact.objects.order_by("email").values_list("email", "first_name", "last_name")) == [
        ("Ben@example.org", "", "O'Neil"),
        ("ann@example.org", "Ann", "Lee"),
    ]
    for contact in Contact.objects.all():
        address = parse(contact.email)
        assert bytes(contact.address_key) == address.address_key
        assert bytes(contact.mailbox_key) == address.mailbox_key
    places = Subscription.objects.all()
    assert {(place.list_id, place.source, place.import_id) for place in places} == {
        (friends.pk, "customer", import_.pk)
    }


@pytest.mark.parametrize(
    "header",
    [
        "email",
        "E-Mail",
        "e-mail address",
        "EMAIL_ADDRESS",
        " Email ",
        "mail",
        '"Email"',
        "\ufeffemail",
        "E-Mail-Adresse",
    ],
)
def test_the_column_of_addresses_is_found_by_many_names(friends, header):
    bring_in(f"{header}\nann@example.org\n", friends)
    assert on_list(friends) == {"ann@example.org"}


@pytest.mark.parametrize(
    "header", ["First Name", "first_name", "firstname", "Vorname", "Given-Name", "FIRST"]
)
def test_the_column_of_first_names_too(friends, header):
    bring_in(f"{header},email\nAnn,ann@example.org\n", friends)
    assert Contact.objects.get().first_name == "Ann"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_common_separators_and_line_ends(friends, separator, line_end):
    rows = ["email|first name", 'ann@example.org|"Lee, Ann; \tthe elder"', "ben@example.org|Ben"]
    content = line_end.join(row.replace("|", separator) for row in rows)
    assert figures(bring_in(content, friends))["accepted"] == 2
    assert set(Contact.objects.values_list("first_name", flat=True)) == {"Lee, Ann; the elder", "Ben"}


def test_other_columns_are_left_out_and_counted(friends):
    import_ = bring_in("email,city,shoe size\nann@example.org,Rome,39\n", friends)
    assert figures(import_)["flagged"] == {"ignored_columns": 2}
    assert figures(import_)["accepted"] == 1


def test_blank_lines_and_rows_without_any_cell_filled_are_no_rows(friends):
    import_ = bring_in("\n\nemail,first_name\n\nann@example.org,Ann\n,\n\nnope,\n", friends)
    assert figures(import_)["rows"] == 2
    assert refused(import_) == [(8, "not_an_address")]


def test_names_lose_what_can_not_be_seen_and_that_is_counted(friends):
    content = 'email,first_name,last_name\nann@example.org," Ann\n \tMaria\u202e\x07 ",Lee\n'
    import_ = bring_in(content, friends)
    ann = Contact.objects.get()
    assert (ann.first_name, ann.last_name) == ("Ann Maria", "Lee")
    assert figures(import_)["flagged"] == {"name_cleaned": 1}


def test_joiners_that_belong_to_a_name_stay(friends):
    import_ = bring_in("email,first_name\nzohreh@example.org,نازنین\u200cزهرا\n", friends)
    assert Contact.objects.get().first_name == "نازنین\u200cزهرا"
    assert figures(import_)["flagged"] == {}


def test_an_address_twice_counts_once(friends):
    import_ = bring_in("email\nann@example.org\nANN@EXAMPLE.ORG\nann@example.org\n", friends)
    assert figures(import_)["accepted"] == 1
    assert figures(import_)["duplicates"] == 2
    assert on_list(friends) == {"ann@example.org"}


def test_two_addresses_of_a_mailbox_are_two_people_on_our_books(friends):
    assert figures(bring_in("email\nann@example.org\nann+shop@example.org\n", friends))["accepted"] == 2


def test_the_same_file_again_brings_nobody_in_twice(friends):
    content = "email,first_name\nann@example.org,Ann\nben@example.org,Ben\nnope,N\n"
    bring_in(content, friends)
    again = bring_in(content, friends)
    assert figures(again) == {
        "rows": 3, "accepted": 0, "duplicates": 2, "rejected": {"not_an_address": 1}, "flagged": {}, "suppressed": 0,
    }  # fmt: skip
    assert Contact.objects.count() == Subscription.objects.count() == 2


def test_a_person_on_another_list_is_one_contact_with_two_places(friends):
    others = MailingList.objects.create(name="Others", slug="others")
    bring_in("email\nann@example.org\n", friends)
    assert figures(bring_in("email\nann@example.org\n", others, "event"))["accepted"] == 1
    assert Contact.objects.count() == 1
    assert set(Subscription.objects.values_list("list__slug", "source")) == {
        ("friends", "form"),
        ("others", "event"),
    }


def test_names_we_have_stay_and_empty_ones_are_filled(friends):
    people.add(parse("ann@example.org"), friends, source="form", first_name="Ann", actor="user 1")
    bring_in("email,first_name,last_name\nann@example.org,Hanna,Lee\n", friends)
    contact = Contact.objects.get()
    assert (contact.first_name, contact.last_name) == ("Ann", "Lee")


# -- statuses and the ledger ---------------------------------------------------------------------------


@pytest.mark.duty("D68")
@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("unsubscribed", "opt_out"),
        ("Unsubscribed by admin", "opt_out"),
        ("OPTED_OUT", "opt_out"),
        ("Opt-Out", "opt_out"),
        ("blocklisted", "opt_out"),
        ("complained", "complaint"),
        ("Marked as spam", "complaint"),
        ("cleaned", "hard_bounce"),
        ("Bounced", "hard_bounce"),
        ("hard-bounce", "hard_bounce"),
        ("soft_bounced", "soft_bounce"),
    ],
)
def test_a_status_goes_to_the_ledger(friends, status, reason):
    import_ = bring_in(f"email,status\nann@example.org,{status}\nben@example.org,subscribed\n", friends)
    assert mailable(parse("ann+other@example.org")).reasons == (reason,)
    assert mailable(parse("ben@example.org"))
    assert figures(import_)["accepted"] == 2
    assert figures(import_)["suppressed"] == 1
    entry = Suppression.objects.get()
    assert (entry.channel, entry.import_id) == ("import", import_.pk)


@pytest.mark.parametrize("status", ["unsubscribed", "complained"])
def test_who_has_left_elsewhere_is_not_put_on_our_books(friends, status):
    bring_in(f"email,status\nann@example.org,{status}\n", friends)
    assert not Contact.objects.exists()


def test_who_bounced_keeps_a_place_for_when_the_hold_is_lifted(friends):
    bring_in("email,status\nann@example.org,bounced\n", friends)
    assert on_list(friends) == {"ann@example.org"}
    assert not mailable(parse("ann@example.org"))


@pytest.mark.parametrize(
    "column", ["Unsubscribed", "unsubscribed_at", "UNSUB_TIME", "opted out", "Email Opt Out"]
)
@pytest.mark.parametrize("value", ["2024-05-03", "yes", "1", "", "no", "0", "FALSE"])
def test_columns_that_say_it_by_their_name_count_too(friends, column, value):
    has_left = value in ("2024-05-03", "yes", "1")
    bring_in(f"email,{column}\nann@example.org,{value}\n", friends)
    assert bool(mailable(parse("ann@example.org"))) is not has_left
    assert on_list(friends) == (set() if has_left else {"ann@example.org"})


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_an_opt_out_at_the_source_wins_over_other_rows_of_the_mailbox_whatever_the_order(friends, order):
    rows = ["ann@example.org,subscribed", "ann@example.org,unsubscribed", "ann+shop@example.org,"]
    content = "email,status\n" + "\n".join(rows[number] for number in order)
    import_ = bring_in(content, friends)
    assert figures(import_) == {
        "rows": 3, "accepted": 2, "duplicates": 1, "rejected": {}, "flagged": {}, "suppressed": 2,
    }  # fmt: skip
    assert on_list(friends) == set()
    assert mailable(parse("ann@example.org")).reasons == ("opt_out",)


def test_every_reason_that_the_file_gives_is_kept(friends):
    bring_in(
        "email,status\nann@example.org,bounced\nann@example.org,unsubscribed\nann@example.org,spam\n", friends
    )
    assert set(mailable(parse("ann@example.org")).reasons) == {"hard_bounce", "opt_out", "complaint"}


def test_who_opted_out_here_and_is_brought_in_again_stays_opted_out(friends):
    ann = parse("ann@example.org")
    suppression.suppress(ann.mailbox_key, reason=Reason.OPT_OUT, channel=Channel.PAGE, actor="recipient")
    import_ = bring_in("email,status\nann@example.org,subscribed\nann+x@example.org,active\n", friends)
    assert figures(import_)["accepted"] == 2
    assert figures(import_)["suppressed"] == 2
    assert mailable(ann).reasons == ("opt_out",)
    assert Suppression.objects.count() == 1


def test_an_opt_out_of_somebody_on_the_list_is_news_not_a_duplicate(friends):
    bring_in("email,status\nann@example.org,\nben@example.org,\n", friends)
    import_ = bring_in("email,status\nann@example.org,unsubscribed\nben@example.org,bounced\n", friends)
    assert figures(import_)["accepted"] == 2
    assert figures(import_)["suppressed"] == 2
    assert not mailable(parse("ann@example.org"))
    assert not mailable(parse("ben@example.org"))


def test_of_several_rows_of_a_person_the_one_with_news_counts(friends):
    bring_in("email\nann@example.org\n", friends)
    import_ = bring_in("email,status\nann@example.org,\nann@example.org,bounced\n", friends)
    assert (import_.accepted, import_.duplicates, import_.suppressed) == (1, 1, 1)


def test_a_status_that_nobody_taught_us_lets_nobody_through(friends):
    import_ = bring_in("email,status\nann@example.org,gold\n", friends)
    assert refused(import_) == [(2, "status_unknown")]
    assert "“gold”" in RefusedRow.objects.get().words
    assert on_list(friends) == set()


def test_more_statuses_than_are_entered_at_once(friends, monkeypatch):
    monkeypatch.setattr("mailer.contacts.staging.STATUSES_AT_ONCE", 3)
    rows = "".join(f"person{number}@example.org,unsubscribed\n" for number in range(10))
    import_ = bring_in(f"email,status\n{rows}", friends)
    assert figures(import_)["suppressed"] == 10
    assert Suppression.objects.count() == 10


# -- what is refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",Ann", "no_address"),
        ("  ,Ann", "no_address"),
        ("ann,Ann", "not_an_address"),
        ("ann@localhost,Ann", "not_an_address"),
        ("Ann ann@example.org,Ann", "not_an_address"),
        ("{{ email }},Ann", "template_syntax"),
        ("5035550142@vtext.com,Ann", "wireless"),
        ("5035550142@sub.vtext.com,Ann", "wireless"),
        (f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.org,Ann", "too_long"),
        (f"ann@example.org,{'A' * 81}", "too_long"),
        ("änn@example.org,Ann", "not_carried"),
        ("ann@example.org", "broken_row"),
        ("ann@example.org,Ann,Lee", "broken_row"),
        ("ann@example.org,A\0nn", "broken_row"),
        ("ann\0@example.org,Ann", "broken_row"),
        ('ann@example.org,"Ann" Lee', "broken_row"),
    ],
)
def test_a_row_is_refused_with_its_line_its_reason_and_itself(friends, row, reason):
    import_ = bring_in(f"email,first_name\nben@example.org,Ben\n{row}\ncleo@example.org,Cleo\n", friends)
    assert figures(import_)["rejected"] == {reason: 1}
    assert refused(import_) == [(3, reason)]
    kept = RefusedRow.objects.get()
    assert kept.words.endswith((".", 'cinema".'))
    assert on_list(friends) == {"ben@example.org", "cleo@example.org"}


def test_a_row_that_is_not_utf_8_costs_only_itself(friends):
    import_ = bring_in(
        "email,first_name\nann@example.org,Zoë\n".encode() + b"ben@example.org,Zo\xeb\ncleo@example.org,C\n",
        friends,
    )
    assert refused(import_) == [(3, "broken_row")]
    assert on_list(friends) == {"ann@example.org", "cleo@example.org"}


def test_a_cell_may_hold_line_breaks_and_lines_are_counted_as_an_editor_does(friends):
    import_ = bring_in('email,note\nann@example.org,"one\ntwo\r\nthree"\nnope,"a\nb"\n\nnope2,\n', friends)
    assert refused(import_) == [(5, "not_an_address"), (8, "not_an_address")]


def test_a_refused_row_with_line_breaks_comes_out_as_one_row(friends):
    import_ = bring_in('email,note\n"nope","one\ntwo\rthree\r\nfour"\n', friends)
    text = "".join(importing.rejects_csv(import_))
    assert list(csv.reader(io.StringIO(text, newline="")))[1][2:] == ["nope", "one\ntwo\rthree\r\nfour"]


def test_a_quotation_mark_left_open_costs_one_row_not_the_rest_of_the_file(friends):
    rows = "".join(f"person{number}@example.org,P\n" for number in range(500))
    import_ = bring_in(
        f'email,first_name\n{rows}ann@example.org,"Ann\n{rows.replace("person", "human")}', friends
    )
    assert refused(import_) == [(502, "broken_row")]
    assert figures(import_)["accepted"] == 1000


def test_lines_below_a_row_that_is_open_are_still_counted_right(friends):
    import_ = bring_in('email,first_name\nann@example.org,"Ann\nben@example.org,Ben\nnope,N\n', friends)
    assert refused(import_) == [(2, "broken_row"), (4, "not_an_address")]
    assert on_list(friends) == {"ben@example.org"}


def test_a_quotation_mark_that_is_closed_hundreds_of_people_later_takes_none_of_them_along(friends):
    rows = "".join(f"person{number}@example.org,P\n" for number in range(300))
    import_ = bring_in(f'email,first_name\nann@example.org,"Ann\n{rows}ben@example.org,Ben"\n', friends)
    assert refused(import_) == [(2, "broken_row")]
    assert figures(import_)["accepted"] == 301


def test_a_line_without_end_is_cut_and_refused(friends):
    content = (
        "email,first_name\nben@example.org,Ben\nann@example.org,"
        + "A" * 2_000_000
        + "\ncleo@example.org,Cleo\n"
    )
    import_ = bring_in(content, friends)
    assert refused(import_) == [(3, "broken_row")]
    assert len(RefusedRow.objects.get().row) == 2_000
    assert on_list(friends) == {"ben@example.org", "cleo@example.org"}


def test_refused_rows_come_as_a_file_that_can_be_corrected_and_brought_in(friends):
    content = (
        'E-Mail;Name;First Name;Status\nann@@example.org;"Lee; Ann";Ann;subscribed\n;"say ""hi""";Ben;\n'
        "ok@example.org;;;\nx@example.org;\n"
    )
    import_ = bring_in(content, friends)
    text = "".join(importing.rejects_csv(import_))
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == ["refused line", "refused because", "E-Mail", "Name", "First Name", "Status"]
    assert [row[0] for row in rows[1:]] == ["2", "3", "5"]
    assert rows[1][2:] == ["ann@@example.org", "Lee; Ann", "Ann", "subscribed"]
    assert rows[2][2:] == ["", 'say "hi"', "Ben", ""]
    assert rows[3][2:] == ["x@example.org", ""]
    corrected = text.replace("ann@@", "ann@").replace("3,There is no address here.,,", "3,,ben@example.org,")
    again = bring_in(corrected.replace('"x@example.org",""', "x").rsplit("\r\n", 2)[0], friends)
    assert figures(again)["accepted"] == 2
    assert on_list(friends) == {"ok@example.org", "ann@example.org", "ben@example.org"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty"),
        (b"  \n\n ", "The file is empty"),
        (b"email,name\n", "no row below the column names"),
        (b"PK\x03\x04\x14\x00\x06\x00", "The ZIP file is damaged"),
        (b"\x7fELF\x00\x00\x00\x00" * 40, "not a text file"),
    ],
)
def test_a_file_that_is_no_list_of_people_fails_whole_and_says_what_to_do(friends, content, words):
    import_ = bring_in(content, friends)
    assert import_.state == "failed"
    assert words in import_.error
    assert import_.finished_at is not None
    assert not Contact.objects.exists()
    assert not RefusedRow.objects.exists()


@pytest.mark.duty("D92")
@pytest.mark.parametrize("source", ["purchased", "scraped", "rented", "", "FORM"])
def test_a_source_outside_the_five_is_refused(friends, data_dir, source):
    with pytest.raises(importing.ImportRefused, match="bought, rented, collected from websites"):
        importing.begin(io.BytesIO(b"email\n"), list=friends, source=source, filename="people.csv")
    assert not Import.objects.exists()
    assert not list(data_dir.rglob("*.csv"))


# -- what stays behind ---------------------------------------------------------------------------------


def test_the_evidence_of_an_import_is_numbers_only(friends):
    import_ = bring_in("email,first_name\nann@example.org,Ann\nnope,Ben\n", friends, "event")
    proof = Evidence.objects.get(verb="imported")
    assert (proof.actor, proof.subject) == ("shell", f"import {import_.pk}")
    assert proof.details == {
        "list": friends.pk, "source": "event", "rows": 2, "accepted": 1, "duplicates": 0,
        "rejected": {"not_an_address": 1}, "flagged": {}, "suppressed": 0,
        "holds": "", "vouched": False, "systems": [], "notice_sha256": "", "collected": [],
    }  # fmt: skip


@pytest.mark.parametrize("content", ["email\nann@example.org\n", "email\n"])
def test_no_copy_of_the_file_stays(friends, data_dir, content):
    bring_in(content, friends)
    assert list((data_dir / "uploads").iterdir()) == []


def test_the_staging_tables_are_gone(friends):
    bring_in("email\nann@example.org\n", friends)
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'")
        assert cursor.fetchall() == []


def test_an_import_that_is_over_does_not_run_again(friends):
    import_ = bring_in("email\nann@example.org\n", friends)
    assert not importing.run(import_)
    assert importing.run_waiting() == 0
    assert not importing.is_anything_waiting()


def test_the_sweep_takes_what_waits(friends):
    for number in range(3):
        content = f"email\nperson{number}@example.org\n".encode()
        importing.begin(io.BytesIO(content), list=friends, source="form", filename="people.csv")
    assert importing.is_anything_waiting()
    assert importing.run_waiting() == 3
    assert len(on_list(friends)) == 3


def test_a_file_over_which_worker_after_worker_dies_is_given_up_in_words(friends, data_dir):
    import_ = importing.begin(
        io.BytesIO(b"email\nann@example.org\n"), list=friends, source="form", filename="f.csv"
    )
    for deaths in (0, 1, 2):
        Import.objects.filter(pk=import_.pk).update(state="running", deaths=deaths)
        if deaths < 2:
            assert importing.run(import_)
            assert Import.objects.get().deaths == deaths + 1
            Import.objects.filter(pk=import_.pk).update(state="running")
            (data_dir / "uploads").mkdir(exist_ok=True)
    assert importing.run(import_)
    given_up = Import.objects.get()
    assert given_up.state == "failed"
    assert "It was tried 3 times" in given_up.error
    assert not importing.is_anything_waiting()
    assert list((data_dir / "uploads").iterdir()) == []


def test_uploads_that_nobody_waits_for_are_removed_after_an_hour(friends, data_dir):
    waiting = importing.begin(io.BytesIO(b"email\n"), list=friends, source="form", filename="f.csv")
    uploads = data_dir / "uploads"
    for name, age in (("left.csv", 7_200), ("new.csv", 60)):
        (uploads / name).write_bytes(b"ann@example.org")
        os.utime(uploads / name, (time.time() - age,) * 2)
    os.utime(waiting.path, (0, 0))
    assert importing.forget_strays() == 1
    assert {path.name for path in uploads.iterdir()} == {"new.csv", Path(waiting.path).name}
