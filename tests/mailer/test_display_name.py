"""The name in From names the sender and nothing else (D14): where it is typed, and at the gate."""

import pytest

from mailer.compliance import Severity
from mailer.compliance.freemail import is_freemail
from mailer.compliance.rules import display_name
from mailer.models import Sender
from tests.mailer.admin_door import new_sender, signed_in
from tests.mailer.messages import sender
from tests.mailer.test_admin_senders import form_of

pytestmark = pytest.mark.duty("D14")

BAD = [
    "Important Update ---------- From X", "TIME IS RUNNING OUT (SALE)", "[Product/News] Alert", "URGENT REQUEST",
    "Last Chance", "{{ first_name }}", "*|FNAME|*", "[recipient first name]", "[First Name]", "User (2)",
    "[1] New Message", "Re: You", "Fwd: Acme", "RE[2]: Acme", "Acme (3)", "3 unread messages", "Acme 🌹", "★ Acme ★",
    "→ Acme", "news@example.org", "Acme <news@example.org>", "Acme\u202e", "Ac\u200bme", "Today only: Acme",
    "Acme: ends tonight",
    "Acme 50% off", "Hurry! Acme", "Free gifts from Acme", "Your order", "Order confirmation", "Verified Acme",
    "Acme!!!", "Dringend: Acme", "Final reminder", "Acme special offer",
    "PayPaI", "Paypa1", "Arnazon", "Amaz0n", "Netfl1x", "G00gle", "Micros0ft Support", "Fаcebook", "Аpple", "Раураl",
    "Ｐ-a-y-p-a-1", "Faceb00k Ads", "lnstagram", "Вank of America",
]  # fmt: skip
GOOD = [
    "Acme Garden", "Dana at Acme Garden", "Acme, Inc.", "Acme & Sons", "Yahoo!-style Garden", "Garden+Grain",
    "L'Été Bleu",
    "Müller Gärten", "Łódź Roses", "京都の種", "Сад и огород", "Ο Κήπος", "גן הוורדים", "حديقة الورد", "Acme® Garden",
    "Café 21",
    "3 Brothers Bakery", "A1 Plumbing", "Studio 54 Books", "Turner & Barnes", "Corner Shop", "Ray-Ban Repair",
    "Clarity",
    "The Reminderie", "Freeman’s Roses", "Salesbury Church", "Alertness Yoga", "Medford Nursery", "1-2-3 Garden",
    "Illinois Gardens", "Rose (Portland)",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_name_that_says_more_or_looks_like_anothers_is_refused(name):
    found = list(display_name.check(sender(trade_name=name)))
    assert found and {each.severity for each in found} == {Severity.BLOCK}


@pytest.mark.parametrize("name", GOOD)
def test_a_name_is_let_be(name):
    assert list(display_name.check(sender(trade_name=name, legal_name=f"{name} LLC"))) == []


@pytest.mark.parametrize(
    ("trade", "legal"),
    [("Free Range Farm", "Free Range Farm LLC"), ("The Sale Barn", "The Sale Barn, Inc."),
     ("Urgent Care West", "Urgent Care West PC")],
)  # fmt: skip
def test_a_word_of_hurry_that_is_part_of_the_legal_name_is_a_name(trade, legal):
    assert list(display_name.check(sender(trade_name=trade, legal_name=legal))) == []
    assert list(display_name.check(sender(trade_name=trade, legal_name="Acme LLC")))


@pytest.mark.django_db
def test_the_form_says_it_where_the_name_is_typed():
    row = new_sender()
    form = form_of(row)
    client = signed_in("Operator")
    answer = client.post(f"/admin/mailer/sender/{row.pk}/change/", {**form, "trade_name": "PayPaI"})
    assert "looks like “paypal”" in answer.content.decode()
    assert Sender.objects.get().trade_name == row.trade_name
    assert client.post(f"/admin/mailer/sender/{row.pk}/change/", form).status_code == 302


@pytest.mark.duty("D13")
@pytest.mark.parametrize(
    "domain",
    [
        "gmail.com",
        "googlemail.com",
        "yahoo.com",
        "yahoo.co.uk",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "msn.com",
        "icloud.com",
        "me.com",
        "aol.com",
        "gmx.de",
        "web.de",
        "t-online.de",
        "proton.me",
        "protonmail.com",
        "mail.ru",
        "yandex.com",
        "qq.com",
        "163.com",
        "zoho.com",
        "fastmail.com",
        "GMAIL.com",
        "mail.gmail.com",
        "orange.fr",
        "libero.it",
        "wp.pl",
        "seznam.cz",
        "bluewin.ch",
        "comcast.net",
        "att.net",
    ],
)
def test_a_mailbox_that_anybody_can_have_sends_for_nobody(domain):
    assert is_freemail(domain)


@pytest.mark.parametrize(
    "domain", ["example.org", "notgmail.com", "gmail.com.example.org", "acme.com", "mygmx.de"]
)
def test_a_domain_of_ones_own_may(domain):
    assert not is_freemail(domain)
