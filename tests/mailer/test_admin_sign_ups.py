"""Sign-up forms as marketers make them, and the proofs as they are shown."""

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone
from django.utils.html import escape

from mailer import addresses
from mailer.admin.sign_ups import embedded
from mailer.contacts import joining
from mailer.models import Consent, Contact, Evidence, MailingList, Sender, SignUp, SignUpForm
from tests.mailer import recipients
from tests.mailer.admin_door import HOSTILE, new_list, new_sender, signed_in
from tests.mailer.joining_forms import DANA, WORDING, new_form, wish

pytestmark = pytest.mark.django_db

FORMS = "/admin/mailer/signupform/"


def filled(**changes: object) -> dict[str, object]:
    return {
        "title": "The garden letter",
        "slug": "garden-letter",
        "list": MailingList.objects.get().pk,
        "sender": Sender.objects.get().pk,
        "wording": "Yes, send me the letter of Garden & Grain.",
        "is_open": "on",
        **changes,
    }


@pytest.fixture
def confirmed() -> SignUp:
    """Dana has joined by the form."""
    sign_up = joining.ask(new_form(), wish())
    return joining.confirm(sign_up.pk, network="203.0.113.0/24")


def test_a_marketer_makes_a_form_and_finds_its_link_and_its_html(settings):
    new_list()
    new_sender()
    signed_in("Marketer").post(f"{FORMS}add/", filled())
    form = SignUpForm.objects.get()
    assert (form.slug, form.is_open, form.asks_name) == ("garden-letter", True, False)
    assert (form.wording.version, form.wording.text) == (1, "Yes, send me the letter of Garden & Grain.")
    shown = signed_in("Marketer").get(f"{FORMS}{form.pk}/change/")
    html = shown.content.decode()
    assert f'href="{settings.PUBLIC_URL}/join/garden-letter"' in html
    assert shown.context["embedded"] == embedded(form)
    assert escape("".join(embedded(form))) in html  # as a browser hands it to whoever copies it
    made = Evidence.objects.filter(subject=f"sign-up form {form.pk}").order_by("id")
    assert [row.verb for row in made] == ["sign-up form made", "sign-up wording written"]
    assert all(row.actor.startswith("user ") for row in made)


def test_other_words_are_a_new_version_and_the_same_words_are_none():
    form = new_form()
    client = signed_in("Marketer")
    change = f"{FORMS}{form.pk}/change/"
    kept = {"title": form.title, "sender": form.sender.pk, "asks_name": "on", "is_open": "on"}
    assert WORDING in client.get(change).content.decode()
    client.post(change, {**kept, "wording": WORDING})
    assert form.wordings.count() == 1
    assert not Evidence.objects.filter(verb="sign-up form changed").exists()
    client.post(change, {**kept, "wording": f"{WORDING}\r\nAnd the list of Acme Garden’s markets. "})
    assert form.wording.text == f"{WORDING}\nAnd the list of Acme Garden’s markets."
    assert list(form.wordings.values_list("version", flat=True)) == [2, 1]


def test_a_form_s_address_and_list_never_change():
    form = new_form()
    other = MailingList.objects.create(name="Others", slug="others")
    signed_in("Operator").post(
        f"{FORMS}{form.pk}/change/",
        {
            "list": other.pk,
            "slug": "other",
            "title": "New",
            "sender": form.sender.pk,
            "wording": WORDING,
        },
    )
    form.refresh_from_db()
    assert (form.title, form.slug, form.list.slug, form.is_open) == ("New", "letter", "friends", False)
    changed = Evidence.objects.get(verb="sign-up form changed").details["changed"]
    assert sorted(changed) == ["asks_name", "is_open", "title"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("wording", "Yes, send me news.", "Say whose mail it is: “Garden &amp; Grain”"),
        ("wording", "", "This field is required."),
        ("wording", "News of Garden & Grain for {{ first_name }}", "Nothing is filled in here"),
        ("wording", "Garden & Grain " + "x" * 1000, "at most 1000 characters"),
        ("slug", "confirm", "“confirm” is taken"),
        ("slug", "Garden_Letter", "small letters, digits and single dashes"),
    ],
)
def test_what_a_form_can_not_have_is_told_beside_its_field(field, value, words):
    new_list()
    new_sender()
    answer = signed_in("Marketer").post(f"{FORMS}add/", filled(**{field: value}))
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not SignUpForm.objects.exists()


def test_a_form_in_the_name_of_a_sender_who_attested_nothing_says_why_it_takes_no_requests():
    form = new_form()
    Sender.objects.update(address_attested_at=None, address_attested_by=None)
    html = signed_in("Marketer").get(f"{FORMS}{form.pk}/change/").content.decode()
    assert "its sender’s identity and postal address are not attested yet" in html
    assert "Sender not attested" in signed_in("Marketer").get(FORMS).content.decode()


def test_requests_are_shown_while_they_wait_and_without_the_address_afterwards():
    form = new_form()
    waiting, done = joining.ask(form, wish("erin@example.org")), joining.ask(form, wish())
    joining.confirm(done.pk, network="")
    html = signed_in("Marketer").get("/admin/mailer/signup/").content.decode()
    assert "erin@example.org" in html
    assert DANA not in html
    assert "Confirmed" in html
    assert "Mail waits" in html
    SignUp.objects.filter(pk=waiting.pk).update(settled_at=timezone.now(), outcome="refused")
    assert (
        "Mail: refused by the mail server"
        in signed_in("Marketer").get("/admin/mailer/signup/").content.decode()
    )


def test_the_proof_is_shown_whole_and_leads_to_the_person(confirmed):
    consent = Consent.objects.get()
    dana = Contact.objects.get()
    client = signed_in("Marketer")
    html = client.get(f"/admin/mailer/consent/{consent.pk}/change/").content.decode()
    for shown in (
        WORDING,
        "https://acme.example/garden",
        "203.0.113.0/24",
        bytes(consent.wording_sha256).hex(),
        f"/admin/mailer/contact/{dana.pk}/change/",
        f"form {consent.form_number}, version 1",
    ):
        assert shown in html, shown
    listed = client.get("/admin/mailer/consent/").content.decode()
    assert DANA not in html + listed
    person = client.get(f"/admin/mailer/contact/{dana.pk}/change/").content.decode()
    assert f"/admin/mailer/consent/{consent.pk}/change/" in person
    dana.delete()
    gone = client.get(f"/admin/mailer/consent/{consent.pk}/change/").content.decode()
    assert f"no contact any more (address key {addresses.parse(DANA).address_key.hex()[:8]}…)" in gone


def test_a_person_without_a_form_has_no_consent_here():
    dana = recipients.contact(DANA)
    html = signed_in("Marketer").get(f"/admin/mailer/contact/{dana.pk}/change/").content.decode()
    assert "None given through a form here" in html


@pytest.mark.parametrize("table", ["signup", "consent"])
def test_nobody_can_change_what_people_did(confirmed, table):
    number = {"signup": confirmed.pk, "consent": Consent.objects.get().pk}[table]
    client = signed_in()
    for act in ("change", "delete"):
        assert client.post(f"/admin/mailer/{table}/{number}/{act}/", {"post": "yes"}).status_code == 403


def test_a_deleted_form_leaves_the_proof_and_no_address_in_any_log(confirmed):
    form = SignUpForm.objects.get()
    joining.ask(form, wish("erin@example.org"))
    client = signed_in("Operator")
    client.post(f"{FORMS}{form.pk}/delete/", {"post": "yes"})
    assert (SignUpForm.objects.count(), SignUp.objects.count(), Consent.objects.count()) == (0, 0, 1)
    assert Evidence.objects.get(verb="sign-up form deleted").subject == f"sign-up form {form.pk}"
    assert not any(
        "example.org" in f"{log.object_repr}{log.change_message}" for log in LogEntry.objects.all()
    )


def test_a_list_says_that_its_forms_go_with_it(confirmed):
    friends = MailingList.objects.get()
    html = signed_in("Operator").get(f"/admin/mailer/mailinglist/{friends.pk}/delete/").content.decode()
    assert (
        "1 places on the list go with it, and with them the record of how these people came to you." in html
    )
    assert "1 sign-up forms go with it. What people agreed to through them is kept." in html


def test_a_sender_in_whose_name_a_form_asks_stays(confirmed):
    sender = Sender.objects.get()
    assert (
        signed_in("Operator").post(f"/admin/mailer/sender/{sender.pk}/delete/", {"post": "yes"}).status_code
        == 403
    )


def test_what_staff_write_is_text_everywhere():
    form = new_form(title=HOSTILE)
    joining.word(form, f"{HOSTILE} of Acme Garden", actor="shell")
    client = signed_in()
    sign_up = joining.ask(form, wish(wording="2"))
    joining.confirm(sign_up.pk, network="")
    pages = (FORMS, f"{FORMS}{form.pk}/change/", "/admin/mailer/signup/", "/admin/mailer/consent/")
    for path in (*pages, f"/admin/mailer/consent/{Consent.objects.get().pk}/change/"):
        assert HOSTILE not in client.get(path).content.decode(), path
