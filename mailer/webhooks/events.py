"""What a mail service tells of one of our messages, by the number that we gave it along (never by Message-ID).

Anymail has asked for the secret before, and answers 500 if we raise, so that the service tells it again.
"""

import re
from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, tracking
from django.dispatch import receiver

from mailer import feedback
from mailer.models import Report

# The number of a message, as `mailer.rendering.fill` begins its Message-ID; tests have one more part.
_OURS = re.compile(r"(\d{1,18})\.([0-9a-f]{32})")
ENDS = {
    EventType.DELIVERED: Report.Kind.DELIVERED,
    EventType.BOUNCED: Report.Kind.BOUNCED,
    EventType.REJECTED: Report.Kind.BOUNCED,
    EventType.FAILED: Report.Kind.BOUNCED,
}


@receiver(tracking)
def hear(sender: Any, event: AnymailTrackingEvent, esp_name: str, **others: Any) -> None:
    """Take from an event what it says of a message of ours; all else is none of our business."""
    ours = _OURS.fullmatch(str((event.metadata or {}).get("delivery", "")))
    if ours is None:
        return
    campaign, address_key = int(ours[1]), bytes.fromhex(ours[2])
    if event.event_type in ENDS:
        feedback.report(campaign, address_key, ENDS[event.event_type], Report.Source.ESP)
    elif event.event_type == EventType.COMPLAINED:
        feedback.complaint(campaign, address_key)
    elif event.event_type == EventType.UNSUBSCRIBED:
        feedback.opt_out(campaign, address_key)
