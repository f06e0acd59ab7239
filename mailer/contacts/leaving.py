"""Leaving a list, and coming back to it: the person's own two verbs.

Leaving is no opt-out: mail to other lists goes on. But it is a promise all the same: who left a list stays off it,
whoever imports or adds them again, until they themselves come back and confirm it by mail. So what is left is kept
apart from the places, by mailbox and by the list's slug, and is asked at snapshot, claim and hand-over.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from mailer import evidence, locks
from mailer.addresses import Address
from mailer.models import Contact, ListLeaving, ListReturn, MailingList, Subscription

# Whether the owner of a row, which has mailbox_key and address_key, has left a list and not come back with that
# address. SQL, since it is asked inside the statements that snapshot, claim and hand over.
LEFT = """
EXISTS (
    SELECT FROM mailer_listleaving AS leaving
    WHERE leaving.mailbox_key = {row}.mailbox_key AND leaving.list_slug = {slug}
      AND NOT EXISTS (
          SELECT FROM mailer_listreturn AS back
          WHERE back.mailbox_key = leaving.mailbox_key AND back.list_slug = leaving.list_slug
            AND back.address_key = {row}.address_key AND back.up_to >= leaving.id))
"""

HAVE_LEFT = f"""
SELECT {LEFT.format(row="given", slug="given.slug")}
FROM unnest(%s::bytea[], %s::bytea[], %s::text[]) WITH ORDINALITY AS given (mailbox_key, address_key, slug, number)
ORDER BY number
"""


class LeftList(ValueError):
    """This person left the list themselves, so nobody else puts them back; the message is for a marketer."""

    def __init__(self) -> None:
        super().__init__(
            "This person has left the list, so nobody else can put them on it again. They can come back by themselves: "
            "through the link “Choose which lists … you are on” at the end of any email, and a confirmation."
        )


@dataclass(frozen=True, slots=True)
class Places:
    """The lists of a mailbox: those it is on, and those it left that are still there."""

    on: tuple[MailingList, ...] = ()
    left: tuple[MailingList, ...] = ()

    @property
    def all(self) -> tuple[MailingList, ...]:
        return tuple(sorted((*self.on, *self.left), key=lambda one: (one.name.casefold(), one.pk)))


def left_sql(row: str, slug: str) -> str:
    """The condition that the mailbox of a row has left the list whose slug is `slug`, both as SQL names them."""
    return LEFT.format(row=row, slug=slug)


def places_of(mailbox_key: bytes) -> Places:
    """All that a mailbox is on or has left, at whichever of its addresses."""
    left = _left_by(mailbox_key)
    on = MailingList.objects.filter(subscriptions__contact__mailbox_key=mailbox_key).exclude(slug__in=left)
    return Places(tuple(on.distinct()), tuple(MailingList.objects.filter(slug__in=left)))


def has_left(address: Address, list: MailingList) -> bool:
    """Whether an address must not be put on a list, because the owner of its mailbox left it."""
    last = last_leaving(address.mailbox_key, list.slug)
    return (
        last is not None
        and not _returns(address.mailbox_key, list.slug, last)
        .filter(address_key=address.address_key)
        .exists()
    )


def have_left(places: Sequence[tuple[Address, MailingList]]) -> list[bool]:
    """The same of many addresses and lists at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            HAVE_LEFT,
            [
                [address.mailbox_key for address, _ in places],
                [address.address_key for address, _ in places],
                [one.slug for _, one in places],
            ],
        )
        return [is_gone for (is_gone,) in cursor.fetchall()]


def leave(
    mailbox_key: bytes,
    lists: Sequence[MailingList],
    *,
    actor: str,
    campaign: int | None = None,
    received_at: datetime | None = None,
) -> None:
    """Take a mailbox off these lists, at all its addresses. When this returns, no hand-over for them begins.

    Repeats are harmless. Waits for hand-overs to this mailbox that have begun. One row of evidence, which keeps
    where each place came from.
    """
    with transaction.atomic():
        locks.forbid(locks.MAILBOX, locks.mailbox_lock(mailbox_key))
        left = _left_by(mailbox_key)
        new = ListLeaving.objects.bulk_create(
            ListLeaving(
                mailbox_key=mailbox_key,
                list_slug=one.slug,
                campaign_number=campaign,
                received_at=received_at or timezone.now(),
            )
            for one in lists
            if one.slug not in left
        )
        places = Subscription.objects.filter(list__in=lists, contact__mailbox_key=mailbox_key).order_by("id")
        gone = [_in_evidence(place) for place in places]
        places.delete()
        if new or gone:
            evidence.record(
                "left lists",
                actor=actor,
                mailbox_key=mailbox_key,
                lists=[one.pk for one in lists],
                campaign=campaign,
                places=gone,
            )


def come_back(contact: Contact, lists: Iterable[MailingList], *, requested_at: datetime) -> None:
    """Put a contact on lists, because the reader of its mailbox asked for it and then confirmed it by POST.

    Lifts that they left these lists, for this exact address. It lifts no opt-out.
    """
    with transaction.atomic():
        mailbox_key, address_key = bytes(contact.mailbox_key), bytes(contact.address_key)
        locks.forbid(locks.MAILBOX, locks.mailbox_lock(mailbox_key))
        joined = []
        for one in lists:
            lift(mailbox_key, address_key, one, requested_at=requested_at)
            Subscription.objects.get_or_create(
                list=one, contact=contact, defaults={"source": Subscription.Source.FORM}
            )
            joined.append(one.pk)
        evidence.record(
            "came back to lists",
            actor="recipient",
            mailbox_key=mailbox_key,
            lists=joined,
            requested_at=requested_at.isoformat(),
        )


def lift(mailbox_key: bytes, address_key: bytes, list: MailingList, *, requested_at: datetime) -> bool:
    """Note that whoever left a list wants to be on it again, with one address; returns whether they had left it.

    For who holds the mailbox's lock and has the person's confirmed word.
    """
    last = last_leaving(mailbox_key, list.slug)
    if last is None or _returns(mailbox_key, list.slug, last).filter(address_key=address_key).exists():
        return False
    ListReturn.objects.create(
        mailbox_key=mailbox_key,
        address_key=address_key,
        list_slug=list.slug,
        up_to=last,
        requested_at=requested_at,
    )
    return True


def _left_by(mailbox_key: bytes) -> set[str]:
    """Slugs of the lists that a mailbox left, and to which none of its addresses came back since."""
    slugs = ListLeaving.objects.filter(mailbox_key=mailbox_key).values_list("list_slug", "id")
    last = dict(slugs.order_by("id"))  # of each list, the latest
    return {slug for slug, number in last.items() if not _returns(mailbox_key, slug, number).exists()}


def last_leaving(mailbox_key: bytes, slug: str) -> int | None:
    """The number of the last time that a mailbox left a list, whether or not it came back since."""
    leavings = ListLeaving.objects.filter(mailbox_key=mailbox_key, list_slug=slug)
    return leavings.order_by("-id").values_list("id", flat=True).first()


def _returns(mailbox_key: bytes, slug: str, leaving: int):
    return ListReturn.objects.filter(mailbox_key=mailbox_key, list_slug=slug, up_to__gte=leaving)


def _in_evidence(place: Subscription) -> dict[str, object]:
    return {
        "list": place.list_id,
        "contact": place.contact_id,
        "source": place.source,
        "import": place.import_id,
        "subscribed_at": place.subscribed_at.isoformat(),
    }
