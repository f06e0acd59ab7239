"""Where a campaign's messages are, counted."""

from dataclasses import dataclass

from django.db import connection

from mailer.models import Campaign

RATE_SECONDS = 10

PROGRESS = """
SELECT state, reason, count(*),
       count(*) FILTER (WHERE settled_at > clock_timestamp() - make_interval(secs => %s))
FROM mailer_message WHERE campaign_id = %s GROUP BY state, reason
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a campaign's messages are. `rate` is messages a second of late; `seconds_left` at that rate."""

    counts: dict[str, int]
    withheld: dict[str, int]
    rate: float

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def open(self) -> int:
        return sum(self.counts.get(state, 0) for state in ("pending", "claimed", "handed_over"))

    @property
    def seconds_left(self) -> float | None:
        return self.open / self.rate if self.rate else None


def progress(campaign: Campaign) -> Progress:
    """Counted from the messages themselves, so it is never wrong."""
    counts: dict[str, int] = {}
    withheld: dict[str, int] = {}
    recent = 0
    with connection.cursor() as cursor:
        cursor.execute(PROGRESS, [RATE_SECONDS, campaign.pk])
        for state, reason, number, lately in cursor.fetchall():
            counts[state] = counts.get(state, 0) + number
            recent += lately if state != "withheld" else 0
            if state == "withheld":
                withheld[reason] = number
    return Progress(counts, withheld, recent / RATE_SECONDS)
