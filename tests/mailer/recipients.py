"""Rows that recipients' pages speak of."""

from mailer import addresses, suppression, tokens
from mailer.models import Campaign, Contact, Sender
from mailer.tokens import OptOutToken


def sender(legal_name: str = "Acme Garden GmbH", contact: str = "+49 30 1234567") -> Sender:
    return Sender.objects.create(
        legal_name=legal_name,
        trade_name="Acme",
        from_email="news@example.com",
        reply_to="hello@example.com",
        contact=contact,
        line1="12 Garden Street",
        city="Springfield",
        postal_code="12345",
    )


def campaign(of: Sender) -> Campaign:
    return Campaign.objects.create(name="Spring", sender=of, subject="Spring")


def contact(email: str = "dana@example.org") -> Contact:
    address = addresses.parse(email)
    return Contact.objects.create(
        email=address.text, address_key=address.address_key, mailbox_key=address.mailbox_key
    )


def link(email: str = "dana@example.org", campaign: int = 7, *, is_test: bool = False) -> str:
    """The path of the opt-out link in a message to `email`."""
    token = OptOutToken(addresses.parse(email).mailbox_key, campaign, is_test=is_test)
    return f"/u/{tokens.sign(token)}"


def opt_out(email: str = "dana@example.org") -> None:
    address = addresses.parse(email)
    suppression.suppress(address.mailbox_key, reason="opt_out", channel="page", actor="recipient")
