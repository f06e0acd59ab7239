"""Acting on incoming mail: who asks to be left alone is, from the moment it is received.

A forged request only ever stops mail, which is lawful; nothing that comes in by mail starts any, and nothing is
answered, so there is no loop to fear (RFC 3834 §2).
"""

from mailer import suppression
from mailer.feedback.reading import Kind, Received, read
from mailer.feedback.reports import report
from mailer.models import Message, Report
from mailer.suppression import Channel, Reason


def receive(raw: bytes, envelope_to: str = "") -> Received:
    """Read one mail and do what its sender asks, before this returns. Repeats are harmless.

    Raises LedgerUnreadable or a database error if it could not be done; the mail must then come again.
    """
    received = read(raw, envelope_to)
    if received.kind == Kind.OPT_OUT:
        _opt_out(received)
    elif received.kind == Kind.COMPLAINT:
        _suppress_all(received, Reason.COMPLAINT, Channel.FEEDBACK_LOOP)
    _keep_report(received)
    return received


def _keep_report(received: Received) -> None:
    """A report about a message of ours. Without our signature in what it quotes, anybody could have written it."""
    about = received.about
    if about is None or not received.delivery:
        return
    ours = Message.objects.filter(
        campaign_id=about.campaign, address_key=about.address_key, mailbox_key=about.mailbox_key
    )
    if ours.exists():
        kind = Report.Kind(received.delivery)
        report(about.campaign, about.address_key, kind, Report.Source.DSN, status=received.status)


def _opt_out(received: Received) -> None:
    _suppress_all(received, Reason.OPT_OUT, Channel.MAILTO if received.by == "token" else Channel.REPLY)


def _suppress_all(received: Received, reason: Reason, channel: Channel) -> None:
    """Every mailbox that the mail may speak for: the token's or else the writer's, and that of the message answered.

    Somebody who answers from another address means the one that was written to as well.
    """
    campaign = received.token.campaign if received.token else None
    for mailbox_key, address_key in _mailboxes(received).items():
        suppression.suppress(
            mailbox_key,
            address_key=address_key,
            reason=reason,
            channel=channel,
            actor="recipient",
            campaign=campaign,
        )


def _mailboxes(received: Received) -> dict[bytes, bytes | None]:
    found: dict[bytes, bytes | None] = {}
    if received.token:
        found[received.token.mailbox_key] = None
    elif received.address:
        found[received.address.mailbox_key] = received.address.address_key
    if received.answered:
        campaign, address_key = received.answered
        message = (
            Message.objects.filter(campaign_id=campaign, address_key=address_key).only("mailbox_key").first()
        )
        if message:
            found.setdefault(bytes(message.mailbox_key), address_key)
    return found
