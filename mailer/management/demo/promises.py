"""The promises, checked on the bytes that the mail server received and on what the tables say of them."""

import email
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import default

from django.conf import settings
from django.db import connection, transaction
from lxml import html as lxml_html

from mailer import addresses, evidence, tokens
from mailer.models import Campaign, Message, Sender

CAMPAIGN = re.compile(r"<(\d+)\.")


@dataclass(frozen=True, slots=True)
class OptOut:
    """One opt-out of the demo: whose, and when its answer was here."""

    mailbox_key: bytes
    answered_at: datetime


@dataclass(slots=True)
class Verdict:
    """One promise: what was checked, and every way in which it was broken."""

    promise: str
    checked: str = ""
    broken: list[str] = field(default_factory=list)

    @property
    def held(self) -> bool:
        return not self.broken


@dataclass(frozen=True, slots=True)
class Letter:
    """One received message, parsed from its bytes."""

    recipient: str
    campaign: int
    message: EmailMessage

    @classmethod
    def parse(cls, raw: bytes, recipient: str) -> "Letter":
        message = email.message_from_bytes(raw, policy=default)
        found = CAMPAIGN.match(str(message["Message-ID"]))
        return cls(recipient, int(found[1]) if found else 0, message)

    def part(self, kind: str) -> str:
        body = self.message.get_body(preferencelist=(kind,))
        return str(body.get_content()) if body is not None else ""

    @property
    def link(self) -> str:
        """The first of the header's two ways, as mail programs take it (RFC 2369 §2)."""
        return str(self.message["List-Unsubscribe"]).partition(",")[0].strip().strip("<>")


def nothing_without_its_law(letters: Iterable[Letter], sender: Sender) -> Verdict:
    """Promise 1: label, postal address, opt-out and headers, in each part of each message."""
    verdict = Verdict("1. Nothing leaves without its law")
    number = 0
    for letter in letters:
        number += 1
        verdict.broken += [f"message to recipient {number}: {fault}" for fault in _faults(letter, sender)]
    verdict.checked = f"label, postal address, opt-out and headers in both parts of {number:,} messages"
    return verdict


def _faults(letter: Letter, sender: Sender) -> Iterator[str]:
    label = f"Advertisement · {sender.trade_name}"
    text, html = letter.part("plain"), letter.part("html")
    if text.lstrip().splitlines()[:1] != [label]:
        yield "the text part does not begin with the label"
    if label not in html or html.index(label) > html.index(sender.legal_name):
        yield "the HTML part does not begin with the label"
    links = {a.get("href") for a in lxml_html.fromstring(html).iter("a")}
    if letter.link not in text or letter.link not in links:
        yield "a part lacks the opt-out link"
    for line in sender.address_lines:
        if line not in text or line not in html:
            yield f"a part lacks the address line “{line}”"
    yield from _header_faults(letter, sender)


def _header_faults(letter: Letter, sender: Sender) -> Iterator[str]:
    message = letter.message
    for name in ("From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post"):
        if len(message.get_all(name, [])) != 1:
            yield f"{name} is not there exactly once"
    if message["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click":
        yield "List-Unsubscribe-Post is not what RFC 8058 says"
    if not letter.link.startswith(f"{settings.PUBLIC_URL}/u/"):
        yield "List-Unsubscribe is not our link"
    if message["To"].addresses[0].addr_spec != letter.recipient:
        yield "To is not the recipient alone"
    if message["From"].addresses[0].addr_spec != sender.from_email:
        yield "From is not the sender"


def opt_out_counts_at_once(opt_outs: list[OptOut]) -> Verdict:
    """Promise 2: no hand-over to a mailbox began after its opt-out was answered."""
    verdict = Verdict("2. An opt-out counts from the moment it is received")
    answered = {opt_out.mailbox_key: opt_out.answered_at for opt_out in opt_outs}
    late = 0
    rows = Message.objects.filter(mailbox_key__in=list(answered), handed_over_at__isnull=False)
    for mailbox_key, handed_over_at in rows.values_list("mailbox_key", "handed_over_at"):
        late += bool(handed_over_at and handed_over_at > answered[bytes(mailbox_key)])
    if late:
        verdict.broken.append(f"{late} hand-overs began after the answer")
    verdict.checked = (
        f"{len(opt_outs):,} opt-outs over HTTP while mail went out: {late} hand-overs after the answer"
    )
    return verdict


def opt_out_is_for_ever(opt_outs: list[OptOut], campaign: Campaign, letters: list[Letter]) -> Verdict:
    """Promise 3: the campaign that followed deletion and re-import reached nobody who had opted out."""
    verdict = Verdict("3. An opt-out is for ever")
    out = {opt_out.mailbox_key for opt_out in opt_outs}
    reached = [
        letter
        for letter in letters
        if letter.campaign == campaign.pk and addresses.parse(letter.recipient).mailbox_key in out
    ]
    if reached:
        verdict.broken.append(f"{len(reached)} people who had opted out were mailed again")
    withheld = Message.objects.filter(campaign_id=campaign.pk, state="withheld", reason="opt_out").count()
    if withheld != len(out):
        verdict.broken.append(f"{withheld} were withheld, not {len(out)}")
    verdict.checked = (
        f"after deleting and importing {len(out):,} people again, {withheld:,} of them were withheld"
    )
    return verdict


def opting_out_asks_nothing(answers: Counter[str]) -> Verdict:
    """Promise 4: what each kind of request got."""
    verdict = Verdict("4. Opting out costs one click and tells nobody anything")
    verdict.broken += [
        f"{number} × {answer}" for answer, number in answers.items() if not answer.endswith("ok")
    ]
    verdict.checked = "; ".join(f"{number:,} × {answer}" for answer, number in sorted(answers.items()))
    return verdict


def each_once_and_all_accounted_for(letters: list[Letter], sent: list[Campaign]) -> Verdict:
    """Promise 5: per campaign, nobody twice, and every recipient in exactly one final state."""
    verdict = Verdict("5. Each recipient once, and everyone accounted for")
    received = Counter((letter.campaign, letter.recipient) for letter in letters)
    twice = sum(1 for number in received.values() if number > 1)
    if twice:
        verdict.broken.append(f"{twice} recipients got a campaign twice")
    notes = []
    for campaign in sent:
        counts = _counts(campaign)
        here = sum(number for (number_of, _), number in received.items() if number_of == campaign.pk)
        verdict.broken += _sums(campaign, counts, here)
        notes.append(
            f"campaign {campaign.pk}: " + ", ".join(f"{n:,} {state}" for state, n in sorted(counts.items()))
        )
    verdict.checked = "; ".join(notes)
    return verdict


def _counts(campaign: Campaign) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT state, count(*) FROM mailer_message WHERE campaign_id = %s GROUP BY 1", [campaign.pk]
        )
        return dict(cursor.fetchall())


def _sums(campaign: Campaign, counts: dict[str, int], received: int) -> Iterator[str]:
    accepted, unknown = counts.get("accepted", 0), counts.get("unknown", 0)
    if campaign.state != Campaign.State.SENT:
        yield f"campaign {campaign.pk} is {campaign.state}"
    if set(counts) - {"accepted", "withheld", "unknown"}:
        yield f"campaign {campaign.pk} has messages that are not final: {counts}"
    if not accepted <= received <= accepted + unknown:
        yield f"campaign {campaign.pk}: {received} received, {accepted} accepted, {unknown} unknown"


def token_of(letter: Letter) -> tokens.OptOutToken:
    """Whose link a message carries."""
    return tokens.read(letter.link.rpartition("/u/")[2])


SEALED_WITHIN = 60  # seconds; a sweep seals within two, unless it has just lost its workers


def it_can_be_proved() -> Verdict:
    """Promise 7: every act is sealed, all are whole, and one that the tables' owner changes is found."""
    verdict = Verdict("7. It can be proved")
    until = time.monotonic() + SEALED_WITHIN
    while evidence.is_anything_unsealed() and time.monotonic() < until:
        time.sleep(0.2)
    found = evidence.verify()
    verdict.broken += [one.words for one in found.breaks]
    if found.unsealed:
        verdict.broken.append(f"{found.unsealed:,} acts have no seal")
    changed = _found_when_changed()
    if not changed:
        verdict.broken.append("a row that was changed was not found")
    verdict.checked = (
        f"{found.reached:,} acts sealed and whole; one was changed past the triggers, and found: {changed}"
    )
    return verdict


def _found_when_changed() -> str:
    """What the verification says of a row that the owner has changed; afterwards it is as it was."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE mailer_evidence DISABLE TRIGGER only_added")
        cursor.execute(
            "UPDATE mailer_evidence SET actor = 'somebody else'"
            " WHERE id = (SELECT evidence_id FROM mailer_seal WHERE position = 2)"
        )
        found = evidence.verify().breaks
        transaction.set_rollback(True)
    return found[0].words if found else ""
