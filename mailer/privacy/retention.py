"""Nothing is kept longer than the register says: looked through each night, stopped by a legal hold (GDPR 5(1)(e))."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import BooleanField, Count, Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from mailer import evidence, locks, suppression
from mailer.models import (
    Contact,
    DataLink,
    DataRequest,
    EarlierAttempt,
    Import,
    Message,
    RefusedRow,
    Report,
    SignUp,
    Subscription,
    TestSend,
    WayBack,
)
from mailer.privacy import holds
from mailer.privacy.register import KEPT

PIECE = 10_000  # rows in a transaction
MESSAGES = "mailer.Message"  # go a campaign in a transaction, with its sums
NIGHTLY = 1  # the second number of its lock: the holds themselves use 0

# Every campaign that has messages, stepped through by their key, as the whole table would take too long to read: those
# that were over before a moment, and those that are gone with all but their messages.
WITH_MESSAGES = """
WITH RECURSIVE numbers AS (
    SELECT min(campaign_id) AS number FROM mailer_message
    UNION ALL
    SELECT (SELECT min(campaign_id) FROM mailer_message WHERE campaign_id > number) FROM numbers
    WHERE number IS NOT NULL)
SELECT number, campaign.id IS NULL FROM numbers LEFT JOIN mailer_campaign AS campaign ON campaign.id = number
WHERE number IS NOT NULL AND (campaign.id IS NULL OR campaign.finished_at < %s)
"""

# Whether something was sent to a contact, or done for its mailbox, since a moment. SQL: the ORM knows no way from
# a campaign's time to its messages, which have no foreign keys.
STILL_IN_USE = """
EXISTS (SELECT FROM mailer_evidence AS act
        WHERE act.mailbox_key = mailer_contact.mailbox_key AND act.at >= %s)
OR EXISTS (SELECT FROM mailer_campaign AS campaign
           JOIN mailer_message AS message ON message.campaign_id = campaign.id
           WHERE message.address_key = mailer_contact.address_key
             AND coalesce(campaign.finished_at, 'infinity') >= %s AND message.state <> 'withheld')
"""
FORBIDDEN = suppression.forbidden_sql("mailer_contact")


@dataclass(frozen=True, slots=True)
class Gone:
    """What one table held longer than it may: so many rows, from before a moment, and whether they are deleted."""

    table: str
    rows: int
    before: str
    deleted: bool

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def run(now: datetime, *, dry_run: bool = False, actor: str = "worker") -> Iterator[Gone]:
    """Delete what is past its time, table by table, each in a transaction of its own with its evidence.

    Stops where a legal hold stands, also at one that is set meanwhile. A second run at the same time does nothing.
    """
    with locks.held(locks.LEGAL_HOLD, NIGHTLY) as is_ours:
        for label in PAST if is_ours else ():
            before = now - limit_of(label)
            if dry_run:
                yield Gone(label, PAST[label](before).count(), before.isoformat(), deleted=False)
                continue
            rows = 0
            while (piece := _delete_piece(label, before, actor)) is not None:
                rows += piece
                if piece < (1 if label == MESSAGES else PIECE):
                    break
            if piece is None:
                return
            yield Gone(label, rows, before.isoformat(), deleted=True)


def limit_of(label: str) -> timedelta:
    """How long the register lets a table keep a row."""
    limit = KEPT[label].limit
    if limit is None:
        raise LookupError(f"The register keeps {label} for ever, so nothing of it is past its time.")
    return limit


def _delete_piece(label: str, before: datetime, actor: str) -> int | None:
    """Delete some rows with their evidence; returns how many, or None where a legal hold stands."""
    with transaction.atomic():
        if holds.is_held():
            return None
        past = _of_one_campaign(before) if label == MESSAGES else PAST[label](before)
        told = _sums(past) if label == MESSAGES else {}
        rows = past.delete()[0] if label == MESSAGES else _delete_some(past)
        if rows:
            evidence.record(
                "kept no longer", actor=actor, table=label, rows=rows, before=before.isoformat(), **told
            )
    return rows


def _delete_some(past: QuerySet) -> int:
    """Of rows that others hang on Django loads each, so not a million at a time."""
    numbers = list(past.order_by("pk").values_list("pk", flat=True)[:PIECE])
    past.model._default_manager.filter(pk__in=numbers).delete()
    return len(numbers)


def _sums(messages: QuerySet[Message]) -> dict[str, Any]:
    """How many messages of which campaign ended how: that outlives them, to be shown as proof (D35)."""
    counted = messages.values("campaign_id", "state").annotate(number=Count("address_key"))
    sums: dict[str, dict[str, int]] = {}
    for row in counted.order_by("campaign_id", "state"):
        sums.setdefault(str(row["campaign_id"]), {})[row["state"]] = row["number"]
    return {"campaigns": sums}


# -- what is past its time, by table ------------------------------------------------------------------


def _contacts(before: datetime) -> QuerySet[Contact]:
    """People of whom nothing is needed any more: on no list, or not to be mailed, and long out of use."""
    on_a_list = Exists(Subscription.objects.filter(contact=OuterRef("pk")))
    return (
        Contact.objects.filter(created_at__lt=before)
        .filter(~on_a_list | Q(_is_so(FORBIDDEN)))
        .exclude(Q(_is_so(STILL_IN_USE, before, before)))
    )


def _is_so(condition: str, *values: datetime) -> RawSQL:
    """One of the conditions above; they are constants."""
    return RawSQL(condition, values, output_field=BooleanField())  # noqa: S611


def _imports(before: datetime) -> QuerySet[Import]:
    """The proof of where people came from, once nobody is left who came with it."""
    came_with_it = Exists(Subscription.objects.filter(import_id=OuterRef("pk")))
    return Import.objects.filter(~came_with_it, finished_at__lt=before)


def _messages(before: datetime) -> QuerySet[Message]:
    """Of campaigns that are over, or gone with all but their messages."""
    with connection.cursor() as cursor:
        cursor.execute(WITH_MESSAGES, [before])
        numbers = dict(cursor.fetchall())
    over = [number for number, is_gone in numbers.items() if not is_gone]
    gone = [number for number, is_gone in numbers.items() if is_gone]
    return Message.objects.filter(
        Q(campaign_id__in=over) | Q(campaign_id__in=gone, settled_at__lt=before)
    ).order_by()


def _of_one_campaign(before: datetime) -> QuerySet[Message]:
    past = _messages(before)
    return past.filter(campaign_id__in=list(past.values_list("campaign_id", flat=True)[:1]))


def _tests(before: datetime) -> QuerySet[TestSend]:
    under_way = [TestSend.State.WAITING, TestSend.State.HANDED_OVER]
    return TestSend.objects.filter(asked_at__lt=before).exclude(state__in=under_way)


PAST: dict[str, Callable[[datetime], QuerySet]] = {
    "mailer.RefusedRow": lambda before: RefusedRow.objects.filter(of__finished_at__lt=before),
    "mailer.TestSend": _tests,
    "mailer.SignUp": lambda before: SignUp.objects.filter(requested_at__lt=before),
    "mailer.WayBack": lambda before: WayBack.objects.filter(requested_at__lt=before),
    "mailer.DataLink": lambda before: DataLink.objects.filter(requested_at__lt=before),
    "mailer.DataRequest": lambda before: DataRequest.objects.filter(closed_at__lt=before),
    "mailer.EarlierAttempt": lambda before: EarlierAttempt.objects.filter(sent_again_at__lt=before),
    "mailer.Report": lambda before: Report.objects.filter(received_at__lt=before),
    "mailer.Message": _messages,
    "mailer.Contact": _contacts,
    "mailer.Import": _imports,
    "admin.LogEntry": lambda before: LogEntry.objects.filter(action_time__lt=before),
    "sessions.Session": lambda before: Session.objects.filter(expire_date__lt=before),
}
