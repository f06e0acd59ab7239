"""The end of the chain, noted outside of the database: what lets a cut tail be seen."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from mailer.models import Seal


class HeadsUnreadable(Exception):
    """The file of recorded heads can't be read, in words for an operator."""


@dataclass(frozen=True, slots=True)
class Head:
    """One end of the chain: so many rows were sealed, and this was the last seal."""

    position: int
    seal: bytes
    sealed_at: datetime

    def as_line(self) -> str:
        told = {"position": self.position, "seal": self.seal.hex(), "sealed_at": self.sealed_at.isoformat()}
        return json.dumps(told)


def heads_file() -> Path:
    """Beside the journal, so that it is kept where the database's keeper can't reach."""
    journal: Path = settings.JOURNAL_DIR
    return journal / "heads" / "evidence.jsonl"


def current_head() -> Head | None:
    """The end of the chain as the database has it; None before the first seal."""
    last = Seal.objects.order_by("-position").first()
    return Head(last.position, bytes(last.seal), last.sealed_at) if last else None


def write_head() -> Head | None:
    """Append the present head to the file, unless it stands there already; returns it."""
    head, path = current_head(), heads_file()
    if head is None:
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as file:
        line = head.as_line().encode() + b"\n"
        ending = _ending(file)
        if not ending.endswith(line):
            # A line that a crash tore off must not swallow this one.
            file.write(line if ending.endswith(b"\n") or not ending else b"\n" + line)
            file.flush()
            os.fsync(file.fileno())
    return head


def read_heads(path: Path) -> Iterator[Head]:
    """The recorded heads, oldest first. A line that a crash tore off is passed over. Raises HeadsUnreadable."""
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as wrong:
        raise HeadsUnreadable(f"The recorded heads in {path} can't be read: {wrong}.") from wrong
    for number, line in enumerate(lines, start=1):
        if line.rstrip().endswith("}"):
            yield _head(line, f"Line {number} of {path}")


def _head(line: str, where: str) -> Head:
    try:
        told = json.loads(line)
        return Head(
            int(told["position"]), bytes.fromhex(told["seal"]), datetime.fromisoformat(told["sealed_at"])
        )
    except (ValueError, TypeError, KeyError) as wrong:
        raise HeadsUnreadable(
            f"{where} is not a head of the evidence as `evidence_head` writes them. Give another file with --heads."
        ) from wrong


def _ending(file: BinaryIO) -> bytes:
    """The last bytes of a file, enough for a line."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 400))
    return file.read()
