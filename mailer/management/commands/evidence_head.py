"""The end of the chain of seals, to be kept where the database's keeper can't reach."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from mailer import evidence, suppression


class Command(BaseCommand):
    """Whoever holds this line can prove later that nothing up to here was changed or taken away."""

    help = (
        "Seal what waits, print the head of the evidence (how many rows are sealed, the last seal, when) and append "
        "it to the file of heads under JOURNAL_DIR. Exit 0: done; 2: it could not be written."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            suppression.assert_ledger()
            evidence.seal(thorough=True)
            head = evidence.write_head()
        except (suppression.LedgerUnreadable, OSError) as wrong:
            raise CommandError(f"The head was not recorded: {wrong}", returncode=2) from wrong
        if options["json"]:
            self.stdout.write(
                head.as_line() if head else json.dumps({"position": 0, "seal": None, "sealed_at": None})
            )
        elif head:
            self.stdout.write(
                f"{head.position:,} rows are sealed, the last at {head.sealed_at:%d %B %Y, %H:%M:%S} UTC."
            )
            self.stdout.write(f"Seal {head.seal.hex()}")
            self.stdout.write(f"Recorded in {evidence.heads_file()}")
        else:
            self.stdout.write("There is no evidence yet.")
