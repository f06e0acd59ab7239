"""From the rows of a file to contacts, subscriptions and the ledger, in sets, in one transaction.

The rows are streamed into a temporary table by COPY and go on from there in a few statements. What the
file says against mailboxes is entered last, since hand-overs wait from then on until the commit.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from django.db import connection

from mailer import suppression
from mailer.addresses import parse
from mailer.contacts import hashed, leaving, suspicions
from mailer.contacts.reading import Staged
from mailer.models import Import
from mailer.suppression import Status

STATUSES_AT_ONCE = 10_000  # so many go to the ledger in one statement, for memory's sake

# For this transaction: a million people are sorted and joined in memory instead of on disk.
ROOM = "SET LOCAL work_mem = '128MB'"

# The columns are those of reading.Staged. Temporary: no WAL, and gone with the connection whatever happens.
ARRIVING = """
CREATE TEMPORARY TABLE arriving (
    line bigint, email text, address_key bytea, mailbox_key bytea, first_name text, last_name text,
    status text, subscribed_at timestamptz, refused text, words text, row text, digest bytea, zone text)
"""
COPY = "COPY arriving FROM STDIN (FORMAT binary)"
COPY_TYPES = (
    "int8",
    "text",
    "bytea",
    "bytea",
    "text",
    "text",
    "text",
    "timestamptz",
    "text",
    "text",
    "text",
    "bytea",
    "text",
)

# One row per exact address: the first, or one that says not to mail, wherever it stands in the file.
# `held`: the file says something against the mailbox; `left`: its owner has left, at any of its addresses, as the
# file says, or told us that they leave this list.
PEOPLE = """
CREATE TEMPORARY TABLE people AS
SELECT DISTINCT ON (address_key)
       line, email, address_key, mailbox_key, first_name, last_name, coalesce(zone, '') AS zone, status, subscribed_at,
       {held} OR {left_list} AS held, {left} OR {left_list} AS left_, {left_list} AS left_list
FROM arriving
WHERE email IS NOT NULL
ORDER BY address_key, status IS NULL, line
"""
SAID_AGAINST = (
    "(mailbox_key IN (SELECT mailbox_key FROM arriving WHERE status IS NOT NULL)"
    " OR mailbox_key IN (SELECT mailbox_key FROM listed))"
)
LEFT_THERE = (
    "(mailbox_key IN (SELECT mailbox_key FROM arriving WHERE status IN ('opt_out', 'complaint'))"
    " OR mailbox_key IN (SELECT mailbox_key FROM listed))"
)
# The first half is one look at who left this list; the second is asked of those few only.
LEFT_LIST = f"""
(mailbox_key IN (SELECT mailbox_key FROM mailer_listleaving WHERE list_slug = %(slug)s)
 AND {leaving.left_sql("arriving", "%(slug)s")})
"""

# Names and time zones that we have are kept; a file fills only what is empty.
CONTACTS = """
INSERT INTO mailer_contact AS known (email, address_key, mailbox_key, first_name, last_name, zone)
SELECT email, address_key, mailbox_key, first_name, last_name, zone FROM people WHERE NOT left_
ON CONFLICT (address_key) DO UPDATE
SET first_name = CASE WHEN known.first_name = '' THEN EXCLUDED.first_name ELSE known.first_name END,
    last_name = CASE WHEN known.last_name = '' THEN EXCLUDED.last_name ELSE known.last_name END,
    zone = CASE WHEN known.zone = '' THEN EXCLUDED.zone ELSE known.zone END
WHERE (known.first_name = '' AND EXCLUDED.first_name <> '') OR (known.last_name = '' AND EXCLUDED.last_name <> '')
   OR (known.zone = '' AND EXCLUDED.zone <> '')
"""

# A statement of its own, so that contacts which another transaction has just added are seen.
SUBSCRIPTIONS = """
INSERT INTO mailer_subscription (contact_id, list_id, source, import_id, subscribed_at)
SELECT contact.id, %(list)s, %(source)s, %(import)s, coalesce(people.subscribed_at, now())
FROM people JOIN mailer_contact AS contact USING (address_key)
WHERE NOT left_
ON CONFLICT (list_id, contact_id) DO NOTHING
"""

# With those that came in but for their time zone, to be corrected in the same way.
REFUSED_ROWS = """
INSERT INTO mailer_refusedrow (of_id, line, reason, words, row)
SELECT %(import)s, line, coalesce(refused, 'zone_unknown'), words, row FROM arriving WHERE words IS NOT NULL
ORDER BY line
"""
REFUSALS = (
    "SELECT refused, count(*) FROM arriving WHERE refused IS NOT NULL GROUP BY refused ORDER BY refused"
)

# Accepted are those who came onto the list, those with a status, which is news about them even if they were on
# it or never will be, and those who once left it, whose being skipped is to be seen. Suppressed are those accepted
# whom the file, the ledger or their leaving forbids to mail.
CAME_ONTO_THE_LIST = """
EXISTS (
    SELECT FROM mailer_contact AS contact JOIN mailer_subscription AS place ON place.contact_id = contact.id
    WHERE contact.address_key = people.address_key
      AND place.list_id = %(list)s AND place.import_id = %(import)s)
"""
ACCEPTED_BESIDES = f"""
SELECT count(*) FROM people WHERE left_ OR (status IS NOT NULL AND NOT {CAME_ONTO_THE_LIST})
"""
# The ledger's index is asked in its own order: of a ledger of ten million, a million people in the order of their
# addresses, or a hash of either side, took five times as long (measured). CASE and OFFSET keep that order.
SUPPRESSED = f"""
SELECT (SELECT count(*) FROM people WHERE held AND (left_ OR status IS NOT NULL OR {CAME_ONTO_THE_LIST}))
     + (SELECT count(*) FROM (
            SELECT * FROM (SELECT * FROM people WHERE NOT held ORDER BY mailbox_key OFFSET 0) AS people
            WHERE CASE WHEN {suppression.forbidden_sql("people")} THEN true ELSE false END OFFSET 0) AS people
        WHERE {CAME_ONTO_THE_LIST})
"""

HOLDS_DIGESTS = "SELECT count(*) FROM (SELECT FROM arriving WHERE digest IS NOT NULL LIMIT 1) AS one"
DIGESTS = """
INSERT INTO mailer_hashedoptout (digest, import_id)
SELECT DISTINCT digest, %(import)s FROM arriving WHERE digest IS NOT NULL
ON CONFLICT (digest, import_id) DO NOTHING
"""

STATUSES = "SELECT email, status FROM arriving WHERE status IS NOT NULL"


@dataclass(slots=True)
class Sums:
    """What became of the rows: rows = accepted + duplicates + all rejected; suppressed are among accepted."""

    rows: int = 0
    accepted: int = 0
    suppressed: int = 0
    left_list: int = 0
    rejected: dict[str, int] = field(default_factory=dict)

    @property
    def duplicates(self) -> int:
        return self.rows - self.accepted - sum(self.rejected.values())


class Suspicious(ValueError):
    """The addresses look generated, and nobody has vouched for them; the message says what to do."""


def bring_in(
    rows: Iterable[Staged], flagged: Mapping[str, int], import_: Import, actor: str, *, is_trial: bool = False
) -> Sums:
    """Bring all rows in, in the caller's transaction. Raises Suspicious.

    `flagged` is read when all rows have been. A trial, which its caller takes back, leaves the ledger alone, so
    that no hand-over waits for it.
    """
    sums = Sums()
    numbers: dict[str, Any] = {
        "import": import_.pk,
        "list": import_.list_id,
        "slug": import_.list.slug,
        "source": import_.source,
    }
    with connection.cursor() as cursor:
        cursor.execute(ROOM)
        cursor.execute(ARRIVING)
        sums.rows = _copy(cursor, rows)
        cursor.execute("ANALYZE arriving")
        if _count(cursor, HOLDS_DIGESTS, numbers):
            hashed.hold_people()
        else:
            hashed.hold_lists()
        hashed.note_arriving()
        cursor.execute(PEOPLE.format(held=SAID_AGAINST, left=LEFT_THERE, left_list=LEFT_LIST), numbers)
        cursor.execute("ANALYZE people")
        if not import_.vouched:
            _refuse_generated(flagged)
        cursor.execute(CONTACTS)
        cursor.execute(SUBSCRIPTIONS, numbers)
        sums.accepted = cursor.rowcount + _count(cursor, ACCEPTED_BESIDES, numbers)
        sums.suppressed = _count(cursor, SUPPRESSED, numbers)
        sums.left_list = _count(cursor, "SELECT count(*) FROM people WHERE left_list", numbers)
        cursor.execute(DIGESTS, numbers)
        new_digests = cursor.rowcount
        sums.accepted += new_digests
        sums.suppressed += new_digests
        cursor.execute(REFUSED_ROWS, numbers)
        cursor.execute(REFUSALS)
        sums.rejected = dict(cursor.fetchall())
        # A campaign may go out before autovacuum looks this way: with the old statistics its audience
        # would take several times as long (measured after a first million).
        cursor.execute("SELECT mailer_analyze('mailer_contact', 'mailer_subscription')")
        cursor.execute("DROP TABLE people")
    if not is_trial:
        _enter(import_, actor, new_digests)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE arriving, listed")
    return sums


def _enter(import_: Import, actor: str, new_digests: int) -> None:
    for statuses in chain(_statuses(), hashed.contacts_found(import_.pk) if new_digests else ()):
        suppression.suppress_many(statuses, import_id=import_.pk, actor=actor)
    hashed.enter_arrived(actor=actor)


def _refuse_generated(flagged: Mapping[str, int]) -> None:
    signs = suspicions.of_people(flagged.get("role_account", 0))
    if signs:
        raise Suspicious(
            f"These addresses look made up by a program: {'; '.join(signs)}. Mailing such addresses is what the law "
            "punishes hardest (15 U.S.C. 7704(b)(1)), so nothing came in. If people really gave them to you, "
            "write how you know."
        )


def _copy(cursor, rows: Iterable[Staged]) -> int:
    count = 0
    # Django wraps what a cursor executes, but not what is written into a COPY.
    with connection.wrap_database_errors, cursor.copy(COPY) as copy:
        copy.set_types(COPY_TYPES)
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def _count(cursor, sql: str, numbers: dict[str, Any]) -> int:
    cursor.execute(sql, numbers)
    return cursor.fetchone()[0]


def _statuses() -> Iterator[list[Status]]:
    """What the file says against mailboxes, streamed: it may be about everyone in it."""
    with connection.connection.cursor(name="statuses") as cursor:
        cursor.execute(STATUSES)
        while found := cursor.fetchmany(STATUSES_AT_ONCE):
            yield [Status(parse(email), reason) for email, reason in found]
