"""The DNS records by which receivers check our DKIM signatures."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from mailer.transports import signing

PIECE = 255  # bytes of one string in a TXT record (RFC 1035 §3.3.14); receivers join them


class Command(BaseCommand):
    """Prints records, one a line. Needs no database."""

    help = (
        "Print the TXT records to publish for the DKIM keys in the settings, one a line as in a zone file. "
        "Exit 0: printed; 2: there is no key."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object a line: name, type, value")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DKIM_KEYS:
            raise CommandError(
                "There is no DKIM key. Write DKIM_RSA_KEY_FILE and DKIM_RSA_SELECTOR (docs/operating.md, “DKIM”).",
                returncode=2,
            )
        for name, value in signing.records():
            told = {"name": name, "type": "TXT", "value": value}
            self.stdout.write(json.dumps(told) if options["json"] else f"{name}. IN TXT {_quoted(value)}")


def _quoted(value: str) -> str:
    return " ".join(f'"{value[at : at + PIECE]}"' for at in range(0, len(value), PIECE))
