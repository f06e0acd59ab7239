"""A received message judged: does it still carry what the law asks?"""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from mailer.compliance import Finding
from mailer.compliance.audit import Keys, audit, campaign_of, written
from mailer.compliance.sender_dns.asking import Dns
from mailer.models import Campaign, Sender
from mailer.rendering import DamagedSkeleton, SenderFacts, Skeleton


class Command(BaseCommand):
    """Findings, one a line. Needs the database only for --sender."""

    help = (
        "Judge the raw bytes of one message as it was received, also after an ESP or a mailing list had it in hand: "
        "label, postal address, opt-out, header fields, DKIM signature. Prints one finding a line; what only follows "
        "from another one is left out. Exit 0: none; 1: at least one; 2: wrong use. DNS is asked for the keys of "
        "signatures, except by a local installation without DNS_SERVERS."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE.eml", help="raw bytes; - for standard input")
        parser.add_argument(
            "--sender",
            type=int,
            metavar="ID",
            help="whose names and address must be there; subject and From must be those approved for the campaign",
        )
        parser.add_argument(
            "--offline", action="store_true", help="ask no DNS; our own keys are known without"
        )
        parser.add_argument(
            "--dkim-key",
            type=Path,
            metavar="FILE",
            help="the signer's DNS record or public key, instead of DNS",
        )
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        raw = _read(options["file"])
        sender = _sender(options["sender"])
        keys = _keys(options["dkim_key"], is_offline=options["offline"])
        findings = audit(
            raw,
            SenderFacts.of(sender) if sender else None,
            keys=keys,
            approved=_approved(raw, sender) if sender else None,
        )
        for finding in findings:
            where = f" ({finding.where})" if finding.where else ""
            words = f"{finding.severity}: {finding.rule}{where}: {finding.message}"
            self.stdout.write(json.dumps(_told(finding), ensure_ascii=False) if options["json"] else words)
        for words in dict.fromkeys(keys.unknown):
            self.stderr.write(words)
        if findings:
            sys.exit(1)


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as wrong:
        raise CommandError(f"{name} can’t be read: {wrong.strerror}.", returncode=2) from None


def _keys(file: Path | None, *, is_offline: bool) -> Keys:
    asks = not is_offline and (bool(settings.DNS_SERVERS) or not settings.LOCAL)
    if file is None:
        return Keys(Dns() if asks else None)
    try:
        return Keys(given=written(_read(str(file)).decode("ascii", "replace")))
    except ValueError as wrong:
        raise CommandError(f"{file}: {wrong}", returncode=2) from None


def _sender(number: int | None) -> Sender | None:
    if number is None:
        return None
    try:
        return Sender.objects.get(pk=number)
    except Sender.DoesNotExist:
        raise CommandError(f"There is no sender {number}.", returncode=2) from None


def _approved(raw: bytes, sender: Sender) -> Skeleton | None:
    """What was frozen of the campaign that the opt-out link names; None if it is none of this sender's."""
    number = campaign_of(raw)
    if number is None:
        return None
    campaign = Campaign.objects.select_related("revision").filter(pk=number, sender=sender).first()
    if campaign is None or campaign.revision is None:
        return None
    try:
        return Skeleton.from_bytes(bytes(campaign.revision.skeleton))
    except DamagedSkeleton as damaged:
        raise CommandError(str(damaged), returncode=2) from None


def _told(finding: Finding) -> dict[str, str]:
    """A finding for programs; where in the subject it stands is `check_subject`'s business."""
    return {name: str(getattr(finding, name)) for name in ("rule", "severity", "message", "source", "where")}
