"""Small files beside the lines: that a line waits, and how much the ledger has known."""

import logging
import os
import sys
from contextlib import suppress
from pathlib import Path

from django.conf import settings

log = logging.getLogger(__name__)

ALWAYS = sys.maxsize  # a mark that no ledger reaches


def tell_waiting() -> None:
    """Say that a line waits which the ledger could not take: workers that hand over look at once."""
    with suppress(OSError):  # the line is there; the next sweep finds it
        descriptor = os.open(_waiting(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            os.write(descriptor, b".")
        finally:
            os.close(descriptor)


def told_waiting() -> int:
    """A number that grows each time a line is told to wait."""
    try:
        return _waiting().stat().st_size
    except OSError:
        return 0


def _waiting() -> Path:
    return settings.JOURNAL_DIR / "waiting"


def mark() -> int:
    """How many bytes of the journal the ledger has ever held. One that says less is an older dump."""
    try:
        return int((settings.JOURNAL_DIR / "mark").read_text("ascii"))
    except FileNotFoundError:
        return 0
    except (OSError, ValueError):
        return ALWAYS  # not known: the next replay writes it anew


def set_mark(replayed: int) -> None:
    """Write the mark, whole or not at all."""
    new: Path = settings.JOURNAL_DIR / f"mark.{os.getpid()}"
    try:
        new.write_text(f"{replayed}\n", "ascii")
        new.replace(settings.JOURNAL_DIR / "mark")
    except OSError as wrong:
        log.warning(
            "The journal's mark can't be written (%s); an older dump may be noticed later.", wrong.strerror
        )
