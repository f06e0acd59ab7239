"""A received message judged: does it still carry what the law asks?"""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from mailer.compliance import Finding
from mailer.compliance.audit import audit, is_signed
from mailer.models import Sender
from mailer.rendering import SenderFacts


class Command(BaseCommand):
    """Findings, one a line. Needs the database only for --sender."""

    help = (
        "Judge the raw bytes of one message as it was received, also after an ESP or a mailing list had it in hand: "
        "label, postal address, opt-out, header fields, DKIM coverage. Prints one finding a line. Exit 0: none; 1: at "
        "least one; 2: wrong use. DKIM keys are not asked for, since that needs DNS."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE.eml", help="raw bytes; - for standard input")
        parser.add_argument("--sender", type=int, metavar="ID", help="whose names and address must be there")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        raw = _read(options["file"])
        findings = audit(raw, _facts(options["sender"]))
        for finding in findings:
            where = f" ({finding.where})" if finding.where else ""
            words = f"{finding.severity}: {finding.rule}{where}: {finding.message}"
            self.stdout.write(json.dumps(_told(finding), ensure_ascii=False) if options["json"] else words)
        if is_signed(raw):
            self.stderr.write(
                "The DKIM signature itself is not verified here: that needs the signer’s key from DNS."
            )
        if findings:
            sys.exit(1)


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as wrong:
        raise CommandError(f"{name} can’t be read: {wrong.strerror}.", returncode=2) from None


def _facts(number: int | None) -> SenderFacts | None:
    if number is None:
        return None
    try:
        return SenderFacts.of(Sender.objects.get(pk=number))
    except Sender.DoesNotExist:
        raise CommandError(f"There is no sender {number}.", returncode=2) from None


def _told(finding: Finding) -> dict[str, str]:
    """A finding for programs; where in the subject it stands is `check_subject`'s business."""
    return {name: str(getattr(finding, name)) for name in ("rule", "severity", "message", "source", "where")}
