"""Whom a page speaks of: the mailbox, masked, and the sender, as far as rows still exist."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import Error, connection

from mailer.addresses import masked
from mailer.models import Sender
from mailer.prepared import Prepared
from mailer.tokens import OptOutToken

# One question for all that a page says, since every opt-out asks it. Addresses of one mailbox look alike when
# masked, so any will do; the newest opt-out of their own is the one in force, since
# none is entered while another stands.
NAMES = Prepared(
    "names",
    """
SELECT (SELECT email FROM mailer_contact WHERE mailbox_key = %(mailbox)s LIMIT 1),
       (SELECT legal_name FROM mailer_sender
        WHERE id = (SELECT sender_id FROM mailer_campaign WHERE id = %(campaign)s)),
       (SELECT max(recorded_at) FROM mailer_suppression
        WHERE mailbox_key = %(mailbox)s AND reason = 'opt_out' AND import_id IS NULL)
""",
    {"mailbox": "bytea", "campaign": "bigint"},
)


@dataclass(frozen=True, slots=True)
class Names:
    """What a page may say: never a whole address, since links are forwarded."""

    mailbox: str
    sender: str
    opted_out_at: datetime | None = None


def names_of(token: OptOutToken) -> Names:
    """The names for a link, whatever has been deleted since it was sent. Never fails."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(NAMES.here(), {"mailbox": token.mailbox_key, "campaign": token.campaign})
            email, legal_name, opted_out_at = cursor.fetchone()
    except Error:  # a page without names is better than no page: its button is what counts
        return Names(_mailbox(None), _installation())
    return Names(_mailbox(email), legal_name or _without_campaign(), opted_out_at)


def names_for(email: str | None) -> Names:
    """The names for a link that came in no campaign."""
    return Names(_mailbox(email), _without_campaign())


def only_sender() -> Sender | None:
    """The sender that a page can speak for without a campaign: there is exactly one."""
    try:
        senders = list(Sender.objects.order_by("pk")[:2])
    except Error:
        return None
    return senders[0] if len(senders) == 1 else None


def in_words(moment: datetime) -> str:
    """A time as the pages tell it, to the minute: “17:05 UTC on 24 November 2026”."""
    utc = moment.astimezone(UTC)
    return f"{utc:%H:%M} UTC on {utc.day} {utc:%B %Y}"


def _mailbox(email: str | None) -> str:
    return masked(email) if email else "this mailbox"


def _without_campaign() -> str:
    sender = only_sender()
    return sender.legal_name if sender else _installation()


def _installation() -> str:
    return urlsplit(settings.PUBLIC_URL).hostname or settings.PUBLIC_URL
