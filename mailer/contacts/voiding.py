"""Taking a whole import back, because it was a mistake: the wrong file, the wrong list, a column misread.

What recipients asked for themselves is never touched (DESIGN, promise 3): only what this one file said goes, and
only where it stands on no other basis.
"""

from dataclasses import asdict, dataclass

from django.db import connection, transaction

from mailer import evidence, suppression
from mailer.contacts import hashed
from mailer.models import Import

LEAST_REASON = 10  # characters

SUBSCRIPTIONS = "SELECT count(*) FROM mailer_subscription WHERE import_id = %(import)s"
# On our books since this import, and on no list but by it.
BROUGHT = """
FROM mailer_contact AS contact
WHERE contact.created_at >= (SELECT started_at FROM mailer_import WHERE id = %(import)s)
  AND contact.id IN (SELECT contact_id FROM mailer_subscription WHERE import_id = %(import)s)
  AND NOT EXISTS (
      SELECT FROM mailer_subscription AS other
      WHERE other.contact_id = contact.id AND other.import_id IS DISTINCT FROM %(import)s)
"""
CONTACTS = f"SELECT count(*) {BROUGHT}"
ENTRIES = "SELECT count(*) FROM mailer_suppression WHERE import_id = %(import)s"
DIGESTS = "SELECT count(*) FROM mailer_hashedoptout WHERE import_id = %(import)s"
# Against whose mailbox nothing would stand any more, whatever address of it came back in the meantime.
FREED = """
SELECT count(DISTINCT said.mailbox_key) FROM mailer_suppression AS said
WHERE said.import_id = %(import)s
  AND NOT EXISTS (
      SELECT FROM mailer_suppression AS against
      WHERE against.mailbox_key = said.mailbox_key AND against.import_id IS DISTINCT FROM %(import)s
        AND NOT EXISTS (SELECT FROM mailer_voidedimport AS voided WHERE voided.import_id = against.import_id))
"""

# Remembered first, since it is by their places on lists that they are known.
REMEMBER = f"CREATE TEMPORARY TABLE brought ON COMMIT DROP AS SELECT contact.id {BROUGHT}"
LEAVE_LIST = "DELETE FROM mailer_subscription WHERE import_id = %(import)s"
FORGET_PEOPLE = "DELETE FROM mailer_contact WHERE id IN (SELECT id FROM brought)"


class VoidRefused(ValueError):
    """This import is not taken back; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Consequences:
    """What taking an import back changes."""

    subscriptions: int  # places on the list that it gave
    contacts: int  # people on our books by nothing else, who are forgotten
    entries: int  # what it said against mailboxes, entered in the ledger
    digests: int  # the same, of addresses that only a digest names
    freed: int  # mailboxes against which nothing stands then


def consequences(import_: Import) -> Consequences:
    """What `void` would change now, in numbers."""
    return Consequences(*(_count(sql, import_) for sql in (SUBSCRIPTIONS, CONTACTS, ENTRIES, DIGESTS, FREED)))


def void(import_: Import, *, reason: str, actor: str) -> Consequences:
    """Take a finished import back, whole, for a reason that is kept. Raises VoidRefused.

    Places on the list that it gave go, and people who came by nothing else; its words against mailboxes no longer
    count. Who opted out, complained or bounced here stays suppressed, and so does whom another file names.
    """
    reason = reason.strip()
    if len(reason) < LEAST_REASON:
        raise VoidRefused("Write what was wrong with this import. The reason is kept for whoever asks later.")
    with transaction.atomic():
        hashed.hold_people()
        locked = Import.objects.select_for_update().get(pk=import_.pk)
        if locked.state != Import.State.DONE:
            raise VoidRefused("Only an import that came in can be taken back, and only once.")
        changed = consequences(locked)
        suppression.void(locked.pk, reason=reason, actor=actor)
        _forget_people(locked)
        locked.state = Import.State.VOIDED
        locked.save(update_fields=["state"])
        evidence.record(
            "import voided",
            actor=actor,
            subject=f"import {locked.pk}",
            list=locked.list_id,
            **asdict(changed),
        )
    import_.state = locked.state
    return changed


def _forget_people(import_: Import) -> None:
    with connection.cursor() as cursor:
        cursor.execute(REMEMBER, {"import": import_.pk})
        cursor.execute(LEAVE_LIST, {"import": import_.pk})
        cursor.execute(FORGET_PEOPLE)
        cursor.execute("DROP TABLE brought")


def _count(sql: str, import_: Import) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"import": import_.pk})
        return int(cursor.fetchone()[0])
