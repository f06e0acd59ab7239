"""Fixing a campaign's audience, against raw COPY of the file its people came from.

One in a hundred of the people is in the ledger. The second line says what the database itself needs for the
finished rows with their indexes, so that one sees what finding them costs.
"""

import time
from collections.abc import Iterator
from pathlib import Path

from django.db import connection

from bench import scratch
from bench.import_ import bring_in
from bench.people_file import people_file
from mailer import audience, suppression
from mailer.addresses import parse
from mailer.models import Campaign, Contact, MailingList, Sender
from mailer.suppression import Reason, Status

CHUNK = 1 << 18
ONE_IN = 100


def run(rows: int = 1_000_000) -> Iterator[dict[str, object]]:
    """Yields two lines. Leaves nothing behind."""
    with scratch.database("snapshot"):
        list_ = MailingList.objects.create(name="Friends", slug="friends")
        with people_file(rows) as path:
            bring_in(path, list_)
            copy = _raw_copy(path)
        _suppress_some()
        campaign = _campaign(list_)
        begun = time.perf_counter()
        people = sum(audience.snapshot(campaign).values())
        seconds = time.perf_counter() - begun
        finished_rows = _insert_finished_rows()
    value = {"bench": "snapshot", "value": round(people / seconds), "unit": "people/s"}
    yield value | {"against": "raw COPY of the file", "ratio": round(seconds / copy, 2)}
    yield value | {
        "against": "INSERT … SELECT of the finished rows into the same table",
        "ratio": round(seconds / finished_rows, 2),
    }


def _raw_copy(path: Path) -> float:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE raw (email text, first_name text, last_name text, status text)")
        begun = time.perf_counter()
        with path.open("rb") as file, cursor.copy("COPY raw FROM STDIN (FORMAT csv, HEADER)") as copy:
            while chunk := file.read(CHUNK):
                copy.write(chunk)
        return time.perf_counter() - begun


def _suppress_some() -> None:
    emails = Contact.objects.order_by("id").values_list("email", flat=True)[::ONE_IN]
    statuses = [Status(parse(email), Reason.OPT_OUT) for email in emails]
    suppression.suppress_many(statuses, import_id=0, actor="bench")


def _campaign(list_: MailingList) -> Campaign:
    sender = Sender.objects.create(
        legal_name="Acme Garden LLC",
        trade_name="Acme Garden",
        from_email="news@example.org",
        reply_to="hello@example.org",
        contact="hello@example.org",
        line1="1450 Rose Street",
        city="Portland",
        postal_code="97201",
    )
    campaign = Campaign.objects.create(name="Bench", sender=sender, subject="Bench")
    campaign.lists.add(list_)
    return campaign


def _insert_finished_rows() -> float:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE UNLOGGED TABLE ready AS SELECT * FROM mailer_message ORDER BY campaign_id, address_key"
        )
        cursor.execute("TRUNCATE mailer_message")
        begun = time.perf_counter()
        cursor.execute("INSERT INTO mailer_message SELECT * FROM ready")
        return time.perf_counter() - begun
