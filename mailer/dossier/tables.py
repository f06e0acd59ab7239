"""Tables that may have millions of rows: PostgreSQL writes them as CSV straight into the dossier."""

from collections.abc import Mapping
from typing import Any

from django.db import connection

from mailer.dossier.packing import Writer
from mailer.opt_outs import BREACH, OUTCOME
from mailer.suppression import NOT_VOIDED


def utc(column: str) -> str:
    """A time as text that sorts like the time, the same in every zone and locale."""
    return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


# Of the server's answer only its codes: its words may name a mailbox.
MESSAGES = f"""
SELECT encode(address_key, 'hex') AS recipient, encode(mailbox_key, 'hex') AS mailbox, state, reason, attempts,
       {utc("handed_over_at")} AS handed_over_at, {utc("settled_at")} AS settled_at,
       coalesce(substring(detail FROM '^[245][0-9][0-9](?: [245]\\.[0-9]+\\.[0-9]+)?'), '') AS answer,
       encode(sha256, 'hex') AS sha256
FROM mailer_message WHERE campaign_id = {{campaign}} ORDER BY address_key
"""

# What people said, beside what happened to their message.
SAID = f"""
SELECT message.address_key, message.mailbox_key, against.id AS entry, against.reason, against.channel,
       coalesce(against.campaign_number = message.campaign_id, false) AS through_this_campaign,
       against.received_at, against.recorded_at, message.state, message.handed_over_at, message.settled_at,
       {OUTCOME} AS outcome
FROM mailer_message AS message
JOIN mailer_suppression AS against ON against.mailbox_key = message.mailbox_key
WHERE message.campaign_id = {{campaign}} AND against.reason IN ('opt_out', 'complaint') AND {NOT_VOIDED}
"""
# Since the launch; what came before it shows in the messages that were withheld, and if it does not, here.
OPT_OUTS = f"""
SELECT * FROM ({SAID}) AS said
WHERE recorded_at >= (SELECT launched_at FROM mailer_campaign WHERE id = {{campaign}})
   OR outcome = '{BREACH}'
"""
OPT_OUTS_TABLE = f"""
SELECT encode(address_key, 'hex') AS recipient, encode(mailbox_key, 'hex') AS mailbox, entry, reason, channel,
       through_this_campaign, {utc("received_at")} AS received_at, {utc("recorded_at")} AS recorded_at, state,
       {utc("handed_over_at")} AS handed_over_at, {utc("settled_at")} AS settled_at, outcome
FROM ({OPT_OUTS}) AS said ORDER BY said.recorded_at, said.entry, said.address_key
"""
COUNTED = f"""
SELECT outcome, channel, through_this_campaign, count(*)
FROM ({OPT_OUTS}) AS said GROUP BY outcome, channel, through_this_campaign ORDER BY 1, 2, 3
"""
FIRST_OPT_OUTS = f"{OPT_OUTS_TABLE} LIMIT {{first}}"


def copy(statement: str, campaign: int, file: Writer) -> None:
    """The rows of a statement, as CSV with a heading, without ever being in memory together."""
    with (
        connection.cursor() as cursor,
        cursor.copy(
            f"COPY ({statement.format(campaign=int(campaign))}) TO STDOUT WITH (FORMAT csv, HEADER)"
        ) as rows,
    ):
        for piece in rows:
            file.write(piece)


def asked(statement: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """A few rows, by the names of their columns."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
