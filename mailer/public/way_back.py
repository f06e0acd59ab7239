"""The way back, after an opt-out or to a list that was left: asked for on a page, confirmed from a mail, by POST (D63).

Only the person who reads the mailbox can go the whole way, so whoever else holds the link can do no more
than have one mail sent a day.
"""

from collections.abc import Sequence

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from mailer import addresses, evidence, locks, suppression, tasks, tokens
from mailer.contacts import joining, leaving
from mailer.models import Contact, MailingList, WayBack
from mailer.public import names, pages
from mailer.tokens import DamagedToken, ExpiredWayBack, OptOutToken

# Of several addresses of one mailbox, the one that the campaign's mail went to: it is the one confirmed.
ADDRESSED = """
SELECT contact.id
FROM mailer_contact AS contact
WHERE contact.mailbox_key = %(mailbox)s
ORDER BY EXISTS (
    SELECT FROM mailer_message AS message
    WHERE message.campaign_id = %(campaign)s AND message.address_key = contact.address_key
      AND message.state <> 'withheld') DESC, contact.id
LIMIT 1
"""


def question(request: HttpRequest, text: str) -> HttpResponse:
    """What stands behind /u/<token>/back: GET asks, POST asks for the mail. The same words in every case."""
    try:
        token = tokens.read(text)
    except DamagedToken:
        return pages.damaged()
    if pages.only_looks(request):
        return pages.page("way_back", names=names.names_of(token))
    ask(token)
    return pages.page("way_back_asked")


def ask(
    token: OptOutToken, *, joins: Sequence[MailingList] = (), leaves: Sequence[MailingList] = ()
) -> WayBack | None:
    """Note that the person behind a link wants the confirmation mail, and wake `dispatch`, which sends it.

    `joins` are the lists they want to be on, `leaves` those they don't; without them it is all they were on.
    None where there is nothing to confirm or nobody to write to, or where a mail was asked for within
    the last 24 hours.
    """
    suppression.assert_ledger()
    with transaction.atomic():
        locks.forbid(locks.MAILBOX, locks.mailbox_lock(token.mailbox_key))
        contact = addressed(token)
        if contact is None or _asked_lately(token):
            return None
        if not joins and suppression.mailable(addresses.parse(contact.email)):
            return None
        asked = WayBack.objects.create(
            mailbox_key=token.mailbox_key,
            contact_id=contact.pk,
            campaign_number=token.campaign,
            lifts_opt_out=not joins
            or suppression.has_opted_out(token.mailbox_key, bytes(contact.address_key)),
            joins=[one.slug for one in joins],
            leaves=[one.slug for one in leaves],
        )
        evidence.record("way back asked", actor="recipient", mailbox_key=token.mailbox_key, way_back=asked.pk)
        tasks.nudge_ways_back()
    return asked


def addressed(token: OptOutToken) -> Contact | None:
    """The contact that a link speaks for, if there still is one."""
    with connection.cursor() as cursor:
        cursor.execute(ADDRESSED, {"mailbox": token.mailbox_key, "campaign": token.campaign})
        found = cursor.fetchone()
    return Contact.objects.filter(pk=found[0]).first() if found else None


def _asked_lately(token: OptOutToken) -> bool:
    """Here, or on a sign-up form since the opt-out: one mail a day to who has opted out (A18)."""
    here = WayBack.objects.filter(
        mailbox_key=token.mailbox_key, requested_at__gt=timezone.now() - joining.ONE_MAIL_IN
    )
    return here.exists() or joining.asked_since_opting_out(token.mailbox_key)


def confirmation(request: HttpRequest, text: str) -> HttpResponse:
    """What stands behind the confirmation mail's link: GET asks once more, POST lifts the opt-out."""
    try:
        number = tokens.read_way_back(text)
    except ExpiredWayBack:
        return pages.page("way_back_expired", status=410, days=tokens.WAY_BACK_AGE.days)
    except DamagedToken:
        return pages.damaged()
    way_back = WayBack.objects.filter(pk=number).first()
    if way_back is None:
        return pages.damaged()
    contact = Contact.objects.filter(pk=way_back.contact_id, mailbox_key=way_back.mailbox_key).first()
    known = names.names_for(contact.email if contact else None)
    if pages.only_looks(request):
        asked = names.in_words(way_back.requested_at)
        return pages.page(
            "confirm",
            names=known,
            asked=asked,
            is_out=way_back.lifts_opt_out,
            joins=named(way_back.joins),
            leaves=named(way_back.leaves),
        )
    if contact is None:
        return pages.page("gone")
    return _confirmed(number, contact, known)


def _confirmed(number: int, contact: Contact, known: names.Names) -> HttpResponse:
    way_back = confirm(number, contact)
    if way_back.confirmed_at is None:
        return pages.page("overtaken", names=known)
    address, joins = addresses.parse(contact.email), named(way_back.joins)
    came_back = suppression.mailable(address) and not any(leaving.has_left(address, one) for one in joins)
    return pages.page(
        "back" if came_back else "used",
        names=known,
        joins=joins,
        confirmed=names.in_words(way_back.confirmed_at),
    )


def confirm(number: int, contact: Contact) -> WayBack:
    """Lift what stands against the contact's exact address: once, so that an opt-out or leaving after it stays.

    Somebody who only wanted a list back, and opted out of everything since, is not brought back by it.
    """
    with transaction.atomic():
        way_back = WayBack.objects.select_for_update().get(pk=number)
        if way_back.confirmed_at is None and not _is_overtaken(way_back, contact):
            if way_back.lifts_opt_out:
                suppression.reinstate(addresses.parse(contact.email), requested_at=way_back.requested_at)
            if way_back.joins:
                _choose_lists(way_back, contact)
            way_back.confirmed_at = timezone.now()
            way_back.save(update_fields=["confirmed_at"])
    return way_back


def _is_overtaken(way_back: WayBack, contact: Contact) -> bool:
    return not way_back.lifts_opt_out and suppression.has_opted_out(
        bytes(contact.mailbox_key), bytes(contact.address_key)
    )


def _choose_lists(way_back: WayBack, contact: Contact) -> None:
    if unwanted := named(way_back.leaves):
        leaving.leave(
            bytes(contact.mailbox_key), unwanted, actor="recipient", campaign=way_back.campaign_number
        )
    leaving.come_back(contact, named(way_back.joins), requested_at=way_back.requested_at)


def named(slugs: Sequence[str]) -> list[MailingList]:
    """The lists of these slugs that are still there, by name."""
    return list(MailingList.objects.filter(slug__in=slugs))
