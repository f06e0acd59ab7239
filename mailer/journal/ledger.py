"""Writing to the journal what the ledger holds already: an import's entries, and what could not be written then."""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from django.conf import settings
from django.db import connection
from django.utils import timezone

from mailer.journal.lines import Line, line_of, line_of_lift, line_of_voided
from mailer.journal.writing import JournalUnwritable, write
from mailer.models import Reinstatement, Suppression, VoidedImport

log = logging.getLogger(__name__)

AT_ONCE = 10_000  # lines that are flushed together

UNWRITTEN = "journal"  # what the trouble is about
# One row, whoever tells it first; it goes back to the oldest entry that is not in the journal.
TELL = """
INSERT INTO mailer_trouble (about, words, since) VALUES (%(about)s, %(words)s, %(since)s)
ON CONFLICT (about) DO UPDATE SET since = LEAST(mailer_trouble.since, EXCLUDED.since)
"""


def write_entries(first: int, last: int, import_id: int) -> None:
    """An import's entries, once they are committed: a file that fails says nothing against anybody."""
    entries = Suppression.objects.filter(id__range=(first, last), import_id=import_id).order_by("id")
    try:
        _write(map(line_of, entries.iterator()))
    except JournalUnwritable as wrong:
        log.error("%s The entries of import %s would not outlive an older dump.", wrong, import_id)
        tell_unwritten(since=entries[0].recorded_at)


def write_ledger(since: datetime | None = None) -> int:
    """Write what the ledger holds, from a moment on; returns how many lines. Raises JournalUnwritable.

    For what could not be written, and for a journal that was lost. A line that is there twice is harmless.
    """
    return _write(_lines_since(since))


def _lines_since(since: datetime | None) -> Iterator[Line]:
    entries, lifts = Suppression.objects.order_by("id"), Reinstatement.objects.order_by("id")
    voids = VoidedImport.objects.order_by("id")
    if since is not None:
        entries, lifts = entries.filter(recorded_at__gte=since), lifts.filter(confirmed_at__gte=since)
        voids = voids.filter(voided_at__gte=since)
    yield from map(line_of, entries.iterator())
    yield from map(line_of_lift, lifts.iterator())
    yield from map(line_of_voided, voids.iterator())


def _write(lines: Iterable[Line]) -> int:
    count, remaining = 0, iter(lines)
    while batch := list(islice(remaining, AT_ONCE)):
        write(batch)
        count += len(batch)
    return count


def tell_unwritten(since: datetime | None = None) -> None:
    """`status` says it, until a worker has written what is missing (`mailer.replaying`)."""
    words = (
        f"The journal in {settings.JOURNAL_DIR} can't be written. Opt-outs are in the ledger and count, but an older "
        "dump would lose those of now. Make room, or make it writable; what is missing is then written by itself."
    )
    with connection.cursor() as cursor:
        cursor.execute(TELL, {"about": UNWRITTEN, "words": words, "since": since or timezone.now()})
