"""The ledger of who is not to be mailed: one for the whole installation, for ever.

`suppress` enters, `reinstate` (the person's own confirmed opt-in) lifts for one exact address. `void` takes back
what a mistaken import said, and nothing that a recipient ever asked for. There is no fourth verb. `mailable` asks
for one address, `mailable_sql` for many. Law: 15 U.S.C. 7704(a)(4).

All that happens here is also a line in the journal, and an opt-out is there first: with the database gone it is
kept there, and enters the ledger before anything is handed over (`mailer.replaying`).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, OperationalError, connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from mailer import evidence, journal, locks
from mailer.addresses import Address, keyed
from mailer.journal import Line, What
from mailer.models import KeyCanary, Reinstatement, Suppression, VoidedImport
from mailer.prepared import Prepared

log = logging.getLogger(__name__)

Reason = Suppression.Reason
Channel = Suppression.Channel


class LedgerUnreadable(ImproperlyConfigured):
    """The ledger can't be asked, so nothing may be sent. The message says what the operator must do."""


class Journalled(OperationalError):
    """The database can't be reached, but the journal has it: it takes effect before anything is handed over."""

    def __init__(self) -> None:
        super().__init__(
            "The database can't be reached. This is kept in the journal, and takes effect as soon as it can be, "
            "before any mail goes out."
        )


# An entry that only a mistaken import gave, and that went with that import (DESIGN, promise 3).
NOT_VOIDED = (
    "NOT EXISTS (SELECT FROM mailer_voidedimport AS voided WHERE voided.import_id = against.import_id)"
)

# An address may not be mailed while anything stands against its mailbox that was recorded after that
# address's last reinstatement. SQL, since it is asked inside the statements that snapshot and hand over;
# the ORM would ask once per recipient or not in the same snapshot.
FORBIDDEN = f"""
EXISTS (
    SELECT FROM mailer_suppression AS against
    WHERE against.mailbox_key = {{row}}.mailbox_key
      AND {NOT_VOIDED}
      AND NOT EXISTS (
          SELECT FROM mailer_reinstatement AS back
          WHERE back.mailbox_key = against.mailbox_key
            AND back.address_key = {{row}}.address_key
            AND back.up_to >= against.id))
"""

# The gravest reason of those that stand, or NULL where the row may be mailed.
STANDING_REASON = f"""
(SELECT against.reason FROM mailer_suppression AS against
 WHERE against.mailbox_key = {{row}}.mailbox_key
   AND {NOT_VOIDED}
   AND NOT ({{lawful}} AND against.reason IN ('opt_out', 'complaint'))
   AND NOT EXISTS (
       SELECT FROM mailer_reinstatement AS back
       WHERE back.mailbox_key = against.mailbox_key
         AND back.address_key = {{row}}.address_key
         AND back.up_to >= against.id)
 ORDER BY array_position(ARRAY['opt_out', 'complaint', 'hard_bounce', 'soft_bounce'], against.reason::text)
 LIMIT 1)
"""

# The same of many addresses at once, with all that stands, oldest first.
MAILABLE_MANY = f"""
SELECT array(
    SELECT against.reason::text FROM mailer_suppression AS against
    WHERE against.mailbox_key = given.mailbox_key
      AND {NOT_VOIDED}
      AND NOT EXISTS (
          SELECT FROM mailer_reinstatement AS back
          WHERE back.mailbox_key = against.mailbox_key
            AND back.address_key = given.address_key
            AND back.up_to >= against.id)
    ORDER BY against.id)
FROM unnest(%s::bytea[], %s::bytea[]) WITH ORDINALITY AS given (mailbox_key, address_key, number)
ORDER BY number
"""

# Nothing is added where the same reason already stands, for every address of the mailbox, on a basis that can't
# go: what people ask for themselves is entered beside what a file said of them, and each file's word beside
# another's, so that voiding one leaves the others.
# And an entry that a waiting sign-up would lift, being older, does not speak for who opts out again: a new one does.
STANDING = """
    SELECT FROM mailer_suppression AS standing
    WHERE standing.mailbox_key = {mailbox} AND standing.reason = {reason}
      AND (standing.import_id IS NULL OR standing.import_id = {import_id})
      AND NOT EXISTS (
          SELECT FROM mailer_reinstatement AS back
          WHERE back.mailbox_key = standing.mailbox_key AND back.up_to >= standing.id)
      AND NOT EXISTS (
          SELECT FROM mailer_signup AS asked
          WHERE asked.mailbox_key = standing.mailbox_key AND asked.confirmed_at IS NULL
            AND asked.ledger_entry >= standing.id)
"""

# Lock, entry and evidence in one message, which PostgreSQL takes as one transaction, with a new snapshot for each
# statement: so the second sees what was entered while the first waited, and reads the clock after it; a hand-over that
# began before it bears an earlier time, one that would begin after the answer a later one. Three round trips less
# than BEGIN, lock, entry, COMMIT one by one, and a quarter of the web worker's time in an opt-out (measured).
LOCK = f"SELECT pg_advisory_xact_lock({locks.MAILBOX}, %(lock)s)"
ENTER = Prepared(
    "suppress",
    f"""
WITH entered AS (
    INSERT INTO mailer_suppression
        (mailbox_key, address_key, reason, channel, campaign_number, received_at, journalled_at, recorded_at)
    SELECT %(mailbox)s, %(address)s, %(reason)s, %(channel)s, %(campaign)s, %(received)s, %(journalled)s,
           clock_timestamp()
    WHERE NOT EXISTS ({STANDING.format(mailbox="%(mailbox)s", reason="%(reason)s", import_id="NULL")})
    RETURNING id)
INSERT INTO mailer_evidence (verb, actor, subject, mailbox_key, details)
SELECT 'suppressed', %(actor)s, '', %(mailbox)s,
       jsonb_build_object('entry', id, 'reason', %(reason)s, 'channel', %(channel)s,
                          'campaign', %(campaign)s, 'received_at', %(received)s)
FROM entered
""",
    {
        "mailbox": "bytea",
        "address": "bytea",
        "reason": "text",
        "channel": "text",
        "campaign": "bigint",
        "received": "timestamptz",
        "journalled": "timestamptz",
        "actor": "text",
    },
)

# From unnested arrays: one statement for a whole file's opt-outs.
SUPPRESS_MANY = f"""
WITH entered AS (
INSERT INTO mailer_suppression (mailbox_key, address_key, reason, channel, import_id, received_at, recorded_at)
SELECT DISTINCT ON (given.mailbox_key, given.reason)
       given.mailbox_key, given.address_key, given.reason, %(channel)s, %(import_id)s, %(received)s, clock_timestamp()
FROM unnest(%(mailboxes)s::bytea[], %(addresses)s::bytea[], %(reasons)s::text[])
     AS given (mailbox_key, address_key, reason)
WHERE NOT EXISTS (
    {STANDING.format(mailbox="given.mailbox_key", reason="given.reason", import_id="%(import_id)s")})
RETURNING id)
SELECT count(*), min(id), max(id) FROM entered
"""


@dataclass(frozen=True, slots=True)
class Mailable:
    """Whether an address may be mailed and, if not, the reasons that stand against it, oldest first."""

    address: Address
    reasons: tuple[str, ...]

    def __bool__(self) -> bool:
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Status:
    """What a file of another system says of an address."""

    address: Address
    reason: str


def suppress(
    mailbox_key: bytes,
    *,
    reason: str,
    channel: str,
    actor: str,
    address_key: bytes | None = None,
    campaign: int | None = None,
    received_at: datetime | None = None,
) -> bool:
    """Enter one reason not to mail a mailbox. When this returns, no new hand-over to it begins.

    Repeats are harmless. Returns whether it is new. Waits for hand-overs to this mailbox that have begun.
    """
    now = timezone.now()
    told = Line(
        now, What.SUPPRESSED, mailbox_key, address_key, reason, channel, campaign, None, received_at or now
    )
    lost = _lost()
    flush = _begun([told])
    if lost is None:
        try:
            is_new = _enter(told, actor, is_journalled=flush is not None)
        except Error as error:
            lost = error
    is_kept = _is_on_disk(flush)
    if lost is None:
        if not is_kept:
            journal.tell_unwritten()
        return is_new
    if not is_kept:
        raise lost
    journal.tell_waiting()
    raise Journalled from lost


def _lost() -> Error | None:
    """What keeps the ledger from being asked; None if nothing does. A wrong key is not journalled: it raises."""
    try:
        assert_ledger()
    except Error as error:
        return error
    return None


def _enter(told: Line, actor: str, *, is_journalled: bool) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            f"{LOCK}; {ENTER.here()}",
            {
                "lock": locks.mailbox_lock(bytes(told.mailbox_key or b"")),
                "mailbox": told.mailbox_key,
                "address": told.address_key,
                "reason": told.reason,
                "channel": told.channel,
                "campaign": told.campaign,
                "received": told.received_at,
                "journalled": told.at if is_journalled else None,
                "actor": actor,
            },
        )
        cursor.nextset()  # from the lock's answer to the entry's
        return cursor.rowcount == 1


def suppress_many(statuses: Sequence[Status], *, import_id: int, actor: str) -> int:
    """Enter what an imported file says, in the caller's transaction; returns how many entries are new.

    Takes the whole ledger's lock: thousands of single ones would fill the server's lock table. So call it
    last in the transaction, since hand-overs wait until its commit.
    """
    assert_ledger()
    with transaction.atomic():
        locks.forbid(locks.LEDGER)
        with connection.cursor() as cursor:
            cursor.execute(
                SUPPRESS_MANY,
                {
                    "channel": Channel.IMPORT,
                    "import_id": import_id,
                    "received": timezone.now(),
                    "mailboxes": [status.address.mailbox_key for status in statuses],
                    "addresses": [status.address.address_key for status in statuses],
                    "reasons": [status.reason for status in statuses],
                },
            )
            entered, first, last = cursor.fetchone()
        if entered:
            transaction.on_commit(partial(journal.write_entries, first, last, import_id), robust=True)
        evidence.record(
            "suppressed from import",
            actor=actor,
            subject=f"import {import_id}",
            given=len(statuses),
            new=entered,
        )
    return entered


def reinstate(address: Address, *, requested_at: datetime) -> bool:
    """Lift all that stands against one address, because its owner asked and then confirmed by POST.

    The only way back there is (D63). Returns whether anything stood against it.
    """
    assert_ledger()
    with transaction.atomic():
        # An import takes the ledger's lock instead of each mailbox's; its entries must be numbered and
        # committed before we say up to which one is lifted.
        locks.forbid(locks.LEDGER)
        locks.forbid(locks.MAILBOX, locks.mailbox_lock(address.mailbox_key))
        last = (
            Suppression.objects.filter(mailbox_key=address.mailbox_key)
            .order_by("-id")
            .values_list("id", flat=True)
            .first()
        )
        if last is None or mailable(address):
            return False
        back = Reinstatement.objects.create(
            mailbox_key=address.mailbox_key,
            address_key=address.address_key,
            up_to=last,
            requested_at=requested_at,
        )
        evidence.record(
            "reinstated",
            actor="recipient",
            mailbox_key=address.mailbox_key,
            up_to=last,
            requested_at=requested_at.isoformat(),
        )
        # After the commit, unlike an opt-out: only what really was lifted may be lifted again from the journal.
        transaction.on_commit(partial(_journalled, [journal.line_of_lift(back)]), robust=True)
    return True


def void(import_id: int, *, reason: str, actor: str) -> int:
    """Take back what an import that was a mistake said against mailboxes, in the caller's transaction.

    What stands on any other basis stays: the person's own word, a complaint, a bounce, another import. `reason` is
    kept, for whoever asks later. Returns how many entries no longer count. There is no way back from it but to
    import the file again. Raises IntegrityError if it was voided before.
    """
    assert_ledger()
    with transaction.atomic():
        locks.forbid(locks.LEDGER)
        voided = VoidedImport.objects.create(import_id=import_id, reason=reason, actor=actor)
        transaction.on_commit(partial(_journalled, [journal.line_of_voided(voided)]), robust=True)
        return Suppression.objects.filter(import_id=import_id).count()


def mailable(address: Address) -> Mailable:
    """Whether the ledger lets this address be mailed, now, on the primary database."""
    assert_ledger()
    lifted = (
        Reinstatement.objects.filter(mailbox_key=address.mailbox_key, address_key=address.address_key)
        .order_by("-up_to")
        .values_list("up_to", flat=True)
        .first()
    )
    standing = unvoided().filter(mailbox_key=address.mailbox_key, id__gt=lifted or 0).order_by("id")
    return Mailable(address, tuple(dict.fromkeys(standing.values_list("reason", flat=True))))


def mailable_many(addresses: Sequence[Address]) -> list[Mailable]:
    """The same of each of these addresses, in one statement."""
    assert_ledger()
    with connection.cursor() as cursor:
        cursor.execute(
            MAILABLE_MANY,
            [[one.mailbox_key for one in addresses], [one.address_key for one in addresses]],
        )
        return [
            Mailable(address, tuple(dict.fromkeys(reasons)))
            for address, (reasons,) in zip(addresses, cursor.fetchall(), strict=True)
        ]


def unvoided() -> QuerySet[Suppression]:
    """The entries that count, unless their owner has come back since."""
    voided = VoidedImport.objects.filter(import_id=OuterRef("import_id"))
    return Suppression.objects.filter(~Exists(voided))


def has_opted_out(mailbox_key: bytes, address_key: bytes | None = None) -> bool:
    """Whether its owner's own word stands against a mailbox, or against one of its addresses: no bounce is one."""
    lifted = Reinstatement.objects.filter(mailbox_key=mailbox_key)
    if address_key is not None:
        lifted = lifted.filter(address_key=address_key)
    up_to = lifted.order_by("-up_to").values_list("up_to", flat=True).first()
    words = unvoided().filter(mailbox_key=mailbox_key, reason__in=(Reason.OPT_OUT, Reason.COMPLAINT))
    return words.filter(id__gt=up_to or 0).exists()


def mailable_sql(row: str) -> str:
    """The same question as a condition on a row that has mailbox_key and address_key."""
    return f"NOT {forbidden_sql(row)}"


def forbidden_sql(row: str) -> str:
    """Its contrary, in the form that the planner makes a join of."""
    return FORBIDDEN.format(row=row)


def standing_reason_sql(row: str, lawful: str = "false") -> str:
    """Why a row that has mailbox_key and address_key must not be mailed; NULL where it may be.

    Where the condition `lawful` holds, the message is a notice that a law requires: people's own word does not keep
    it from them (D66), a dead mailbox does.
    """
    return STANDING_REASON.format(row=row, lawful=lawful)


def _journalled(lines: Sequence[Line]) -> bool:
    return _is_on_disk(_begun(lines))


def _begun(lines: Sequence[Line]) -> journal.Flush | None:
    """The flush of these lines, which goes on while the ledger takes them. None if the journal can't take them: an
    opt-out is not lost for a full disk, but then the ledger alone has it."""
    try:
        return journal.begin(lines)
    except journal.JournalUnwritable as wrong:
        log.error("%s What happens to the ledger now would not outlive an older dump.", wrong)
        return None


def _is_on_disk(flush: journal.Flush | None) -> bool:
    try:
        if flush is not None:
            flush.wait()
    except journal.JournalUnwritable as wrong:
        log.error("%s What happens to the ledger now would not outlive an older dump.", wrong)
        return False
    return flush is not None


# -- the key -----------------------------------------------------------------------------------------


def assert_ledger() -> None:
    """Raise LedgerUnreadable unless ADDRESS_KEY is the one that the ledger was written under."""
    asked = (connection.settings_dict["NAME"], settings.ADDRESS_KEY)
    if asked in _sure:
        return
    expected = keyed(b"canary", "candor")
    canary = KeyCanary.objects.filter(pk=1).first() or _first_canary(expected)
    if bytes(canary.mac) != expected:
        raise LedgerUnreadable(
            "ADDRESS_KEY is not the key that the suppression ledger was written under, so nobody's opt-out "
            "would be found. Nothing is sent. Set ADDRESS_KEY back to its first value."
        )
    # Not before the commit: a canary that was rolled back would leave the next key to write its own.
    transaction.on_commit(lambda: _sure.add(asked))


_sure: set[tuple[str, bytes]] = set()  # databases and keys that this process has found to belong together


def _first_canary(mac: bytes) -> KeyCanary:
    KeyCanary.objects.bulk_create([KeyCanary(pk=1, mac=mac)], ignore_conflicts=True)
    return KeyCanary.objects.get(pk=1)
