"""People who live where the law asks for consent are not mailed unasked: proof, or somebody's reason (D99, D100)."""

from datetime import date

import pytest
from django.utils import timezone

from mailer import campaigns
from mailer.addresses import parse
from mailer.compliance import Severity
from mailer.compliance.consent_laws import LAWS, law_of
from mailer.contacts import people
from mailer.contacts.origins import Origin, origins
from mailer.models import Campaign, Consent, MailingList
from mailer.rendering import KindFacts
from tests.mailer.admin_door import member, new_draft, signed_in
from tests.mailer.messages import parts, sent
from tests.mailer.test_kinds import LETTER, rendered

pytestmark = [pytest.mark.django_db, pytest.mark.duty("D99", "D100")]


def add(to: MailingList, raw: str, source: str = "event") -> None:
    people.add(parse(raw), to, source=source, actor="shell")


def agree(to: MailingList, raw: str) -> None:
    address = parse(raw)
    Consent.objects.create(
        form_number=1, list_number=to.pk, list_name=to.name, wording_version=1, wording="Yes.",
        wording_sha256=b"0" * 32, page_url="https://example.org/join", network_key=b"n" * 16, place="192.0.2.0/24",
        message_id="<1@example.org>",
        sign_up_number=Consent.objects.count() + 1, address_key=address.address_key, mailbox_key=address.mailbox_key,
        requested_at=timezone.now(),
    )  # fmt: skip


def held(draft: Campaign) -> list[str]:
    found = [each for each in campaigns.findings_of(draft) if each.rule == "recipient_consent"]
    assert all(each.severity is Severity.HOLD for each in found)
    return [each.message for each in found]


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("dana@acme.de", "European Union"), ("dana@acme.co.uk", "United Kingdom"), ("dana@acme.ch", "Switzerland"),
        ("dana@acme.ca", "Canada"), ("dana@acme.eu", "European Union"), ("dana@bücher.at", "European Union"),
        ("dana@example.com", ""), ("dana@example.org", ""), ("dana@acme.us", ""), ("dana@acme.io", ""),
    ],
)  # fmt: skip
def test_the_end_of_an_address_says_whose_law_counts_or_nothing(address, where):
    draft = new_draft(number=0)
    add(draft.lists.get(), address)
    messages = held(draft)
    assert len(messages) == bool(where)
    assert all(where in words and "at an event" in words for words in messages)


def test_proof_for_that_very_address_and_list_is_enough():
    draft = new_draft(number=0)
    there, other = draft.lists.get(), MailingList.objects.create(name="Other", slug="other")
    add(there, "dana@acme.de")
    agree(other, "dana@acme.de")
    agree(there, "dana+news@acme.de")
    assert held(draft)
    agree(there, "dana@acme.de")
    assert held(draft) == []


def test_customers_are_told_apart_from_those_who_never_bought():
    draft = new_draft(number=0)
    add(draft.lists.get(), "dana@acme.fr", "customer")
    (words,) = held(draft)
    assert "They came as customers." in words and "Some came" not in words
    add(draft.lists.get(), "lee@acme.fr", "partner")
    (words,) = held(draft)
    assert "Some came through a partner" in words and "They came as customers." in words


def test_it_goes_out_once_somebody_says_why_and_more_of_the_same_sort_change_nothing():
    draft = new_draft(number=0)
    there = draft.lists.get()
    add(there, "dana@acme.fr", "customer")
    with pytest.raises(campaigns.CampaignRefused):
        campaigns.launch(draft, member("Operator"))
    campaigns.approve(draft, member("Approver"), "All bought roses, and the till's slip says how to object.")
    add(there, "lee@acme.it", "customer")
    assert campaigns.launch(draft, member("Operator"))


def test_another_sort_of_people_asks_for_another_word():
    draft = new_draft(number=0)
    there = draft.lists.get()
    add(there, "dana@acme.fr", "customer")
    campaigns.approve(draft, member("Approver"), "All bought roses, and the till's slip says how to object.")
    add(there, "lee@acme.it", "event")
    with pytest.raises(campaigns.CampaignRefused):
        campaigns.launch(draft, member("Operator"))


@pytest.mark.parametrize(
    ("kind", "purpose", "address", "is_held"),
    [
        ("editorial", "", "dana@acme.co.uk", True),
        ("editorial", "", "dana@acme.ca", False),
        ("mixed", "", "dana@acme.ca", True),
        ("relationship", "account", "dana@acme.de", False),
    ],
)
def test_the_law_counts_for_the_kinds_that_it_speaks_of(kind, purpose, address, is_held):
    draft = new_draft(number=0, kind=kind, purpose=purpose, html=LETTER)
    add(draft.lists.get(), address)
    assert bool(held(draft)) is is_held


def test_each_law_is_dated_and_each_domain_has_one():
    for law in LAWS:
        assert law.reviewed.day <= date.today() and law.asks and law.law  # noqa: DTZ011
    every = [domain for law in LAWS for domain in law.domains]
    assert len(every) == len(set(every)) and law_of("us") is None and law_of("") is None
    assert law_of("de") is law_of("no") is LAWS[0]


def test_people_are_counted_once_a_group():
    draft = new_draft(number=3)
    add(draft.lists.get(), "dana@acme.DE")
    assert origins(draft.lists.all()) == [Origin("", "customer", False, 3), Origin("de", "event", False, 1)]
    assert origins([]) == []


def test_pages_say_what_laws_ask_and_whose_country_nobody_knows():
    draft = new_draft(number=3)
    client = signed_in("Marketer")
    page = client.get("/admin/mailer/campaign/rules/").content.decode()
    for law in LAWS:
        assert law.name in page and law.law in page
    told = client.get(f"/admin/mailer/campaign/{draft.pk}/estimate/").content.decode()
    assert "3 of the addresses name no country" in told


@pytest.mark.duty("D46")
@pytest.mark.parametrize("kind", [KindFacts(), KindFacts("editorial"), KindFacts("relationship", "account")])
def test_the_right_to_object_is_named_in_every_message_wherever_its_reader_lives(kind):
    for part in parts(sent(rendered(kind), address="dana@acme.de")):
        assert (
            "Your right to object: you may object to the use of your data for marketing at any time." in part
        )
