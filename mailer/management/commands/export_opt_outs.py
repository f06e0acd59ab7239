"""Opt-outs for the operator's other systems, so that they too stop."""

import csv
import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db import transaction

from mailer import evidence, suppression
from mailer.management.moments import moment
from mailer.models import Contact, Suppression

# Bounces are no one's wish; complaints are opt-outs (D67).
WISHES = (Suppression.Reason.OPT_OUT, Suppression.Reason.COMPLAINT)


class Command(BaseCommand):
    """Compliance is its only purpose: an opted-out address may be released for no other (D62)."""

    help = (
        "Print the opt-outs and complaints recorded since a time as CSV, so that your other systems obey them too. "
        "That is the only lawful use of this list (15 U.S.C. 7704(a)(4)(A)(iv)); who asked is recorded."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", required=True, type=moment, metavar="TIME", help="such as 2026-11-20")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            suppression.assert_ledger()
        except suppression.LedgerUnreadable as wrong:
            raise CommandError(str(wrong), returncode=2) from wrong
        with transaction.atomic():
            rows = self._print(options["since"])
            evidence.record(
                "opt-outs exported",
                actor=f"shell {getpass.getuser()}"[:60],
                subject="",
                since=options["since"].isoformat(),
                purpose="compliance",
                rows=rows,
            )

    def _print(self, since: Any) -> int:
        """One line for each address we know of the mailbox, one without an address if we know none."""
        out = csv.writer(self.stdout)
        out.writerow(["address", "key", "time", "reason"])
        rows = 0
        recorded = suppression.unvoided().filter(recorded_at__gte=since, reason__in=WISHES).order_by("id")
        for entry in recorded.iterator():
            for address in _known_addresses(bytes(entry.mailbox_key)) or [""]:
                key = bytes(entry.mailbox_key).hex()
                out.writerow([address, key, entry.received_at.isoformat(), entry.reason])
                rows += 1
        return rows


def _known_addresses(mailbox_key: bytes) -> list[str]:
    return list(
        Contact.objects.filter(mailbox_key=mailbox_key).order_by("id").values_list("email", flat=True)
    )
