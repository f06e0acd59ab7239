"""Erasing a person: everything but the keyed entries by which they are never mailed again (GDPR 17(1), 17(3)(b)).

The opt-out counts at once. The rest follows in the same transaction, unless something stands in the way; then the
request says so, and the sweep does it as soon as the way is free.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Model
from django.utils import timezone

from mailer import evidence, locks, suppression
from mailer.addresses import Address, AddressRefused, parse
from mailer.models import (
    Contact,
    DataLink,
    DataRequest,
    RefusedRow,
    SignUp,
    Suppression,
    TestAddress,
    TestSend,
    WayBack,
)
from mailer.privacy import holds
from mailer.privacy.access import MESSAGES
from mailer.privacy.persons import Person, Traces, person_of, refused_rows_of, unfinished_imports
from mailer.privacy.register import KEPT
from mailer.privacy.requests import Kind, Outcome, RequestRefused, still_open

log = logging.getLogger(__name__)

AT_ONCE = 20_000  # refused rows: three seconds on a machine with seven times the load it can carry (measured)
BY_REQUEST = "Erased at the person's own request."

# What a mail server said of the mailbox may name its owner, and the service's number leads to its logs.
FORGET_MESSAGES = f"""
UPDATE mailer_message AS known SET detail = '', transport_id = ''
FROM ({MESSAGES}) AS theirs
WHERE known.campaign_id = theirs.campaign_id AND known.address_key = theirs.address_key
  AND (known.detail <> '' OR known.transport_id <> '')
"""

QUEUES = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = 'pgmq' AND (table_name LIKE 'q\\_%%' OR table_name LIKE 'a\\_%%')
"""


def ask(mailbox_key: bytes, *, channel: str) -> DataRequest:
    """The person presses “erase” on their own page: one request, obeyed at once where nothing forbids it."""
    with transaction.atomic():
        locks.forbid(locks.MAILBOX, locks.mailbox_lock(mailbox_key))
        waiting = DataRequest.objects.filter(
            kind=Kind.ERASURE, mailbox_key=mailbox_key, closed_at__isnull=True, ordered_at__isnull=False
        )
        request = waiting.first() or DataRequest.objects.create(
            kind=Kind.ERASURE, channel=channel, mailbox_key=mailbox_key, received_at=timezone.now()
        )
        return order(request, actor="recipient")


def order(request: DataRequest, *, actor: str, user: Any = None) -> DataRequest:
    """Obey a request to be erased: no more mail from now on, and erased as soon as nothing stands in the way."""
    if request.kind != Kind.ERASURE:
        raise RequestRefused("Only a request for erasure is obeyed so.")
    with transaction.atomic():
        open_one = still_open(request.pk)
        suppression.suppress(
            bytes(open_one.mailbox_key),
            reason=Suppression.Reason.OPT_OUT,
            channel=open_one.channel,
            actor=actor,
            received_at=open_one.received_at,
        )
        if open_one.ordered_at is None:
            open_one.ordered_at = timezone.now()
            open_one.save(update_fields=["ordered_at"])
            evidence.record(
                "erasure ordered",
                actor=actor,
                subject=f"data request {open_one.pk}",
                mailbox_key=bytes(open_one.mailbox_key),
            )
        if not obstacles() and is_quick():
            _erase(open_one, actor, user)
    return open_one


def carry_out_waiting() -> int:
    """Erase whoever waits for it, if nothing stands in the way any more; returns how many."""
    waiting = DataRequest.objects.filter(closed_at__isnull=True, ordered_at__isnull=False)
    return sum(map(_carried_out, waiting.order_by("id").values_list("pk", flat=True)))


def _carried_out(number: int) -> bool:
    try:
        with transaction.atomic():
            if obstacles():
                return False
            _erase(still_open(number), "worker", None)
    except RequestRefused:  # somebody was quicker
        return False
    except (OperationalError, InterfaceError):
        raise
    except Exception as wrong:  # its own words may quote a row; the clock shows staff that it is not done
        log.error("Data request %d could not be erased: %s.", number, type(wrong).__name__)
        return False
    return True


def is_quick() -> bool:
    """Whether there is so little to look through that whoever presses the button can wait; else the sweep does it."""
    return RefusedRow.objects.all()[: AT_ONCE + 1].count() <= AT_ONCE


def obstacles() -> list[str]:
    """What keeps us from erasing anybody now, in words for the person; asked in a transaction."""
    words = []
    if holds.is_held():
        words.append(holds.FOR_A_PERSON)
    if unfinished_imports().exists() or any(_uploads()):
        words.append(
            "A file with people is being read or waits for staff to answer a question about it, for seven days at "
            "most. Erasing waits for its end, so that nobody is left in it."
        )
    return words


def _uploads() -> Iterator[Path]:
    """Files that nobody has read yet, or that a dead worker left; `importing` tidies those away within the hour."""
    return settings.UPLOAD_DIR.iterdir() if settings.UPLOAD_DIR.is_dir() else iter(())


# -- everywhere ---------------------------------------------------------------------------------------


def _erase(request: DataRequest, actor: str, user: Any) -> None:
    person = person_of(bytes(request.mailbox_key), *_named(request))
    erased: Counter[str] = Counter()
    _erase_refused_rows(person, erased)
    _erase_tests(person, erased)
    _blot_texts(person, erased)
    _empty_queues(person, erased)
    _erase_keyed(person, erased)
    request.outcome, request.closed_at, request.closed_by = Outcome.DONE, timezone.now(), user
    request.address = request.words = ""
    request.save()
    evidence.record(
        "erased",
        actor=actor,
        subject=f"data request {request.pk}",
        mailbox_key=person.mailbox_key,
        **dict(erased),
    )
    log.info("Data request %d: erased.", request.pk)


def _named(request: DataRequest) -> list[Address]:
    """The address that the person gave to staff: it need not be the one on our books."""
    try:
        return [parse(request.address)] if request.address else []
    except AddressRefused:
        return []


def _erase_refused_rows(person: Person, erased: Counter[str]) -> None:
    """The line and its kind of reason stay, so that an import's sums still add up."""
    numbers = [row.pk for row in refused_rows_of(Traces(person))]
    erased["refused_rows"] = RefusedRow.objects.filter(pk__in=numbers).update(row="", words=BY_REQUEST)


def _erase_tests(person: Person, erased: Counter[str]) -> None:
    traces = Traces(person)
    for table in (TestAddress, TestSend):
        rows = table.objects.filter(traces.maybe("email")).values_list("pk", "email")
        theirs = [number for number, email in rows if traces.name_an_address_in(email)]
        erased[table._meta.model_name or ""] = table.objects.filter(pk__in=theirs).delete()[0]


def _blot_texts(person: Person, erased: Counter[str]) -> None:
    """Wherever staff or a server may have written the person down, by the register."""
    traces = Traces(person)
    for label, kept in KEPT.items():
        if kept.text and label != "mailer.Message":
            erased["texts"] += _blot_table(apps.get_model(label), kept.text, traces)


def _blot_table(table: type[Model], columns: tuple[str, ...], traces: Traces) -> int:
    """How many rows spoke of the person, and no longer do."""
    blotted = 0
    for row in table._default_manager.filter(traces.maybe(*columns)).iterator(chunk_size=2_000):
        changed = {c: text for c in columns if (text := _blotted(getattr(row, c), traces)) != getattr(row, c)}
        if changed:
            blotted += table._default_manager.filter(pk=row.pk).update(**changed)
    return blotted


def _blotted(value: Any, traces: Traces) -> Any:
    """A text, or the texts in a column of JSON, without the person."""
    match value:
        case str():
            return traces.blotted(value)
        case list():
            return [_blotted(one, traces) for one in value]
        case dict():
            return {traces.blotted(name): _blotted(one, traces) for name, one in value.items()}
    return value


def _empty_queues(person: Person, erased: Counter[str]) -> None:
    """Tasks hold numbers; should one hold a person, it goes: what it was to do stands in tables."""
    traces = Traces(person)
    with connection.cursor() as cursor:
        cursor.execute(QUEUES)
        for (queue,) in cursor.fetchall():
            cursor.execute(f'SELECT msg_id, message::text, headers::text FROM pgmq."{queue}"')
            for number, message, headers in cursor.fetchall():
                if traces.are_in(message) or traces.are_in(headers or ""):
                    cursor.execute(f'DELETE FROM pgmq."{queue}" WHERE msg_id = %s', [number])
                    erased["tasks"] += 1


def _erase_keyed(person: Person, erased: Counter[str]) -> None:
    """Last, since the contact is what the others are found by. Places on lists go with it."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET_MESSAGES, {"keys": person.address_keys})
    theirs = {"mailbox_key": person.mailbox_key}
    erased["sign_ups"] = SignUp.objects.filter(**theirs).delete()[0]
    erased["ways_back"] = WayBack.objects.filter(**theirs).delete()[0]
    DataLink.objects.filter(**theirs).update(new_address="")
    DataLink.objects.filter(contact_id__in=[one.pk for one in person.contacts]).update(new_address="")
    DataRequest.objects.filter(**theirs, closed_at__isnull=True).exclude(kind=Kind.ERASURE).update(
        outcome=Outcome.DONE, closed_at=timezone.now(), address="", words="", reason=BY_REQUEST
    )
    Contact.objects.filter(**theirs).delete()
    erased["contacts"] = len(person.contacts)
