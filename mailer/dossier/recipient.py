"""The facts of one recipient: on what ground they were mailed, what went to them, and what became of their word."""

from collections.abc import Iterator
from typing import Any

from mailer import suppression
from mailer.addresses import Address
from mailer.dossier import acts, tables
from mailer.dossier.people import cleared, named
from mailer.models import (
    Campaign,
    Consent,
    Contact,
    Import,
    ListLeaving,
    ListReturn,
    Reinstatement,
    Subscription,
    Suppression,
)

# Campaign by campaign, each asked by its whole key (as the data page does): no index that every snapshot would pay.
MESSAGES = f"""
WITH RECURSIVE numbers AS (
    SELECT min(campaign_id) AS number FROM mailer_message
    UNION ALL
    SELECT (SELECT min(campaign_id) FROM mailer_message WHERE campaign_id > number) FROM numbers
    WHERE number IS NOT NULL)
SELECT message.campaign_id AS campaign, encode(message.address_key, 'hex') AS recipient, message.state,
       message.reason, message.attempts, {tables.utc("message.handed_over_at")} AS handed_over_at,
       {tables.utc("message.settled_at")} AS settled_at, encode(message.sha256, 'hex') AS sha256,
       (SELECT min(against.id) FROM mailer_suppression AS against
        WHERE against.mailbox_key = message.mailbox_key AND against.reason IN ('opt_out', 'complaint')
          AND {suppression.NOT_VOIDED} AND message.handed_over_at > against.recorded_at
          AND NOT EXISTS (
              SELECT FROM mailer_reinstatement AS back
              WHERE back.mailbox_key = against.mailbox_key AND back.address_key = message.address_key
                AND back.up_to >= against.id AND back.confirmed_at <= message.handed_over_at)) AS after_entry
FROM numbers
CROSS JOIN unnest(%(keys)s::bytea[]) AS wanted (key)
JOIN mailer_message AS message ON message.campaign_id = numbers.number AND message.address_key = wanted.key
ORDER BY message.campaign_id, message.address_key
"""


def facts(address: Address) -> dict[str, Any]:
    """Everything about one mailbox. Other addresses of it are told by their keys only."""
    contacts = list(Contact.objects.filter(mailbox_key=address.mailbox_key).order_by("id"))
    told = acts.told([], of_mailbox(address))
    messages = _messages(address, contacts)
    return {
        "format": "candor dossier 1",
        "about": f"recipient {address.text}",
        "state_as_of": max((act["at"] for act in told), default=None),
        "address": address.text,
        "address_key": address.address_key.hex(),
        "mailbox_key": address.mailbox_key.hex(),
        "on_our_books_since": [contact.created_at for contact in contacts],
        "may_be_mailed": bool(suppression.mailable(address)),
        "lists": cleared(list(_places(contacts)), [address.text]),
        "left_lists": list(_left_lists(address)),
        "consents": cleared(list(_consents(address)), [address.text]),
        "opt_outs": list(_suppressions(address)),
        "ways_back": list(_ways_back(address)),
        "messages": messages,
        "breaches": sum(message["after_entry"] is not None for message in messages),
        "acts": cleared(told, [address.text]),
        "names": named(act["actor"] for act in told),
    }


def of_mailbox(address: Address) -> str:
    """SQL: the acts that evidence has of this mailbox."""
    return acts.OF_ONE.format(key=address.mailbox_key.hex())


def _places(contacts: list[Contact]) -> Iterator[dict[str, Any]]:
    places = Subscription.objects.filter(contact__in=contacts).select_related("list").order_by("id")
    imports = {one.pk: one for one in Import.objects.filter(pk__in=places.values("import_id"))}
    for place in places:
        brought = imports.get(place.import_id or 0)
        yield {
            "list": place.list.name,
            "since": place.subscribed_at,
            "source": place.get_source_display(),
            "import": place.import_id,
            "imported_at": brought.created_at if brought else None,
            "collected_by": brought.collected_by if brought else None,
            "notice": brought.notice if brought else None,
        }


def _left_lists(address: Address) -> Iterator[dict[str, Any]]:
    for left in ListLeaving.objects.filter(mailbox_key=address.mailbox_key).order_by("id"):
        yield {"list": left.list_slug, "left_at": left.received_at, "campaign": left.campaign_number}
    for back in ListReturn.objects.filter(mailbox_key=address.mailbox_key).order_by("id"):
        yield {"list": back.list_slug, "came_back_at": back.confirmed_at, "campaign": None}


def _consents(address: Address) -> Iterator[dict[str, Any]]:
    for consent in Consent.objects.filter(mailbox_key=address.mailbox_key).order_by("id"):
        yield {
            "list": consent.list_name,
            "words": consent.wording,
            "version": consent.wording_version,
            "words_sha256": bytes(consent.wording_sha256).hex(),
            "page": consent.page_url,
            "asked_at": consent.requested_at,
            "confirmed_at": consent.confirmed_at,
            "confirmation_mail": _left_part(consent.message_id),
        }


def _left_part(message_id: str) -> str:
    """A Message-ID looks like an address and is none."""
    return message_id.strip("<>").partition("@")[0]


def _suppressions(address: Address) -> Iterator[dict[str, Any]]:
    counting = set(
        suppression.unvoided().filter(mailbox_key=address.mailbox_key).values_list("pk", flat=True)
    )
    back = Reinstatement.objects.filter(mailbox_key=address.mailbox_key, address_key=address.address_key)
    lifted = max((one.up_to for one in back), default=0)
    for entry in Suppression.objects.filter(mailbox_key=address.mailbox_key).order_by("id"):
        yield {
            "entry": entry.pk,
            "reason": entry.get_reason_display(),
            "channel": entry.get_channel_display(),
            "campaign": entry.campaign_number,
            "received_at": entry.received_at,
            "recorded_at": entry.recorded_at,
            "stands": entry.pk in counting and entry.pk > lifted,
        }


def _ways_back(address: Address) -> Iterator[dict[str, Any]]:
    for back in Reinstatement.objects.filter(mailbox_key=address.mailbox_key).order_by("id"):
        yield {
            "address_key": bytes(back.address_key).hex(),
            "asked_at": back.requested_at,
            "confirmed_at": back.confirmed_at,
            "lifts_up_to_entry": back.up_to,
        }


def _messages(address: Address, contacts: list[Contact]) -> list[dict[str, Any]]:
    keys = sorted({address.address_key, *(bytes(contact.address_key) for contact in contacts)})
    found = tables.asked(MESSAGES, {"keys": keys})
    campaigns = Campaign.objects.select_related("sender", "revision").in_bulk(
        {message["campaign"] for message in found}
    )
    for message in found:
        campaign = campaigns.get(message["campaign"])
        message["subject"] = campaign.revision.subject if campaign and campaign.revision else None
        message["sender"] = campaign.sender.legal_name if campaign else None
    return found
