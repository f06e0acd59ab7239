"""Who left a list stays off it, whatever others do, until they themselves come back."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from io import BytesIO

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mailer import audience, locks, suppression
from mailer.addresses import parse
from mailer.contacts import importing, leaving, people
from mailer.models import Contact, Evidence, ListLeaving, ListReturn, MailingList, Subscription
from tests.mailer.test_audience import campaign_for, outcome
from tests.stories.parts import on_its_own_connection

ANN = parse("ann@example.org")
THEN = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _database(request: pytest.FixtureRequest) -> None:
    if "living_database" not in request.fixturenames:
        request.getfixturevalue("db")


def new_list(name="Friends") -> MailingList:
    return MailingList.objects.create(name=name, slug=name.lower())


def add(to: MailingList, *addresses: str) -> list[Contact]:
    return [people.add(parse(each), to, source="customer", actor="user 1") for each in addresses]


def leave(*lists: MailingList, address=ANN) -> None:
    leaving.leave(address.mailbox_key, lists, actor="recipient", campaign=12, received_at=THEN)


def bring_in(to: MailingList, text: str, data_dir):
    import_ = importing.begin(BytesIO(text.encode()), list=to, source="customer", filename="people.csv")
    importing.run(import_)
    import_.refresh_from_db()
    return import_


def on(to: MailingList) -> set[str]:
    return set(to.subscriptions.values_list("contact__email", flat=True))


def mailed(*lists: MailingList) -> set[str]:
    """Who would get a campaign to these lists now."""
    campaign = campaign_for(*lists)
    audience.snapshot(campaign)
    return {email for email, said in outcome(campaign).items() if said == "pending"}


# -- leaving ---------------------------------------------------------------------------------------------


def test_leaving_takes_the_mailbox_off_at_all_its_addresses_and_off_no_other_list():
    friends, offers = new_list(), new_list("Offers")
    add(friends, "ann@example.org", "ann+b@example.org", "ben@example.org")
    add(offers, "ann@example.org")
    leave(friends)
    assert (on(friends), on(offers)) == ({"ben@example.org"}, {"ann@example.org"})
    assert (mailed(friends), mailed(offers)) == ({"ben@example.org"}, {"ann@example.org"})
    assert mailed(friends, offers) == {"ann@example.org", "ben@example.org"}
    assert suppression.mailable(ANN), "leaving a list is no opt-out"


def test_one_row_of_evidence_keeps_where_each_place_came_from_and_no_address():
    friends, offers = new_list(), new_list("Offers")
    (ann,) = add(friends, "ann@example.org")
    place = Subscription.objects.get()
    leave(friends, offers)
    told = Evidence.objects.get(verb="left lists")
    assert (told.actor, bytes(told.mailbox_key), told.subject) == ("recipient", ANN.mailbox_key, "")
    assert told.details == {
        "lists": [friends.pk, offers.pk],
        "campaign": 12,
        "places": [
            {
                "list": friends.pk,
                "contact": ann.pk,
                "source": "customer",
                "import": None,
                "subscribed_at": place.subscribed_at.isoformat(),
            }
        ],
    }
    left = ListLeaving.objects.order_by("id").values_list("list_slug", "campaign_number", "received_at")
    assert list(left) == [("friends", 12, THEN), ("offers", 12, THEN)]


def test_leaving_again_is_harmless_and_adds_nothing():
    friends = new_list()
    add(friends, "ann@example.org")
    leave(friends)
    leave(friends)
    leave()
    assert ListLeaving.objects.count() == Evidence.objects.filter(verb="left lists").count() == 1


# -- what others do --------------------------------------------------------------------------------------

WHOLE_FILE = "email,first_name\nann@example.org,Ann\nAnn+Shop@example.org,Ann\nben@example.org,Ben\n"


def test_importing_the_whole_file_again_puts_nobody_back_and_says_how_many_were_skipped(data_dir):
    friends = new_list()
    bring_in(friends, WHOLE_FILE, data_dir)
    leave(friends)
    again = bring_in(friends, WHOLE_FILE, data_dir)
    assert on(friends) == mailed(friends) == {"ben@example.org"}
    assert (again.state, again.rows, again.accepted, again.duplicates, again.suppressed) == (
        "done",
        3,
        2,
        1,
        2,
    )
    assert again.flagged == {"left_list": 2}


def test_neither_deletion_of_the_contact_nor_of_the_list_lets_them_be_put_back(data_dir):
    friends = new_list()
    bring_in(friends, WHOLE_FILE, data_dir)
    leave(friends)
    Contact.objects.all().delete()
    friends.imports.all().delete()
    friends.delete()
    friends = new_list()
    bring_in(friends, WHOLE_FILE, data_dir)
    assert on(friends) == mailed(friends) == {"ben@example.org"}
    assert not Contact.objects.filter(mailbox_key=ANN.mailbox_key).exists()
    assert bring_in(new_list("Offers"), WHOLE_FILE, data_dir).flagged == {}


def test_what_a_file_says_against_somebody_who_left_still_counts(data_dir):
    friends = new_list()
    leave(friends)
    bring_in(friends, "email,status\nann@example.org,unsubscribed\n", data_dir)
    assert suppression.mailable(ANN).reasons == ("opt_out",)


def test_staff_can_not_add_them_by_hand_and_are_told_who_can():
    friends = new_list()
    leave(friends)
    with pytest.raises(leaving.LeftList, match="come back by themselves"):
        add(friends, "ann+b@example.org")
    assert not Contact.objects.exists()
    add(new_list("Offers"), "ann@example.org")


def test_a_place_that_came_in_all_the_same_counts_for_nothing():
    friends, offers = new_list(), new_list("Offers")
    (ann,) = add(friends, "ann@example.org")
    leave(friends)
    Subscription.objects.create(list=friends, contact=ann, source="customer")
    campaign = campaign_for(friends, offers)
    assert audience.snapshot(campaign) == {"left_list": 1}
    assert audience.estimate([friends]) == audience.Estimate(people=1, mailable=0)
    add(offers, "ann@example.org")
    assert mailed(friends, offers) == {"ann@example.org"}
    assert leaving.places_of(ANN.mailbox_key) == leaving.Places(on=(offers,), left=(friends,))


def test_an_opt_out_is_said_before_a_left_list():
    friends = new_list()
    (ann,) = add(friends, "ann@example.org")
    leave(friends)
    Subscription.objects.create(list=friends, contact=ann, source="customer")
    suppression.suppress(ANN.mailbox_key, reason="opt_out", channel="page", actor="recipient")
    assert audience.snapshot(campaign_for(friends)) == {"opt_out": 1}


def test_the_database_itself_keeps_a_list_s_slug():
    friends = new_list()
    with pytest.raises(IntegrityError, match="short name of a list never changes"), transaction.atomic():
        MailingList.objects.filter(pk=friends.pk).update(slug="other")
    MailingList.objects.filter(pk=friends.pk).update(slug="friends", name="Old friends")
    friends.refresh_from_db()
    assert (friends.slug, friends.name) == ("friends", "Old friends")


# -- coming back -----------------------------------------------------------------------------------------


def test_coming_back_is_for_the_exact_address_and_until_they_leave_again():
    friends = new_list()
    ann, _ = add(friends, "ann@example.org", "ann+b@example.org")
    leave(friends)
    leaving.come_back(ann, [friends], requested_at=THEN)
    place = Subscription.objects.get()
    assert (place.contact, place.source) == (ann, "form")
    assert mailed(friends) == {"ann@example.org"}
    assert (leaving.has_left(ANN, friends), leaving.has_left(parse("ann+b@example.org"), friends)) == (
        False,
        True,
    )
    told = Evidence.objects.get(verb="came back to lists")
    assert (told.actor, told.details) == (
        "recipient",
        {"lists": [friends.pk], "requested_at": THEN.isoformat()},
    )
    leave(friends)
    assert mailed(friends) == set()
    assert (ListLeaving.objects.count(), ListReturn.objects.count()) == (2, 1)


def test_coming_back_lifts_no_opt_out():
    friends = new_list()
    (ann,) = add(friends, "ann@example.org")
    suppression.suppress(ANN.mailbox_key, reason="opt_out", channel="page", actor="recipient")
    leaving.come_back(ann, [friends], requested_at=timezone.now())
    assert not suppression.mailable(ANN)


PEOPLE = ("a@example.org", "a+x@example.org", "b@example.org")
acts = st.lists(
    st.tuples(
        st.sampled_from(["add", "import", "leave", "come back", "delete"]),
        st.sampled_from(["friends", "offers"]),
        st.sampled_from(PEOPLE),
    ),
    max_size=15,
)


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts)
def test_whatever_happens_nobody_is_mailed_on_a_list_after_leaving_it_and_before_coming_back(
    db, data_dir, history
):
    stamp = str(timezone.now().timestamp())
    lists = {
        name: MailingList.objects.create(name=name, slug=f"{name}-{stamp.replace('.', '-')}")
        for name in ("friends", "offers")
    }
    Contact.objects.all().delete()
    off: set[tuple[str, str]] = set()  # (list, exact address) that must not be mailed
    for act, name, email in history:
        address, contact = parse(email), Contact.objects.filter(email=email).first()
        if act == "add":
            try:
                add(lists[name], email)
            except leaving.LeftList:
                assert (name, email) in off
        elif act == "import":
            bring_in(lists[name], f"email\n{email}\n", data_dir)
        elif act == "leave":
            leave(lists[name], address=address)
            off |= {(name, each) for each in PEOPLE if parse(each).mailbox == address.mailbox}
        elif act == "come back" and contact:
            leaving.come_back(contact, [lists[name]], requested_at=timezone.now())
            off.discard((name, email))
        elif act == "delete" and contact:
            contact.delete()
    for name, there in lists.items():
        got = mailed(there)
        assert {(name, email) for email in got} & off == set()
        assert {parse(e).mailbox for e in got} == {
            parse(e).mailbox for e in on(there) if (name, e) not in off
        }


# -- the moment ------------------------------------------------------------------------------------------


def test_leaving_waits_for_a_hand_over_that_has_begun(living_database):
    friends = new_list()
    add(friends, "ann@example.org")
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            locks.ask_leave(12, [ANN.mailbox_key])
            asked = other.submit(on_its_own_connection, leave, friends)
            assert wait([asked], timeout=1).not_done
            assert not ListLeaving.objects.exists()
        asked.result(timeout=20)
    assert ListLeaving.objects.count() == 1


def test_the_rows_are_only_ever_added(living_database):
    friends = new_list()
    (ann,) = add(friends, "ann@example.org")
    leave(friends)
    leaving.come_back(ann, [friends], requested_at=THEN)
    for table in ("mailer_listleaving", "mailer_listreturn"):
        for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with (
                pytest.raises(IntegrityError, match="only ever added"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)
