"""Lists and people, as staff see and change them."""

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailer import addresses, campaigns, suppression
from mailer.admin.pages import count, spoken
from mailer.contacts import leaving, people
from mailer.models import Campaign, Contact, Evidence, Import, MailingList, Subscription
from tests.mailer.admin_door import HOSTILE, new_draft, new_list, said, signed_in

pytestmark = pytest.mark.django_db

ADA = addresses.parse("ada@example.org")


# -- lists and people ------------------------------------------------------------------------------------


def test_one_person_is_added_by_hand_with_the_way_they_came():
    friends = new_list()
    answer = signed_in("Marketer").post(
        f"/admin/mailer/mailinglist/{friends.pk}/add-person/",
        {"email": " Ada@example.org ", "first_name": "Ada", "source": "event"},
    )
    place = Subscription.objects.select_related("contact").get()
    assert (place.list, place.source, place.contact.email, place.contact.first_name) == (
        friends,
        "event",
        "Ada@example.org",
        "Ada",
    )
    assert answer["Location"] == f"/admin/mailer/contact/{place.contact.pk}/change/"


@pytest.mark.parametrize("email", ["nobody", "ä@example.org", ""])
def test_what_is_no_address_is_told_beside_the_field(email):
    friends = new_list()
    answer = signed_in("Marketer").post(
        f"/admin/mailer/mailinglist/{friends.pk}/add-person/", {"email": email, "source": "event"}
    )
    assert list(answer.context["form"].errors) == ["email"]
    assert not Contact.objects.exists()


def test_adding_somebody_who_opted_out_changes_nothing_about_it():
    friends = new_list()
    suppression.suppress(ADA.mailbox_key, reason="opt_out", channel="phone", actor="user 1")
    signed_in("Marketer").post(
        f"/admin/mailer/mailinglist/{friends.pk}/add-person/", {"email": ADA.text, "source": "form"}
    )
    assert suppression.mailable(ADA).reasons == ("opt_out",)
    shown = signed_in("Marketer").get(f"/admin/mailer/contact/{Contact.objects.get().pk}/change/")
    assert "No: opt-out. The ledger has the entries." in shown.content.decode()


def test_somebody_who_left_the_list_is_not_added_and_the_page_says_why():
    friends = new_list()
    offers = MailingList.objects.create(name="Offers", slug="offers")
    people.add(ADA, offers, source="form", actor="user 1")
    leaving.leave(ADA.mailbox_key, [friends], actor="recipient")
    answer = signed_in("Marketer").post(
        f"/admin/mailer/mailinglist/{friends.pk}/add-person/", {"email": ADA.text, "source": "form"}
    )
    assert answer.context["form"].errors["email"][0].startswith("This person has left the list")
    assert not friends.subscriptions.exists()
    shown = signed_in("Marketer").get(f"/admin/mailer/contact/{Contact.objects.get().pk}/change/")
    assert (
        f"“{friends.name}”. Only they can come back, by the link in any mail or a sign-up form."
        in shown.content.decode()
    )


def test_a_list_s_slug_never_changes():
    friends = new_list()
    signed_in("Operator").post(
        f"/admin/mailer/mailinglist/{friends.pk}/change/", {"name": "Good friends", "slug": "other"}
    )
    friends.refresh_from_db()
    assert (friends.name, friends.slug) == ("Good friends", "friends")


def test_a_list_goes_with_its_places_and_leaves_people_and_opt_outs():
    friends = new_list(number=2)
    Import.objects.create(list=friends, source="form", filename="a.csv", state=Import.State.DONE)
    person = addresses.parse("person0@example.org")
    suppression.suppress(person.mailbox_key, reason="opt_out", channel="page", actor="recipient")
    client = signed_in("Operator")
    asked = client.get(f"/admin/mailer/mailinglist/{friends.pk}/delete/").content.decode()
    assert "2 places on the list go with it" in asked
    client.post(f"/admin/mailer/mailinglist/{friends.pk}/delete/", {"post": "yes"})
    assert (MailingList.objects.count(), Subscription.objects.count(), Contact.objects.count()) == (0, 0, 2)
    assert suppression.mailable(person).reasons == ("opt_out",)
    assert Evidence.objects.filter(verb="list deleted", subject=f"list {friends.pk}").count() == 1


@pytest.mark.parametrize("state", ["sending", "paused"])
def test_a_list_that_a_campaign_goes_out_to_stays(state):
    draft = new_draft()
    friends = draft.lists.get()
    campaigns.launch(draft, None)
    Campaign.objects.filter(pk=draft.pk).update(state=state)
    client = signed_in("Operator")
    asked = client.get(f"/admin/mailer/mailinglist/{friends.pk}/delete/").content.decode()
    assert "The campaign “Tomatoes” is going out to it." in asked
    client.post(f"/admin/mailer/mailinglist/{friends.pk}/delete/", {"post": "yes"})
    assert MailingList.objects.filter(pk=friends.pk).exists()


def test_a_deleted_person_leaves_the_opt_out_and_no_address_in_any_log():
    friends = new_list()
    contact = people.add(ADA, friends, source="form", first_name="Ada", actor="shell")
    suppression.suppress(ADA.mailbox_key, reason="opt_out", channel="page", actor="recipient")
    client = signed_in("Operator")
    url = f"/admin/mailer/contact/{contact.pk}"
    place = contact.subscriptions.get()
    inline = {
        "subscriptions-TOTAL_FORMS": 1,
        "subscriptions-INITIAL_FORMS": 1,
        "subscriptions-0-id": place.pk,
        "subscriptions-0-contact": contact.pk,
    }
    assert (
        client.post(f"{url}/change/", {"first_name": "Adah", "last_name": "B", **inline}).status_code == 302
    )
    assert client.post(f"{url}/delete/", {"post": "yes"}).status_code == 302
    assert not Contact.objects.exists()
    assert suppression.mailable(ADA).reasons == ("opt_out",)
    logged = [f"{entry.object_repr} {entry.change_message}" for entry in LogEntry.objects.all()]
    assert len(logged) == 2
    assert not [line for line in logged if "ada" in line.lower() or "@" in line]


def test_a_person_is_found_by_the_exact_address_or_another_one_of_the_mailbox():
    contact = people.add(ADA, new_list(), source="form", actor="shell")
    client = signed_in("Marketer")
    for typed in ("ada@example.org", " ADA@Example.ORG ", "ada+news@example.org"):
        found = client.post("/admin/mailer/contact/find/", {"address": typed})
        assert found["Location"] == f"/admin/mailer/contact/{contact.pk}/change/"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("bea@example.org", "Nobody on your books has this address or another one of its mailbox."),
        ("bea", "That is not an address: An email address must have an @-sign."),
    ],
)
def test_who_is_not_found_is_told_without_the_address_in_a_url(typed, words):
    answer = signed_in("Marketer").post("/admin/mailer/contact/find/", {"address": typed}, follow=True)
    assert said(answer) == [words]
    assert answer.redirect_chain == [("/admin/mailer/contact/", 302)]


def test_the_list_of_people_counts_nobody_and_searches_no_text():
    new_list(number=60)
    client = signed_in("Marketer")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        shown = client.get("/admin/mailer/contact/")
    asked = [query["sql"] for query in queries if '"mailer_contact"' in query["sql"]]
    assert len(shown.context["cl"].result_list) == 50
    # small tables are counted after the planner has said that they are small
    assert [sql.split()[0] for sql in asked] == ["EXPLAIN", "SELECT", "SELECT"]
    assert not [sql for sql in asked if "LIKE" in sql]


def test_a_hostile_name_of_a_person_or_list_is_text():
    hostile = new_list(name=HOSTILE, slug="x")
    contact = people.add(ADA, hostile, source="form", first_name=HOSTILE, actor="shell")
    client = signed_in("Operator")
    for path in (
        "contact/",
        f"contact/{contact.pk}/change/",
        "mailinglist/",
        f"mailinglist/{hostile.pk}/change/",
        f"mailinglist/{hostile.pk}/delete/",
        f"mailinglist/{hostile.pk}/add-person/",
        "import/add/",
        "campaign/add/",
    ):
        assert HOSTILE not in client.get(f"/admin/mailer/{path}").content.decode(), path


def test_a_big_table_is_estimated_and_a_small_one_counted(monkeypatch):
    new_list(number=3)
    assert str(count(Contact.objects.all())) == "3"
    monkeypatch.setattr("mailer.admin.pages.COUNTED_BELOW", 1)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE mailer_contact")
    assert str(count(Contact.objects.all())) == "about 3"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "less than a second"),
        (1, "1 second"),
        (59.6, "1 minute"),
        (125, "2 minutes 5 seconds"),
        (3 * 3600, "3 hours"),
        (90061, "1 day 1 hour"),
    ],
)
def test_a_length_of_time_is_said_as_people_say_it(seconds, words):
    assert spoken(seconds) == words
