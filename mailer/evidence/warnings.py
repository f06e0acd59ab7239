"""What an operator must hear of the evidence before a court asks for it."""

from datetime import timedelta

from django.utils import timezone

from mailer.evidence.sealing import standing_still_since
from mailer.models import Heartbeat, Verification

HEAD = "head"  # the heartbeat of recording heads
SILENT = timedelta(days=2)


def head_recorded() -> None:
    """Show that heads are recorded: their clock is silent otherwise."""
    Heartbeat.objects.update_or_create(name=HEAD, defaults={"at": timezone.now()})


def warnings() -> list[str]:
    """In words; none if all is well."""
    found = []
    since = standing_still_since()
    if since:
        found.append(
            f"Evidence waits for its seal since {since:%d %B %Y, %H:%M} UTC. Is a worker running? What its log says "
            "of seal_evidence tells more."
        )
    head = Heartbeat.objects.filter(name=HEAD).first()
    if head and head.at < timezone.now() - SILENT:
        found.append(
            f"The end of the evidence was last recorded on {head.at:%d %B %Y}. Can the workers write to the folder of "
            "heads? Without it, an end that is cut off would not show."
        )
    last = Verification.objects.filter(finished_at__isnull=False).first()
    if last and last.broken:
        found.append(
            f"Evidence was changed: the verification of {last.finished_at:%d %B %Y, %H:%M} UTC found "
            f"{last.broken:,} broken place{'' if last.broken == 1 else 's'}. See Evidence, Verification."
        )
    return found
