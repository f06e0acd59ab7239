"""People and their places on lists, by other programs."""

from threading import Barrier, Thread

import pytest
from django.db import connection

from mailer import addresses, suppression
from mailer.models import Contact, Evidence, HashedOptOut, Import, MailingList, Subscription, Suppression
from tests.mailer.api_door import Program, codes, is_mailable, new_list, on_list, opted_out


@pytest.fixture
def news(db) -> MailingList:
    return new_list()


# -- one person ----------------------------------------------------------------------------------------


def test_a_new_person_comes_onto_the_books_and_the_list_with_source_and_one_row_of_evidence(news):
    program = Program("contacts:write")
    told = program.put(
        "/contacts",
        address=" Ann@Example.org ",
        first_name="Ann",
        last_name="Lee",
        list="news",
        source="customer",
    )
    contact = Contact.objects.get()
    assert (told.status, told.body) == (200, {"contact": contact.pk, "flagged": []})
    assert (contact.email, contact.first_name, contact.last_name) == ("Ann@example.org", "Ann", "Lee")
    place = Subscription.objects.get()
    assert (place.contact, place.list, place.source, place.import_id) == (contact, news, "customer", None)
    row = Evidence.objects.get(verb="added to list")
    assert (row.actor, row.subject) == (f"API key {program.key.pk}", f"list {news.pk}")
    assert bytes(row.mailbox_key) == addresses.parse("ann@example.org").mailbox_key


def test_repeats_are_harmless_and_given_names_replace_those_we_had(news):
    program = Program("contacts:write")
    body = {
        "address": "ann@example.org",
        "first_name": "Ann",
        "last_name": "Lee",
        "list": "news",
        "source": "form",
    }
    first, again = program.put("/contacts", **body), program.put("/contacts", **body)
    assert first.body == again.body
    program.put("/contacts", address="ANN@example.org", first_name="Anna", list="news", source="partner")
    contact = Contact.objects.get()
    assert (contact.first_name, contact.last_name) == ("Anna", "Lee")
    assert Subscription.objects.get().source == "form"


def test_without_a_list_the_names_of_somebody_we_know_are_brought_up_to_date(news):
    (ann,) = on_list(news, "ann@example.org")
    program = Program("contacts:write")
    assert program.put("/contacts", address="ann@example.org", last_name="Lee").body["contact"] == ann.pk
    assert program.put("/contacts", address="ann@example.org", last_name="Lee").status == 200
    ann.refresh_from_db()
    assert (ann.first_name, ann.last_name) == ("", "Lee")
    row = Evidence.objects.get(verb="names corrected")
    assert (row.actor, row.subject, row.details) == (
        f"API key {program.key.pk}",
        f"contact {ann.pk}",
        {"fields": ["last_name"]},
    )


def test_nobody_comes_onto_the_books_without_a_list_and_a_source(news):
    program = Program("contacts:write")
    alone = program.put("/contacts", address="ann@example.org", first_name="Ann")
    halves = [
        program.put("/contacts", address="ann@example.org", list="news"),
        program.put("/contacts", address="ann@example.org", source="form"),
    ]
    assert (alone.status, codes(alone)) == (422, [("/address", "not_on_the_books")])
    assert [codes(half) for half in halves] == [[("/source", "list_without_source")]] * 2
    assert not Contact.objects.exists()


# What is refused, with the same code and words as a row of a file.
REFUSED = {
    "": "no_address",
    "   ": "no_address",
    "ann": "not_an_address",
    "ann@localhost": "not_an_address",
    "änn@example.org": "not_carried",
    "5035550142@txt.att.net": "wireless",
    "{{ email }}": "template_syntax",
    "*|EMAIL|*": "template_syntax",
    f"{'a' * 260}@example.org": "too_long",
}


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_a_file_may_not_bring_in_a_program_may_not_either(news, address):
    told = Program("contacts:write").put("/contacts", address=address, list="news", source="form")
    assert (told.status, told.problem, codes(told)) == (422, "refused", [("/address", REFUSED[address])])
    assert not Contact.objects.exists()


def test_what_is_odd_but_may_come_in_is_flagged(news):
    program = Program("contacts:write")
    office = program.put("/contacts", address="info@mailinator.com", list="news", source="form")
    unfilled = program.put(
        "/contacts", address="ann@example.org", first_name="{{ first_name }}", list="news", source="form"
    )
    hidden = program.put(
        "/contacts", address="be\u200ba@example.org", first_name="B\u202eea\r\n", list="news", source="form"
    )
    assert office.body["flagged"] == ["disposable_domain", "role_account"]
    assert unfilled.body["flagged"] == ["template_syntax"]
    assert hidden.body["flagged"] == ["invisible_characters", "name_cleaned"]
    assert set(Contact.objects.values_list("email", "first_name")) == {
        ("info@mailinator.com", ""),
        ("ann@example.org", ""),
        ("bea@example.org", "Bea"),
    }


@pytest.mark.parametrize("source", ["purchased", "scraped", "appended", "generated", "", "FORM"])
def test_a_source_that_the_law_forbids_is_refused_in_the_words_of_the_import(news, source):
    told = Program("contacts:write").put("/contacts", address="ann@example.org", list="news", source=source)
    assert (told.status, codes(told)) == (422, [("/source", "not_understood")])
    assert "15 U.S.C. 7704(b)(1)" in told.body["errors"][0]["detail"]
    assert not Contact.objects.exists()


def test_a_list_that_is_not_there_is_not_made(news):
    told = Program("contacts:write").put(
        "/subscriptions", address="ann@example.org", list="old", source="form"
    )
    assert (told.status, codes(told)) == (422, [("/list", "list_unknown")])
    assert MailingList.objects.count() == 1
    assert not Contact.objects.exists()


def test_a_misspelt_field_is_an_error_and_nothing_is_done(news):
    told = Program("contacts:write").put(
        "/contacts", address="ann@example.org", frist_name="Ann", list="news", source="form"
    )
    assert codes(told) == [("/frist_name", "not_understood")]
    assert told.body["errors"][0]["detail"] == "This is not known here. Is it misspelt?"
    assert not Contact.objects.exists()


# -- nobody is put past the ledger ---------------------------------------------------------------------


def upsert(program: Program, address: str):
    return program.put("/contacts", address=address, list="news", source="form")


def in_batch(program: Program, address: str):
    return program.post("/contacts/batch", people=[{"address": address, "list": "news", "source": "form"}])


def subscription(program: Program, address: str):
    return program.put("/subscriptions", address=address, list="news", source="form")


@pytest.mark.parametrize("bring_in", [upsert, in_batch, subscription])
@pytest.mark.parametrize("reason", Suppression.Reason.values)
def test_whoever_may_not_be_mailed_still_may_not_whatever_a_program_sends(news, bring_in, reason):
    opted_out("ann@example.org", reason)
    entries = list(Suppression.objects.values_list())
    program = Program("contacts:write")
    for address in ("ann@example.org", "Ann+new@example.org"):
        assert bring_in(program, address).status == 200
        assert suppression.mailable(addresses.parse(address)).reasons == (reason,)
    assert list(Suppression.objects.values_list()) == entries


@pytest.mark.parametrize("bring_in", [upsert, in_batch, subscription])
def test_who_is_on_a_suppression_list_of_digests_is_entered_when_a_program_brings_them(news, bring_in):
    import hashlib

    given = Import.objects.create(list=news, source="migration", filename="list.csv", state="done")
    HashedOptOut.objects.create(digest=hashlib.sha1(b"ann@example.org").digest(), import_id=given.pk)
    assert bring_in(Program("contacts:write"), "ann@example.org").status == 200
    assert not is_mailable("ann@example.org")


# -- leaving a list ------------------------------------------------------------------------------------


def test_to_take_somebody_off_a_list_counts_as_their_own_wish_and_is_no_opt_out(news):
    offers = new_list("offers")
    (ann,) = on_list(news, "ann@example.org")
    on_list(offers, "ann@example.org")
    program = Program("contacts:write")
    answers = [program.post("/subscriptions/leave", address="Ann@example.org", list="news") for _ in range(2)]
    assert [(told.status, told.body) for told in answers] == [(200, {"off_the_list": True})] * 2
    assert list(ann.subscriptions.values_list("list", flat=True)) == [offers.pk]
    assert is_mailable("ann@example.org")
    row = Evidence.objects.get(verb="left lists")
    assert (row.actor, row.details["lists"]) == (f"API key {program.key.pk}", [news.pk])
    stranger = program.post("/subscriptions/leave", address="bea@example.org", list="news")
    assert (stranger.status, stranger.body) == (200, {"off_the_list": True})
    unknown = program.post("/subscriptions/leave", address="ann@example.org", list="old")
    assert codes(unknown) == [("/list", "list_unknown")]


@pytest.mark.parametrize("bring_in", [upsert, in_batch, subscription])
def test_whoever_left_a_list_is_not_put_back_by_a_program(news, bring_in):
    program = Program("contacts:write")
    program.post("/subscriptions/leave", address="ann@example.org", list="news")
    told = bring_in(program, "ann@example.org")
    if bring_in is in_batch:
        assert [result["refused"] for result in told.body["results"]] == ["left_list"]
    else:
        assert (told.status, codes(told)) == (422, [("/list", "left_list")])
    assert not Subscription.objects.exists()


# -- a batch -------------------------------------------------------------------------------------------


def test_of_a_batch_each_item_is_answered_and_a_bad_one_holds_up_nobody(news):
    items = [
        {"address": "ann@example.org", "list": "news", "source": "form"},
        {"address": "bad", "list": "news", "source": "form"},
        {"address": "bea@example.org"},
        {"address": "cid@example.org", "list": "old", "source": "form"},
        {"address": "dan@example.org", "list": "news", "source": "purchased"},
        {"address": 7, "naem": "x"},
        ["eve@example.org"],
        "fay@example.org",
        None,
        {"address": "info@example.org", "first_name": "Gil", "list": "news", "source": "event"},
        {"address": "ann@example.org", "last_name": "Lee"},
    ]
    told = Program("contacts:write").post("/contacts/batch", people=items)
    assert (told.status, told.body["accepted"], told.body["refused"]) == (200, 3, 8)
    results = told.body["results"]
    assert [result["index"] for result in results] == list(range(len(items)))
    assert [result["refused"] for result in results] == [
        "",
        "not_an_address",
        "not_on_the_books",
        "list_unknown",
        "not_understood",
        "not_understood",
        "not_understood",
        "not_understood",
        "not_understood",
        "",
        "",
    ]
    assert results[5]["detail"] == (
        "/address Write a text, in quotation marks. /naem This is not known here. Is it misspelt?"
    )
    assert results[6]["detail"] == "Write an object, in braces."
    assert all(bool(result["detail"]) == bool(result["refused"]) for result in results)
    assert results[9]["flagged"] == ["role_account"]
    assert set(Contact.objects.values_list("email", "first_name", "last_name")) == {
        ("ann@example.org", "", "Lee"),
        ("info@example.org", "Gil", ""),
    }
    assert results[0]["contact"] == results[10]["contact"] == Contact.objects.get(last_name="Lee").pk


def test_a_batch_has_at_most_a_thousand_people_and_one_more_is_refused_whole(news):
    item = {"address": "ann@example.org", "list": "news", "source": "form"}
    told = Program("contacts:write").post("/contacts/batch", people=[item] * 1_001)
    assert (told.status, codes(told)) == (422, [("/people", "not_understood")])
    assert told.body["errors"][0]["detail"] == "Send at most 1000 at once."
    assert not Contact.objects.exists()
    empty = Program("contacts:write").post("/contacts/batch", people=[])
    assert empty.body == {"accepted": 0, "refused": 0, "results": []}


def test_a_whole_batch_again_changes_nothing(news):
    people = [{"address": f"person{n}@example.org", "list": "news", "source": "form"} for n in range(50)]
    program = Program("contacts:write")
    first = program.post("/contacts/batch", people=people)
    again = program.post("/contacts/batch", people=people)
    assert first.body == again.body
    assert (Contact.objects.count(), Subscription.objects.count()) == (50, 50)


def test_a_thousand_people_take_as_few_statements_as_one(news, django_assert_max_num_queries):
    on_list(news, "person7@example.org")
    program = Program("contacts:write")
    people = [{"address": f"person{n}@example.org", "list": "news", "source": "form"} for n in range(1_000)]
    with django_assert_max_num_queries(20):
        told = program.post("/contacts/batch", people=people)
    assert told.body["accepted"] == Contact.objects.count() == Subscription.objects.count() == 1_000
    acts = Evidence.objects.filter(verb="added to list", actor=f"API key {program.key.pk}")
    assert acts.count() == 1_000
    assert acts.filter(details__new_contact=True, details__new_on_list=True).count() == 999


def test_of_a_person_who_is_there_twice_the_later_names_and_the_first_source_count(news):
    offers = new_list("offers")
    told = Program("contacts:write").post(
        "/contacts/batch",
        people=[
            {"address": "Ann@example.org", "first_name": "Ann", "list": "news", "source": "form"},
            {"address": "ann@example.org", "first_name": "Anna", "list": "news", "source": "event"},
            {"address": "ANN@example.org", "last_name": "Lee", "list": "offers", "source": "partner"},
        ],
    )
    contact = Contact.objects.get()
    assert [result["contact"] for result in told.body["results"]] == [contact.pk] * 3
    assert (contact.email, contact.first_name, contact.last_name) == ("Ann@example.org", "Anna", "Lee")
    assert set(Subscription.objects.values_list("list", "source")) == {
        (news.pk, "form"),
        (offers.pk, "partner"),
    }
    acts = Evidence.objects.filter(verb="added to list").order_by("id").values_list("details", flat=True)
    assert [(act["new_contact"], act["new_on_list"]) for act in acts] == [
        (True, True),
        (False, False),
        (False, True),
    ]


def test_batches_of_the_same_people_at_the_same_time_do_not_stop_each_other(living_database):
    new_list()
    program, start, answers = Program("contacts:write"), Barrier(4), []
    people = [{"address": f"person{n}@example.org", "list": "news", "source": "form"} for n in range(300)]

    def send(items):
        start.wait(timeout=20)
        answers.append(program.post("/contacts/batch", people=items).body["accepted"])
        connection.close()

    orders = (people, people[::-1], people[150:] + people[:150], people[::2] + people[1::2])
    threads = [Thread(target=send, args=[items]) for items in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert answers == [300] * 4
    assert Contact.objects.count() == Subscription.objects.count() == 300


# -- reading -------------------------------------------------------------------------------------------


def test_a_person_is_found_by_their_exact_address_with_their_lists(news):
    on_list(news, "ann@example.org", "ann+x@example.org")
    (ann,) = on_list(new_list("offers"), "ann@example.org")
    told = Program("contacts:read").post("/contacts/find", address="ANN@example.org")
    assert told.status == 200
    lists = told.body.pop("lists")
    said = {"address": "ann@example.org", "first_name": "", "last_name": "", "zone": ""}
    assert told.body == {"contact": ann.pk, **said}
    assert {(place["list"], place["source"]) for place in lists} == {("news", "form"), ("offers", "form")}


def test_who_has_opted_out_and_who_is_unknown_are_answered_alike(news):
    on_list(news, "ann@example.org")
    opted_out("ann@example.org")
    program = Program()
    known, unknown = (
        program.post("/contacts/find", address=address) for address in ("ann@example.org", "bea@example.org")
    )
    assert (known.status, known.body) == (unknown.status, unknown.body)
    assert (known.status, known.problem) == (404, "not-found")


@pytest.mark.duty("D61")
def test_pages_of_people_have_everyone_who_may_be_mailed_once_and_nobody_else(news):
    on_list(news, *(f"person{n}@example.org" for n in range(25)))
    on_list(new_list("offers"), "elsewhere@example.org")
    for n in (3, 4, 24):
        opted_out(f"person{n}@example.org")
    program, seen, after = Program("contacts:read"), [], 0
    while after is not None:
        told = program.get(f"/contacts?list=news&after={after}&limit=10")
        assert len(told.body["people"]) <= 10
        seen += [person["address"] for person in told.body["people"]]
        after = told.body["next"]
    assert seen == [f"person{n}@example.org" for n in range(25) if n not in (3, 4, 24)]
    everyone = program.get("/contacts").body
    assert len(everyone["people"]) == 23
    assert everyone["next"] is None


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "after=-1", "after=9223372036854775808"]
)
def test_a_page_that_can_not_be_is_refused(news, query):
    told = Program().get(f"/contacts?{query}")
    assert (told.status, codes(told)) == (422, [(f"/{query.partition('=')[0]}", "not_understood")])


def test_the_people_of_a_list_that_is_not_there_are_not_asked_for_in_vain(news):
    told = Program("contacts:read").get("/contacts?list=old")
    assert (told.status, codes(told)) == (422, [("/list", "list_unknown")])


def test_lists_are_told_by_their_short_names(news):
    new_list("garden-letter")
    assert Program("imports:write").get("/lists").body == [
        {"list": "garden-letter", "name": "Garden-Letter"},
        {"list": "news", "name": "News"},
    ]
