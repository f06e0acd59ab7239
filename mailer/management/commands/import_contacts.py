"""Bring a file of people into a list, in the foreground."""

import json
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from mailer import suppression
from mailer.contacts import importing
from mailer.contacts.reading import Holds, Meaning
from mailer.models import Import, MailingList, Subscription

# How a question that an import ends with is answered here.
ANSWERS = {
    Import.Asks.COLUMNS: "Or say it with --column HEADING=email.",
    Import.Asks.HOLDS: "Here, the answer is --holds people or --holds opt-outs.",
    Import.Asks.VOUCHED: "Here, write it behind --vouch.",
}
LOOK_AGAIN = 0.5  # seconds, while a worker has taken the import before us


class Command(BaseCommand):
    """The same import as in the admin: whole or not at all, refused rows in a file to correct."""

    help = (
        "Bring the people of a CSV file, or a ZIP of such, into a list. Statuses such as “unsubscribed” go to the "
        "suppression ledger. Exit 0: it came in; 1: no row was accepted; 2: it failed and nothing was changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="a path, or - for standard input")
        parser.add_argument("--list", required=True, metavar="SLUG", help="the list; made if it is missing")
        parser.add_argument(
            "--source",
            required=True,
            help=f"how these people came to you: {', '.join(Subscription.Source.values)}",
        )
        parser.add_argument(
            "--holds",
            choices=[Holds.PEOPLE.value, Holds.OPT_OUTS.value],
            default=Holds.UNSAID.value,
            help="whether the file is of people to mail or of people who must not be mailed, if Candor asks",
        )
        parser.add_argument(
            "--vouch",
            default="",
            metavar="REASON",
            help="how you know that people gave you these addresses, if Candor takes them for generated",
        )
        parser.add_argument(
            "--notice", default="", metavar="TEXT", help="what people were told when they gave their address"
        )
        parser.add_argument("--collected-by", default="", metavar="WHO", help="who took the addresses down")
        for name, words in (("from", "first"), ("to", "last")):
            parser.add_argument(
                f"--collected-{name}",
                type=date.fromisoformat,
                metavar="DAY",
                help=f"the {words} day on which they were collected, such as 2026-05-31",
            )
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            type=_named_column,
            metavar="HEADING=MEANING",
            help="what stands in a column that Candor does not know, such as “Kontakt=email”; kept for the next file "
            f"with these columns. Meanings: {', '.join(filter(None, Meaning))}, or nothing to leave it out",
        )
        parser.add_argument("--dry-run", action="store_true", help="do everything, then take it all back")
        parser.add_argument("--json", action="store_true", help="print the result as one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        with _taken_back_if(options["dry_run"]):
            import_ = self._begin(options)
            self._run(import_)
            if import_.state in importing.OPEN:
                importing.give_up(import_, f"{import_.error} {ANSWERS[Import.Asks(import_.asks)]}")
            if import_.state == Import.State.FAILED:
                raise CommandError(f"Nothing was changed. {import_.error}", returncode=2)
            result = {**importing.figures(import_), "rejects_file": _rejects_file(import_)}
        self.stdout.write(json.dumps(result) if options["json"] else _in_words(result, options["dry_run"]))
        if not import_.accepted:
            sys.exit(1)

    def _begin(self, options: dict[str, Any]) -> Import:
        path = options["file"]
        try:
            importing.refuse_unlawful_source(options["source"])
            with transaction.atomic():  # no empty list stays behind a file that can't be read
                return importing.begin(
                    sys.stdin.buffer if path == "-" else Path(path),
                    list=_list(options["list"]),
                    source=options["source"],
                    holds=Holds(options["holds"]),
                    vouched=options["vouch"],
                    columns=dict(options["column"]),
                    provenance=importing.Provenance(
                        options["notice"],
                        options["collected_by"],
                        options["collected_from"],
                        options["collected_to"],
                    ),
                    filename="standard input" if path == "-" else Path(path).name,
                )
        except importing.ImportRefused as refused:
            raise CommandError(str(refused), returncode=2) from refused

    def _run(self, import_: Import) -> None:
        """Ours to run, unless a worker saw it first; then it is ours to wait for."""
        watcher = self._show if self.stderr.isatty() else None
        while import_.state in importing.UNFINISHED:
            if not importing.run(import_, watcher) and import_.state in importing.UNFINISHED:
                time.sleep(LOOK_AGAIN)
                import_.refresh_from_db()
        if watcher:
            self.stderr.write("\r\033[K", ending="")

    def _show(self, import_: Import) -> None:
        share = min(import_.bytes_read / max(import_.bytes_total, 1), 1)
        seconds = max((timezone.now() - (import_.started_at or timezone.now())).total_seconds(), 0.001)
        left = f", about {seconds / share * (1 - share):.0f} s left to read" if share > 0.02 else ""
        self.stderr.write(
            f"\r\033[K{share:4.0%}  {import_.rows:,} rows, {import_.rows / seconds:,.0f} a second{left}",
            ending="",
        )
        self.stderr.flush()


def _named_column(said: str) -> tuple[str, str]:
    heading, sign, meaning = said.rpartition("=")
    if not sign or meaning not in list(Meaning):
        raise ArgumentTypeError(f"“{said}” is not HEADING=MEANING with one of the meanings below.")
    return heading, meaning


@contextmanager
def _taken_back_if(dry_run: bool) -> Iterator[None]:
    if not dry_run:
        yield
        return
    suppression.assert_ledger()  # outside, so that the key's canary stays
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _list(slug: str) -> MailingList:
    found = MailingList.objects.filter(slug=slug).first()
    if found:
        return found
    new = MailingList(slug=slug, name=slug.replace("-", " ").capitalize())
    try:
        new.full_clean()
    except ValidationError as wrong:
        raise CommandError(f"--list {slug}: {' '.join(wrong.messages)}", returncode=2) from wrong
    new.save()
    return new


def _rejects_file(import_: Import) -> str | None:
    """Where the rows to correct were written, for their owner's eyes only; None if there are none."""
    if not import_.rejected and "zone_unknown" not in import_.flagged:
        return None
    path = settings.DATA_DIR / "rejects" / f"import-{import_.pk}.csv"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(importing.rejects_csv(import_))
    return str(path)


def _in_words(result: dict[str, Any], dry_run: bool) -> str:
    lines = [
        f"{result['rows']:,} rows: {result['accepted']:,} accepted, {result['duplicates']:,} already known, "
        f"{sum(result['rejected'].values()):,} refused."
    ]
    lines += [f"  refused, {reason.replace('_', ' ')}: {n:,}" for reason, n in result["rejected"].items()]
    lines += [f"  noticed, {flag.replace('_', ' ')}: {n:,}" for flag, n in result["flagged"].items()]
    if result["suppressed"]:
        lines.append(f"  {result['suppressed']:,} of the accepted may not be mailed.")
    if result["rejects_file"]:
        lines.append(f"The refused rows, with reasons, are in {result['rejects_file']}.")
    if dry_run:
        lines.append("This was a dry run: nothing was changed.")
    return "\n".join(lines)
