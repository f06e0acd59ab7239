"""Opt-outs in, and the question whether addresses may be mailed. Nothing here lifts or lists what stands."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router

from mailer import evidence, suppression
from mailer.addresses import Address
from mailer.api.bodies import Mailable, MailableOut, OptOutDone, OptOutIn, QuestionIn, QuestionsIn
from mailer.api.keys import Scope, key_of, open_to
from mailer.api.problems import FieldProblem, Problem
from mailer.contacts import people

router = Router(tags=["opt-outs"])


@router.post("/opt-outs", **open_to(Scope.SUPPRESSIONS_WRITE), response=OptOutDone)
def opt_out(request: HttpRequest, said: OptOutIn) -> OptOutDone:
    """Record that somebody wants no more mail: it counts for all lists and campaigns once this is answered.

    Repeats are harmless, and are answered alike. Only the person can take it back, by confirming it by mail.
    """
    try:
        address = people.any_address(said.address)
    except people.Refused as refused:
        raise Problem(
            "refused",
            f"Nothing was recorded, since this is not an address: {refused}",
            errors=[FieldProblem(pointer="/address", code=refused.reason, detail=str(refused))],
        ) from refused
    suppression.suppress(
        address.mailbox_key,
        address_key=address.address_key,
        reason=suppression.Reason.OPT_OUT,
        channel=said.channel,
        actor=evidence.by(key_of(request)),
        received_at=_not_in_the_future(said.received_at),
    )
    return OptOutDone()


def _not_in_the_future(received_at: datetime | None) -> datetime:
    """A clock that is ahead must not hold up an opt-out."""
    now = timezone.now()
    return min(received_at, now) if received_at else now


@router.post("/mailable", **open_to(Scope.MAILABLE_READ), response=Mailable)
def mailable(request: HttpRequest, said: QuestionIn) -> Mailable:
    """Whether one address may be mailed now, and why not. A POST, so that no address stands in a URL."""
    return _answers([said.address])[0]


@router.post("/mailable/bulk", **open_to(Scope.MAILABLE_READ), response=MailableOut)
def mailable_bulk(request: HttpRequest, said: QuestionsIn) -> MailableOut:
    """The same for up to 10,000 addresses that you have; about others it says nothing."""
    return MailableOut(answers=_answers(said.addresses))


def _answers(given: Sequence[str]) -> list[Mailable]:
    read = [_read(raw) for raw in given]
    asked = iter(people.may_be_mailed([one for one in read if isinstance(one, Address)]))
    return [
        _told(raw, next(asked)) if isinstance(one, Address) else _not_an_address(raw, one)
        for raw, one in zip(given, read, strict=True)
    ]


def _read(raw: str) -> Address | people.Refused:
    try:
        return people.address_of(raw, Counter())
    except people.Refused as refused:
        return refused


def _told(raw: str, found: suppression.Mailable) -> Mailable:
    return Mailable(address=raw, mailable=bool(found), reasons=list(found.reasons))


def _not_an_address(raw: str, refused: people.Refused) -> Mailable:
    return Mailable(address=raw, mailable=False, reasons=[refused.reason], detail=str(refused))
