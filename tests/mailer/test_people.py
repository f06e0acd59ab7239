"""One person by hand or from a form."""

import threading

import pytest
from django.db import connection

from mailer import suppression
from mailer.addresses import AddressRefused, parse
from mailer.contacts import people
from mailer.models import Contact, Evidence, MailingList, Subscription
from mailer.suppression import Channel, Reason, mailable


@pytest.fixture
def friends(db):
    return MailingList.objects.create(name="Friends", slug="friends")


def add(list_, raw="Ann@Example.org", **names):
    return people.add(parse(raw), list_, source="form", actor="user 3", **names)


def test_a_person_is_added_with_keys_names_place_and_evidence(friends):
    contact = add(friends, first_name="Ann", last_name="Lee")
    contact.refresh_from_db()
    address = parse("ann@example.org")
    assert (contact.email, contact.first_name, contact.last_name) == ("Ann@example.org", "Ann", "Lee")
    assert bytes(contact.address_key) == address.address_key
    assert bytes(contact.mailbox_key) == address.mailbox_key
    place = Subscription.objects.get()
    assert (place.contact_id, place.list_id, place.source, place.import_id) == (
        contact.pk,
        friends.pk,
        "form",
        None,
    )
    proof = Evidence.objects.get()
    assert (proof.verb, proof.actor, proof.subject) == ("added to list", "user 3", f"list {friends.pk}")
    assert bytes(proof.mailbox_key) == address.mailbox_key
    assert proof.details == {"source": "form", "new_contact": True, "new_on_list": True}


def test_a_repeat_changes_nothing_but_is_recorded(friends):
    first = add(friends, first_name="Ann")
    assert add(friends, "ANN@EXAMPLE.ORG").pk == first.pk
    assert Contact.objects.get().first_name == "Ann"
    assert Subscription.objects.count() == 1
    assert Evidence.objects.order_by("-id").first().details == {
        "source": "form", "new_contact": False, "new_on_list": False,
    }  # fmt: skip


def test_names_that_are_given_replace_those_we_had(friends):
    add(friends, first_name="Ann", last_name="Lee")
    add(friends, first_name="Anna")
    contact = Contact.objects.get()
    assert (contact.first_name, contact.last_name) == ("Anna", "Lee")


def test_the_first_source_of_a_place_stays(friends):
    add(friends)
    people.add(parse("ann@example.org"), friends, source="partner", actor="user 3")
    assert Subscription.objects.get().source == "form"


def test_who_has_opted_out_stays_opted_out(friends):
    ann = parse("ann@example.org")
    suppression.suppress(ann.mailbox_key, reason=Reason.OPT_OUT, channel=Channel.PAGE, actor="recipient")
    add(friends)
    assert mailable(ann).reasons == ("opt_out",)


def test_an_address_that_mail_servers_can_not_carry_is_refused(friends):
    with pytest.raises(AddressRefused, match="beyond a–z"):
        add(friends, "änn@example.org")
    assert not Contact.objects.exists()
    assert not Evidence.objects.exists()


def test_the_same_person_added_at_the_same_time_is_one_contact(living_database):
    friends = MailingList.objects.create(name="Friends", slug="friends")
    start, found = threading.Barrier(4), []

    def run():
        start.wait(timeout=10)
        found.append(add(friends).pk)
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(found) == 4
    assert set(found) == {Contact.objects.get().pk}
    assert Subscription.objects.count() == 1
