"""Suppression lists that show no addresses: who is behind a digest is entered in the ledger when we meet them.

The trade exchanges MD5, SHA-1 or SHA-256 of the trimmed, lower-case address. So that every question at hand-over
and snapshot is one to the ledger alone, digests are compared whenever an address comes in, and with all contacts
when a list comes in.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby, islice
from operator import itemgetter

from django.db import connection
from django.db.models import Exists, OuterRef

from mailer import locks, suppression
from mailer.addresses import Address, parse
from mailer.models import Contact, HashedOptOut, Reinstatement, VoidedImport
from mailer.suppression import Reason, Status

AT_ONCE = 10_000  # addresses that are compared in one statement

# Those of the staged people whom a list names, each with the import that brought the list.
LISTED = "CREATE TEMPORARY TABLE listed (email text, mailbox_key bytea, import_id bigint)"
ARRIVING = "SELECT email FROM arriving WHERE email IS NOT NULL"
COPY = "COPY listed FROM STDIN"
FOUND = "SELECT email, import_id FROM listed ORDER BY import_id"
ALL = (hashlib.md5, hashlib.sha1, hashlib.sha256)


def hold_people() -> None:
    """Before a list comes in: wait for those who are coming in, and hold back others until the commit."""
    locks.forbid(locks.HASHED)


def hold_lists() -> None:
    """Before people come in: wait for a list that is coming in, so that they are compared with it."""
    locks.share(locks.HASHED)


def enter_if_known(addresses: Iterable[Address], *, actor: str) -> None:
    """Enter an opt-out for those addresses that a list names by their digests, as that list's word."""
    named = _known([*addresses]) if HashedOptOut.objects.exists() else iter(())
    for import_id, known in groupby(named, key=itemgetter(1)):
        statuses = [Status(address, Reason.OPT_OUT) for address, _ in known]
        suppression.suppress_many(statuses, import_id=import_id, actor=actor)


def named(addresses: Sequence[Address]) -> set[Address]:
    """Those of these addresses that a list names by their digest."""
    return {address for address, _ in _known(addresses)} if HashedOptOut.objects.exists() else set()


def is_named_since(address: Address, moment: datetime) -> bool:
    """Whether a list that came in after `moment` names an address, whose owner has not come back from it."""
    by = [import_id for _, import_id in _known([address])]
    newer = HashedOptOut.objects.filter(import_id__in=by, recorded_at__gt=moment)
    return newer.filter(digest__in=list(_digests(address))).exists()


def note_arriving() -> None:
    """Keep aside, in the table `listed`, which of the staged people a list names."""
    with connection.cursor() as cursor:
        cursor.execute(LISTED)
    if not HashedOptOut.objects.exists():
        return
    with connection.connection.cursor(name="arriving_people") as people:
        people.execute(ARRIVING)
        found = [known for each in _batches(row[0] for row in people) for known in _known(each)]
    with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for address, import_id in found:
            copy.write_row((address.text, address.mailbox_key, import_id))


def enter_arrived(*, actor: str) -> None:
    """Enter those kept aside, each as the word of the list that names them."""
    with connection.cursor() as cursor:
        cursor.execute(FOUND)
        found = cursor.fetchall()
    for import_id, rows in groupby(found, key=itemgetter(1)):
        statuses = [Status(parse(email), Reason.OPT_OUT) for email, _ in rows]
        for start in range(0, len(statuses), AT_ONCE):
            suppression.suppress_many(statuses[start : start + AT_ONCE], import_id=import_id, actor=actor)


def contacts_found(import_id: int) -> Iterator[list[Status]]:
    """The contacts whom one list names, for the ledger, in batches."""
    emails = Contact.objects.values_list("email", flat=True).iterator(chunk_size=AT_ONCE)
    for addresses in _batches(emails):
        if found := [Status(address, Reason.OPT_OUT) for address, by in _known(addresses) if by == import_id]:
            yield found


def _batches(emails: Iterable[str]) -> Iterator[list[Address]]:
    remaining = iter(emails)
    while batch := [parse(email) for email in islice(remaining, AT_ONCE)]:
        yield batch


def _known(addresses: Sequence[Address]) -> Iterator[tuple[Address, int]]:
    """Those whom a list names, with its import, but for who has come back by their own confirmation since it came."""
    owners = {digest: address for address in addresses for digest in _digests(address)}
    voided = VoidedImport.objects.filter(import_id=OuterRef("import_id"))
    listed = HashedOptOut.objects.filter(~Exists(voided), digest__in=list(owners))
    latest: dict[tuple[Address, int], datetime] = {}
    for digest, import_id, recorded_at in listed.values_list("digest", "import_id", "recorded_at"):
        named = owners[bytes(digest)], import_id
        latest[named] = max(recorded_at, latest.get(named, recorded_at))
    for (address, import_id), recorded_at in sorted(latest.items(), key=lambda one: one[0][1]):
        back = Reinstatement.objects.filter(address_key=address.address_key, confirmed_at__gt=recorded_at)
        if not back.exists():
            yield address, import_id


def _digests(address: Address) -> Iterator[bytes]:
    written = address.text.lower().encode()
    for algorithm in ALL:
        yield algorithm(written, usedforsecurity=False).digest()
