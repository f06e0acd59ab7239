"""Sign-up forms for tests, filled in as browsers do."""

from urllib.parse import urlencode

from mailer import tokens
from mailer.contacts import joining
from mailer.models import MailingList, Sender, SignUp, SignUpForm
from tests.stories import parts

WORDING = "Yes, send me Acme Garden’s letter once a month. I can unsubscribe at any time."
DANA = "dana@example.org"
HERE = "198.51.100.7"


def new_form(slug: str = "letter", **changes: object) -> SignUpForm:
    there, _ = MailingList.objects.get_or_create(slug="friends", defaults={"name": "Friends of the garden"})
    sender = Sender.objects.first() or parts.attested_sender()
    written = {"title": "The garden letter", "asks_name": True, **changes}
    form = SignUpForm.objects.create(list=there, sender=sender, slug=slug, **written)
    joining.word(form, WORDING, actor="shell")
    return form


def wish(email: str = DANA, **changes: object) -> joining.Wish:
    filled = {"first_name": "Dana", "agrees": True, "wording": "1", "network": "198.51.100.0/24"}
    return joining.Wish(email, **{**filled, "page_url": "https://acme.example/garden", **changes})


def fields(email: str = DANA, **changes: str) -> dict[str, str]:
    return {"email": email, "first_name": "Dana", "consent": "yes", "wording": "1", "homepage": "", **changes}


def post(client, slug: str = "letter", **changes: str):
    """Fill the form in and send it, from an address of a documentation network."""
    email = changes.pop("email", DANA)
    without = {name for name, value in changes.items() if value is None}
    filled = {name: value for name, value in fields(email, **changes).items() if name not in without}
    return client.post(
        f"/join/{slug}", urlencode(filled), "application/x-www-form-urlencoded", REMOTE_ADDR=HERE
    )


def link(sign_up: SignUp) -> str:
    """The path of the link in the confirmation mail."""
    return tokens.join_url(sign_up.pk).removeprefix(tokens.settings.PUBLIC_URL)
