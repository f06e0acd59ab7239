"""Importing a file, against INSERT … SELECT of the same rows from a ready staging table.

The yardstick is what the database itself needs to put those contacts and places into their tables, with all
indexes and constraints; everything else an import does (reading, checking, naming, refusing, the ledger) is on
top. The ledger holds ten entries for each row, of other mailboxes, since long-lived installations are the ones that
import much. Memory: the process's peak after a whole file, against its peak after a tenth of it.
"""

import resource
import time
from collections.abc import Iterator
from pathlib import Path

from django.db import connection, transaction

from bench import scratch
from bench.people_file import people_file
from mailer.contacts import importing
from mailer.models import Import, MailingList

READY = """
CREATE UNLOGGED TABLE ready AS
SELECT email, address_key, mailbox_key, first_name, last_name FROM mailer_contact ORDER BY id
"""
CONTACTS = """
INSERT INTO mailer_contact (email, address_key, mailbox_key, first_name, last_name) SELECT * FROM ready
"""
SUBSCRIPTIONS = """
INSERT INTO mailer_subscription (contact_id, list_id, source)
SELECT contact.id, %s, 'form' FROM ready JOIN mailer_contact AS contact USING (address_key)
"""
# Ten million at the default number of rows. Their keys lie anywhere, as real ones do.
LEDGER = """
INSERT INTO mailer_suppression (mailbox_key, reason, channel, received_at)
SELECT decode(md5(number::text), 'hex'), 'opt_out', 'page', now() FROM generate_series(1, %s) AS number
"""
LEDGER_PER_ROW = 10


def run(rows: int = 1_000_000) -> Iterator[dict[str, object]]:
    """Yields two lines, time and memory. Leaves nothing behind."""
    with scratch.database("import"):
        list_ = MailingList.objects.create(name="Friends", slug="friends")
        with people_file(rows // 10) as path:
            bring_in(path, list_)
        peak_of_a_tenth = _peak()
        _empty()
        fill_ledger(rows * LEDGER_PER_ROW)
        with people_file(rows) as path:
            seconds = bring_in(path, list_)
        peak = _peak()
        yardstick = _insert_ready_rows(list_)
    yield {
        "bench": "import",
        "value": round(rows / seconds),
        "unit": "rows/s",
        "against": "INSERT … SELECT of the same rows from a ready staging table",
        "ratio": round(seconds / yardstick, 2),
    }
    yield {
        "bench": "import_memory",
        "value": round(peak),
        "unit": "MB",
        "against": "peak after a tenth of the rows",
        "ratio": round(peak / peak_of_a_tenth, 2),
    }


def bring_in(path: Path, list_: MailingList) -> float:
    """Seconds from the first to the last step of one import."""
    import_ = importing.begin(path, list=list_, source="form", filename=path.name)
    begun = time.perf_counter()
    importing.run(import_)
    seconds = time.perf_counter() - begun
    if import_.state != Import.State.DONE:
        raise RuntimeError(f"The import failed: {import_.error}")
    return seconds


def _insert_ready_rows(list_: MailingList) -> float:
    with connection.cursor() as cursor:
        cursor.execute(READY)
        cursor.execute("ANALYZE ready")
    _empty()
    begun = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CONTACTS)
        cursor.execute(SUBSCRIPTIONS, [list_.pk])
    return time.perf_counter() - begun


def fill_ledger(entries: int) -> None:
    """So many opt-outs of people who are on no list."""
    with connection.cursor() as cursor:
        cursor.execute(LEDGER, [entries])
        cursor.execute("VACUUM ANALYZE mailer_suppression")


def _empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE mailer_contact, mailer_subscription, mailer_refusedrow")


def _peak() -> float:
    """Of this process so far, in MB (Linux counts in kB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
