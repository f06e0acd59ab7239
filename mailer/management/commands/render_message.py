"""One message, exactly as a campaign would send it, to look at or to feed to other programs."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.utils import timezone

from mailer.compliance import blocks, check
from mailer.management.example import HTML
from mailer.models import MailingList, Sender
from mailer.rendering import (
    LAYOUTS,
    MJML,
    SAMPLE_RECIPIENT,
    Brand,
    Content,
    ListFacts,
    SenderFacts,
    compile_content,
    fill,
)
from mailer.transports import signed

NO_CAMPAIGN = 0


class Command(BaseCommand):
    """Prints raw bytes, or nothing if the gate blocks them. Needs the database only for --sender."""

    help = (
        "Print the raw bytes of one message to a sample recipient, as a campaign would send it. Findings go to "
        "stderr. Exit 0: printed; 1: blocked, nothing printed; 2: wrong use."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--subject", required=True)
        parser.add_argument("--preheader", default="", help="the line shown beside the subject")
        parser.add_argument("--sender", type=int, metavar="ID", help="default: the example sender")
        parser.add_argument("--html", type=Path, metavar="FILE", help="body; default: the example's")
        parser.add_argument("--mjml", type=Path, metavar="FILE", help="body in MJML instead of HTML")
        parser.add_argument(
            "--layout",
            choices=[name for name in LAYOUTS if name],
            default="",
            help="of Candor, around the HTML or text",
        )
        parser.add_argument(
            "--text", type=Path, metavar="FILE", help="plain text; default: made from the HTML"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        sender = _sender(options["sender"])
        if options["mjml"] and (options["html"] or options["layout"]):
            raise CommandError("MJML is a layout of its own: name --mjml alone.", returncode=2)
        html, has_body = options["mjml"] or options["html"], any(map(options.get, ("mjml", "html", "text")))
        content = Content(
            subject=options["subject"],
            preheader=options["preheader"],
            html=_read(html) if has_body else HTML,
            text=_read(options["text"]),
            layout=MJML if options["mjml"] else options["layout"],
            brand=Brand.of(sender),
        )
        friends = MailingList(name="Friends", slug="friends")
        findings = check(content, sender, [friends], NO_CAMPAIGN)
        for finding in findings:
            self.stderr.write(f"{finding.severity}: {finding.rule}: {finding.message}")
        if blocks(findings):
            sys.exit(1)
        skeleton = compile_content(
            content, SenderFacts.of(sender), ListFacts(friends.name, friends.slug), NO_CAMPAIGN
        )
        sys.stdout.buffer.write(signed(fill(skeleton, SAMPLE_RECIPIENT, at=timezone.now()).data))


def _read(path: Path | None) -> str:
    """The file's text; what is no UTF-8 stays recognisable, so that the findings can say so."""
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as wrong:
        raise CommandError(f"{path} can’t be read: {wrong.strerror}.", returncode=2) from None


def _sender(number: int | None) -> Sender:
    if number is None:
        return _example()
    try:
        return Sender.objects.get(pk=number)
    except Sender.DoesNotExist:
        raise CommandError(f"There is no sender {number}.", returncode=2) from None


def _example() -> Sender:
    """Acme Garden, in a domain that this installation sends for; no row of it is needed."""
    domains = settings.SENDER_DOMAINS
    domain = "example.org" if "example.org" in domains else domains[0]
    return Sender(
        legal_name="Acme Garden LLC",
        trade_name="Acme Garden",
        from_email=f"news@{domain}",
        reply_to=f"hello@{domain}",
        contact=f"hello@{domain}",
        line1="1450 Rose Street",
        city="Portland",
        region="OR",
        postal_code="97201",
        country="US",
        identity_attested_at=timezone.now(),
        address_attested_at=timezone.now(),
    )
