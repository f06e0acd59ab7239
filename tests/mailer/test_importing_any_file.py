"""Files as other programs write them: any separator, encoding and shape, and the exports of other systems."""

import hashlib
import io
import zipfile
from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from mailer.addresses import parse
from mailer.contacts import importing
from mailer.contacts.reading import Holds
from mailer.models import Contact, Evidence, Import, MailingList, RefusedRow, Subscription, Suppression
from mailer.suppression import mailable

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]


@pytest.fixture
def friends():
    return MailingList.objects.create(name="Friends", slug="friends")


def bring_in(content, list_, *, filename="people.csv", holds=Holds.UNSAID):
    raw = content if isinstance(content, bytes) else content.encode()
    import_ = importing.begin(io.BytesIO(raw), list=list_, source="customer", filename=filename, holds=holds)
    assert importing.run(import_)
    import_ = Import.objects.get(pk=import_.pk)
    assert import_.rows == import_.accepted + import_.duplicates + sum(import_.rejected.values())
    return import_


def zipped(**files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return file.getvalue()


def people():
    return dict(Contact.objects.values_list("email", "first_name"))


def on_list(list_):
    return set(Subscription.objects.filter(list=list_).values_list("contact__email", flat=True))


def reasons(email):
    return set(
        Suppression.objects.filter(mailbox_key=parse(email).mailbox_key).values_list("reason", flat=True)
    )


# -- encodings and separators --------------------------------------------------------------------------

ACCENTED = "email,first_name\nzoe@example.org,Zoë\nrene@example.org,René\njo@example.org,O’Neil\n"
JAPANESE = "email,first_name\ntaro@example.org,太郎\nhanako@example.org,花子\nken@example.org,ケン\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_western_names_come_in_as_they_were_written_in_any_encoding(friends, encoding):
    import_ = bring_in(ACCENTED.encode(encoding), friends)
    assert import_.error == ""
    assert people() == {"zoe@example.org": "Zoë", "rene@example.org": "René", "jo@example.org": "O’Neil"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932"])
def test_japanese_names_too(friends, encoding):
    bring_in(JAPANESE.encode(encoding), friends)
    assert people() == {"taro@example.org": "太郎", "hanako@example.org": "花子", "ken@example.org": "ケン"}


def test_a_guessed_encoding_is_told(friends):
    assert bring_in(ACCENTED.encode("cp1252"), friends).flagged == {"read_as_windows-1252": 1}
    assert bring_in(JAPANESE.encode("cp932"), friends).flagged == {"read_as_shift_jis": 1}


def test_an_apostrophe_of_windows_alone_makes_no_kanji(friends):
    bring_in("email,last_name\njo@example.org,O’Neil\nal@example.org,O’Hara\n".encode("cp1252"), friends)
    assert set(Contact.objects.values_list("last_name", flat=True)) == {"O’Neil", "O’Hara"}


def test_letters_beyond_ascii_that_come_late_in_a_large_file_are_read_right(friends):
    plain = "".join(f"p{n}@example.org,Ann\n" for n in range(5_000))
    bring_in(f"email,first_name\n{plain}zoe@example.org,Zoë\n".encode("cp1252"), friends)
    assert people()["zoe@example.org"] == "Zoë"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends_are_found_by_themselves(friends, separator, line_end):
    rows = [["email", "first_name"], ["ann@example.org", "Ann"], ["ben@example.org", "Ben"]]
    bring_in(line_end.join(separator.join(row) for row in rows), friends)
    assert people() == {"ann@example.org": "Ann", "ben@example.org": "Ben"}


def test_mixed_line_ends_and_the_mark_that_a_spreadsheet_puts_first(friends):
    bring_in(
        "sep=;\r\nemail;first_name\nann@example.org;Ann\r\nben@example.org;Ben\rcleo@example.org;C", friends
    )
    assert people() == {"ann@example.org": "Ann", "ben@example.org": "Ben", "cleo@example.org": "C"}


def test_column_names_may_hold_line_breaks(friends):
    bring_in('"e-mail","first\nname"\nann@example.org,Ann\n', friends)
    assert people() == {"ann@example.org": "Ann"}


# -- without column names ------------------------------------------------------------------------------


def test_a_bare_column_of_addresses(friends):
    import_ = bring_in("ann@example.org\nben@example.org\n", friends)
    assert import_.rows == 2
    assert on_list(friends) == {"ann@example.org", "ben@example.org"}


def test_without_column_names_they_are_guessed_by_what_stands_in_them(friends):
    import_ = bring_in(
        "17;Ann;Lee;ann@example.org;subscribed\n18;Ben;Ray;ben@example.org;unsubscribed\n19;Cy;Fox;nope;\n",
        friends,
    )
    assert list(Contact.objects.values_list("email", "first_name", "last_name")) == [
        ("ann@example.org", "Ann", "Lee")
    ]
    assert reasons("ben@example.org") == {"opt_out"}
    assert import_.header == "column 1,first_name,last_name,email,status"


def test_a_column_of_addresses_under_any_name_is_found_by_its_cells(friends):
    bring_in("Kontakt,Vorname\nann@example.org,Ann\nben@example.org,Ben\n", friends)
    assert people() == {"ann@example.org": "Ann", "ben@example.org": "Ben"}


def test_an_address_behind_a_name_is_taken_out_of_its_brackets(friends):
    bring_in('email\n"Lee, Ann <ann@example.org>"\n', friends)
    assert on_list(friends) == {"ann@example.org"}


# -- other systems -------------------------------------------------------------------------------------

MAILCHIMP = (
    "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LEID,EUID\n"
)


def mailchimp(**names):
    return {
        f"{kind}_members_export_1234__csv": MAILCHIMP
        + "".join(f"{who},{who[:3]},Lee,2,,,2021-03-04 05:06:07,203.0.113.5,1,a1\n" for who in whos)
        for kind, whos in names.items()
    }


@pytest.mark.parametrize("order", [["subscribed", "unsubscribed"], ["unsubscribed", "subscribed"]])
def test_a_mailchimp_export_comes_in_as_one_and_its_opt_outs_win_in_whatever_order(friends, order):
    whos = {
        "subscribed": ["ann@example.org", "ben@example.org"],
        "unsubscribed": ["ben@example.org", "cleo@example.org"],
    }
    files = {kind: whos[kind] for kind in order} | {
        "cleaned": ["dan@example.org"],
        "nonsubscribed": ["eve@example.org", "nope"],
    }
    import_ = bring_in(zipped(**mailchimp(**files)), friends, filename="export.zip")
    assert import_.error == ""
    assert import_.rows == 7
    assert (import_.accepted, import_.duplicates, import_.suppressed) == (4, 1, 3)
    assert import_.rejected == {"no_consent": 1, "not_an_address": 1}
    assert reasons("ben@example.org") == reasons("cleo@example.org") == {"opt_out"}
    assert reasons("dan@example.org") == {"hard_bounce"}
    assert {email for email in on_list(friends) if mailable(parse(email))} == {"ann@example.org"}
    assert Subscription.objects.get(contact__email="ann@example.org").subscribed_at == datetime(
        2021, 3, 4, 5, 6, 7, tzinfo=UTC
    )
    words = set(RefusedRow.objects.values_list("words", flat=True))
    assert all(word.startswith("nonsubscribed_members_export_1234.csv: ") for word in words)


def test_a_refused_row_of_those_who_left_keeps_that_they_left_when_it_is_corrected(friends):
    import_ = bring_in(
        zipped(**mailchimp(subscribed=["ann@example.org"], unsubscribed=["ben@@example.org"])), friends
    )
    rejects = "".join(importing.rejects_csv(import_)).replace("ben@@example.org", "ben@example.org")
    bring_in(rejects, friends)
    assert reasons("ben@example.org") == {"opt_out"}
    assert on_list(friends) == {"ann@example.org"}


@pytest.mark.parametrize(
    ("header", "mailable_row", "opted_out_row", "bounced_row", "not_asked_row"),
    [
        (  # HubSpot
            "Record ID,First Name,Email,Unsubscribed from all email,Opted out of email: Newsletter,"
            "Email hard bounce reason",
            "1,Ann,{},false,false,",
            "2,Ann,{},false,true,",
            "3,Ann,{},,,Unknown user",
            None,
        ),
        (  # Klaviyo
            "Email,Klaviyo ID,First Name,Email Marketing Consent,Email Marketing Consent Timestamp,Email Suppressions",
            "{},01A,Ann,SUBSCRIBED,2024-05-06T07:08:09+00:00,",
            '{},01A,Ann,SUBSCRIBED,2024-05-06T07:08:09+00:00,"HARD_BOUNCE, UNSUBSCRIBE"',
            "{},01A,Ann,SUBSCRIBED,,HARD_BOUNCE",
            "{},01A,Ann,NEVER_SUBSCRIBED,,",
        ),
        (  # Constant Contact
            "Email address,First name,Email status,Email permission status,Confirmed Opt-Out Date",
            "{},Ann,Active,Express,",
            "{},Ann,Active,Implied,2024-01-02",
            None,
            "{},Ann,Active,No Permissions Set,",
        ),
        (  # listmonk
            "uuid,email,name,attributes,status,created_at,updated_at",
            '0-1,{},Ann,"{{}}",enabled,2024-05-06T07:08:09Z,',
            '0-2,{},Ann,"{{}}",blocklisted,2024-05-06T07:08:09Z,',
            None,
            '0-3,{},Ann,"{{}}",disabled,2024-05-06T07:08:09Z,',
        ),
        (  # Salesforce
            "Id,FirstName,Email,HasOptedOutOfEmail,EmailBouncedReason,EmailBouncedDate",
            "003A,Ann,{},0,,",
            "003B,Ann,{},1,,",
            "003C,Ann,{},0,550 no such user,2024-01-02",
            None,
        ),
        (  # Keila
            "Email,First name,Last name,Data,External ID,Status",
            "{},Ann,Lee,,,active",
            "{},Ann,Lee,,,unsubscribed",
            "{},Ann,Lee,,,unreachable",
            None,
        ),
    ],
    ids=["HubSpot", "Klaviyo", "Constant Contact", "listmonk", "Salesforce", "Keila"],
)
def test_what_another_system_says_of_its_people_is_obeyed(
    friends, header, mailable_row, opted_out_row, bounced_row, not_asked_row
):
    rows = {
        "ann@example.org": mailable_row,
        "ben@example.org": opted_out_row,
        "cleo@example.org": bounced_row,
        "dan@example.org": not_asked_row,
    }
    written = [row.format(email) for email, row in rows.items() if row]
    import_ = bring_in("\n".join([header, *written]), friends)
    assert import_.error == ""
    assert reasons("ann@example.org") == set()
    assert reasons("ben@example.org") == {"opt_out"}
    assert reasons("cleo@example.org") == ({"hard_bounce"} if bounced_row else set())
    assert import_.rejected == ({"no_consent": 1} if not_asked_row else {})
    assert {email for email in on_list(friends) if mailable(parse(email))} == {"ann@example.org"}


# -- people who must not be mailed ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filename", "content"),
    [
        ("suppression_list.csv", "email\nann@example.org\n"),
        ("do-not-email.txt", "ann@example.org\n"),
        ("Unsubscribes 2025.csv", "email,first_name\nann@example.org,Ann\n"),
        ("listmonk blocklist.csv", "email,name,attributes\nann@example.org,Ann,{}\n"),
        ("people.csv", "email,Suppression reason\nann@example.org,Spam\n"),
    ],
)
def test_of_what_may_be_a_suppression_list_candor_asks_and_until_then_nothing_comes_in(
    friends, filename, content
):
    import_ = bring_in(content, friends, filename=filename)
    assert (import_.state, import_.asks) == ("asking", "holds")
    assert "people who must not be mailed" in import_.error
    assert not Contact.objects.exists()
    assert not Suppression.objects.exists()

    as_opt_outs = bring_in(content, friends, filename=filename, holds=Holds.OPT_OUTS)
    assert (as_opt_outs.accepted, as_opt_outs.suppressed) == (1, 1)
    assert reasons("ann@example.org") == {"opt_out"}
    assert on_list(friends) == set()


def test_said_to_be_people_it_brings_people(friends):
    bring_in("email\nann@example.org\n", friends, filename="removed from old list.csv", holds=Holds.PEOPLE)
    assert on_list(friends) == {"ann@example.org"}


@pytest.mark.parametrize(
    "filename", ["people.csv", "newsletter 2026.csv", "subscribers.csv", "customers-all.csv"]
)
def test_a_plain_list_is_not_asked_about(friends, filename):
    bring_in("email,first_name\nann@example.org,Ann\n", friends, filename=filename)
    assert on_list(friends) == {"ann@example.org"}


# -- archives ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (zipped(readme__md="# nothing"), "no CSV file in this ZIP"),
        (
            zipped(people__csv="email\nann@example.org\n", more__zip=zipped(a__csv="email\n")),
            "another archive",
        ),
        (
            zipped(**{"[Content_Types].xml": "<x/>", "a__csv": "email\nann@example.org\n"}),
            "This is a spreadsheet",
        ),
        (zipped(bomb__csv="email\n" + "a" * (64 << 20)), "unpacks to far more"),
        (zipped(**{f"p{n}__csv": "email\na@example.org\n" for n in range(101)}), "more than 100 files"),
        (zipped(people__csv="email\nann@example.org\n" * 100)[:-60], "The ZIP file is damaged"),
    ],
    ids=["no table", "nested", "spreadsheet", "bomb", "too many", "cut short"],
)
def test_an_archive_that_can_not_be_read_whole_is_refused_whole(friends, content, words):
    import_ = bring_in(content, friends, filename="export.zip")
    assert import_.state == "failed"
    assert words in import_.error
    assert not Contact.objects.exists()


def test_what_a_mac_adds_to_an_archive_is_left_out(friends):
    content = zipped(**{"people__csv": "email\nann@example.org\n", "__MACOSX/.__people.csv": "\0\1\2"})
    bring_in(content, friends, filename="export.zip")
    assert on_list(friends) == {"ann@example.org"}


# -- whom a file may not bring in, and what is odd -----------------------------------------------------


@pytest.mark.duty("D105")
@pytest.mark.parametrize("born", ["2015-06-01", "06/01/2015", "1.6.2015", "01/06/15", "2013", "20150601"])
def test_a_child_is_refused_and_nothing_of_it_is_kept(friends, born):
    import_ = bring_in(f"email,first_name,Date of birth\nkim@example.org,Kim,{born}\n", friends)
    assert import_.rejected == {"under_age": 1}
    kept = RefusedRow.objects.get()
    assert (kept.line, kept.row) == (2, "")
    assert "kim" not in kept.words.lower()
    assert born not in kept.words
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    "born", ["1980-06-01", "06/01/1980", "1.6.1980", "01/06/80", "1980", "03/14", "", "May"]
)
def test_a_grown_up_comes_in_and_the_date_of_birth_is_not_kept(friends, born):
    import_ = bring_in(f"email,first_name,Date of birth\nkim@example.org,Kim,{born}\n", friends)
    assert import_.accepted == 1


@pytest.mark.parametrize(
    ("minimum", "age", "refused"),
    [(18, 17, True), (18, 18, False), (13, 12, True), (13, 13, False), (21, 20, True), (21, 21, False)],
)
def test_the_age_is_the_installation_s_and_counts_to_the_day(friends, settings, minimum, age, refused):
    settings.MINIMUM_AGE = minimum
    today = timezone.localdate()
    born = today.replace(year=today.year - age, day=min(today.day, 28))
    import_ = bring_in(f"email,birthdate\nkim@example.org,{born}\n", friends)
    assert import_.rejected == ({"under_age": 1} if refused else {})


@pytest.mark.parametrize(
    "row",
    [
        "kim@@example.org,Kim,{}",  # refused for the address
        "kim@example.org,Kim,{},x",  # a cell too many
        "kim@example.org,{}",  # one too few
        'kim@example.org,"Kim" x,{}',  # a stray quotation mark
    ],
)
@pytest.mark.parametrize("born", ["2015-06-01", "1980-06-01"])
def test_no_refused_row_keeps_a_date_of_birth_whosever_it_is(friends, row, born):
    import_ = bring_in(f"email,first_name,birthdate\n{row.format(born)}\nlee@example.org,Lee,\n", friends)
    assert (import_.accepted, sum(import_.rejected.values())) == (1, 1)
    kept = RefusedRow.objects.get()
    assert born not in kept.row + kept.words
    if "@@" in row and born.startswith("1980"):
        assert kept.row == "kim@@example.org,Kim,"


def test_odd_rows_come_in_and_are_counted(friends):
    import_ = bring_in(
        "email,first_name\ninfo@example.org,Ann\nx@mailinator.com,Ben\ncleo\u200b@example.org,Cleo\n"
        "dan@example.org,=HYPERLINK(1)\neve@example.org,{{ first_name }}\nfay@example.org,*|FNAME|*\n"
        "=gus@example.org,Gus\n",
        friends,
    )
    assert import_.flagged == {
        "role_account": 1,
        "disposable_domain": 1,
        "invisible_characters": 1,
        "formula_like": 2,
        "template_syntax": 2,
    }
    assert people() == {
        "info@example.org": "Ann",
        "x@mailinator.com": "Ben",
        "cleo@example.org": "Cleo",
        "dan@example.org": "=HYPERLINK(1)",
        "eve@example.org": "",
        "fay@example.org": "",
        "=gus@example.org": "Gus",
    }


@pytest.mark.duty("D101")
def test_a_neighbour_of_a_wireless_domain_is_no_wireless_domain(friends):
    bring_in("email\nann@notvtext.com\n", friends)
    assert on_list(friends) == {"ann@notvtext.com"}


def test_refused_rows_run_no_formula_in_a_spreadsheet_and_come_back_as_they_were(friends):
    import_ = bring_in("email,first_name\nann@@example.org,=1+1\n", friends)
    rejects = "".join(importing.rejects_csv(import_))
    assert ",'=1+1" in rejects
    bring_in(rejects.replace("@@", "@"), friends)
    assert people() == {"ann@example.org": "=1+1"}


def test_an_international_domain_comes_in_as_mail_servers_know_it(friends):
    bring_in("email\nann@bücher.example\nann@xn--bcher-kva.example\n", friends)
    assert on_list(friends) == {"ann@xn--bcher-kva.example"}


# -- made up by a program ------------------------------------------------------------------------------

FIRST = ["ann", "ben", "cleo", "dan", "eve", "fay", "gus", "hal"]


@pytest.mark.duty("D93")
@pytest.mark.parametrize(
    ("addresses", "sign"),
    [
        (
            [f"a{n}@acme-widgets.com" for n in range(1, 1000)],
            "999 numbered addresses in a row at acme-widgets.com",
        ),
        ([f"{a}.{b}son@acme-widgets.com" for a in FIRST for b in FIRST], "64 combinations of the same names"),
        (
            [f"ann.lee@shop-{chr(97 + n // 26)}{chr(97 + n % 26)}.com" for n in range(60)],
            "“ann.lee@” at 60 different",
        ),
        (
            [f"info@shop-{chr(97 + n // 26)}{chr(97 + n % 26)}.com" for n in range(60)],
            "60 mailboxes of offices",
        ),
    ],
    ids=["numbered", "grid", "same name everywhere", "offices"],
)
def test_addresses_that_look_generated_come_in_only_when_somebody_vouches_for_them(friends, addresses, sign):
    content = "\n".join(["email", *addresses])
    import_ = bring_in(content, friends)
    assert (import_.state, import_.asks) == ("asking", "vouched")
    assert sign in import_.error
    assert not Contact.objects.exists()

    again = importing.begin(
        io.BytesIO(content.encode()), list=friends, source="event", filename="f.csv", vouched="Badge numbers."
    )
    importing.run(again)
    assert Import.objects.get(pk=again.pk).accepted == len(addresses)
    assert Evidence.objects.get(verb="imported").details["vouched"] is True


@pytest.mark.parametrize(
    "addresses",
    [
        [f"a{n}@acme-widgets.com" for n in range(1, 40)],
        [f"person{n}@example.org" for n in range(1, 400)],
        [f"user{n * n}@acme-widgets.com" for n in range(1, 200)],
        [f"{a}.{chr(97 + n // 26)}{chr(97 + n % 26)}son@acme-widgets.com" for n, a in enumerate(FIRST * 30)],
    ],
    ids=["few", "names that are nobody's", "years and lucky numbers", "a firm's list"],
)
def test_an_honest_list_is_not_taken_for_a_generated_one(friends, addresses):
    assert bring_in("\n".join(["email", *addresses]), friends).accepted == len(addresses)


# -- how they came to be in the file -------------------------------------------------------------------


@pytest.mark.duty("D92")
def test_what_people_were_told_and_who_collected_them_when_is_kept_and_proved(friends):
    told = importing.Provenance("Tick here for our letter.", "Lee", date(2026, 5, 1), date(2026, 5, 31))
    import_ = importing.begin(
        io.BytesIO(b"email\nann@example.org\n"),
        list=friends,
        source="event",
        filename="f.csv",
        provenance=told,
    )
    importing.run(import_)
    kept = Import.objects.get()
    assert (kept.notice, kept.collected_by) == ("Tick here for our letter.", "Lee")
    assert (kept.collected_from, kept.collected_to) == (date(2026, 5, 1), date(2026, 5, 31))
    proof = Evidence.objects.get(verb="imported").details
    assert proof["notice_sha256"] == hashlib.sha256(b"Tick here for our letter.").hexdigest()
    assert proof["collected"] == ["2026-05-01", "2026-05-31"]


@pytest.mark.parametrize(
    ("first", "last"),
    [(date(2026, 5, 2), date(2026, 5, 1)), (date(2026, 5, 1), date(9999, 1, 1)), (date(9999, 1, 1), None)],
)
def test_days_that_can_not_be_are_refused_and_nothing_begins(friends, data_dir, first, last):
    with pytest.raises(importing.ImportRefused, match="can't have been collected"):
        importing.begin(
            io.BytesIO(b"email\nann@example.org\n"),
            list=friends,
            source="event",
            filename="f.csv",
            provenance=importing.Provenance("", "", first, last),
        )
    assert not Import.objects.exists()
