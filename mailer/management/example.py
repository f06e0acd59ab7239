"""The small example that a new local installation starts with: a sender, a list of 200, a sign-up form, a draft."""

import secrets
import tempfile
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User

from mailer import campaigns
from mailer.contacts import importing, joining
from mailer.models import Campaign, Import, MailingList, Sender, SignUpForm

PEOPLE = 200
FIRST_NAMES = ("Ada", "Ben", "Chloé", "Deniz", "Eve", "Farid", "Grace", "Hiro", "Inés", "Jonas")
LAST_NAMES = ("Abara", "Berg", "Costa", "Dimitrov", "Engel", "Fujii", "García", "Haddad", "Ito", "Jensen")

HTML = """\
<h1>The garden in winter</h1>
<p>Hello {{ first_name|default:"friend" }},</p>
<p>Nights are cold now, and the roses want their covers. Three things to do this week:</p>
<ul>
  <li>Cover roses and young figs up to the graft.</li>
  <li>Empty the hose and bring it in.</li>
  <li>Sow broad beans for an early crop.</li>
</ul>
<p>Covers and beans are in the shop: <a href="https://www.example.org/winter">see the winter page</a>.</p>
<p>Warm hands,<br>Lee from Acme Garden</p>
"""


def first_administrator() -> tuple[User, str]:
    """The account of a new installation, with a password that is shown once. Empty if there was one already."""
    existing = get_user_model().objects.filter(is_superuser=True).order_by("id").first()
    if existing is not None:
        return existing, ""
    password = secrets.token_urlsafe(12)
    return get_user_model().objects.create_superuser("admin", "admin@example.org", password), password


def put_example(user: User) -> None:
    """Sender, list, form and draft, each made by the verbs that people use too."""
    sender, friends = put_sender(user), put_list()
    put_form(sender, friends)
    bring_in(people(PEOPLE), friends)
    put_campaign("The garden in winter", "Three things to do in the garden this week", sender, friends, user)


def put_sender(user: User) -> Sender:
    """Acme Garden, at example.org, attested by `user`."""
    sender = Sender.objects.create(
        legal_name="Acme Garden LLC",
        trade_name="Acme Garden",
        from_email="news@example.org",
        reply_to=f"hello@{settings.INBOUND_DOMAIN or 'example.org'}",
        contact="hello@example.org",
        address_kind=Sender.AddressKind.STREET,
        line1="1450 Rose Street",
        city="Portland",
        region="OR",
        postal_code="97201",
        country="US",
    )
    campaigns.attest_identity(sender, user)
    campaigns.attest_address(sender, user)
    return sender


def put_list() -> MailingList:
    """The list of friends."""
    friends, _ = MailingList.objects.get_or_create(slug="friends", defaults={"name": "Friends of the garden"})
    return friends


def put_form(sender: Sender, friends: MailingList) -> SignUpForm:
    """A sign-up form for the list, at /join/garden-letter."""
    form = SignUpForm.objects.create(
        list=friends, sender=sender, slug="garden-letter", title="The garden letter", asks_name=True
    )
    joining.word(
        form,
        f"Yes, send me the garden letter of {sender.trade_name}, about once a month. I can unsubscribe at any time.",
        actor="shell",
    )
    return form


def put_campaign(name: str, subject: str, sender: Sender, to: MailingList, user: User) -> Campaign:
    """A draft ready to send."""
    campaign = Campaign.objects.create(
        name=name,
        sender=sender,
        subject=subject,
        preheader="Roses, hoses and broad beans.",
        layout=Campaign.Layout.NEWSLETTER,
        html=HTML,
        author=user,
    )
    campaign.lists.add(to)
    return campaign


def people(number: int) -> str:
    """A CSV of `number` people at example.org, which no mail ever reaches (RFC 2606)."""
    rows = ["email,first_name,last_name"]
    for n in range(number):
        first, last = FIRST_NAMES[n % 10], LAST_NAMES[n // 10 % 10]
        rows.append(f"person{n + 1}@example.org,{first},{last}")
    return "\n".join(rows) + "\n"


def bring_in(csv: str, into: MailingList) -> Import:
    """Import a CSV as customers, by the way that every file takes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        path.write_text(csv, encoding="utf-8")
        begun = importing.begin(path, list=into, source="customer", filename="people.csv")
    importing.run(begun)
    begun.refresh_from_db()
    return begun
