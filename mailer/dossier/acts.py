"""Rows of evidence with their seals, each with the seal before it: so that one seal can be recomputed by itself."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from mailer.dossier.packing import Writer
from mailer.evidence import COLUMNS
from mailer.evidence.chain import ROW

PIECE = 1_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MADE = "made a dossier"  # not told in dossiers: else no two of the same state would be alike

ACTS = f"""
SELECT seal.position, encode(seal.seal, 'hex'), extract(epoch FROM seal.sealed_at)::text,
       encode(before.seal, 'hex'), {ROW}
FROM mailer_evidence AS row
LEFT JOIN mailer_seal AS seal ON seal.evidence_id = row.id
LEFT JOIN mailer_seal AS before ON before.position = seal.position - 1
WHERE row.verb <> '{MADE}' AND (row.subject = ANY(%(subjects)s) OR row.id IN ({{others}}))
ORDER BY row.id
"""
# What was entered in the ledger and lifted of the people who are told of in the table of opt-outs.
OF_MAILBOXES = """
SELECT act.id FROM mailer_evidence AS act
WHERE act.verb IN ('suppressed', 'reinstated') AND act.mailbox_key IN ({mailboxes})
"""
OF_ONE = "SELECT act.id FROM mailer_evidence AS act WHERE act.mailbox_key = '\\x{key}'::bytea"
DURING = """
SELECT act.id FROM mailer_evidence AS act
WHERE act.subject = 'kill switch' AND act.at BETWEEN {since} AND {until}
"""


def write(file: Writer, subjects: Sequence[str], others: str) -> int:
    """A line of JSON for each act, oldest first; returns how many there are."""
    number = 0
    for act in _acts(subjects, others):
        file.write(json.dumps(act, ensure_ascii=False).encode() + b"\n")
        number += 1
    return number


def told(subjects: Sequence[str], others: str) -> list[dict[str, Any]]:
    """The same, as the report tells them."""
    return [
        {
            "row": int(act["row"]["id"]),
            "at": EPOCH + timedelta(microseconds=int(Decimal(act["row"]["at"]) * 1_000_000)),
            "verb": act["row"]["verb"],
            "actor": act["row"]["actor"],
            "subject": act["row"]["subject"],
            "details": json.loads(act["row"]["details"]),
            "position": act["position"],
            "seal": act["seal"],
        }
        for act in _acts(subjects, others)
    ]


def _acts(subjects: Sequence[str], others: str) -> Iterator[dict[str, Any]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(ACTS.format(others=others), {"subjects": list(subjects)})
        while rows := cursor.fetchmany(PIECE):
            for position, seal, sealed_at, before, *row in rows:
                yield {
                    "position": position,
                    "before": before or "",
                    "seal": seal,
                    "sealed_at": sealed_at,
                    "row": dict(zip(COLUMNS, row, strict=True)),
                }
