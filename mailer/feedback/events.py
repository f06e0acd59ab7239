"""What a mail service tells of the person behind one of our messages: that they complained, or want no more."""

from mailer import suppression
from mailer.models import Message
from mailer.suppression import Channel, Reason


def complaint(campaign: int, address_key: bytes) -> bool:
    """Stop all mail to whose message it was; returns whether it was one of ours. Repeats are harmless.

    Raises LedgerUnreadable or a database error if it could not be done; the event must then come again.
    """
    return _suppress(campaign, address_key, Reason.COMPLAINT)


def opt_out(campaign: int, address_key: bytes) -> bool:
    """As `complaint`, for a person who pressed the service's own button."""
    return _suppress(campaign, address_key, Reason.OPT_OUT)


def _suppress(campaign: int, address_key: bytes, reason: Reason) -> bool:
    message = (
        Message.objects.filter(campaign_id=campaign, address_key=address_key).only("mailbox_key").first()
    )
    if message is None:
        return False
    suppression.suppress(
        bytes(message.mailbox_key),
        address_key=address_key,
        reason=reason,
        channel=Channel.ESP,
        actor="recipient",
        campaign=campaign,
    )
    return True
