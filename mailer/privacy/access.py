"""All that is held about one mailbox, in words a person reads and programs do too (GDPR 15 and 20; D108)."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings
from django.db import connection

from mailer import suppression
from mailer.models import (
    Campaign,
    Consent,
    DataLink,
    DataRequest,
    EarlierAttempt,
    Evidence,
    HashedOptOut,
    Import,
    ListLeaving,
    ListReturn,
    Message,
    Reinstatement,
    Report,
    Sender,
    SignUp,
    Subscription,
    Suppression,
    TestAddress,
    TestSend,
    WayBack,
)
from mailer.privacy.persons import Person, Traces, refused_rows_of
from mailer.privacy.register import KEPT

# The key of messages begins with the campaign, so the distinct campaigns are stepped through and each is asked by
# its whole key: no index of its own, which every snapshot would pay for, and no reading of the whole table.
MESSAGES = """
WITH RECURSIVE numbers AS (
    SELECT min(campaign_id) AS number FROM mailer_message
    UNION ALL
    SELECT (SELECT min(campaign_id) FROM mailer_message WHERE campaign_id > number) FROM numbers
    WHERE number IS NOT NULL)
SELECT message.campaign_id, message.address_key, message.state, message.reason, message.handed_over_at,
       message.settled_at
FROM numbers
CROSS JOIN unnest(%(keys)s::bytea[]) AS wanted (key)
JOIN mailer_message AS message ON message.campaign_id = numbers.number AND message.address_key = wanted.key
ORDER BY message.campaign_id, message.address_key
"""

Value = str | int | bool | datetime | date | None
Row = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Section:
    """One kind of thing that is held: its name for programs, its heading, and the rows."""

    name: str
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """Everything, and when it was gathered."""

    at: datetime
    sections: tuple[Section, ...]

    def as_json(self) -> str:
        """For other programs: names of fields as in the sections, times in RFC 3339."""
        told: dict[str, Any] = {"gathered at": self.at, **{part.name: part.rows for part in self.sections}}
        return json.dumps(told, ensure_ascii=False, indent=2, default=_in_json)


def gather(person: Person, at: datetime) -> Held:
    """All that is held about the person. Reads only."""
    parts: tuple[tuple[str, str, Callable[[Person], Iterable[Row]]], ...] = (
        ("contact", "Who you are", _contacts),
        ("lists", "The lists you are on, and how you came there", _places),
        ("left_lists", "The lists you left, and to which you came back", _left_lists),
        ("consents", "What you agreed to on our forms", _consents),
        ("sign_ups", "What you asked for on our forms in the last seven days", _sign_ups),
        ("messages", "What was sent to you", _messages),
        ("messages_in_doubt", "Messages of which nobody knew whether they had reached you", _in_doubt),
        ("opt_outs", "When you told us to stop, and how", _suppressions),
        ("returns", "When you came back", _reinstatements),
        ("digests", "Suppression lists that name you by a digest", _digests),
        ("requests", "What you asked about your data", _requests),
        ("mails_asked_for", "Mails with a link that you asked for", _links),
        ("refused_rows", "Rows of files that were not taken in", _refused_rows),
        ("tests", "Test messages to your address", _tests),
        ("record", "What was done, from the record that is kept as proof", _acts),
        ("passed_on_to", "Who else gets your address", _recipients),
        ("kept", "How long what is kept", _periods),
    )
    return Held(at, tuple(Section(name, title, tuple(rows(person))) for name, title, rows in parts))


def _contacts(person: Person) -> Iterator[Row]:
    for contact in person.contacts:
        yield {
            "address": contact.email,
            "first name": contact.first_name,
            "last name": contact.last_name,
            "time zone": contact.zone,
            "on our books since": contact.created_at,
        }


def _places(person: Person) -> Iterator[Row]:
    places = Subscription.objects.filter(contact__in=person.contacts).select_related("list", "contact")
    imports = {one.pk: one for one in Import.objects.filter(pk__in=places.values("import_id"))}
    for place in places.order_by("id"):
        brought = imports.get(place.import_id or 0)
        yield {
            "list": place.list.name,
            "address": place.contact.email,
            "since": place.subscribed_at,
            "source": place.get_source_display(),
            "came with a file on": brought.created_at if brought else None,
            "collected by": brought.collected_by if brought else None,
            "collected from": brought.collected_from if brought else None,
            "collected to": brought.collected_to if brought else None,
            "what you were told": brought.notice if brought else None,
        }


def _left_lists(person: Person) -> Iterator[Row]:
    for left in ListLeaving.objects.filter(mailbox_key=person.mailbox_key).order_by("id"):
        yield {"list": left.list_slug, "left at": left.received_at, "campaign": left.campaign_number}
    for back in ListReturn.objects.filter(mailbox_key=person.mailbox_key).order_by("id"):
        yield {"list": back.list_slug, "asked back at": back.requested_at, "confirmed at": back.confirmed_at}


def _consents(person: Person) -> Iterator[Row]:
    for consent in Consent.objects.filter(mailbox_key=person.mailbox_key).order_by("id"):
        yield {
            "list": consent.list_name,
            "words": consent.wording,
            "version of the words": consent.wording_version,
            "page": consent.page_url,
            "asked at": consent.requested_at,
            "confirmed at": consent.confirmed_at,
            "confirmed from the network": consent.place,
            "confirmation mail": consent.message_id,
        }


def _sign_ups(person: Person) -> Iterator[Row]:
    requests = SignUp.objects.filter(mailbox_key=person.mailbox_key).select_related("form")
    for request in requests.order_by("id"):
        yield {
            "form": request.form.title,
            "address": request.email,
            "first name": request.first_name,
            "page": request.page_url,
            "asked at": request.requested_at,
            "mail sent at": request.settled_at,
            "confirmed at": request.confirmed_at,
        }


def _messages(person: Person) -> Iterator[Row]:
    with connection.cursor() as cursor:
        cursor.execute(MESSAGES, {"keys": person.address_keys})
        found = cursor.fetchall()
    numbers = {number for number, *_ in found}
    campaigns = {
        one.pk: one for one in Campaign.objects.filter(pk__in=numbers).select_related("sender", "revision")
    }
    for number, _, state, reason, handed_over_at, settled_at in found:
        campaign = campaigns.get(number)
        yield {
            "campaign": number,
            "subject": campaign.revision.subject if campaign and campaign.revision else None,
            "sender": campaign.sender.legal_name if campaign else None,
            "state": Message.State(state).label,
            "why": Message.Reason(reason).label if reason else None,
            "handed over at": handed_over_at,
            "settled at": settled_at,
        }


def _in_doubt(person: Person) -> Iterator[Row]:
    """What was told of them later, and which were sent again."""
    keys = person.address_keys or [b""]
    for report in Report.objects.filter(address_key__in=keys).order_by("id"):
        yield {"campaign": report.campaign_id, "told": report.get_kind_display(), "at": report.received_at}
    for attempt in EarlierAttempt.objects.filter(address_key__in=keys).order_by("id"):
        yield {
            "campaign": attempt.campaign_id,
            "handed over at": attempt.handed_over_at,
            "sent again at": attempt.sent_again_at,
        }


def _suppressions(person: Person) -> Iterator[Row]:
    """An entry is in force unless its owner has come back, or the import that said so was a mistake."""
    lifted: dict[bytes, int] = {}
    for back in Reinstatement.objects.filter(mailbox_key=person.mailbox_key).order_by("up_to"):
        lifted[bytes(back.address_key)] = back.up_to
    keys = person.address_keys or [b""]
    counting = set(suppression.unvoided().filter(mailbox_key=person.mailbox_key).values_list("pk", flat=True))
    for entry in Suppression.objects.filter(mailbox_key=person.mailbox_key).order_by("id"):
        yield {
            "reason": entry.get_reason_display(),
            "told by": entry.get_channel_display(),
            "received at": entry.received_at,
            "recorded at": entry.recorded_at,
            "campaign": entry.campaign_number,
            "import": entry.import_id,
            "in force": entry.pk in counting and any(entry.pk > lifted.get(key, 0) for key in keys),
        }


def _reinstatements(person: Person) -> Iterator[Row]:
    for back in Reinstatement.objects.filter(mailbox_key=person.mailbox_key).order_by("id"):
        yield {"asked at": back.requested_at, "confirmed at": back.confirmed_at}


def _digests(person: Person) -> Iterator[Row]:
    """As the trade exchanges them: of the trimmed, lower-case address."""
    for address in person.addresses:
        for kind in (hashlib.md5, hashlib.sha1, hashlib.sha256):
            digest = kind(address.text.lower().encode()).digest()
            for entry in HashedOptOut.objects.filter(digest=digest):
                yield {
                    "digest": digest.hex(),
                    "import": entry.import_id,
                    "recorded at": entry.recorded_at,
                }


def _requests(person: Person) -> Iterator[Row]:
    for request in DataRequest.objects.filter(mailbox_key=person.mailbox_key).order_by("id"):
        yield {
            "request": request.get_kind_display(),
            "came by": request.get_channel_display(),
            "received at": request.received_at,
            "your words": request.words,
            "outcome": request.get_outcome_display(),
            "reason": request.reason,
            "answered at": request.closed_at,
        }


def _links(person: Person) -> Iterator[Row]:
    for back in WayBack.objects.filter(mailbox_key=person.mailbox_key).order_by("id"):
        yield {
            "for": "The way back after an opt-out",
            "asked at": back.requested_at,
            "sent at": back.settled_at,
            "confirmed at": back.confirmed_at,
        }
    for link in DataLink.objects.filter(mailbox_key=person.mailbox_key).order_by("id"):
        yield {
            "for": link.get_purpose_display(),
            "asked at": link.requested_at,
            "sent at": link.settled_at,
            "confirmed at": link.confirmed_at,
        }


def _refused_rows(person: Person) -> Iterator[Row]:
    """Those that hold an address of theirs: by name alone it might be somebody else's row."""
    if not person.addresses:
        return
    traces = Traces(person)
    for row in refused_rows_of(traces):
        if traces.name_an_address_in(row.row):
            yield {"import": row.of_id, "line": row.line, "row": row.row, "why": row.words}


def _tests(person: Person) -> Iterator[Row]:
    traces = Traces(person)
    for address in TestAddress.objects.filter(traces.maybe("email")):
        if traces.name_an_address_in(address.email):
            yield {"address": address.email, "whose": address.whose, "since": address.created_at}
    for test in TestSend.objects.filter(traces.maybe("email")).select_related("campaign"):
        if traces.name_an_address_in(test.email):
            yield {"address": test.email, "campaign": test.campaign_id, "asked at": test.asked_at}


def _acts(person: Person) -> Iterator[Row]:
    for act in Evidence.objects.filter(mailbox_key=person.mailbox_key).order_by("id"):
        yield {"at": act.at, "what": act.verb, "by": "you" if act.actor == "recipient" else _whom(act.actor)}


def _whom(actor: str) -> str:
    """Staff have names of their own, which are not the recipient's data."""
    return "staff" if actor.startswith("user ") else "this installation"


def _recipients(person: Person) -> Iterator[Row]:
    """GDPR 15(1)(c): who carries the mail, as far as Candor hands it over."""
    if settings.ANYMAIL_ESP:
        yield {"who": settings.ANYMAIL_ESP, "why": "The mail service that carries our mail"}
    else:
        yield {
            "who": "The mail server that we hand our mail to",
            "why": "It carries it to your mailbox provider",
        }
    for sender in Sender.objects.order_by("id"):
        yield {
            "who": sender.legal_name,
            "why": "Sends from this installation and is responsible for its mail",
        }


def _periods(person: Person) -> Iterator[Row]:
    for table in KEPT.values():
        if table.holds:
            yield {"what": table.holds, "how long": table.why}


def _in_json(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value)
