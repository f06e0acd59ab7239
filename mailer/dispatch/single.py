"""One message on its own: a test to staff, and the mails by which people come back or join.

Both pass the same hand-over: kill switch and mailbox locks, a short transaction, then the transport.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from mailer import addresses, locks, replaying, suppression
from mailer.compliance import blocks, check_notice, check_skeleton
from mailer.contacts import joining
from mailer.models import (
    Campaign,
    Contact,
    DataLink,
    KillSwitch,
    MailingList,
    Sender,
    SignUp,
    Suppression,
    TestSend,
    WayBack,
)
from mailer.rendering import (
    SAMPLE_RECIPIENT,
    DamagedSkeleton,
    Envelope,
    SenderFacts,
    Skeleton,
    Unfillable,
    data_notice,
    fill,
    new_address_notice,
    new_message_id,
    sign_up_notice,
    way_back_notice,
)
from mailer.tokens import DATA_LINK_AGE, data_url, join_url, new_address_url, way_back_url
from mailer.transports import Kind, Outcome, TransportUnavailable, open_transport, without

State = TestSend.State

# Who waits for a test sends another rather than wait for a busy server: “again later” is told as a refusal.
BECOMES = {
    Kind.ACCEPTED: State.ACCEPTED,
    Kind.REFUSED: State.REFUSED,
    Kind.LATER: State.REFUSED,
    Kind.UNKNOWN: State.UNKNOWN,
}

# Minutes after which a busy server is asked again for a confirmation mail; then the request is given up, and its
# owner, who has long looked into the mailbox, may ask anew.
AGAIN_AFTER = (5, 15, 60, 240, 720)


def waiting_tests() -> list[int]:
    return list(TestSend.objects.filter(state=State.WAITING).order_by("id").values_list("id", flat=True))


def waiting_ways_back() -> list[int]:
    return list(
        WayBack.objects.filter(handed_over_at__isnull=True).order_by("id").values_list("id", flat=True)
    )


def send_test(test_send_id: int) -> None:
    """Send one test, once. What is against it is written where the person who asked for it looks.

    Its lock is our mark: a test that was handed over and whose lock is free is nobody's (`recover`).
    """
    with locks.held(locks.TEST, test_send_id) as is_ours:
        waiting = TestSend.objects.select_related("campaign__sender").filter(pk=test_send_id)
        test = waiting.filter(state=State.WAITING).first()
        if is_ours and test is not None:
            _send(test)


def _send(test: TestSend) -> None:
    try:
        envelope = _test_envelope(test)
        refusal = _against_skeleton(test)
    except (Unfillable, DamagedSkeleton, addresses.AddressRefused) as why:
        refusal = str(why)
    if refusal:
        TestSend.objects.filter(pk=test.pk, state=State.WAITING).update(state=State.WITHHELD, detail=refusal)
    elif _hand_over_test(test):
        outcome = _sent(envelope)
        TestSend.objects.filter(pk=test.pk).update(
            state=BECOMES[outcome.kind], detail=without(envelope.rcpt_to, outcome.detail)
        )


def _test_envelope(test: TestSend) -> Envelope:
    address = addresses.parse(test.email)
    recipient = replace(
        SAMPLE_RECIPIENT,
        address=address.text,
        address_key=address.address_key,
        mailbox_key=address.mailbox_key,
    )
    return fill(Skeleton.from_bytes(bytes(test.skeleton)), recipient, at=timezone.now(), is_test=True)


def _against_skeleton(test: TestSend) -> str:
    findings = check_skeleton(Skeleton.from_bytes(bytes(test.skeleton)), test.campaign.sender)
    return " ".join(f.message for f in findings if blocks([f]))


def _hand_over_test(test: TestSend) -> bool:
    address = addresses.parse(test.email)
    replaying.assure()
    with transaction.atomic():
        locks.ask_leave(test.campaign_id, [address.mailbox_key])
        refusal = _stopped() or _opted_out(address)
        changed = TestSend.objects.filter(pk=test.pk, state=State.WAITING).update(
            state=State.WITHHELD if refusal else State.HANDED_OVER, detail=refusal
        )
    return bool(changed) and not refusal


def _stopped() -> str:
    if not KillSwitch.objects.filter(is_on=False).exists():
        return "All sending is stopped by the kill switch."
    return "The ledger is an older one, and the journal is not entered yet." if replaying.is_behind() else ""


def _opted_out(address: addresses.Address) -> str:
    return "" if suppression.mailable(address) else "This mailbox has opted out, so it gets no tests either."


def send_way_back(way_back_id: int) -> None:
    """Send the one confirmation mail that a person asked for who wants mail back; only the kill switch stops it.

    It may reach a suppressed mailbox (D66), since its owner asked for it on the page behind their link; it holds
    no advertising. Without a contact or an attested sender it is not sent.
    """
    request = WayBack.objects.get(pk=way_back_id)
    contact = Contact.objects.filter(pk=request.contact_id).first()
    sender = _sender_for(request)
    if contact is None or sender is None:
        WayBack.objects.filter(pk=request.pk).update(handed_over_at=timezone.now(), settled_at=timezone.now())
        return
    envelope = way_back_notice(
        SenderFacts.of(sender),
        contact.email,
        way_back_url(request.pk),
        asked_at=request.requested_at,
        lists=list(MailingList.objects.filter(slug__in=request.joins).values_list("name", flat=True)),
    )
    if not blocks(check_notice(envelope, sender)) and _hand_over_notice(
        bytes(request.mailbox_key), WayBack.objects.filter(pk=request.pk, handed_over_at__isnull=True)
    ):
        outcome = _sent(envelope)
        again = outcome.kind == "later"
        WayBack.objects.filter(pk=request.pk).update(
            handed_over_at=None if again else timezone.now(), settled_at=None if again else timezone.now()
        )


def _hand_over_notice(mailbox_key: bytes, waiting: QuerySet[Any]) -> bool:
    """Mark what waits as handed over, unless all sending is stopped. Only one worker is told yes."""
    replaying.assure()
    with transaction.atomic():
        locks.ask_leave(0, [mailbox_key])
        return not _stopped() and waiting.update(handed_over_at=timezone.now()) == 1


def _sender_for(request: WayBack) -> Sender | None:
    """Whose mail the person left, by the campaign of their link or of their opt-out; else the only sender there is."""
    number = request.campaign_number or (
        Suppression.objects.filter(mailbox_key=bytes(request.mailbox_key), campaign_number__isnull=False)
        .order_by("-id")
        .values_list("campaign_number", flat=True)
        .first()
    )
    return _sender_of(number)


def _sender_of(campaign_number: int | None) -> Sender | None:
    """Who answers a person: the sender of the campaign that they came from, else one that is attested."""
    campaign = Campaign.objects.select_related("sender").filter(pk=campaign_number or 0).first()
    if campaign is not None:
        return campaign.sender
    return Sender.objects.filter(
        identity_attested_at__isnull=False, address_attested_at__isnull=False
    ).first()


def waiting_data_links() -> list[int]:
    """What is still to be sent; who waited for a day asks again, and then gets one mail, not two."""
    return list(_unsent_data_links().order_by("id").values_list("id", flat=True))


def _unsent_data_links() -> QuerySet[DataLink]:
    young = timezone.now() - DATA_LINK_AGE
    return DataLink.objects.filter(handed_over_at__isnull=True, requested_at__gt=young)


def send_data_link(number: int) -> None:
    """Send the one mail that the reader of a mailbox asked for; only the kill switch stops it.

    It may reach a mailbox that opted out, as the answer to its owner's own request (D66), and advertises nothing.
    """
    link = _unsent_data_links().filter(pk=number).first()
    if link is None:
        return
    sender = _sender_of(link.campaign_number)
    envelope = _data_envelope(link, SenderFacts.of(sender)) if sender else None
    if sender is None or envelope is None:
        now = timezone.now()
        DataLink.objects.filter(pk=link.pk).update(handed_over_at=now, settled_at=now)
    elif not blocks(check_notice(envelope, sender)) and _hand_over_notice(
        bytes(link.mailbox_key), _unsent_data_links().filter(pk=link.pk)
    ):
        again = _sent(envelope).kind == Kind.LATER
        at = None if again else timezone.now()
        DataLink.objects.filter(pk=link.pk).update(handed_over_at=at, settled_at=at)


def _data_envelope(link: DataLink, facts: SenderFacts) -> Envelope | None:
    """None where there is nobody left to write to."""
    contact = Contact.objects.filter(pk=link.contact_id).first()
    try:
        if link.purpose == DataLink.Purpose.ADDRESS:
            if contact is None or not link.new_address or not _may_be_asked(link.new_address):
                return None
            url = new_address_url(link.pk)
            return new_address_notice(facts, link.new_address, url, asked_at=link.requested_at)
        if contact is None or bytes(contact.mailbox_key) != bytes(link.mailbox_key):
            return None
        return data_notice(facts, contact.email, data_url(link.pk), asked_at=link.requested_at)
    except Unfillable:
        return None


def _may_be_asked(new_address: str) -> bool:
    """Whoever wrote it need not be its owner; who has opted out there has asked for nothing."""
    return bool(suppression.mailable(addresses.parse(new_address)))


def waiting_sign_ups() -> list[int]:
    """Whose mail is due; nobody's while all sending is stopped."""
    if _stopped():
        return []
    due = _unsent_sign_ups().filter(next_at__lte=timezone.now())
    return list(due.order_by("next_at", "id").values_list("id", flat=True))


def _unsent_sign_ups() -> QuerySet[SignUp]:
    return SignUp.objects.filter(
        settled_at__isnull=True, handed_over_at__isnull=True, confirmed_at__isnull=True
    )


def send_sign_up(sign_up_id: int) -> None:
    """Send the one mail by which the owner of an address confirms that it was they who filled in a form.

    It may reach a mailbox that opted out before (D66, A18), never one that opted out since. A worker that dies after
    the hand-over leaves it unsettled, and it is not sent again: a second mail would be one too many.
    """
    due = _unsent_sign_ups().filter(pk=sign_up_id, next_at__lte=timezone.now())
    request = due.select_related("form__sender").first()
    if request is None:
        return
    sender = request.form.sender
    facts = SenderFacts.of(sender)
    message_id = request.message_id or new_message_id(facts)
    try:
        envelope = sign_up_notice(
            facts,
            request.email,
            join_url(request.pk),
            asked_at=request.requested_at,
            message_id=message_id,
        )
    except Unfillable:
        _settle_sign_up(request, SignUp.Outcome.REFUSED)
        return
    if blocks(check_notice(envelope, sender)):
        _put_off(request)
    elif _hand_over_sign_up(request, message_id):
        outcome = _sent(envelope)
        if outcome.kind == Kind.LATER:
            _put_off(request)
        else:
            _settle_sign_up(request, SignUp.Outcome(outcome.kind.value))


def _hand_over_sign_up(request: SignUp, message_id: str) -> bool:
    replaying.assure()
    with transaction.atomic():
        locks.ask_leave(0, [bytes(request.mailbox_key)])
        if _stopped():
            return False
        if joining.opted_out_since(request):
            _settle_sign_up(request, SignUp.Outcome.WITHHELD)
            return False
        ours = _unsent_sign_ups().filter(pk=request.pk)
        return ours.update(handed_over_at=timezone.now(), message_id=message_id) == 1


def _put_off(request: SignUp) -> None:
    if request.attempts >= len(AGAIN_AFTER):
        _settle_sign_up(request, SignUp.Outcome.GAVE_UP)
        return
    SignUp.objects.filter(pk=request.pk).update(
        handed_over_at=None,
        attempts=request.attempts + 1,
        next_at=timezone.now() + timedelta(minutes=AGAIN_AFTER[request.attempts]),
    )


def _settle_sign_up(request: SignUp, outcome: SignUp.Outcome) -> None:
    SignUp.objects.filter(pk=request.pk).update(settled_at=timezone.now(), outcome=outcome)


def _sent(envelope: Envelope) -> Outcome:
    try:
        with open_transport() as transport:
            transport.send(b"", envelope)
            return transport.outcomes()[0]
    except TransportUnavailable as wrong:
        return Outcome(b"", Kind.LATER, str(wrong))
