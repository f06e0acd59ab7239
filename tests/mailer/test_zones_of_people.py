"""By which clocks people live: told by files, programs and staff, kept, told to its owner, taken along."""

import io

import pytest
from django.db import IntegrityError, transaction

from mailer import addresses
from mailer.contacts import importing, people
from mailer.hours import NotOnTheClock, zone_named
from mailer.models import Contact, Evidence, Import, MailingList
from tests.mailer.admin_door import signed_in
from tests.mailer.api_door import Program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]


@pytest.fixture
def friends() -> MailingList:
    return MailingList.objects.create(name="Friends", slug="friends")


def bring_in(content: str, list_: MailingList) -> Import:
    import_ = importing.begin(
        io.BytesIO(content.encode()), list=list_, source="customer", filename="people.csv"
    )
    assert importing.run(import_)
    return import_


def zones() -> dict[str, str]:
    return dict(Contact.objects.values_list("email", "zone"))


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (" america/new york ", "America/New_York"),
        ("UTC", "UTC"),
        ("Etc/GMT+5", "Etc/GMT+5"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_a_zone_is_known_in_any_case_and_with_spaces(written, name):
    assert zone_named(written) == name


@pytest.mark.parametrize("wrong", ["Berlin", "+02:00", "../etc/passwd", "Europe/Berlin\0", "x" * 5_000])
def test_what_is_no_zone_is_refused_with_what_to_write(wrong):
    with pytest.raises(NotOnTheClock, match="Write its IANA name, such as Europe/Berlin"):
        zone_named(wrong)


# -- files ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["time zone", "Timezone", "TZ", "zone", "time_zone", "Zeitzone"])
def test_a_file_tells_the_zones_of_its_people(friends, header):
    bring_in(f"email,{header}\nann@example.org,Asia/Tokyo\nbob@example.org,\n", friends)
    assert zones() == {"ann@example.org": "Asia/Tokyo", "bob@example.org": ""}


def test_with_a_zone_that_nobody_knows_a_person_comes_in_without_and_the_row_says_what_to_write(friends):
    import_ = bring_in(
        "email,first_name,tz\nann@example.org,Ann,Tokyo\nbob@example.org,Bob,Asia/Tokyo\neve,Eve,\n", friends
    )
    assert (import_.rows, import_.accepted, import_.rejected) == (3, 2, {"not_an_address": 1})
    assert import_.flagged == {"zone_unknown": 1}
    assert zones() == {"ann@example.org": "", "bob@example.org": "Asia/Tokyo"}
    row, refused = import_.refused_rows.all()
    assert (row.line, row.reason, row.row) == (2, "zone_unknown", "ann@example.org,Ann,Tokyo")
    assert row.words == (
        "The row counts, but without its time zone. Candor does not know the time zone “Tokyo”. Write its IANA name, "
        "such as Europe/Berlin or America/New_York."
    )
    assert refused.reason == "not_an_address"
    page = signed_in("Marketer").get(f"/admin/mailer/import/{import_.pk}/").content.decode()
    for words in ("Rows to correct", row.words, "Download all 2 with their reasons"):
        assert words in page


def test_the_corrected_row_dropped_in_again_brings_the_zone(friends):
    import_ = bring_in("email,tz\nann@example.org,Tokyo\n", friends)
    bring_in("".join(importing.rejects_csv(import_)).replace(",Tokyo", ",Asia/Tokyo"), friends)
    assert zones() == {"ann@example.org": "Asia/Tokyo"}


def test_a_file_fills_in_a_zone_and_replaces_none(friends):
    bring_in("email,tz\nann@example.org,Asia/Tokyo\nbob@example.org,\n", friends)
    bring_in("email,tz\nann@example.org,Europe/Paris\nbob@example.org,Europe/Rome\n", friends)
    assert zones() == {"ann@example.org": "Asia/Tokyo", "bob@example.org": "Europe/Rome"}


def test_who_opted_out_stays_so_whatever_stands_in_the_column_of_zones(friends):
    import_ = bring_in("email,status,tz\nann@example.org,unsubscribed,Mars\n", friends)
    assert (import_.accepted, import_.suppressed, Contact.objects.count()) == (1, 1, 0)


# -- programs and staff --------------------------------------------------------------------------------


def test_a_program_writes_zones_and_reads_them(friends):
    program = Program("contacts:write", "contacts:read")
    ann = {"address": "ann@example.org", "zone": "asia/tokyo", "list": "friends", "source": "form"}
    assert program.put("/contacts", **ann).status == 200
    assert program.post("/contacts/find", address="ann@example.org").body["zone"] == "Asia/Tokyo"
    program.put("/contacts", address="ann@example.org", first_name="Ann")
    assert zones() == {"ann@example.org": "Asia/Tokyo"}, "what is left out stays"
    program.put("/contacts", address="ann@example.org", zone="Europe/Paris")
    assert zones() == {"ann@example.org": "Europe/Paris"}
    assert Evidence.objects.get(verb="contact corrected").details == {"fields": ["zone"]}


def test_a_program_is_told_which_field_holds_no_zone_and_of_many_the_others_come_in(friends):
    program = Program("contacts:write")
    eve = {"address": "eve@example.org", "list": "friends", "source": "form"}
    told = program.put("/contacts", **eve, zone="Mars/Base")
    (error,) = told.body["errors"]
    assert (told.status, error["pointer"], error["code"]) == (422, "/zone", "zone_unknown")
    both = [{**eve, "zone": "Mars/Base"}, {**eve, "address": "bob@example.org", "zone": "UTC"}]
    told = program.post("/contacts/batch", people=both)
    assert (told.body["accepted"], told.body["refused"]) == (1, 1)
    assert zones() == {"bob@example.org": "UTC"}


def test_staff_choose_a_zone_from_those_that_there_are(friends):
    ann = people.add(addresses.parse("ann@example.org"), friends, source="form", actor="shell")
    place = ann.subscriptions.get()
    inline = {
        "subscriptions-TOTAL_FORMS": 1, "subscriptions-INITIAL_FORMS": 1,
        "subscriptions-0-id": place.pk, "subscriptions-0-contact": ann.pk,
    }  # fmt: skip
    client, url = signed_in("Operator"), f"/admin/mailer/contact/{ann.pk}/change/"
    assert client.post(url, {"zone": "Mars/Base", **inline}).status_code == 200
    assert zones() == {"ann@example.org": ""}
    assert client.post(url, {"zone": "Asia/Tokyo", **inline}).status_code == 302
    assert zones() == {"ann@example.org": "Asia/Tokyo"}


def test_the_database_takes_no_zone_that_could_be_none(friends):
    ann = people.add(addresses.parse("ann@example.org"), friends, source="form", actor="shell")
    with pytest.raises(IntegrityError), transaction.atomic():
        Contact.objects.filter(pk=ann.pk).update(zone="../etc")
