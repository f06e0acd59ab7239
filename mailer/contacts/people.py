"""One person at a time: by hand, from a form, or from another program."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, NamedTuple

from django.db import transaction

from mailer import evidence, suppression
from mailer.addresses import Address
from mailer.contacts import hashed
from mailer.contacts.adding import Newcomer, add_all
from mailer.contacts.leaving import LeftList
from mailer.contacts.reading.persons import address_in, name_in, written_address, zone_in
from mailer.contacts.reading.staged import Refused
from mailer.models import Contact, MailingList
from mailer.suppression import Mailable, Reason

__all__ = [
    "Done",
    "Refused",
    "Written",
    "add",
    "address_of",
    "any_address",
    "may_be_mailed",
    "put",
    "put_all",
]


NAMES = ("first_name", "last_name")


@dataclass(frozen=True, slots=True)
class Written:
    """A person as another program writes them: to be on a list, or, without one, only to be brought up to date."""

    address: str
    first_name: str = ""
    last_name: str = ""
    zone: str = ""
    list: MailingList | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """The person is on the books; `flagged` names what was odd but taken."""

    contact: int
    flagged: tuple[str, ...]


def add(
    address: Address, list: MailingList, *, source: str, first_name: str = "", last_name: str = "", actor: str
) -> Contact:
    """Put one person on our books and on a list, as `add_all` does. Raises AddressRefused and LeftList."""
    (number,) = add_all([Newcomer(address, list, source, first_name, last_name)], actor=actor)
    if isinstance(number, LeftList):
        raise number
    return Contact.objects.get(pk=number)


def put(written: Written, *, actor: str) -> Done:
    """Do what a program wrote of one person. Raises Refused."""
    (done,) = put_all([written], actor=actor)
    if isinstance(done, Refused):
        raise done
    return done


def put_all(written: Sequence[Written | Refused], *, actor: str) -> list[Done | Refused]:
    """Do what a program wrote of many, each judged by itself as a row of a file is, in their order.

    Who is to be on a list goes the way of `add_all`. Nobody comes onto the books without one, and how they came to
    it (D92). What was refused before stays so.
    """
    judged = [_judged(one) for one in written]
    done: list[Done | Refused] = []
    for kind, group in groupby(judged, key=type):
        done += _KINDS[kind](group, actor)
    return done


# -- what is written -----------------------------------------------------------------------------------


class _Joins(NamedTuple):
    newcomer: Newcomer
    flagged: tuple[str, ...]


class _Corrected(NamedTuple):
    address: Address
    said: dict[str, str]
    flagged: tuple[str, ...]


def _judged(written: Written | Refused) -> _Joins | _Corrected | Refused:
    if isinstance(written, Refused):
        return written
    flagged: Counter[str] = Counter()
    try:
        address = address_of(written.address, flagged)
        said = {name: name_in(getattr(written, name), flagged) for name in NAMES}
        said["zone"] = zone_in(written.zone)
    except Refused as refused:
        return refused
    if written.list is None:
        return _Corrected(address, said, tuple(sorted(flagged)))
    return _Joins(Newcomer(address, written.list, written.source, **said), tuple(sorted(flagged)))


def _join(joins: Iterable[_Joins], actor: str) -> list[Done | Refused]:
    group = [*joins]
    numbers = add_all([one.newcomer for one in group], actor=actor)
    return [
        Refused("left_list", str(number)) if isinstance(number, LeftList) else Done(number, one.flagged)
        for one, number in zip(group, numbers, strict=True)
    ]


def _correct(corrected: Iterable[_Corrected], actor: str) -> list[Done | Refused]:
    return [_correct_one(one, actor) for one in corrected]


def _correct_one(corrected: _Corrected, actor: str) -> Done | Refused:
    """Names and a zone that are given replace those we have; empty ones leave them."""
    given = {name: value for name, value in corrected.said.items() if value}
    key = corrected.address.address_key
    with transaction.atomic():
        contact = Contact.objects.select_for_update().filter(address_key=key).first()
        if contact is None:
            return Refused(
                "not_on_the_books",
                "Nobody is on the books under this address yet. Give a list too, and the source: how the address came "
                "to you.",
            )
        if any(getattr(contact, name) != value for name, value in given.items()):
            Contact.objects.filter(pk=contact.pk).update(**given)
            evidence.record(
                "names corrected" if given.keys() <= {*NAMES} else "contact corrected",
                actor=actor,
                subject=f"contact {contact.pk}",
                mailbox_key=corrected.address.mailbox_key,
                fields=sorted(given),
            )
    return Done(contact.pk, corrected.flagged)


def _refuse(refused: Iterable[Refused], actor: str) -> list[Done | Refused]:
    return [*refused]


_KINDS: dict[type, Callable[[Any, str], list[Done | Refused]]] = {
    _Joins: _join,
    _Corrected: _correct,
    Refused: _refuse,
}


# -- addresses -----------------------------------------------------------------------------------------


def address_of(raw: str, flagged: Counter[str] | None = None) -> Address:
    """The address in a text, if mail from here may go to such. Raises Refused."""
    return address_in(raw, Counter() if flagged is None else flagged)


def any_address(raw: str) -> Address:
    """The address in a text, whosever it is: everybody may opt out. Raises Refused."""
    return written_address(raw, Counter())


def may_be_mailed(addresses: Sequence[Address]) -> list[Mailable]:
    """What the ledger says of each, and the suppression lists that show no addresses."""
    named = hashed.named(addresses)
    return [
        replace(found, reasons=(*found.reasons, Reason.OPT_OUT.value))
        if found.address in named and Reason.OPT_OUT not in found.reasons
        else found
        for found in suppression.mailable_many(addresses)
    ]
