"""Bringing the ledger up to the journal: after an outage of the database, and after an older dump of it.

`replay` enters what the ledger lacks; `assure` sees to it that this was done before anything is handed over. What
was told twice counts once. An opt-out after a lift wins, and so it does where the order is in doubt.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import connection, transaction

from mailer import evidence, journal, locks, suppression
from mailer.models import JournalFile, JournalMark, Reinstatement, Suppression, Trouble

log = logging.getLogger(__name__)

ACTOR = "journal"
TOLD_AFTER = timedelta(minutes=10)  # the most by which a trouble is told after the first entry it is about
MOST_LOCKS = 1000  # more mailboxes than this are entered under the ledger's lock alone

# One for the whole session, since a table a sweep would leave its traces in the catalogue.
ROOM = """
CREATE TEMPORARY TABLE IF NOT EXISTS journalled (
    at timestamptz, what text, mailbox_key bytea, address_key bytea, reason text, channel text,
    campaign bigint, import_id bigint, received_at timestamptz) ON COMMIT DELETE ROWS
"""
COPY = "COPY journalled FROM STDIN"

# What the ledger lacks: neither this very line is in it, nor stands what it says, nor was it taken back.
LACKING = f"""
SELECT told.* FROM journalled AS told
WHERE told.what = 'suppressed'
  AND NOT EXISTS (
      SELECT FROM mailer_suppression AS known
      WHERE known.mailbox_key = told.mailbox_key AND known.reason = told.reason
        AND COALESCE(known.journalled_at, known.recorded_at) = told.at)
  AND NOT EXISTS ({
    suppression.STANDING.format(mailbox="told.mailbox_key", reason="told.reason", import_id="told.import_id")
})
  AND NOT EXISTS (SELECT FROM mailer_voidedimport AS voided WHERE voided.import_id = told.import_id)
  AND NOT EXISTS (SELECT FROM journalled AS voided WHERE voided.what = 'voided' AND voided.import_id = told.import_id)
"""
# Lifts that the ledger lacks.
LACKING_LIFTS = """
SELECT told.* FROM journalled AS told
WHERE told.what = 'reinstated'
  AND NOT EXISTS (
      SELECT FROM mailer_reinstatement AS known
      WHERE known.mailbox_key = told.mailbox_key AND known.address_key = told.address_key
        AND known.requested_at = told.received_at)
"""
LACKED_MAILBOXES = f"""
SELECT DISTINCT mailbox_key FROM (
    SELECT mailbox_key FROM ({LACKING}) AS entries UNION ALL
    SELECT mailbox_key FROM ({LACKING_LIFTS}) AS lifts) AS lacked
LIMIT %(most)s
"""
# Mailboxes whose owners have ever come back are few, and need their order; all others are entered as a set.
WITH_LIFTS = f"""
SELECT DISTINCT lacking.mailbox_key FROM ({LACKING}) AS lacking
WHERE EXISTS (SELECT FROM mailer_reinstatement AS back WHERE back.mailbox_key = lacking.mailbox_key)
   OR EXISTS (SELECT FROM journalled AS back
              WHERE back.what = 'reinstated' AND back.mailbox_key = lacking.mailbox_key)
UNION SELECT mailbox_key FROM ({LACKING_LIFTS}) AS lifts
"""
ENTER = f"""
WITH entered AS (
    INSERT INTO mailer_suppression (mailbox_key, address_key, reason, channel, campaign_number, import_id,
                                    received_at, journalled_at)
    SELECT DISTINCT ON (lacking.mailbox_key, lacking.reason, lacking.import_id)
           lacking.mailbox_key, lacking.address_key, lacking.reason, lacking.channel, lacking.campaign,
           lacking.import_id, lacking.received_at, lacking.at
    FROM ({LACKING}) AS lacking
    WHERE NOT EXISTS (SELECT FROM unnest(%(lifted)s::bytea[]) AS lifted (key) WHERE lifted.key = lacking.mailbox_key)
    ORDER BY lacking.mailbox_key, lacking.reason, lacking.import_id, lacking.at
    RETURNING id, mailbox_key, reason, channel, campaign_number, import_id, received_at),
told AS (
    INSERT INTO mailer_evidence (verb, actor, subject, mailbox_key, details)
    SELECT 'suppressed', %(actor)s, '', mailbox_key,
           jsonb_build_object('entry', id, 'reason', reason, 'channel', channel, 'campaign', campaign_number,
                              'import', import_id, 'received_at', received_at)
    FROM entered)
SELECT count(*) FROM entered
"""
OF_MAILBOXES = """
SELECT mailbox_key, address_key, what, reason, channel, campaign, import_id, at, received_at FROM journalled
WHERE mailbox_key = ANY (%(mailboxes)s) AND what <> 'voided'
  AND NOT EXISTS (SELECT FROM mailer_voidedimport AS voided WHERE voided.import_id = journalled.import_id)
  AND NOT EXISTS (SELECT FROM journalled AS voided
                  WHERE voided.what = 'voided' AND voided.import_id = journalled.import_id)
ORDER BY at
"""
# A restored database would give the numbers of lost imports to new ones, and voiding one would void the other. One by
# one, since setting a sequence takes a right that the application's role has not.
PAST_LOST_IMPORTS = """
SELECT count(nextval('mailer_import_id_seq'))
FROM generate_series(
    (SELECT COALESCE(last_value, 0) + 1 FROM pg_sequences
     WHERE schemaname = current_schema() AND sequencename = 'mailer_import_id_seq'),
    (SELECT max(import_id) FROM journalled))
"""


@dataclass(slots=True)
class Replayed:
    """What a replay found and did."""

    lines: int = 0
    entered: int = 0  # opt-outs, complaints and bounces that the ledger lacked
    reinstated: int = 0  # lifts that it lacked
    overruled: int = 0  # lifts that it lacked and that stay out, since something came after them
    damaged: int = 0  # lines that nobody can read
    torn: int = 0  # files whose last line was cut off; it was never answered


# -- before a hand-over --------------------------------------------------------------------------------

_assured: WeakKeyDictionary[Any, tuple[Any, int]] = WeakKeyDictionary()


def assure() -> None:
    """Make sure, before a hand-over, that the ledger holds what the journal does. Raises JournalUnreadable.

    Once for each database session, since whatever loses an opt-out to the database cuts sessions, and again when a
    process has told that a line waits. Costs a look at one file's size. (An older dump that is put under a living
    session is noticed by the hand-over itself, which asks for the journal's mark.)
    """
    connection.ensure_connection()
    told = (settings.JOURNAL_DIR, journal.told_waiting())
    session = connection.connection
    if _assured.get(session) != told:
        replay()
        _assured[session] = told


def is_behind() -> bool:
    """Whether the ledger is older than one that the journal has known: then nothing may be handed over."""
    mark = JournalMark.objects.filter(pk=1).values_list("replayed", flat=True).first()
    return (mark or 0) < journal.mark()


# The same, within a statement.
IS_CURRENT = "COALESCE((SELECT replayed FROM mailer_journalmark), 0) >= %(journal_mark)s"


# -- replaying -----------------------------------------------------------------------------------------


class _Trial(Exception):
    """Takes back what a trial did."""


def replay(*, is_trial: bool = False, waits: bool = True) -> Replayed:
    """Enter what the journal's files hold and the ledger lacks. Harmless at any time. Raises JournalUnreadable.

    One process does it at a time; others wait, or leave it to that one.
    """
    suppression.assert_ledger()
    if not is_trial and not _is_anything_new():
        return Replayed()
    done = Replayed()
    try:
        with transaction.atomic():
            if waits:
                locks.forbid(locks.JOURNAL)
            elif not locks.is_free(locks.JOURNAL):
                return done
            _replay(done)
            if is_trial:
                raise _Trial
    except _Trial:
        return done
    if done.entered or done.reinstated:
        log.warning(
            "From the journal: %s entries that the ledger lacked, %s lifts.", done.entered, done.reinstated
        )
    return done


def _is_anything_new() -> bool:
    known = dict(JournalFile.objects.values_list("name", "position"))
    return any(size != known.get(name, 0) for name, size in journal.files().items()) or is_behind()


def _replay(done: Replayed) -> None:
    known = {file.name: file for file in JournalFile.objects.all()}
    with connection.cursor() as cursor:
        cursor.execute(ROOM)
        cursor.execute("DELETE FROM journalled")  # of a replay earlier in the caller's transaction
        read = _staged(cursor, known, done)
        if done.lines > MOST_LOCKS:
            cursor.execute("ANALYZE journalled")
        _enter_lacking(cursor, done)
    _remember(read, known)


def _staged(cursor: Any, known: dict[str, JournalFile], done: Replayed) -> list[JournalFile]:
    """Bring all new lines into the temporary table; returns the files that were read, as they are now."""
    read = []
    with connection.wrap_database_errors, cursor.copy(COPY) as copy:
        for name, size in journal.files().items():
            file = known.get(name)
            if file is None or file.position > size:  # one that shrank was put there anew
                file = JournalFile(name=name, position=0)
            if file.position < size:
                read.append(_staged_file(copy, file, size, done))
    return read


def _staged_file(copy: Any, file: JournalFile, size: int, done: Replayed) -> JournalFile:
    position, damaged = file.position, file.damaged
    for raw in journal.lines_of(file.name, position, size):
        position += len(raw)
        try:
            copy.write(_for_copy(journal.fields_of(raw)))
            done.lines += 1
        except journal.DamagedLine as wrong:
            log.error(
                "The journal's file %s has a damaged line before byte %s: %s", file.name, position, wrong
            )
            damaged += 1
            done.damaged += 1
    done.torn += position < size
    return JournalFile(name=file.name, position=position, damaged=damaged)


def _for_copy(fields: Sequence[str]) -> str:
    at, what, mailbox, address, *rest = (r"\N" if one == journal.NOTHING else one for one in fields)
    keys = (key if key == r"\N" else rf"\\x{key}" for key in (mailbox, address))
    return "\t".join((at, what, *keys, *rest)) + "\n"


def _remember(read: Sequence[JournalFile], known: dict[str, JournalFile]) -> None:
    """How far each file is read, and how much that is in all. Beside the files this is written after the commit:
    a mark that were ahead would hold back hand-overs."""
    JournalFile.objects.bulk_create(
        read, update_conflicts=True, unique_fields=["name"], update_fields=["position", "damaged"]
    )
    further = sum(
        file.position - min(file.position, known[file.name].position) if file.name in known else file.position
        for file in read
    )
    before = JournalMark.objects.filter(pk=1).values_list("replayed", flat=True).first() or 0
    if not further and before == journal.mark():
        return  # all that is new is a torn line
    JournalMark.objects.update_or_create(pk=1, defaults={"replayed": before + further})
    transaction.on_commit(partial(journal.set_mark, before + further))


def _enter_lacking(cursor: Any, done: Replayed) -> None:
    """Enter what is lacking, in an order that keeps lifts and what came after them right."""
    cursor.execute(LACKED_MAILBOXES, {"most": MOST_LOCKS + 1})
    if not (lacked := [bytes(key) for (key,) in cursor.fetchall()]):
        return
    _lock(lacked)  # whoever was being entered just then is in the ledger now, so that we ask again
    cursor.execute(WITH_LIFTS)
    lifted = [bytes(key) for (key,) in cursor.fetchall()]
    cursor.execute(ENTER, {"lifted": lifted, "actor": ACTOR})
    done.entered += cursor.fetchone()[0]
    cursor.execute(PAST_LOST_IMPORTS)
    for some in _some_at_once(lifted):
        for mailbox in _mailboxes(cursor, some):
            mailbox.bring_up(done)


def _lock(mailbox_keys: Sequence[bytes]) -> None:
    """Hold back hand-overs to these mailboxes, and lifts, until the commit; to all, if these are many."""
    if len(mailbox_keys) > MOST_LOCKS:
        locks.forbid(locks.LEDGER)
        return
    for number in sorted({locks.mailbox_lock(key) for key in mailbox_keys}):
        locks.forbid(locks.MAILBOX, number)


# -- one mailbox whose owner came back at some time ------------------------------------------------------


@dataclass(slots=True)
class _Entry:
    """A reason against the mailbox, in the order of the ledger's numbers."""

    at: datetime
    reason: str
    import_id: int | None
    number: int = 0

    def covers(self, other: "_Entry") -> bool:
        return self.reason == other.reason and self.import_id in (None, other.import_id)


@dataclass(slots=True)
class _Mailbox:
    """All that ledger and journal know of one mailbox."""

    key: bytes
    entries: list[_Entry] = field(default_factory=list)
    lines: list[tuple[_Entry, dict[str, Any]]] = field(default_factory=list)
    # by address: when its owner asked, and when that was confirmed
    lifts: dict[bytes, dict[datetime, datetime]] = field(default_factory=dict)
    up_to: dict[bytes, int] = field(default_factory=dict)

    def bring_up(self, done: Replayed) -> None:
        for told, rest in self.lines:
            if not self._is_known(told):
                told.number = self._entered(told, rest)
                self.entries.append(told)
                done.entered += 1
        for address_key, asked in self.lifts.items():
            self._lift(address_key, *max(asked.items()), done)

    def _is_known(self, told: _Entry) -> bool:
        """Whether the ledger has this line, or had the same standing when it came."""
        lifted = [moment for lifts in self.lifts.values() for pair in lifts.items() for moment in pair]
        return any(
            entry.covers(told)
            and entry.at <= told.at
            and not any(entry.at <= moment < told.at for moment in lifted)
            for entry in self.entries
        )

    def _entered(self, told: _Entry, rest: dict[str, Any]) -> int:
        entry = Suppression.objects.create(
            mailbox_key=self.key,
            reason=told.reason,
            import_id=told.import_id,
            journalled_at=told.at,
            **rest,
        )
        from_import: dict[str, Any] = {"import": told.import_id}
        evidence.record(
            "suppressed",
            actor=ACTOR,
            mailbox_key=self.key,
            entry=entry.pk,
            reason=told.reason,
            channel=entry.channel,
            campaign=entry.campaign_number,
            received_at=entry.received_at.isoformat(),
            **from_import,
        )
        return entry.pk

    def _lift(
        self, address_key: bytes, requested_at: datetime, confirmed_at: datetime, done: Replayed
    ) -> None:
        """Lift again what the owner had lifted, unless something came after they asked for it: that wins."""
        lifted_before = self.up_to.get(address_key, 0)
        standing = [entry for entry in self.entries if entry.number > lifted_before]
        if not standing:
            return
        if any(entry.at > requested_at for entry in standing):
            done.overruled += not lifted_before
            return
        last = max(entry.number for entry in standing)
        Reinstatement.objects.create(
            mailbox_key=self.key,
            address_key=address_key,
            up_to=last,
            requested_at=requested_at,
            confirmed_at=confirmed_at,
        )
        evidence.record(
            "reinstated",
            actor=ACTOR,
            mailbox_key=self.key,
            up_to=last,
            requested_at=requested_at.isoformat(),
        )
        done.reinstated += 1


def _mailboxes(cursor: Any, keys: Sequence[bytes]) -> Iterable[_Mailbox]:
    found = {key: _Mailbox(key) for key in keys}
    for entry in suppression.unvoided().filter(mailbox_key__in=keys).order_by("id"):
        found[bytes(entry.mailbox_key)].entries.append(
            _Entry(entry.journalled_at or entry.recorded_at, entry.reason, entry.import_id, entry.pk)
        )
    for back in Reinstatement.objects.filter(mailbox_key__in=keys):
        mailbox, address_key = found[bytes(back.mailbox_key)], bytes(back.address_key)
        mailbox.lifts.setdefault(address_key, {})[back.requested_at] = back.confirmed_at
        mailbox.up_to[address_key] = max(back.up_to, mailbox.up_to.get(address_key, 0))
    cursor.execute(OF_MAILBOXES, {"mailboxes": list(keys)})
    for key, address_key, what, reason, channel, campaign, import_id, at, received_at in cursor.fetchall():
        mailbox = found[bytes(key)]
        if what == journal.What.REINSTATED:
            mailbox.lifts.setdefault(bytes(address_key), {}).setdefault(received_at, at)
        else:
            rest = {
                "address_key": address_key,
                "channel": channel,
                "campaign_number": campaign,
                "received_at": received_at,
            }
            mailbox.lines.append((_Entry(at, reason, import_id), rest))
    return found.values()


def _some_at_once(keys: Sequence[bytes], size: int = 1000) -> Iterator[Sequence[bytes]]:
    return (keys[at : at + size] for at in range(0, len(keys), size))


# -- the other way -------------------------------------------------------------------------------------


def catch_up_journal() -> int:
    """Write what the journal could not take for a time, and then tell no more of it; returns how many lines."""
    trouble = Trouble.objects.filter(about=journal.UNWRITTEN).first()
    if trouble is None:
        return 0
    try:
        with transaction.atomic():  # whoever tells it anew meanwhile waits, and is told by the next
            trouble.delete()
            return journal.write_ledger(trouble.since - TOLD_AFTER)
    except journal.JournalUnwritable:
        return 0


def lag() -> tuple[int, int]:
    """How many lines of the journal are not known to be in the ledger, and how many are damaged."""
    known = {file.name: file for file in JournalFile.objects.all()}
    waiting = damaged = 0
    for name, size in journal.files().items():
        file = known.get(name) or JournalFile(name=name, position=0)
        if file.position < size:
            waiting += sum(1 for _ in journal.lines_of(name, file.position, size))
        damaged += file.damaged
    return waiting, damaged
