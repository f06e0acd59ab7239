"""Evidence with its seals, for whoever recomputes them without Candor."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from mailer import evidence, suppression


class Command(BaseCommand):
    """Rows hold keys and numbers only, so an export names nobody."""

    help = (
        "Print all sealed evidence as JSON lines, in the order of the seals, as docs/verify_seals.py takes it. With "
        "--key, print instead the key that it needs: whoever holds it can recompute seals, so give it to the expert "
        "only; the address key can't be found from it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--key", action="store_true", help="print the key of the seals and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            suppression.assert_ledger()
        except suppression.LedgerUnreadable as wrong:
            raise CommandError(str(wrong), returncode=2) from wrong
        if options["key"]:
            self.stdout.write(evidence.sealing_key().hex())
            return
        for line in evidence.lines():
            told = {
                "position": line.position,
                "evidence_id": line.evidence_id,
                "seal": line.seal.hex(),
                "sealed_at": line.sealed_at,
                "row": dict(zip(evidence.COLUMNS, line.row, strict=True)) if line.is_there else None,
            }
            self.stdout.write(json.dumps(told, ensure_ascii=False))
