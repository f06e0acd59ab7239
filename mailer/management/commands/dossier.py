"""What could be shown to a court about one campaign or one recipient."""

import os
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from mailer import addresses, dossier, suppression


class Command(BaseCommand):
    """The file is there whole or not at all; that it was made is recorded as evidence."""

    help = (
        "Write the dossier of a campaign that was launched, or of one recipient: a ZIP with a report, the same as "
        "JSON, the messages’ hashes, the opt-outs, the evidence, and a short program that checks it without Candor. No "
        "third person’s address is in it. Prints the hash of its manifest, which the evidence keeps too. Exit 0: "
        "written; 2: not."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        about = parser.add_mutually_exclusive_group(required=True)
        about.add_argument("--campaign", type=int, metavar="ID", help="the number of the campaign")
        about.add_argument("--recipient", metavar="ADDRESS", help="the address of the recipient")
        parser.add_argument(
            "--out", type=Path, required=True, metavar="FILE", help="the ZIP to write; none may be there yet"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        out: Path = options["out"]
        if out.exists():
            raise CommandError(f"{out} is there already. Give another name with --out.", returncode=2)
        try:
            made = _written(out, options["campaign"], options["recipient"])
        except (
            addresses.AddressRefused,
            dossier.DossierRefused,
            suppression.LedgerUnreadable,
            OSError,
        ) as wrong:
            raise CommandError(str(wrong), returncode=2) from wrong
        self.stdout.write(f"Hash of the manifest: {made.manifest}")


def _written(out: Path, campaign: int | None, recipient: str | None) -> dossier.Made:
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    try:
        with os.fdopen(handle, "w+b") as file:
            if campaign is not None:
                made = dossier.of_campaign(campaign, file, user=None)
            else:
                made = dossier.of_recipient(addresses.parse(recipient or ""), file, user=None)
        Path(name).rename(out)
    except BaseException:
        Path(name).unlink()
        raise
    return made
