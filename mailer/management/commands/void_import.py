"""Take a whole import back that was a mistake."""

import getpass
import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management import BaseCommand, CommandError

from mailer import suppression
from mailer.contacts import voiding
from mailer.models import Import


class Command(BaseCommand):
    """What recipients asked for themselves stays: only what this file said, and nothing else says, goes."""

    help = (
        "Take an import back: the places on its list that it gave, the people who came by nothing else, and what it "
        "said against mailboxes, where nothing else says so. Opt-outs, complaints and bounces that came to Candor "
        "itself stay for ever. The reason is kept. Exit 0: done; 2: refused, nothing was changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", type=int, help="of the import, as its page shows it")
        parser.add_argument("--reason", required=True, help="what was wrong with it")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what it would change, and change nothing"
        )
        parser.add_argument("--json", action="store_true", help="print the result as one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        import_ = Import.objects.filter(pk=options["number"]).first()
        if import_ is None:
            raise CommandError(f"There is no import {options['number']}.", returncode=2)
        try:
            changed = (
                voiding.consequences(import_)
                if options["dry_run"]
                else voiding.void(import_, reason=options["reason"], actor=f"shell {getpass.getuser()}"[:60])
            )
        except (voiding.VoidRefused, suppression.LedgerUnreadable) as refused:
            raise CommandError(str(refused), returncode=2) from refused
        self.stdout.write(json.dumps(asdict(changed)) if options["json"] else _in_words(changed))
        if options["dry_run"]:
            self.stderr.write("This was a dry run: nothing was changed.")


def _in_words(changed: voiding.Consequences) -> str:
    return (
        f"{changed.subscriptions:,} places on the list go, and {changed.contacts:,} people who came by nothing else.\n"
        f"{changed.entries:,} entries and {changed.digests:,} digests against mailboxes no longer count; against "
        f"{changed.freed:,} mailboxes nothing stands then."
    )
