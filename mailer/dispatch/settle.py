"""Write down what became of a group: one UPDATE for all of it, by the claim it was handed over under."""

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection

from mailer.transports import Kind, Outcome, without

log = logging.getLogger(__name__)

# Seconds until the next try, by how often it was tried: about a day and a half in all, then we give up.
BACK_OFF = (10, 60, 300, 900, 3600, 7200, 14400, 28800, 43200, 43200)

LONGEST_DETAIL = 500  # characters of the server's words that are kept

# Seconds to wait for a database that went away: a minute in all.
WAITS_FOR_DATABASE = (1, 2, 4, 8, 15, 30)

# The state in which a message stays, by what the transport says. A message put off goes back to pending with a
# time, or is withheld when it was put off too often.
SETTLED = {Kind.ACCEPTED: "accepted", Kind.REFUSED: "refused", Kind.UNKNOWN: "unknown"}

# `handed_over` is the usual state; `unknown` is one that recovery wrote while we were still waiting for the
# server, whose late word then counts (by the claim's number, so nobody else's can).
#
# Looked up by whole keys first, for the reason that `hand_over` gives; then asked again of the row as it is,
# should recovery be changing it now. One JSON text, since the driver takes longer over arrays than PostgreSQL
# over the whole UPDATE (3.3 ms of 8.5 for 377 messages; so it is 0.6 of 4.4). LIMIT only tells the planner how many
# they are: it expects 100 of any JSON, and for so many read a small table from end to end, 3 ms for three messages.
SETTLE = """
WITH result AS MATERIALIZED (
    SELECT ours.campaign_id, ours.address_key, ours.claim, told.state, told.reason, told.detail,
           told.transport_id, decode(told.sha256, 'hex') AS sha256, told.wait
    FROM (SELECT * FROM json_to_recordset(%(results)s::json)
              AS told (key text, state text, reason text, detail text, transport_id text, sha256 text, wait float)
          LIMIT %(number)s) AS told
    CROSS JOIN LATERAL (
        SELECT message.campaign_id, message.address_key, message.claim FROM mailer_message AS message
        WHERE message.campaign_id = %(campaign)s AND message.address_key = decode(told.key, 'hex')
        OFFSET 0) AS ours
    WHERE ours.claim = %(claim)s)
UPDATE mailer_message AS message
SET state = result.state, reason = result.reason, detail = result.detail,
    transport_id = result.transport_id, sha256 = result.sha256,
    due_at = clock_timestamp() + make_interval(secs => result.wait),
    settled_at = CASE WHEN result.state <> 'pending' THEN clock_timestamp() END,
    claim = CASE WHEN result.state = 'unknown' THEN message.claim END, worker = NULL
FROM result
WHERE message.campaign_id = result.campaign_id AND message.address_key = result.address_key
  AND message.claim = result.claim
  AND message.state = ANY (CASE WHEN result.state = 'pending' THEN ARRAY['claimed', 'handed_over']
                                ELSE ARRAY['claimed', 'handed_over', 'unknown'] END)
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What is written of one message."""

    address_key: bytes
    state: str
    reason: str = ""
    detail: str = ""
    transport_id: str = ""
    sha256: bytes | None = None
    wait: float = 0.0  # seconds until it is due again


def result_of(outcome: Outcome, *, address: str, attempts: int, sha256: bytes) -> Result:
    """The result to write for one outcome. `address` is taken out of the server's words: rows hold none."""
    detail = without(address, outcome.detail)[:LONGEST_DETAIL]
    if outcome.kind is not Kind.LATER:
        return Result(outcome.key, SETTLED[outcome.kind], "", detail, outcome.transport_id, sha256)
    if attempts >= len(BACK_OFF):
        return Result(outcome.key, "withheld", "gave_up", detail)
    return Result(outcome.key, "pending", "", detail, wait=float(BACK_OFF[attempts]))


def settle(campaign: int, claim: UUID, results: Sequence[Result]) -> int:
    """Write the results; returns how many rows took them."""
    if not results:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            SETTLE,
            {"campaign": campaign, "claim": claim, "results": _as_json(results), "number": len(results)},
        )
        return cursor.rowcount


def _as_json(results: Sequence[Result]) -> str:
    return json.dumps(
        [
            {
                "key": result.address_key.hex(),
                "state": result.state,
                "reason": result.reason,
                "detail": result.detail,
                "transport_id": result.transport_id,
                "sha256": result.sha256.hex() if result.sha256 else None,
                "wait": result.wait,
            }
            for result in results
        ]
    )


def settle_surely(campaign: int, claim: UUID, results: Sequence[Result]) -> None:
    """Settle; when the database is gone, wait for it, write the results, and only then raise.

    What the server said is known only here, so it is worth waiting for a restart. The slice must end all the
    same: the mark of its worker went with the database session.
    """
    try:
        settle(campaign, claim, results)
    except (OperationalError, InterfaceError) as lost:
        log.warning("The database is gone in mid-settle (%s); waiting for it.", type(lost).__name__)
        for seconds in WAITS_FOR_DATABASE:
            time.sleep(seconds)
            connection.close()
            try:
                settle(campaign, claim, results)
                break
            except (OperationalError, InterfaceError):
                continue  # still gone
        raise


def give_back(worker: int, claim: UUID) -> None:
    """Return what `worker` claimed and did not hand over, when a slice ends early."""
    with connection.cursor() as cursor:
        # Found by the worker, since only what is in flight has an index on it; a campaign may have millions.
        cursor.execute(
            "UPDATE mailer_message SET state = 'pending', claim = NULL, worker = NULL"
            " WHERE worker = %s AND claim = %s AND state = 'claimed'",
            [worker, claim],
        )
