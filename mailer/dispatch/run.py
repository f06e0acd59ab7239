"""A worker's slice of one campaign."""

import hashlib
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection
from django.utils import timezone

from mailer import locks, suppression
from mailer.compliance import blocks, check_skeleton
from mailer.dispatch.claim import Claim, Claimed, claim, worker_mark
from mailer.dispatch.hand_over import hand_over
from mailer.dispatch.settle import Result, give_back, result_of, settle_surely
from mailer.journal import JournalUnreadable
from mailer.models import Campaign, Offer, Trouble
from mailer.rendering import DamagedSkeleton, Envelope, Recipient, Skeleton, Unfillable, fill, reason_for
from mailer.transports import Outcome, Transport, TransportUnavailable, open_transport

SLICE_SECONDS = 5.0  # then the task ends and the next begins: shorter than any broker's patience
SLOTS = 2  # workers on one campaign at once; each has one connection
GROUP_SECONDS = 0.1  # what may be in flight when an opt-out comes
GROUP_START, GROUP_MOST = 20, 500
UNREAD_JOURNAL = "unread journal"


WITHHOLD_CANCELLED = """
UPDATE mailer_message AS message
SET state = 'withheld', reason = 'cancelled', settled_at = clock_timestamp()
FROM mailer_campaign AS campaign
WHERE campaign.state = 'cancelled' AND message.campaign_id = campaign.id AND message.state = 'pending'
"""


class CampaignHalted(Exception):
    """This campaign can't go on until a person has looked; the message is its pause reason."""


class Gone(Exception):
    """The recipient left between the snapshot and now; `reason` is a Message.Reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Tally:
    """What one slice did: messages by the state they got."""

    states: Counter[str] = field(default_factory=Counter)

    @property
    def handed_over(self) -> int:
        return sum(self.states[state] for state in ("accepted", "refused", "unknown"))


@dataclass(slots=True)
class GroupSize:
    """How many messages one connection sends in about GROUP_SECONDS, learned as it goes."""

    messages: int = GROUP_START

    def learn(self, sent: int, seconds: float) -> None:
        if sent and seconds > 0:
            fitting = sent / seconds * GROUP_SECONDS
            self.messages = max(1, min(GROUP_MOST, round((self.messages + fitting) / 2)))


def due_campaigns() -> list[int]:
    """Campaigns that are going out and have their audience."""
    return list(
        Campaign.objects.filter(state=Campaign.State.SENDING, snapshot_at__isnull=False)
        .order_by("id")
        .values_list("id", flat=True)
    )


def run_slice(campaign_id: int, seconds: float = SLICE_SECONDS) -> Tally:
    """Send what is due of one campaign, for at most `seconds`, on one of its slots.

    Raises CampaignHalted when nothing of it may go out until a person has looked; an unreachable server is
    not that: it is told as Trouble, and the next slice tries again.
    """
    tally = Tally()
    with _slot(campaign_id) as free:
        if free and (campaign := _sending(campaign_id)):
            skeleton = gated_skeleton(campaign)
            try:
                suppression.assert_ledger()
                with worker_mark() as worker, open_transport() as transport:
                    clear_trouble()
                    _send_due(campaign, skeleton, worker, transport, tally, time.monotonic() + seconds)
            except TransportUnavailable as wrong:
                _tell_trouble("transport", str(wrong))
            except JournalUnreadable as wrong:
                tell_unread_journal(str(wrong))
            except suppression.LedgerUnreadable as unreadable:
                raise CampaignHalted(str(unreadable)) from unreadable
    return tally


def _send_due(
    campaign: Campaign, skeleton: Skeleton, worker: int, transport: Transport, tally: Tally, until: float
) -> None:
    lists = list(campaign.lists.values_list("id", flat=True))
    size = GroupSize()
    while time.monotonic() < until:
        taken = claim(campaign, lists, worker)
        if not taken.messages:
            return
        try:
            for group in _groups(taken.messages, size):
                if time.monotonic() >= until:
                    break
                size.learn(*_send_group(campaign, skeleton, taken, group, transport, tally))
                if transport.unavailable:
                    raise TransportUnavailable(transport.unavailable)
                if tally.states["held_back"] or transport.objection:
                    _stop_for(transport, tally)
                    return
        finally:
            give_back(worker, taken.number)


def _groups(messages: Sequence[Claimed], size: GroupSize) -> Iterator[Sequence[Claimed]]:
    at = 0
    while at < len(messages):
        group = messages[at : at + size.messages]
        at += len(group)
        yield group


def _stop_for(transport: Transport, tally: Tally) -> None:
    """A pause, a cancel or the kill switch held a message back, or the server objects to the sender."""
    if transport.objection:
        raise CampaignHalted(transport.objection)
    del tally.states["held_back"]


def _send_group(
    campaign: Campaign,
    skeleton: Skeleton,
    taken: Claim,
    group: Sequence[Claimed],
    transport: Transport,
    tally: Tally,
) -> tuple[int, float]:
    """Fill, hand over, send, settle. Returns how many were handed over, and the seconds that sending took."""
    filled, unfit = _filled(campaign, skeleton, group)
    allowed, states = hand_over(campaign.pk, taken.number, [message for message, _, _ in filled])
    begun = time.monotonic()
    sending = {bytes(message.address_key) for message in allowed}
    by_key = {}
    for message, envelope, digest in filled:
        if bytes(message.address_key) in sending:
            by_key[bytes(message.address_key)] = (message, envelope, digest)
            transport.send(bytes(message.address_key), envelope)
    results = unfit + [_result(outcome, *by_key[outcome.key]) for outcome in transport.outcomes()]
    seconds = time.monotonic() - begun
    settle_surely(campaign.pk, taken.number, results)
    _count(tally, states, results)
    return len(by_key), seconds


def _count(tally: Tally, states: dict[str, int], results: Sequence[Result]) -> None:
    tally.states.update(result.state for result in results)
    tally.states["withheld"] += states.get("withheld", 0)
    if states.get("pending"):
        tally.states["held_back"] += states["pending"]


def _filled(
    campaign: Campaign, skeleton: Skeleton, group: Sequence[Claimed]
) -> tuple[list[tuple[Claimed, Envelope, bytes]], list[Result]]:
    """Each message's bytes with their hash, and what can't be filled: that is withheld, never sent half."""
    now = timezone.now()
    filled: list[tuple[Claimed, Envelope, bytes]] = []
    unfit: list[Result] = []
    for message in group:
        try:
            envelope = fill(skeleton, recipient_of(message, campaign), at=now)
        except Gone as gone:
            unfit.append(Result(bytes(message.address_key), "withheld", gone.reason))
            continue
        except Unfillable as why:
            unfit.append(Result(bytes(message.address_key), "withheld", "not_filled", str(why)))
            continue
        filled.append((message, envelope, hashlib.sha256(envelope.data).digest()))
    return filled, unfit


def recipient_of(message: Claimed, campaign: Campaign) -> Recipient:
    """Whom a message is for, as rendering wants it. Raises Gone."""
    if message.email is None:
        raise Gone("no_contact")
    if message.list_name is None or message.source is None or message.subscribed_at is None:
        raise Gone("left_list")
    return Recipient(
        address=message.email,
        address_key=bytes(message.address_key),
        mailbox_key=bytes(message.mailbox_key),
        first_name=message.first_name or "",
        last_name=message.last_name or "",
        reason=reason_for(
            message.list_name, message.source, message.subscribed_at, campaign.sender.trade_name
        ),
    )


def _result(outcome: Outcome, message: Claimed, envelope: Envelope, digest: bytes) -> Result:
    return result_of(outcome, address=envelope.rcpt_to, attempts=message.attempts, sha256=digest)


def is_anything_due(campaign_id: int) -> bool:
    """Whether a message of the campaign could go out now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM mailer_message WHERE campaign_id = %s AND state = 'pending'"
            " AND due_at <= now())",
            [campaign_id],
        )
        return bool(cursor.fetchone()[0])


def withhold_cancelled() -> int:
    """Settle what cancelled campaigns left: all that was not handed over is withheld."""
    with connection.cursor() as cursor:
        cursor.execute(WITHHOLD_CANCELLED)
        return cursor.rowcount


# -- what a slice stands on ---------------------------------------------------------------------------


@contextmanager
def _slot(campaign_id: int) -> Iterator[bool]:
    """One of the places for workers on a campaign; more nudges than slots are harmless."""
    for place in range(SLOTS):
        with locks.held(locks.SLOT, _place(campaign_id, place)) as free:
            if free:
                yield True
                return
    yield False


def free_slots(campaign_id: int) -> int:
    """How many more workers the campaign could use; a moment later it may be fewer, which is harmless."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = %s"
            " AND objid = ANY(%s) AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [locks.SLOT, [_place(campaign_id, place) for place in range(SLOTS)]],
        )
        return SLOTS - cursor.fetchone()[0]


def _place(campaign_id: int, place: int) -> int:
    return (campaign_id * SLOTS + place) % 2**31


def _sending(campaign_id: int) -> Campaign | None:
    return (
        Campaign.objects.select_related("sender", "revision")
        .filter(pk=campaign_id, state=Campaign.State.SENDING, snapshot_at__isnull=False)
        .first()
    )


def gated_skeleton(campaign: Campaign) -> Skeleton:
    """The frozen bytes, if they are still what was approved and still pass the gate (promise 1)."""
    revision = campaign.revision
    if revision is None or hashlib.sha256(bytes(revision.skeleton)).digest() != bytes(revision.sha256):
        raise CampaignHalted(
            "What was frozen of this campaign is no longer what it was when it was launched."
        )
    try:
        skeleton = Skeleton.from_bytes(bytes(revision.skeleton))
    except DamagedSkeleton as damaged:
        raise CampaignHalted(str(damaged)) from damaged
    if skeleton.kind.kind != revision.kind:
        raise CampaignHalted("The message says that it is of another kind than was chosen at launch.")
    if (over := _ended_offer(campaign)) is not None:
        raise CampaignHalted(
            f"The offer “{over.what}” is over, so the message would no longer be true. Cancel the campaign, or write a "
            "new one for those who have not got it."
        )
    against = [finding.message for finding in check_skeleton(skeleton, campaign.sender) if blocks([finding])]
    if against:
        raise CampaignHalted(" ".join(against))
    return skeleton


def _ended_offer(campaign: Campaign) -> Offer | None:
    return campaign.offers.filter(ends__lte=timezone.now(), extension__isnull=True).first()


def _tell_trouble(about: str, words: str) -> None:
    Trouble.objects.update_or_create(
        about=about,
        defaults={"words": words},
        create_defaults={"words": words, "since": timezone.now()},
    )


def clear_trouble() -> None:
    """The mail server answers, or nothing waits for it."""
    _forget_trouble("transport")


def tell_unread_journal(words: str) -> None:
    """Nobody can tell whether the ledger is whole, so nothing goes out until the journal can be read."""
    _tell_trouble(UNREAD_JOURNAL, f"{words} Nothing is sent until it can be read: an opt-out might be in it.")


def clear_unread_journal() -> None:
    """The journal was read."""
    _forget_trouble(UNREAD_JOURNAL)


def _forget_trouble(about: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM mailer_trouble WHERE about = %s", [about])
