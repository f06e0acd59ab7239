"""Take one incoming mail, as a mail server hands it to a program."""

import json
import sys
from argparse import ArgumentParser
from typing import Any, BinaryIO

from django.core.management import BaseCommand
from django.db import DatabaseError, InterfaceError

from mailer import feedback, suppression
from mailer.feedback.letters import LONGEST

PIECE = 2**16
TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: the mail server keeps the mail and comes back


class Command(BaseCommand):
    """What asks for an end of mail is obeyed before this ends; everything else is only named."""

    help = (
        "Read one mail on standard input and act on it: opt-outs by token or by plain request, and complaints, enter "
        "the ledger at once. Exit 0: done; 75: the ledger could not be reached, hand the mail in again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what it is, and do nothing")
        parser.add_argument("--json", action="store_true", help="print the result as one line of JSON")
        parser.add_argument(
            "--to", default="", metavar="ADDRESS", help="the address that the mail was delivered to"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        raw = taken_in(sys.stdin.buffer)
        take = feedback.read if options["dry_run"] else feedback.receive
        try:
            received = take(raw, options["to"])
        except (DatabaseError, InterfaceError, suppression.LedgerUnreadable) as wrong:
            self.stderr.write(
                f"The ledger can't be reached ({type(wrong).__name__}). Hand the mail in again."
            )
            sys.exit(TRY_AGAIN)
        self.stdout.write(_as_json(received) if options["json"] else _in_words(received))


def taken_in(mail: BinaryIO) -> bytes:
    """As much of a mail as is looked at. The rest is drained in pieces: it must not fill memory, and a mail server
    that finds its pipe closed in the middle would take the mail for not delivered, and come again with it for days.
    """
    raw = mail.read(LONGEST + 1)
    while mail.read(PIECE):
        pass
    return raw


def _as_json(received: feedback.Received) -> str:
    return json.dumps(
        {
            "kind": received.kind.value,
            "address": received.address.text if received.address else None,
            "by": received.by,
            "reason": received.reason,
        }
    )


def _in_words(received: feedback.Received) -> str:
    return f"{received.kind.value}: {received.reason}"
