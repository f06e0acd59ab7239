"""Bring ledger and journal together by hand."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management import BaseCommand, CommandError

from mailer import journal, replaying, suppression


class Command(BaseCommand):
    """What workers do by themselves at their start and every few seconds."""

    help = (
        "Enter into the ledger what the journal holds and the ledger lacks: after a dump was restored, or to see that "
        "nothing is missing. Workers do the same before they send anything. Exit 0: done; 2: journal or ledger can't "
        "be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be entered, and do nothing"
        )
        parser.add_argument(
            "--fill",
            action="store_true",
            help="first write all that the ledger holds to the journal: for a folder that is new or was lost",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        figures: dict[str, int] = {}
        try:
            if options["fill"] and not options["dry_run"]:
                suppression.assert_ledger()
                figures["written"] = journal.write_ledger()
            figures |= asdict(replaying.replay(is_trial=options["dry_run"]))
        except (journal.JournalUnreadable, journal.JournalUnwritable, suppression.LedgerUnreadable) as wrong:
            raise CommandError(str(wrong), returncode=2) from wrong
        if options["json"]:
            self.stdout.write(json.dumps(figures))
            return
        for name, value in figures.items():
            self.stdout.write(f"{name:<10} {value}")
