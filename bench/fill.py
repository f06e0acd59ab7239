"""Filling a compiled message, against building the same one with Django for each recipient.

Both get the same text, HTML, headers and values; Django's side replaces two placeholders, which is less than a
template would cost. CPU only: no database row is read, nothing is sent.
"""

import time
from collections.abc import Callable, Iterator

from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from bench import letter
from mailer.rendering import (
    Content,
    ListFacts,
    Recipient,
    SenderFacts,
    Skeleton,
    compile_content,
    fill,
    preview,
    reason_for,
)
from mailer.tokens import OptOutToken, opt_out_url

MESSAGES = 4000
SENDER = SenderFacts(
    legal_name="Acme Garden LLC",
    trade_name="Acme Garden",
    from_email="news@example.org",
    reply_to="hello@example.org",
    contact="hello@example.org",
    address_lines=("Acme Garden LLC", "1450 Rose Street", "Portland, OR 97201", "US"),
)
LIST = ListFacts("Everybody", "everybody")
CAMPAIGN = 1


def run(messages: int = MESSAGES) -> Iterator[dict[str, object]]:
    """Yields one line: messages a second of one core, against Django's."""
    skeleton = compile_content(Content(letter.SUBJECT, "", letter.HTML, ""), SENDER, LIST, CAMPAIGN)
    recipients = [person(number) for number in range(messages)]
    now = timezone.now()
    ours = _rate(lambda recipient: fill(skeleton, recipient, at=now).data, recipients)
    django = _rate(_django_message(skeleton), recipients[: messages // 8])
    yield {
        "bench": "fill",
        "value": round(ours),
        "unit": "messages/s",
        "against": "EmailMultiAlternatives, message().as_bytes()",
        "ratio": round(ours / django, 1),
    }


def person(number: int) -> Recipient:
    key = number.to_bytes(16, "big")
    reason = reason_for(LIST.name, "customer", timezone.now(), SENDER.trade_name)
    return Recipient(f"person{number}@example.org", key, key, "Chloé", "Berg", reason)


def _rate(build: Callable[[Recipient], bytes], recipients: list[Recipient]) -> float:
    build(recipients[0])
    begun = time.perf_counter()
    for recipient in recipients:
        build(recipient)
    return len(recipients) / (time.perf_counter() - begun)


def _django_message(skeleton: Skeleton) -> Callable[[Recipient], bytes]:
    """How a Django project would write to one of these people, starting from the finished texts."""
    sample = Recipient("sample@example.org", b"s" * 16, b"s" * 16, "FIRSTNAME", "", "REASON")
    shown = preview(skeleton, sample)
    url = opt_out_url(OptOutToken(sample.mailbox_key, CAMPAIGN, is_test=True))  # as previews have it

    def build(recipient: Recipient) -> bytes:
        link = opt_out_url(OptOutToken(recipient.mailbox_key, CAMPAIGN))

        def filled(text: str) -> str:
            merged = text.replace("FIRSTNAME", recipient.first_name).replace("REASON", recipient.reason)
            return merged.replace(sample.address, recipient.address).replace(url, link)

        message = EmailMultiAlternatives(
            shown.subject,
            filled(shown.text),
            f"{SENDER.trade_name} <{SENDER.from_email}>",
            [recipient.address],
            reply_to=[SENDER.reply_to],
            headers={
                "List-Id": f"{LIST.name} <{LIST.slug}.lists.{SENDER.domain}>",
                "List-Unsubscribe": f"<{link}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                "Feedback-ID": f"{CAMPAIGN}:{LIST.slug}:commercial:{SENDER.domain}",
            },
        )
        message.attach_alternative(filled(shown.html), "text/html")
        return message.message().as_bytes()

    return build
