"""The mails that lead to one's own data: asked for on a page, sent by `dispatch`, one a day at most.

Only who reads the mailbox comes to what is behind them; whoever else asks can do no more than have one mail sent.
"""

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from mailer import evidence, locks, suppression
from mailer.addresses import Address, AddressRefused, is_ascii, parse
from mailer.contacts import hashed, leaving
from mailer.models import Contact, DataLink, Subscription, Suppression

ONE_MAIL_IN = timedelta(hours=24)
Purpose = DataLink.Purpose
# What a change of address must not shake off; a bounce was about the old mailbox.
GOES_WITH_THE_PERSON = (Suppression.Reason.OPT_OUT, Suppression.Reason.COMPLAINT)

# Of several addresses of one mailbox, the one that the campaign's mail went to: its reader is who asks.
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


class NewAddressRefused(ValueError):
    """Mail can't be sent to this address; the message says why, for its owner."""


def ask(mailbox_key: bytes, campaign: int | None = None) -> DataLink | None:
    """Note that the reader of a mailbox wants the link to their data.

    None where nobody here has this mailbox, or a link was asked for within the last 24 hours. Whoever asks must
    not learn which.
    """
    with transaction.atomic():
        locks.forbid(locks.MAILBOX, locks.mailbox_lock(mailbox_key))
        with connection.cursor() as cursor:
            cursor.execute(ADDRESSED, {"mailbox": mailbox_key, "campaign": campaign or 0})
            found = cursor.fetchone()
        if found is None or _lately(mailbox_key=mailbox_key, purpose=Purpose.DATA):
            return None
        return _noted(Purpose.DATA, mailbox_key, found[0], campaign=campaign)


def ask_address(contact: Contact, raw: str, campaign: int | None = None) -> DataLink | None:
    """Note that a person wants to be known by another address; its reader must confirm that first.

    None where one was asked for within the last 24 hours, by this person or for this mailbox. Raises
    NewAddressRefused.
    """
    address = _carried(raw)
    with transaction.atomic():
        locks.forbid(locks.MAILBOX, locks.mailbox_lock(address.mailbox_key))
        recent = {"purpose": Purpose.ADDRESS}
        if _lately(contact_id=contact.pk, **recent) or _lately(mailbox_key=address.mailbox_key, **recent):
            return None
        return _noted(
            Purpose.ADDRESS, address.mailbox_key, contact.pk, campaign=campaign, new_address=address.text
        )


def _carried(raw: str) -> Address:
    try:
        address = parse(raw)
    except AddressRefused as wrong:
        raise NewAddressRefused(str(wrong)) from None
    if not is_ascii(address.text):
        raise NewAddressRefused("Mail servers can't carry letters beyond a–z before the @-sign yet.")
    return address


def _lately(**of: object) -> bool:
    return DataLink.objects.filter(**of, requested_at__gt=timezone.now() - ONE_MAIL_IN).exists()


def _noted(
    purpose: str, mailbox_key: bytes, contact: int, *, campaign: int | None, new_address: str = ""
) -> DataLink:
    link = DataLink.objects.create(
        purpose=purpose,
        mailbox_key=mailbox_key,
        contact_id=contact,
        campaign_number=campaign,
        new_address=new_address,
    )
    evidence.record(
        "data link asked",
        actor="recipient",
        subject=f"data link {link.pk}",
        mailbox_key=mailbox_key,
        purpose=purpose,
    )
    return link


def person_behind(link: DataLink) -> Contact | None:
    """Whose data it is, while they are on our books; a link to their data is good for their mailbox only."""
    found = Contact.objects.filter(pk=link.contact_id)
    if link.purpose == Purpose.DATA:
        found = found.filter(mailbox_key=bytes(link.mailbox_key))
    return found.first()


def confirm_address(number: int) -> Contact | None:
    """The reader of the new mailbox confirms it: the person is known by it from now on, with all places on lists.

    An opt-out goes with the person, and so do the lists they left. Another address is another contact: address and
    keys belong together, and messages under way to the old one are withheld. None where the person is gone
    meanwhile. Once only.
    """
    with transaction.atomic():
        link = DataLink.objects.select_for_update().get(pk=number)
        old = person_behind(link)
        if link.confirmed_at is not None or old is None or not link.new_address:
            return None
        address = parse(link.new_address)
        _take_opt_outs_along(old, address)
        new = _moved(old, address)
        _take_left_lists_along(old, new)
        link.confirmed_at, link.new_address = timezone.now(), ""
        link.save(update_fields=["confirmed_at", "new_address"])
        for contact, verb in ((old, "address corrected"), (new, "address confirmed")):
            evidence.record(
                verb,
                actor="recipient",
                subject=f"data link {link.pk}",
                mailbox_key=bytes(contact.mailbox_key),
            )
        if new.pk != old.pk:
            old.delete()
    return new


def _take_opt_outs_along(old: Contact, address: Address) -> None:
    hashed.hold_lists()
    hashed.enter_if_known([address], actor="recipient")
    for reason in suppression.mailable(parse(old.email)).reasons:
        if reason in GOES_WITH_THE_PERSON:
            suppression.suppress(
                address.mailbox_key,
                reason=reason,
                channel=Suppression.Channel.DATA_PAGE,
                actor="recipient",
                address_key=address.address_key,
            )


def _take_left_lists_along(old: Contact, new: Contact) -> None:
    """But for those on which the new address had a place of its own."""
    left = leaving.places_of(bytes(old.mailbox_key)).left
    on = leaving.places_of(bytes(new.mailbox_key)).on
    if gone := [one for one in left if one not in on]:
        leaving.leave(bytes(new.mailbox_key), gone, actor="recipient")


def _moved(old: Contact, address: Address) -> Contact:
    """The contact of the new address, with names, time zone and places of the old one; places it had already stay."""
    new, _ = Contact.objects.get_or_create(
        address_key=address.address_key,
        defaults={
            "email": address.text,
            "mailbox_key": address.mailbox_key,
            "first_name": old.first_name,
            "last_name": old.last_name,
            "zone": old.zone,
        },
    )
    if new.pk != old.pk:
        there = Subscription.objects.filter(contact=new).values("list")
        Subscription.objects.filter(contact=old).exclude(list__in=there).update(contact=new)
    return new
