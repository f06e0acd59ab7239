"""The ledger of opt-outs held against the evidence: what was entered must still be there, and nothing lifted untold.

The seals cover the evidence, and the evidence tells of each entry and each lift; so the ledger is covered too.
"""

from collections.abc import Iterator

from django.db import connection

# As text: a forged number must not keep the others from being looked at.
LOST_ENTRIES = """
SELECT count(*), min(told.id)
FROM mailer_evidence AS told
LEFT JOIN mailer_suppression AS entry
       ON entry.id::text = told.details->>'entry'
      AND entry.mailbox_key = told.mailbox_key
      AND entry.reason = told.details->>'reason'
      AND entry.channel = told.details->>'channel'
WHERE told.verb = 'suppressed' AND entry.id IS NULL
"""
# An import's entries are told of by their number only.
LOST_IMPORTED = """
SELECT count(*), min(first)
FROM (SELECT subject, min(id) AS first, sum((details->>'new')::numeric) AS entered
      FROM mailer_evidence WHERE verb = 'suppressed from import' GROUP BY subject) AS told
WHERE entered > (SELECT count(*) FROM mailer_suppression WHERE 'import ' || import_id = subject)
"""
UNTOLD_LIFTS = """
SELECT count(*), min(back.id)
FROM mailer_reinstatement AS back
WHERE NOT EXISTS (
    SELECT FROM mailer_evidence AS told
    WHERE told.mailbox_key = back.mailbox_key AND told.verb = 'reinstated'
      AND told.details->>'up_to' = back.up_to::text)
"""


def breaks() -> Iterator[tuple[str, int | None, str]]:
    """What the ledger lacks of what evidence tells, and holds beyond it: kind, row of evidence, words."""
    lost, first = _found(LOST_ENTRIES)
    if lost:
        yield (
            "lost entry",
            first,
            f"Row {first} tells of an opt-out, complaint or bounce that does not stand so in the ledger: its entry was "
            f"removed or changed. In all, {lost:,} such.",
        )
    lost, first = _found(LOST_IMPORTED)
    if lost:
        yield (
            "lost entry",
            first,
            f"Row {first} tells of entries that an import made in the ledger; some of them are not there. In all, "
            f"{lost:,} such imports.",
        )
    untold, first = _found(UNTOLD_LIFTS)
    if untold:
        yield (
            "untold lift",
            None,
            f"Entry {first} of the ways back lifts an opt-out, but no evidence tells that its owner confirmed it: it "
            f"was put in by hand. In all, {untold:,} such.",
        )


def _found(statement: str) -> tuple[int, int | None]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        number, first = cursor.fetchone()
    return number, first
