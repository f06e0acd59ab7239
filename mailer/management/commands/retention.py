"""Delete what has been kept as long as it may be."""

import getpass
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.utils import timezone

from mailer.privacy import holds, retention
from mailer.privacy.retention import Gone


class Command(BaseCommand):
    """The nightly job by hand. What is kept how long stands in one file, mailer/privacy/register.py."""

    help = (
        "Delete what has been kept as long as it may be, table by table, as happens each night by itself. Exit 0: "
        "done; 1: a legal hold stands, so nothing is deleted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count what would be deleted")
        parser.add_argument("--json", action="store_true", help="one JSON object a line for each table")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = f"shell {getpass.getuser()}"[:60]
        for gone in retention.run(timezone.now(), dry_run=options["dry_run"], actor=actor):
            self.stdout.write(json.dumps(gone.as_dict()) if options["json"] else _in_words(gone))
        if options["dry_run"]:
            self.stderr.write("This was a dry run: nothing was deleted.")
        if number := holds.standing().count():
            raise CommandError(f"Legal holds stand ({number}), so nothing is deleted.", returncode=1)


def _in_words(gone: Gone) -> str:
    what = "deleted" if gone.deleted else "past their time"
    return f"{gone.table}: {gone.rows:,} rows from before {gone.before[:10]} {what}"
