"""People onto our books and onto lists: one or a thousand, in sets, in one transaction.

Contacts are locked in the order of their keys, and what lists of digests say is entered last, as an import does: so
that neither waits for the other in a circle.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from mailer import evidence
from mailer.addresses import Address, AddressRefused, is_ascii
from mailer.contacts import hashed, leaving
from mailer.contacts.leaving import LeftList
from mailer.models import MailingList

# Names and zones that we have stay unless others are given; a row that says nothing new is not written again.
CONTACTS = """
INSERT INTO mailer_contact AS known (email, address_key, mailbox_key, first_name, last_name, zone)
SELECT * FROM unnest(%s::text[], %s::bytea[], %s::bytea[], %s::text[], %s::text[], %s::text[])
    AS given (email, address_key, mailbox_key, first_name, last_name, zone)
ORDER BY address_key
ON CONFLICT (address_key) DO UPDATE
SET first_name = coalesce(nullif(EXCLUDED.first_name, ''), known.first_name),
    last_name = coalesce(nullif(EXCLUDED.last_name, ''), known.last_name),
    zone = coalesce(nullif(EXCLUDED.zone, ''), known.zone)
WHERE EXCLUDED.first_name NOT IN ('', known.first_name) OR EXCLUDED.last_name NOT IN ('', known.last_name)
   OR EXCLUDED.zone NOT IN ('', known.zone)
RETURNING address_key, xmax = 0 AS is_new
"""
NUMBERS = "SELECT address_key, id FROM mailer_contact WHERE address_key = ANY(%s)"

# The first source of a place stays.
PLACES = """
INSERT INTO mailer_subscription (contact_id, list_id, source)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS given (contact_id, list_id, source)
ORDER BY contact_id, list_id
ON CONFLICT (list_id, contact_id) DO NOTHING
RETURNING contact_id, list_id
"""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody to be on a list, with where the address came from."""

    address: Address
    list: MailingList
    source: str
    first_name: str = ""
    last_name: str = ""
    zone: str = ""


def add_all(newcomers: Sequence[Newcomer], *, actor: str) -> list[int | LeftList]:
    """Put people on our books and on lists; repeats are harmless. Raises AddressRefused.

    Returns each one's number, or why not: who left a list stays off it. Who has opted out stays opted out: this
    puts nobody past the ledger.
    """
    if not all(is_ascii(one.address.text) for one in newcomers):
        raise AddressRefused("Mail servers can't carry letters beyond a–z before the @-sign yet.")
    left = leaving.have_left([(one.address, one.list) for one in newcomers])
    staying = [one for one, is_gone in zip(newcomers, left, strict=True) if not is_gone]
    with transaction.atomic():
        hashed.hold_lists()
        numbers, new = _contacts(staying)
        places = _places(staying, numbers)
        _tell(staying, new, numbers, places, actor)
        hashed.enter_if_known({one.address for one in staying}, actor=actor)
    return [
        LeftList() if is_gone else numbers[one.address.address_key]
        for one, is_gone in zip(newcomers, left, strict=True)
    ]


def _contacts(newcomers: Iterable[Newcomer]) -> tuple[dict[bytes, int], set[bytes]]:
    """The numbers of all, and the keys of those who are new."""
    rows: dict[bytes, tuple[str, bytes, bytes, str, str, str]] = {}
    for one in newcomers:
        address = one.address
        email, _, _, first, last, zone = rows.get(address.address_key, (address.text, b"", b"", "", "", ""))
        # of the same person twice, what was said later
        said = (one.first_name or first, one.last_name or last, one.zone or zone)
        rows[address.address_key] = (email, address.address_key, address.mailbox_key, *said)
    with connection.cursor() as cursor:
        cursor.execute(CONTACTS, [list(column) for column in zip(*rows.values(), strict=True)] or [[]] * 6)
        new = {bytes(key) for key, is_new in cursor.fetchall() if is_new}
        cursor.execute(NUMBERS, [list(rows)])
        return {bytes(key): number for key, number in cursor.fetchall()}, new


def _places(newcomers: Iterable[Newcomer], numbers: dict[bytes, int]) -> set[tuple[int, int]]:
    """The places that are new."""
    sources: dict[tuple[int, int], str] = {}
    for one in newcomers:
        sources.setdefault((numbers[one.address.address_key], one.list.pk), one.source)
    with connection.cursor() as cursor:
        cursor.execute(
            PLACES,
            [[contact for contact, _ in sources], [on for _, on in sources], list(sources.values())],
        )
        return set(cursor.fetchall())


def _tell(
    newcomers: Iterable[Newcomer],
    new: set[bytes],
    numbers: dict[bytes, int],
    places: set[tuple[int, int]],
    actor: str,
) -> None:
    """One row of evidence for each; of the same person twice, the first is the new one."""
    acts = []
    for one in newcomers:
        key, place = one.address.address_key, (numbers[one.address.address_key], one.list.pk)
        acts.append(
            evidence.Act(
                "added to list",
                actor=actor,
                subject=f"list {one.list.pk}",
                mailbox_key=one.address.mailbox_key,
                details={"source": one.source, "new_contact": key in new, "new_on_list": place in places},
            )
        )
        new.discard(key)
        places.discard(place)
    evidence.record_all(acts)
