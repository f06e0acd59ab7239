"""How the installation does, in one look or for a monitor."""

import json
import sys
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management import BaseCommand
from django.db import connection
from django.utils import timezone

from mailer import evidence, journal, replaying
from mailer.compliance.reminders import attestations_due, reviews_due
from mailer.dispatch import waiting
from mailer.dispatch.claim import IS_OPEN
from mailer.models import Campaign, Heartbeat, KillSwitch
from mailer.privacy import requests

SILENT_AFTER = timedelta(seconds=60)

# `oldest` is how long the longest-waiting message that is due has waited, in seconds. Each state by its own index of
# the unfinished, since finished messages are many (6.9 s beside 20 million of them when it read the table, measured);
# only the rate looks at finished ones, and only of campaigns that are going out or have just ended.
# What waits for its sending hours is not due, and has waited since they began. By each recipient's own clocks it
# comes due when they begin there.
FIGURES = f"""
WITH going AS (
    SELECT id, state = 'sending' OR finished_at > now() - interval '10 s' AS is_lively,
           CASE WHEN NOT own_zones THEN opens_at END AS opens_at,
           {IS_OPEN} AS is_open
    FROM mailer_campaign AS campaign WHERE state IN ('sending', 'sent'))
SELECT due.number, in_flight.number, not_known.number, settled.number / 10.0,
       COALESCE(EXTRACT(epoch FROM now() - due.first), 0)
FROM (SELECT count(*) AS number, min(GREATEST(due_at, opens_at)) AS first
      FROM mailer_message JOIN going ON going.id = campaign_id
      WHERE state = 'pending' AND due_at <= now() AND is_open) AS due,
     (SELECT count(*) AS number FROM mailer_message
      WHERE state IN ('claimed', 'handed_over') AND campaign_id IN (SELECT id FROM going)) AS in_flight,
     (SELECT count(*) AS number FROM mailer_message
      WHERE state = 'unknown' AND campaign_id IN (SELECT id FROM going)) AS not_known,
     (SELECT COALESCE(sum(lately.number), 0) AS number
      FROM going CROSS JOIN LATERAL (
          SELECT count(*) AS number FROM mailer_message
          WHERE campaign_id = going.id AND state IN ('accepted', 'refused')
            AND settled_at > now() - interval '10 s') AS lately
      WHERE going.is_lively) AS settled
"""


class Command(BaseCommand):
    """Exit 0: all well; 1: there are warnings."""

    help = (
        "Workers, messages due, in flight and unknown, rate, oldest, lines of the journal that wait, warnings. "
        "Exit 1 if there are warnings."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        figures = self._figures()
        if options["json"]:
            self.stdout.write(json.dumps(figures))
        else:
            for name, value in figures.items():
                self.stdout.write(
                    f"{name:<10} {'; '.join(value) or 'none' if isinstance(value, list) else value}"
                )
        sys.exit(1 if figures["warnings"] else 0)

    def _figures(self) -> dict[str, Any]:
        with connection.cursor() as cursor:
            cursor.execute(FIGURES)
            due, in_flight, unknown, rate, oldest = cursor.fetchone()
        behind, journal_warnings = _journal()
        return {
            "workers": Heartbeat.objects.filter(name="worker", at__gt=timezone.now() - SILENT_AFTER).count(),
            "due": due,
            "in_flight": in_flight,
            "unknown": unknown,
            "rate": float(rate),
            "oldest": round(float(oldest), 1),
            "journal": behind,
            "warnings": [*_warnings(), *journal_warnings],
        }


def _journal() -> tuple[int | None, list[str]]:
    """How many lines of the journal are not known to be in the ledger yet, and what is wrong with it."""
    try:
        waiting, damaged = replaying.lag()
    except journal.JournalUnreadable as wrong:
        return None, [str(wrong)]
    found = []
    if damaged:
        found.append(
            f"{damaged} lines of the journal are damaged: opt-outs may be among them. The worker's log names the "
            "files; when you have looked, move them out of the folder."
        )
    if replaying.is_behind():
        found.append(
            "The ledger is older than the journal: nothing is sent until a worker has entered the rest."
        )
    return waiting, found


def _warnings() -> list[str]:
    found = waiting.warnings()
    found += [f"Campaign {each.pk}: {each.asks}" for each in Campaign.objects.exclude(asks="").order_by("pk")]
    found += [words for _, words in attestations_due()]
    found += reviews_due()
    if not KillSwitch.objects.filter(is_on=False).exists():
        found.append("All sending is stopped by the kill switch.")
    if not Heartbeat.objects.filter(name="worker", at__gt=timezone.now() - SILENT_AFTER).exists():
        found.append(
            "No worker has shown life for a minute: nothing is sent or imported. Start one with `manage.py run`."
        )
    if number := sum(request.is_soon for request in requests.open_requests()):
        found.append(
            f"{number} of the requests about personal data must be answered within seven days, or should have been."
        )
    return found + evidence.warnings()
