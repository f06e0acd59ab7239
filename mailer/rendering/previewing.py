"""A message as its recipient sees it, read back from the bytes that would be sent."""

from datetime import UTC, datetime
from email import message_from_bytes, policy

from lxml.html import document_fromstring

from mailer.rendering.facts import SAMPLE_RECIPIENT, Preview, Recipient
from mailer.rendering.filling import fill
from mailer.rendering.pictures import names_in
from mailer.rendering.skeletons import Skeleton


def preview(skeleton: Skeleton, recipient: Recipient) -> Preview:
    """Subject, preheader and both parts for `recipient`; the opt-out link in it is a test link."""
    envelope = fill(skeleton, recipient, at=datetime.now(UTC), is_test=True)
    message = message_from_bytes(envelope.data, policy=policy.default)
    text, html = (part.get_content() for part in message.iter_parts())
    return Preview(str(message["Subject"]), preheader_of(skeleton, html), html, text)


def preheader_of(skeleton: Skeleton, html: str) -> str:
    """The preheader as merged: the text of the first element in the body, where Candor puts it."""
    if not skeleton.preheader:
        return ""
    return str(document_fromstring(html).body[0].text_content())


def image_names(skeleton: Skeleton) -> set[str]:
    """The names of our own pictures that this message shows."""
    return names_in(preview(skeleton, SAMPLE_RECIPIENT).html)
