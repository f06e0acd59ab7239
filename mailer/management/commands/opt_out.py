"""Enter opt-outs that reached us by phone, by post or in another way that no program saw."""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.utils import timezone

from mailer import evidence, suppression
from mailer.addresses import Address, AddressRefused, parse
from mailer.management.moments import moment

# What people can tell the operator; the other channels are programs' own (D56).
CHANNELS = ("phone", "post", "in_person", "web_form", "reply", "staff")


class Command(BaseCommand):
    """Each counts at once, for every list, for ever. There is no command that takes one back."""

    help = (
        "Enter opt-outs into the suppression ledger; each counts at once, for every list. Exit 0: all were entered "
        "(or stood already); 1: some were no addresses, or wait in the journal for the database; 2: wrong use or no "
        "ledger."
    )
    is_all_entered = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("addresses", nargs="+", metavar="ADDRESS")
        parser.add_argument("--channel", required=True, choices=CHANNELS, help="how you were told")
        parser.add_argument(
            "--received",
            type=_past,
            default=None,
            metavar="TIME",
            help="when you were told, such as 2026-11-20 or 2026-11-20T15:30+01:00; default: now",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found = [(raw, self._address(raw)) for raw in options["addresses"]]
        for raw, address in found:
            if address is not None:
                self.stdout.write(f"{raw}: {self._enter(address, options)}")
        if not self.is_all_entered or any(address is None for _, address in found):
            sys.exit(1)

    def _address(self, raw: str) -> Address | None:
        try:
            return parse(raw)
        except AddressRefused as wrong:
            self.stderr.write(f"{raw}: not entered: {wrong}")
            return None

    def _enter(self, address: Address, options: dict[str, Any]) -> str:
        try:
            is_new = suppression.suppress(
                address.mailbox_key,
                address_key=address.address_key,
                reason=suppression.Reason.OPT_OUT,
                channel=options["channel"],
                actor=evidence.by(None),
                received_at=options["received"],
            )
        except suppression.Journalled as kept:
            self.is_all_entered = False
            return str(kept)
        except suppression.LedgerUnreadable as wrong:
            raise CommandError(str(wrong), returncode=2) from wrong
        return "opted out" if is_new else "had opted out already"


def _past(text: str) -> datetime:
    given = moment(text)
    if given > timezone.now():
        raise ArgumentTypeError(f"“{text}” is in the future; write when you were told.")
    return given
