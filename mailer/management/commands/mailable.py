"""Ask the ledger about addresses."""

import json
import sys
from typing import Any

from django.core.management import BaseCommand, CommandError

from mailer import suppression
from mailer.addresses import AddressRefused, parse
from mailer.contacts import people


class Command(BaseCommand):
    """Answers for other programs; what can't be mailed says why."""

    help = (
        "Read addresses from standard input, one a line, and print one JSON object for each: address, mailable, "
        "why. Exit 0: all may be mailed; 1: at least one may not; 2: the ledger can't be asked."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        all_mailable = True
        try:
            for line in sys.stdin:
                if address := line.rstrip("\r\n"):
                    why = _why_not(address)
                    all_mailable = all_mailable and not why
                    answer = {"address": address, "mailable": not why, "why": why}
                    self.stdout.write(json.dumps(answer, ensure_ascii=False))
        except suppression.LedgerUnreadable as wrong:
            raise CommandError(str(wrong), returncode=2) from wrong
        if not all_mailable:
            sys.exit(1)


def _why_not(address: str) -> str:
    """The reasons against an address, oldest first; empty if it may be mailed."""
    try:
        return ", ".join(people.may_be_mailed([parse(address)])[0].reasons)
    except AddressRefused as wrong:
        return f"not an address: {wrong}"
