"""Where a campaign's messages are, counted."""

from dataclasses import dataclass

from django.db import connection, transaction

from mailer.models import Campaign

RATE_SECONDS = 10

PROGRESS = """
SELECT state, reason, count(*),
       count(*) FILTER (WHERE settled_at > clock_timestamp() - make_interval(secs => %s))
FROM mailer_message WHERE campaign_id = %s GROUP BY state, reason
"""

# A campaign that is over and of which no message is open, or unknown: of those the mail server's late word may still
# come. Each state is asked by its own partial index (OFFSET 0 keeps the planner from reading a million that wait).
COUNTABLE = """
SELECT id FROM mailer_campaign AS campaign
WHERE finished_at IS NOT NULL AND snapshot_at IS NOT NULL AND final_counts IS NULL
  AND NOT EXISTS (SELECT FROM mailer_message
                  WHERE campaign_id = campaign.id AND state = 'pending' OFFSET 0)
  AND NOT EXISTS (SELECT FROM mailer_message
                  WHERE campaign_id = campaign.id AND state IN ('claimed', 'handed_over') OFFSET 0)
  AND NOT EXISTS (SELECT FROM mailer_message
                  WHERE campaign_id = campaign.id AND state = 'unknown' OFFSET 0)
ORDER BY id DESC LIMIT 1 FOR UPDATE SKIP LOCKED
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
    """Counted from the messages themselves, so it is never wrong; once none of them can change, from what was kept."""
    if campaign.final_counts is not None:
        return _of([(state, reason, number, 0) for state, reason, number in campaign.final_counts])
    return _of(_counted(campaign.pk))


def keep_counts() -> bool:
    """Keep the counts of one campaign that is over and whose messages are all final; returns whether there was one.

    They outlive the messages, and showing an old campaign costs the same whatever its size. One at a time, since a
    million messages take a second to count.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(COUNTABLE)
        found = cursor.fetchone()
        if found is None:
            return False
        counts = [row[:3] for row in _counted(found[0])]
        Campaign.objects.filter(pk=found[0]).update(final_counts=counts)
    return True


Row = tuple[str, str, int, int]  # state, reason, how many, how many of them of late


def _counted(campaign_id: int) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(PROGRESS, [RATE_SECONDS, campaign_id])
        return cursor.fetchall()


def _of(rows: list[Row]) -> Progress:
    counts: dict[str, int] = {}
    withheld: dict[str, int] = {}
    recent = 0
    for state, reason, number, lately in rows:
        counts[state] = counts.get(state, 0) + number
        recent += lately if state != "withheld" else 0
        if state == "withheld":
            withheld[reason] = number
    return Progress(counts, withheld, recent / RATE_SECONDS)
