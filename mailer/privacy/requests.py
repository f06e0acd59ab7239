"""Persons' requests and their clock: received, answered or refused with a reason, within 30 days (GDPR 12(3))."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from mailer import evidence, suppression
from mailer.addresses import Address
from mailer.models import DataRequest, Suppression

Kind = DataRequest.Kind
Outcome = DataRequest.Outcome


class RequestRefused(ValueError):
    """This can't be done with the request; the message says why."""


def receive(
    kind: str,
    address: Address,
    *,
    channel: str,
    received_at: datetime,
    words: str = "",
    user: Any = None,
) -> DataRequest:
    """Note a request that reached staff. The clock runs from when it was received, not from now."""
    if received_at > timezone.now():
        raise RequestRefused("A request can't have been received in the future.")
    with transaction.atomic():
        request = DataRequest.objects.create(
            kind=kind,
            channel=channel,
            mailbox_key=address.mailbox_key,
            address=address.text,
            words=words,
            received_at=received_at,
            entered_by=user,
        )
        _tell("data request received", request, evidence.by(user), channel=channel, received_at=received_at)
    return request


def close(request: DataRequest, *, user: Any) -> DataRequest:
    """Say that the person has been answered. Address and words are forgotten. Raises RequestRefused."""
    return _close(request, Outcome.DONE, "", user)


def refuse(request: DataRequest, reason: str, *, user: Any) -> DataRequest:
    """Close it without doing what was asked; the person must be told the reason (GDPR 12(4))."""
    if not reason.strip():
        raise RequestRefused("A refusal needs a reason: the person has a right to it.")
    return _close(request, Outcome.REFUSED, reason.strip(), user)


def obey_objection(request: DataRequest, *, user: Any) -> DataRequest:
    """An objection to the use for marketing is absolute (GDPR 21(3)): it enters the ledger as an opt-out."""
    if request.kind != Kind.OBJECTION:
        raise RequestRefused("Only an objection is obeyed so.")
    with transaction.atomic():
        suppression.suppress(
            bytes(request.mailbox_key),
            reason=Suppression.Reason.OPT_OUT,
            channel=request.channel,
            actor=evidence.by(user),
            received_at=request.received_at,
        )
        return close(request, user=user)


def tell_exported(request: DataRequest, *, user: Any) -> None:
    """Staff took a person's data out of here: who and when is kept."""
    with transaction.atomic():
        _tell("data exported", request, evidence.by(user))


def open_requests() -> QuerySet[DataRequest]:
    """What is still to be answered, the most urgent first."""
    return DataRequest.objects.filter(closed_at__isnull=True).order_by("received_at", "id")


def still_open(number: int) -> DataRequest:
    """The request, locked until commit. Raises RequestRefused if it has been closed."""
    request = DataRequest.objects.select_for_update().get(pk=number)
    if request.closed_at is not None:
        raise RequestRefused("This request has been closed meanwhile.")
    return request


def _close(request: DataRequest, outcome: str, reason: str, user: Any) -> DataRequest:
    with transaction.atomic():
        open_one = still_open(request.pk)
        open_one.outcome, open_one.reason = outcome, reason
        open_one.closed_at, open_one.closed_by = timezone.now(), user
        open_one.address = open_one.words = ""
        open_one.save()
        _tell("data request closed", open_one, evidence.by(user), outcome=outcome)
    return open_one


def _tell(verb: str, request: DataRequest, actor: str, **details: Any) -> None:
    said = {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in details.items()
    }
    evidence.record(
        verb,
        actor=actor,
        subject=f"data request {request.pk}",
        mailbox_key=bytes(request.mailbox_key),
        kind=request.kind,
        **said,
    )
