"""Is the evidence what it was when it was sealed?"""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db import DatabaseError

from mailer import evidence, suppression
from mailer.evidence import Head, Verdict


class Command(BaseCommand):
    """Reads only; says what is broken, where, in words."""

    help = (
        "Go over all rows of evidence and all seals: was any changed, removed, put in or reordered, was the end cut "
        "off? Exit 0: all is whole; 1: something is broken, the first place is told; 2: it could not be verified."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--heads",
            type=Path,
            metavar="FILE",
            help="a copy of the recorded heads that was kept elsewhere, instead of the one under JOURNAL_DIR",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            suppression.assert_ledger()
            heads = _recorded(options["heads"])
            verdict = evidence.verify(heads)
        except (suppression.LedgerUnreadable, evidence.HeadsUnreadable) as wrong:
            raise CommandError(str(wrong), returncode=2) from wrong
        except DatabaseError as wrong:
            raise CommandError(f"The database did not answer: {wrong}", returncode=2) from wrong
        lines = [_as_json(verdict, heads)] if options["json"] else _in_words(verdict, heads)
        for line in lines:
            self.stdout.write(line)
        sys.exit(0 if verdict.is_whole else 1)


def _recorded(file: Path | None) -> list[Head]:
    """The heads to hold the chain against: of the file that is named, or our own if there is one yet."""
    if file is None and not evidence.heads_file().exists():
        return []
    return list(evidence.read_heads(file or evidence.heads_file()))


def _in_words(verdict: Verdict, heads: list[Head]) -> list[str]:
    lines = [one.words for one in verdict.breaks]
    if verdict.broken > len(lines):
        lines.append(f"… {verdict.broken:,} broken places in all.")
    if verdict.is_whole:
        lines.append(f"All is whole: {verdict.reached:,} rows and their seals.")
    if verdict.unsealed:
        lines.append(
            f"{verdict.unsealed:,} without a seal, the oldest of {verdict.oldest_unsealed:%d %B %Y, %H:%M:%S} UTC."
        )
    lines.append(
        f"Held against {len(heads):,} recorded heads, the last at position {max(head.position for head in heads):,}."
        if heads
        else "There are no recorded heads to hold it against, so an end that was cut off would not show."
    )
    return lines


def _as_json(verdict: Verdict, heads: list[Head]) -> str:
    oldest = verdict.oldest_unsealed
    return json.dumps(
        {
            "whole": verdict.is_whole,
            "seals": verdict.reached,
            "broken": verdict.broken,
            "breaks": [asdict(one) for one in verdict.breaks],
            "unsealed": verdict.unsealed,
            "oldest_unsealed": oldest.isoformat() if oldest else None,
            "heads": len(heads),
        },
        ensure_ascii=False,
    )
