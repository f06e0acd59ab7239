"""One group of messages on its way: fill, hand over, send, settle; and the gate that its campaign must have passed."""

import hashlib
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from django.conf import settings
from django.db import connection
from django.utils import timezone

from mailer import counters
from mailer.compliance import blocks, check_skeleton
from mailer.dispatch import breaker
from mailer.dispatch.claim import CLAIM_SIZE, IS_OPEN, Claim, Claimed
from mailer.dispatch.domains import domain_of
from mailer.dispatch.hand_over import hand_over, may_still_go
from mailer.dispatch.settle import Result, result_of, settle_surely
from mailer.models import Campaign, Offer, Trouble
from mailer.rendering import DamagedSkeleton, Envelope, Recipient, Skeleton, Unfillable, fill, reason_for
from mailer.transports import Kind, Outcome, Transport, without

SLOTS: int = settings.SENDING_WORKERS * settings.CONNECTIONS  # connections at once, of all workers together
GROUP_SECONDS = 0.1  # what may be in flight when an opt-out comes
GROUP_START, GROUP_MOST = 20, 500
REQUEST_SECONDS = (
    0.8  # what one request with many messages may take, so that its answer comes within a second
)
CLAIM_GROUPS = 10  # a claim is what one connection sends in about a second
UNREAD_JOURNAL = "unread journal"


WITHHOLD_CANCELLED = """
UPDATE mailer_message AS message
SET state = 'withheld', reason = 'cancelled', settled_at = clock_timestamp()
FROM mailer_campaign AS campaign
WHERE campaign.state = 'cancelled' AND message.campaign_id = campaign.id AND message.state = 'pending'
"""


IS_DUE = f"""
SELECT EXISTS (SELECT FROM mailer_campaign AS campaign WHERE campaign.id = %(campaign)s AND {IS_OPEN})
   AND EXISTS (SELECT FROM mailer_message
               WHERE campaign_id = %(campaign)s AND state = 'pending' AND due_at <= now())
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
    """What one slice did: messages by the state they got, and the campaigns that can't go on, with the reason."""

    states: Counter[str] = field(default_factory=Counter)
    halted: dict[int, str] = field(default_factory=dict)
    broken: dict[int, str] = field(default_factory=dict)  # by an error of ours: its kind

    @property
    def handed_over(self) -> int:
        return sum(self.states[state] for state in ("accepted", "refused", "unknown"))


@dataclass(slots=True)
class GroupSize:
    """How many messages one connection sends in about GROUP_SECONDS, learned as it goes.

    A group of n costs n + 1 waits for the server: the last message's answer is not shared with a next one. The median
    of the last groups counts, so that one slow answer changes nothing. Where one request carries up to `batch`, a
    group is a request, and its one wait may take REQUEST_SECONDS.
    """

    messages: int = GROUP_START
    _waits: deque[float] = field(default_factory=lambda: deque(maxlen=5))

    @property
    def claim(self) -> int:
        return min(CLAIM_SIZE, self.messages * CLAIM_GROUPS)

    def learn(self, sent: int, seconds: float, batch: int = 1) -> None:
        if batch > 1:
            self._learn_of_request(sent, seconds, batch)
        elif sent and seconds > 0:
            self._waits.append(seconds / (sent + 1))
            fitting = GROUP_SECONDS / median(self._waits) - 1
            self.messages = max(1, min(GROUP_MOST, int(fitting), 2 * self.messages))

    def _learn_of_request(self, sent: int, seconds: float, batch: int) -> None:
        # what a few messages cost says little of what many do: most of it is the way there and back
        if 2 * sent >= self.messages and seconds > 0:
            self._waits.append(seconds / sent)
            fitting = REQUEST_SECONDS / median(self._waits)
            self.messages = max(1, min(GROUP_MOST, batch, int(fitting), 2 * self.messages))


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one group: how many were handed over, the seconds that sending took, what domains said."""

    number: int
    seconds: float
    accepted: set[str]
    deferred: dict[str, list[str]]  # a domain's words of “later”


def due_campaigns() -> list[int]:
    """Campaigns that are going out and have their audience."""
    return list(
        Campaign.objects.filter(state=Campaign.State.SENDING, snapshot_at__isnull=False)
        .order_by("id")
        .values_list("id", flat=True)
    )


def send_group(
    campaign: Campaign,
    skeleton: Skeleton,
    taken: Claim,
    group: Sequence[Claimed],
    transport: Transport,
    tally: Tally,
) -> Sent:
    """Fill, hand over, send, settle."""
    filled, unfit = _filled(campaign, skeleton, group)
    allowed, states = hand_over(campaign.pk, taken.number, [message for message, _, _ in filled])
    begun = time.monotonic()
    sending = {bytes(message.address_key) for message in allowed}
    by_key = {}
    for message, envelope, digest in filled:
        if bytes(message.address_key) in sending:
            by_key[bytes(message.address_key)] = (message, envelope, digest)
            transport.send(bytes(message.address_key), envelope)
    outcomes = transport.outcomes(
        lambda keys: may_still_go(campaign.pk, taken.number, [by_key[key][0] for key in keys])
    )
    seconds = time.monotonic() - begun
    results = unfit + [_result(outcome, *by_key[outcome.key]) for outcome in outcomes]
    settle_surely(campaign.pk, taken.number, results)
    _count(tally, states, results)
    told = [(outcome, by_key[outcome.key][1].rcpt_to) for outcome in outcomes]
    return Sent(len(by_key), seconds, _domains_that_accepted(told), _domains_that_deferred(told))


def _domains_that_accepted(told: Sequence[tuple[Outcome, str]]) -> set[str]:
    return {domain_of(address) for outcome, address in told if outcome.kind is Kind.ACCEPTED}


def _domains_that_deferred(told: Sequence[tuple[Outcome, str]]) -> dict[str, list[str]]:
    deferred: dict[str, list[str]] = {}
    for outcome, address in told:
        if outcome.defers_domain:
            deferred.setdefault(domain_of(address), []).append(without(address, outcome.detail))
    return deferred


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
        cursor.execute(IS_DUE, {"campaign": campaign_id})
        return bool(cursor.fetchone()[0])


def withhold_cancelled() -> int:
    """Settle what cancelled campaigns left: all that was not handed over is withheld."""
    with connection.cursor() as cursor:
        cursor.execute(WITHHOLD_CANCELLED)
        return cursor.rowcount


# -- what a slice stands on ---------------------------------------------------------------------------


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
    if (count := _untrue_count(campaign)) is not None:
        raise CampaignHalted(
            f"The message says {count.said:,} of “{count.counter.what}”, and that is not so any more"
            f"{_stands(count)}. Cancel the campaign, or write a new one for those who have not got it."
        )
    against = [finding.message for finding in check_skeleton(skeleton, campaign.sender) if blocks([finding])]
    if against:
        raise CampaignHalted(" ".join(against))
    return skeleton


def _ended_offer(campaign: Campaign) -> Offer | None:
    return campaign.offers.filter(ends__lte=timezone.now(), extension__isnull=True).first()


def _untrue_count(campaign: Campaign) -> counters.Standing | None:
    return next((each for each in counters.standings(campaign) if not each.is_true), None)


def _stands(count: counters.Standing) -> str:
    if count.value is None:
        return ": nobody has told the number for a day"
    return f": it stands at {count.value:,}"


def _tell_trouble(about: str, words: str) -> None:
    Trouble.objects.update_or_create(
        about=about,
        defaults={"words": words},
        create_defaults={"words": words, "since": timezone.now()},
    )


def clear_trouble() -> None:
    """Nothing waits for the mail server."""
    breaker.forget()


def tell_unread_journal(words: str) -> None:
    """Nobody can tell whether the ledger is whole, so nothing goes out until the journal can be read."""
    _tell_trouble(UNREAD_JOURNAL, f"{words} Nothing is sent until it can be read: an opt-out might be in it.")


def clear_unread_journal() -> None:
    """The journal was read."""
    _forget_trouble(UNREAD_JOURNAL)


def _forget_trouble(about: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM mailer_trouble WHERE about = %s", [about])
