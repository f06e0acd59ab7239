"""What tests of rendering and compliance start from, and how they read the bytes that came out."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from django.utils import timezone

from mailer.models import MailingList, Sender
from mailer.rendering import (
    SAMPLE_RECIPIENT,
    Content,
    ListFacts,
    Recipient,
    SenderFacts,
    Skeleton,
    compile_content,
    fill,
)

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
FACTS = SenderFacts(
    legal_name="Acme Garden LLC",
    trade_name="Acme Garden",
    from_email="news@example.org",
    reply_to="hello@example.org",
    contact="+1 503 555 0100",
    address_lines=("Acme Garden LLC", "1450 Rose Street", "Portland, OR 97201", "US"),
)
LIST = ListFacts("Friends of the garden", "friends")
CAMPAIGN = 12


def content(html: str = "<p>Roses want covers now.</p>", **fields: str) -> Content:
    return replace(Content("Covers for roses", "", html, ""), **fields)


def compiled(
    html: str = "<p>Roses want covers now.</p>", facts: SenderFacts = FACTS, **fields: str
) -> Skeleton:
    return compile_content(content(html, **fields), facts, LIST, CAMPAIGN)


def sent(skeleton: Skeleton, is_test: bool = False, **about: str | bytes) -> bytes:
    return fill(skeleton, recipient(**about), at=AT, is_test=is_test).data


def recipient(**about: str | bytes) -> Recipient:
    return replace(SAMPLE_RECIPIENT, mailbox_key=b"m" * 16, address_key=b"a" * 16, **about)


def read(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


def parts(raw: bytes) -> tuple[str, str]:
    """Text and HTML as a mail program decodes them, lines ending in LF."""
    message = read(raw)
    assert message.get_content_type() == "multipart/alternative"
    plain, html = message.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert not message.defects and not plain.defects and not html.defects
    return plain.get_content().replace("\r\n", "\n"), html.get_content().replace("\r\n", "\n")


def sender(**facts: object) -> Sender:
    """A complete, attested sender without a row."""
    row = Sender(
        legal_name="Acme Garden LLC",
        trade_name="Acme Garden",
        from_email="news@example.org",
        reply_to="hello@example.org",
        contact="+1 503 555 0100",
        line1="1450 Rose Street",
        city="Portland",
        region="OR",
        postal_code="97201",
        country="US",
        identity_attested_at=timezone.now(),
        address_attested_at=timezone.now(),
    )
    for name, value in facts.items():
        setattr(row, name, value)
    return row


FRIENDS = MailingList(name="Friends of the garden", slug="friends")
