"""Attestations: given by a named operator to what they read, gone when it changes."""

import html
import json
import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.forms import model_to_dict
from django.utils import timezone

from mailer import campaigns
from mailer.compliance.reminders import attestations_due
from mailer.models import Evidence, Sender
from tests.mailer.admin_door import HOSTILE, member, new_draft, new_sender, said, signed_in
from tests.mailer.dns_server import serving, texts

pytestmark = pytest.mark.django_db


def form_of(sender: Sender, **changed: str) -> dict[str, str]:
    return {name: value or "" for name, value in model_to_dict(sender).items() if name != "id"} | changed


def saved(sender: Sender, **changed: str) -> Sender:
    answer = signed_in("Operator").post(
        f"/admin/mailer/sender/{sender.pk}/change/", form_of(sender, **changed), follow=True
    )
    assert answer.redirect_chain, answer.context["errors"]
    sender.refresh_from_db()
    sender.said = said(answer)
    return sender


@pytest.mark.parametrize(
    ("field", "value", "identity_falls", "address_falls"),
    [
        ("legal_name", "Other LLC", True, False),
        ("trade_name", "Other", True, False),
        ("from_email", "other@example.com", True, False),
        ("reply_to", "other@example.org", True, False),
        ("address_kind", "po_box", False, True),
        ("line1", "1 Other Street", False, True),
        ("line2", "Floor 2", False, True),
        ("city", "Salem", False, True),
        ("region", "WA", False, True),
        ("postal_code", "97210", False, True),
        ("country", "CA", False, True),
        ("contact", "+1 503 555 0143", False, False),
    ],
)
def test_what_was_attested_and_now_reads_otherwise_is_attested_no_longer(
    field, value, identity_falls, address_falls
):
    sender = saved(new_sender(), **{field: value})
    assert getattr(sender, field) == value
    assert (sender.identity_attested_at is None) == identity_falls
    assert (sender.address_attested_at is None) == address_falls
    assert sum("attested again" in words for words in sender.said) == identity_falls + address_falls
    withdrawn = Evidence.objects.filter(verb="attestation withdrawn", subject=f"sender {sender.pk}")
    assert [row.details for row in withdrawn] == (
        [{"what": "identity"}] if identity_falls else [{"what": "address"}] if address_falls else []
    )


def test_saving_without_a_change_leaves_both():
    sender = saved(new_sender())
    assert sender.identity_attested_at
    assert sender.address_attested_at


@pytest.mark.duty("D11")
@pytest.mark.parametrize("what", ["identity", "address"])
def test_an_operator_attests_by_name_to_what_the_page_showed(what):
    sender = new_sender(attested=False)
    client = signed_in("Operator")
    url = f"/admin/mailer/sender/{sender.pk}/attest/{what}/"
    shown = client.get(url)
    fingerprint = re.search(r'name="fingerprint" value="(\w+)"', shown.content.decode())[1]
    client.post(url, {"fingerprint": fingerprint})
    sender.refresh_from_db()
    assert getattr(sender, f"{what}_attested_by") == member("Operator")
    assert getattr(sender, f"{what}_attested_at") is not None
    other = "address" if what == "identity" else "identity"
    assert getattr(sender, f"{other}_attested_at") is None


def test_what_was_changed_after_it_was_read_is_not_attested():
    sender = new_sender(attested=False)
    client = signed_in("Operator")
    url = f"/admin/mailer/sender/{sender.pk}/attest/address/"
    fingerprint = re.search(r'name="fingerprint" value="(\w+)"', client.get(url).content.decode())[1]
    Sender.objects.filter(pk=sender.pk).update(line1="1 Elsewhere")
    answer = client.post(url, {"fingerprint": fingerprint}, follow=True)
    sender.refresh_from_db()
    assert sender.address_attested_at is None
    assert said(answer) == ["The sender was changed meanwhile. Read it once more, then attest."]


@pytest.mark.parametrize("field", ["from_email", "reply_to"])
def test_an_address_in_somebody_else_s_domain_is_refused_in_words(field):
    sender = new_sender()
    answer = signed_in("Operator").post(
        f"/admin/mailer/sender/{sender.pk}/change/", form_of(sender, **{field: "me@elsewhere.example"})
    )
    assert answer.status_code == 200
    assert "This installation sends from example.com, example.org only." in answer.content.decode()
    sender.refresh_from_db()
    assert getattr(sender, field) == "hello@example.com"


def test_a_sender_that_a_campaign_has_can_not_be_deleted_and_an_unused_one_can():
    used, unused = new_draft().sender, new_sender(trade_name="Unused")
    client = signed_in("Operator")
    assert client.post(f"/admin/mailer/sender/{used.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"/admin/mailer/sender/{unused.pk}/delete/", {"post": "yes"}).status_code == 302
    assert list(Sender.objects.all()) == [used]


def test_a_hostile_name_is_text_on_every_page():
    sender = new_sender(trade_name=HOSTILE)
    client = signed_in("Operator")
    for path in ("", f"{sender.pk}/change/", f"{sender.pk}/attest/identity/", f"{sender.pk}/delete/"):
        shown = client.get(f"/admin/mailer/sender/{path}").content.decode()
        assert HOSTILE not in shown
        assert "&lt;script&gt;alert(" in shown


@pytest.mark.duty("D13")
def test_from_an_address_that_anybody_can_have_is_refused_even_where_the_settings_allow_it(settings):
    settings.SENDER_DOMAINS = ("example.com", "gmail.com")
    sender = new_sender()
    answer = signed_in("Operator").post(
        f"/admin/mailer/sender/{sender.pk}/change/", form_of(sender, from_email="me@gmail.com")
    )
    assert "Anybody can have a mailbox at gmail.com" in answer.content.decode()
    sender.refresh_from_db()
    assert sender.from_email == "hello@example.com"


@pytest.mark.parametrize(
    ("written", "kept"),
    [("s1", "s1"), (" S1 , s2,s1 ", "s1, s2"), ("k1._domainkey", "k1"), ("", ""), (",", "")],
)
def test_selectors_are_kept_as_names_and_leave_the_attestations(written, kept):
    sender = saved(new_sender(), dkim_selectors=written)
    assert sender.dkim_selectors == kept
    assert sender.identity_attested_at and sender.address_attested_at


@pytest.mark.parametrize("wrong", ["s 1", "s1; s2", "-s1", "s1@example.com", "<b>"])
def test_what_is_no_selector_is_refused(wrong):
    sender = new_sender()
    answer = signed_in("Operator").post(
        f"/admin/mailer/sender/{sender.pk}/change/", form_of(sender, dkim_selectors=wrong)
    )
    assert "is no selector" in answer.content.decode()


# -- what DNS says -------------------------------------------------------------------------------------


def test_the_button_asks_dns_now_and_the_page_shows_the_record_to_publish(settings):
    settings.LOCAL, settings.EMAIL_URL = False, "smtp://mail.host.example:587"
    sender = new_sender()
    client = signed_in("Operator")
    url = f"/admin/mailer/sender/{sender.pk}/change/"
    assert client.get(url, secure=True).content.decode().count("Not asked yet.") == 5
    with serving({("example.com", "TXT"): texts("v=spf1 <script> -all")}) as (zone, servers):
        settings.DNS_SERVERS = servers
        assert client.get(f"/admin/mailer/sender/{sender.pk}/dns/", secure=True).status_code == 405
        assert zone.asked == []
        answer = client.post(f"/admin/mailer/sender/{sender.pk}/dns/", secure=True)
    assert (answer.status_code, answer["Location"]) == (302, f"{url}#dns")
    page = client.get(url, secure=True).content.decode()
    assert "_dmarc.example.com" in page
    assert "v=DMARC1; p=none; rua=mailto:dmarc-reports@example.com" in page
    assert "&lt;script&gt;" in page and "<script> -all" not in page


def test_who_may_only_look_has_no_button_and_the_local_inbox_no_section(settings):
    sender = new_sender()
    url = f"/admin/mailer/sender/{sender.pk}/change/"
    assert "What DNS says" not in signed_in("Operator").get(url).content.decode()
    settings.LOCAL = False
    auditor = signed_in("Auditor")
    shown = auditor.get(url, secure=True).content.decode()
    assert "What DNS says" in shown and "Check now" not in shown
    assert auditor.post(f"/admin/mailer/sender/{sender.pk}/dns/", secure=True).status_code == 403


# -- attestations that come of age ---------------------------------------------------------------------

YEAR = 365


def aged(days_left: int) -> Sender:
    sender = new_sender()
    at = timezone.now() - timedelta(days=YEAR - days_left)
    Sender.objects.filter(pk=sender.pk).update(address_attested_at=at)
    return sender


@pytest.mark.duty("D40")
@pytest.mark.parametrize(
    ("days_left", "ending"),
    [
        (61, None),
        (60, ": 60 days are left."),
        (30, ": 30 days are left."),
        (8, ": 8 days are left."),
        (7, ": 7 days are left. Read them and put your name to them."),
        (1, ": only today and tomorrow are left. Read them and put your name to them."),
        (-1, ": they were vouched for more than a year ago."),
    ],
)
def test_an_attestation_that_comes_of_age_is_told_on_the_first_page_and_by_status(days_left, ending, capsys):
    sender = aged(days_left)
    day = (timezone.now() + timedelta(days=days_left)).date()
    opening = "Since" if days_left < 0 else "By"
    words = f"{opening} {day.day} {day:%B %Y}, the postal address of {sender} must be attested again{ending}"
    assert [each for _, each in attestations_due()] == ([words] if ending else [])
    page = html.unescape(signed_in("Operator").get("/admin/").content.decode())
    assert (words in page) is bool(ending)
    with pytest.raises(SystemExit):
        call_command("status", "--json")
    assert (words in json.loads(capsys.readouterr().out)["warnings"]) is bool(ending)


def test_attesting_anew_ends_the_reminder():
    sender = aged(5)
    campaigns.attest_address(sender, member("Operator"))
    assert attestations_due() == []
