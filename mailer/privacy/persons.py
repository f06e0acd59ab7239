"""Who is meant: one mailbox, with every address and name under which its owner is known here."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import idna
from django.db import models

from mailer import addresses
from mailer.addresses import Address
from mailer.contacts import importing
from mailer.models import Contact, Import, RefusedRow, Suppression

# What could be an address in a text; the parser then says whether it is one.
LIKE_AN_ADDRESS = re.compile(r"[^\s,;:|<>()\[\]\"]+@[^\s,;:|<>()\[\]\"]+")
ERASED = "…"


@dataclass(frozen=True, slots=True)
class Person:
    """The owner of one mailbox. No addresses are known of somebody who was never on our books, or is gone."""

    mailbox_key: bytes
    contacts: tuple[Contact, ...]
    addresses: tuple[Address, ...]

    @property
    def address_keys(self) -> list[bytes]:
        """Every exact address of the mailbox that any table knows."""
        entered = Suppression.objects.filter(mailbox_key=self.mailbox_key, address_key__isnull=False)
        known = {bytes(key) for key in entered.values_list("address_key", flat=True) if key}
        return sorted(known | {address.address_key for address in self.addresses})

    @property
    def full_names(self) -> set[tuple[str, str]]:
        """First and last names together; one alone is many people's."""
        return {
            (contact.first_name.strip(), contact.last_name.strip())
            for contact in self.contacts
            if contact.first_name.strip() and contact.last_name.strip()
        }


def person_of(mailbox_key: bytes, *given: Address) -> Person:
    """The owner of a mailbox; `given` are addresses of it that the person or staff named."""
    contacts = tuple(Contact.objects.filter(mailbox_key=mailbox_key).order_by("id"))
    known = {address.exact: address for address in (*map(_address, contacts), *given)}
    return Person(mailbox_key, contacts, tuple(known.values()))


def _address(contact: Contact) -> Address:
    return addresses.parse(contact.email)


class Traces:
    """Finds a person in texts: their addresses however written or damaged, and their full name."""

    def __init__(self, person: Person) -> None:
        self._mailbox_key = person.mailbox_key
        self._forms = _any_of(_damaged(form) for form in _forms(person))
        self._full_names = [(_word(first), _word(last)) for first, last in sorted(person.full_names)]
        self._names = _any_of(
            pattern for first, last in person.full_names for pattern in _in_either_order(first, last)
        )
        self._parts = sorted(
            {(label, _core(form)) for form in _forms(person) for label in _telling_labels(form)}
        )
        self._whole_names = sorted(person.full_names)

    def are_in(self, row: str) -> bool:
        """Whether the row of a file speaks of the person: an address of theirs, or first and last name in any cells."""
        return self.name_an_address_in(row) or any(
            first.search(row) and last.search(row) for first, last in self._full_names
        )

    def name_an_address_in(self, text: str) -> bool:
        """Whether it holds an address of the person's mailbox, whole or damaged."""
        if self._forms and self._forms.search(text):
            return True
        return any(self._is_theirs(found) for found in LIKE_AN_ADDRESS.findall(text))

    def blotted(self, text: str) -> str:
        """The text without the person."""
        for pattern in (self._forms, self._names):
            text = pattern.sub(ERASED, text) if pattern else text
        return LIKE_AN_ADDRESS.sub(lambda found: ERASED if self._is_theirs(found[0]) else found[0], text)

    def maybe(self, *columns: str) -> models.Q:
        """A condition that PostgreSQL can ask, true of every row in which they could be, and of few others.

        Without it a million refused rows of one big provider would be read here, one by one.
        """
        asked = models.Q()
        for column in columns:
            for label, local in self._parts:
                asked |= models.Q(**{f"{column}__icontains": label, f"{column}__iregex": local})
            for first, last in self._whole_names:
                asked |= models.Q(**{f"{column}__icontains": first}) & models.Q(
                    **{f"{column}__icontains": last}
                )
            if not self._parts:
                asked |= models.Q(**{f"{column}__contains": "@"})
        return asked

    def _is_theirs(self, found: str) -> bool:
        if "@" not in found:
            return False
        try:
            return addresses.parse(found.strip(".'*<>")).mailbox_key == self._mailbox_key
        except addresses.AddressRefused:
            return False


def refused_rows_of(traces: Traces, imports: Iterable[int] = ()) -> Iterator[RefusedRow]:
    """The refused rows that speak of the person, of some imports or of all."""
    rows = RefusedRow.objects.filter(traces.maybe("row", "words"))
    if imports:
        rows = rows.filter(of__in=imports)
    for row in rows.order_by("id").iterator(chunk_size=2_000):
        if traces.are_in(row.row) or traces.are_in(row.words):
            yield row


def unfinished_imports() -> models.QuerySet[Import]:
    """Files that may hold anybody, and are still to be read or wait for an answer."""
    return Import.objects.filter(state__in=[*importing.UNFINISHED, *importing.OPEN])


def _forms(person: Person) -> set[str]:
    forms = {form for one in person.addresses for form in (one.text, one.exact, one.mailbox)}
    return forms | {unicode for form in forms if (unicode := _with_unicode_domain(form))}


def _with_unicode_domain(form: str) -> str:
    local, _, domain = form.rpartition("@")
    try:
        return f"{local}@{idna.decode(domain)}"
    except idna.IDNAError:
        return ""


def _damaged(form: str) -> str:
    """The address with what people and spreadsheets do to it: “dana @example,org”, “dana@@example.org”, “%40”."""
    local, _, domain = form.rpartition("@")
    dotted = r"\s{0,2}[.,;]{1,2}\s{0,2}".join(map(re.escape, domain.split(".")))
    return (
        rf"(?<![\w.+-]){re.escape(local)}\s{{0,2}}(?:@|%40|\(at\)|\[at\]|\s)+\s{{0,2}}{dotted}(?![\w-]|\.\w)"
    )


def _in_either_order(first: str, last: str) -> Iterator[str]:
    """“Dana Miller” and “Miller, Dana”."""
    apart = r"[\s,;|\"]{1,8}"
    for one, other in ((first, last), (last, first)):
        yield rf"(?<!\w){re.escape(one)}{apart}{re.escape(other)}(?!\w)"


def _any_of(patterns: Iterable[str]) -> re.Pattern[str] | None:
    all_of_them = "|".join(sorted(patterns, key=len, reverse=True))
    return re.compile(all_of_them, re.IGNORECASE) if all_of_them else None


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)


def _core(form: str) -> str:
    """What every spelling of the mailbox has before the @-sign, as an expression: a Gmail dot may stand anywhere."""
    local, _, domain = form.rpartition("@")
    if local.startswith('"'):
        return re.escape(local)
    bare = local.partition("+")[0] or local
    if domain.lower() in addresses.GMAIL_DOMAINS:
        return r"\.?".join(re.escape(letter) for letter in bare if letter != ".") or re.escape(bare)
    return re.escape(bare)


def _telling_labels(form: str) -> set[str]:
    """The longest part of the domain: rows in which the address stands have it, however damaged the rest is."""
    domain = form.rpartition("@")[2]
    domains = addresses.GMAIL_DOMAINS if domain in addresses.GMAIL_DOMAINS else {domain}
    return {max(one.split("."), key=len) for one in domains}
