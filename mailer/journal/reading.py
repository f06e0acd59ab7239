"""The journal's files, and their whole lines."""

import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

ENDING = ".journal"


class JournalUnreadable(Exception):
    """Nobody can know what the journal holds, so nothing may be handed over; the message says why."""


def files() -> dict[str, int]:
    """All files by name, with their sizes, oldest first. Raises JournalUnreadable."""
    directory: Path = settings.JOURNAL_DIR
    try:
        with os.scandir(directory) as entries:
            found = {one.name: one.stat().st_size for one in entries if one.name.endswith(ENDING)}
    except FileNotFoundError:
        if settings.LOCAL:
            return {}  # nothing was ever written
        raise JournalUnreadable(f"The journal's folder {directory} is not there.") from None
    except OSError as wrong:
        raise JournalUnreadable(
            f"The journal's folder {directory} can't be read: {wrong.strerror}."
        ) from wrong
    return dict(sorted(found.items()))


def lines_of(name: str, start: int, end: int) -> Iterator[bytes]:
    """The whole lines of a file from byte to byte; what is torn at its end is left out. Raises JournalUnreadable."""
    try:
        with (settings.JOURNAL_DIR / name).open("rb") as file:
            file.seek(start)
            at = start
            while at < end and (line := file.readline()).endswith(b"\n"):
                at += len(line)
                yield line
    except OSError as wrong:
        raise JournalUnreadable(f"The journal's file {name} can't be read: {wrong.strerror}.") from wrong
