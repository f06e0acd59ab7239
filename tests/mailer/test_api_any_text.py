"""Whatever a program sends: an answer in JSON, never a defect, and what it says of itself is true."""

import json

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer import addresses, suppression
from mailer.contacts import people
from mailer.models import Contact, Subscription
from tests.mailer.api_door import Program, new_list, opted_out

pytestmark = [pytest.mark.django_db, pytest.mark.long]

QUICK = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
# Any code point, halves of characters too, as JSON can spell them.
TEXT = st.text(st.characters(), max_size=60)
NEARLY = st.one_of(
    TEXT,
    st.emails(),
    st.builds(
        lambda local, domain: f"{local}@{domain}",
        TEXT,
        st.sampled_from(["example.org", "gmail.com", "txt.att.net"]),
    ),
    st.sampled_from(
        [
            "Ann <ann@example.org>",
            "ann@example.org",
            "ANN@EXAMPLE.ORG",
            "a.n.n@gmail.com",
            '"a b"@example.org',
        ]
    ),
)
PERSON = st.fixed_dictionaries(
    {"address": NEARLY},
    optional={
        "first_name": TEXT,
        "last_name": TEXT,
        "list": st.sampled_from(["news", "old", ""]),
        "source": TEXT,
    },
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture
def program() -> Program:
    new_list()
    return Program()


@pytest.fixture(autouse=True)
def _as_often_as_it_likes(settings) -> None:
    settings.API_REQUESTS_PER_MINUTE = 999_999


@QUICK
@given(body=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
@pytest.mark.parametrize("path", ["contacts/batch", "contacts/find", "opt-outs", "mailable", "mailable/bulk"])
def test_any_body_gets_an_answer_that_is_no_defect(program, path, body):
    answer = Client(HTTP_HOST="127.0.0.1").generic(
        "POST", f"/api/v1/{path}", body, "application/json", headers={"Authorization": program.bearer}
    )
    assert answer.status_code in {200, 400, 404, 422}
    assert json.loads(answer.content)
    assert (answer.status_code == 200) is answer["Content-Type"].startswith("application/json")


@QUICK
@given(items=st.lists(PERSON | JSON, max_size=6))
def test_every_item_of_a_batch_is_either_on_the_books_or_has_its_reason(program, items):
    told = program.post("/contacts/batch", people=items)
    assert told.status == 200
    assert len(told.body["results"]) == len(items)
    for item, result in zip(items, told.body["results"], strict=True):
        assert bool(result["refused"]) is (result["contact"] is None) is bool(result["detail"])
        if result["contact"]:
            contact = Contact.objects.get(pk=result["contact"])
            assert bytes(contact.address_key) == people.address_of(item["address"]).address_key
            if "list" in item:
                assert Subscription.objects.get(contact=contact).source == item["source"]
    again = program.post("/contacts/batch", people=items)
    assert again.body["results"] == told.body["results"]


@settings(QUICK, max_examples=60)
@given(raw=NEARLY, other=NEARLY)
def test_whoever_opted_out_by_the_api_is_mailable_under_no_spelling_that_the_api_takes(program, raw, other):
    out = program.post("/opt-outs", address=raw)
    assert out.status in {200, 422}
    program.put("/contacts", address=raw, list="news", source="form")
    asked = program.post("/mailable", address=raw).body
    assert asked["mailable"] is False
    if out.status == 422:
        assert asked["reasons"] != ["opt_out"]
    both = program.post("/mailable/bulk", addresses=[raw, other])
    if both.status == 200:
        assert both.body["answers"] == [program.post("/mailable", address=one).body for one in (raw, other)]


@QUICK
@given(names=st.lists(st.sampled_from("abcd"), max_size=5), out=st.sets(st.sampled_from("abcd")))
def test_many_addresses_are_answered_as_each_is_by_the_ledger(names, out):
    given_ = [addresses.parse(f"{name}@example.org") for name in names]
    for name in sorted(out):
        opted_out(f"{name}@example.org")
    assert suppression.mailable_many(given_) == [suppression.mailable(address) for address in given_]


@QUICK
@given(text=st.text(max_size=80))
def test_no_text_but_a_key_opens_anything(program, text):
    answer = Client(HTTP_HOST="127.0.0.1").get("/api/v1/lists", HTTP_AUTHORIZATION=f"Bearer {text}")
    assert answer.status_code == 401
