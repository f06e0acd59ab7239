"""Where a campaign's messages are, in words and parts of a bar."""

from dataclasses import dataclass
from typing import Any

from mailer import campaigns
from mailer.admin import campaign_plan
from mailer.admin.pages import spoken
from mailer.dispatch import waiting
from mailer.models import Campaign, Message

State = Message.State
Reason = Message.Reason

# In the order of a message's life, with the colour of its part of the bar.
TONES = {
    State.ACCEPTED: "ok",
    State.REFUSED: "bad",
    State.UNKNOWN: "warn",
    State.WITHHELD: "quiet",
    State.HANDED_OVER: "info",
    State.CLAIMED: "info",
    State.PENDING: "rest",
}
MEANINGS = {
    State.ACCEPTED: "The mail server took it. Whether it reached the mailbox is the server's business.",
    State.REFUSED: "The mail server said no for good; its words are with each message.",
    State.UNKNOWN: "A worker or connection was lost after it began to send: it may or may not have gone out. "
    "It is not sent again by itself, since nobody should get a campaign twice.",
    State.WITHHELD: "Candor stopped it, for the reasons below.",
    State.HANDED_OVER: "A worker is sending it at this moment.",
    State.CLAIMED: "A worker has taken it and sends it next.",
    State.PENDING: "It waits for its turn, or was put off by the mail server and is tried again.",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One state's share of a campaign."""

    state: str
    label: str
    number: int
    share: float
    tone: str
    meaning: str


def told(campaign: Campaign) -> dict[str, Any]:
    """What the progress card says."""
    progress = campaigns.progress(campaign)
    total = progress.total
    parts = [
        Part(state, state.label, number, 100 * number / total, tone, MEANINGS[state])
        for state, tone in TONES.items()
        if (number := progress.counts.get(state, 0))
    ]
    is_going = campaign.state == Campaign.State.SENDING
    plan, waits = campaign_plan.under_way(campaign) if is_going else ("", False)
    left = progress.seconds_left if is_going and not waits else None
    return {
        "campaign": campaign,
        "is_going": is_going,
        "total": total,
        "settled": total - progress.open,
        "percent": 100 * (total - progress.open) // total if total else 0,
        "parts": parts,
        "withheld": [
            (Reason(reason).value, Reason(reason).label, number)
            for reason, number in sorted(progress.withheld.items(), key=lambda item: -item[1])
        ],
        "rate": progress.rate if is_going else None,
        "left": spoken(left) if left is not None else None,
        "plan_now": plan,
        "pace": waiting.pace_of(campaign.sender) if is_going else "",
    }
