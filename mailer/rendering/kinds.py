"""What kind of mail it is, and the words in which it says so (DESIGN §3, “Kinds”; DUTIES D1 to D4, D7, §3.3).

Commercial by default and in doubt. A kind is compiled into the message, so the bytes that the gate reads, and that an
approval is bound to, say which one was chosen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mailer.models import Campaign
from mailer.rendering.facts import SenderFacts

Kind = Campaign.Kind
Purpose = Campaign.Purpose

ADVERTISES = frozenset({Kind.COMMERCIAL, Kind.MIXED})
# 15 U.S.C. 7702(17)(A)(i) to (v), and the two notices that a law asks for (D66, D112): label, and what it is about.
PURPOSES = {
    Purpose.TRANSACTION: ("About your order or agreement", "an order or agreement of yours"),
    Purpose.SAFETY: (
        "Warranty, recall or safety",
        "a warranty, a recall or the safety of something you have",
    ),
    Purpose.ACCOUNT: ("About your account or membership", "your account, subscription or membership"),
    Purpose.EMPLOYMENT: ("About your employment", "your employment or the benefits that go with it"),
    Purpose.DELIVERY: ("Delivery or update", "something that is due to you under an agreement of yours"),
    Purpose.BREACH: ("Notice of a data breach", "a breach of the security of personal data"),
    Purpose.RIGHTS: ("Notice about your data", "your rights in personal data"),
}
RELATIONSHIP_PURPOSES = (
    Purpose.TRANSACTION, Purpose.SAFETY, Purpose.ACCOUNT, Purpose.EMPLOYMENT, Purpose.DELIVERY,
)  # fmt: skip
NOTICE_PURPOSES = (Purpose.BREACH, Purpose.RIGHTS)
OTHERS = re.compile(r"It also promotes (.{1,900}?)\. \S.{0,200}? is responsible for this email;")


@dataclass(frozen=True, slots=True)
class KindFacts:
    """What was chosen for a campaign. `others` are advertisers besides the sender, who alone answers for it (D7)."""

    kind: str = Kind.COMMERCIAL.value
    purpose: str = ""
    others: tuple[str, ...] = ()
    is_explicit: bool = False

    @classmethod
    def of(cls, campaign: Campaign) -> KindFacts:
        return cls(
            str(campaign.kind), str(campaign.purpose), campaign.other_advertisers, campaign.is_explicit
        )

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> KindFacts:
        return cls(**{**kept, "others": tuple(kept["others"])})

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "others": list(self.others)}

    @property
    def advertises(self) -> bool:
        return self.kind in ADVERTISES

    @property
    def is_notice(self) -> bool:
        """Whether it reaches mailboxes that have opted out, since a law asks for it (D66)."""
        return self.kind == Kind.NOTICE


COMMERCIAL = KindFacts()


def label(sender: SenderFacts, kind: KindFacts = COMMERCIAL) -> str:
    """The first thing a reader sees (15 U.S.C. 7704(a)(5)(A)(i); D37)."""
    return f"{_label_of(kind)} · {sender.trade_name}"


def _label_of(kind: KindFacts) -> str:
    if kind.kind in {Kind.RELATIONSHIP, Kind.NOTICE}:
        return PURPOSES[Purpose(kind.purpose)][0]
    return {
        Kind.COMMERCIAL: "Advertisement",
        Kind.MIXED: "Contains advertising",
        Kind.EDITORIAL: "Newsletter",
    }[Kind(kind.kind)]


def statement(sender: SenderFacts, kind: KindFacts = COMMERCIAL) -> str:
    """What it is and whose, at the head of the footer."""
    if sender.trade_name == sender.legal_name:
        return nature(sender, kind)
    return f"{nature(sender, kind)} {sender.trade_name} is a trade name of {sender.legal_name.removesuffix('.')}."


def nature(sender: SenderFacts, kind: KindFacts = COMMERCIAL) -> str:
    """What it is, and who answers for it: its first words, which a received message is held against."""
    return " ".join(f"{each.removesuffix('.')}." for each in _sentences(sender, kind))


def _sentences(sender: SenderFacts, kind: KindFacts) -> Iterator[str]:
    """A name may end in a full stop (“Inc.”), so none is written here."""
    name = sender.legal_name
    if kind.kind == Kind.COMMERCIAL:
        yield f"This email is an advertisement {'sent by' if kind.others else 'from'} {name}"
    elif kind.kind == Kind.MIXED:
        yield f"This email from {name} contains advertising"
    elif kind.kind == Kind.EDITORIAL:
        yield f"This email is a newsletter from {name}"
    elif kind.kind == Kind.RELATIONSHIP:
        yield f"This email from {name} is about {PURPOSES[Purpose(kind.purpose)][1]}"
    else:
        yield f"This email is a notice about {PURPOSES[Purpose(kind.purpose)][1]}, which the law requires of {name}"
        yield "It also reaches people who have unsubscribed; that choice of theirs stays as it is"
    if kind.others:
        yield f"It also promotes {listed(kind.others)}"
        yield (
            f"{name} is responsible for this email; your unsubscribe request goes to {name} and ends all such email "
            "from it"
        )


def listed(names: Sequence[str]) -> str:
    """“A”, “A and B”, “A, B and C”."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def notice_subject(sender: SenderFacts, kind: KindFacts) -> str:
    """The subject of a notice is not its author's to write: there is no room for an offer (D66)."""
    if kind.purpose == Purpose.BREACH:
        return f"Notice of a data breach at {sender.trade_name}"
    return f"Notice about your data at {sender.trade_name}"


def claimed(text: str, feedback_id: str, trade_name: str) -> KindFacts:
    """What a received message says that it is, by its header and, where that is lost, by its first line.

    What says nothing readable is held to be commercial, so that another label is a fault of it.
    """
    first = text.splitlines()[0].strip() if text.strip() else ""
    said = feedback_id.split(":")[2] if feedback_id.count(":") == 3 else ""
    sender = SenderFacts("", trade_name, "", "", "", ())
    others = OTHERS.search(" ".join(text.split()))
    names = (others[1],) if others else ()  # one string: a comma may be a name's own
    candidates = [each for each in _every_kind() if label(sender, each) == first]
    kind = next((each for each in candidates if said in {"", each.kind}), None)
    if kind is None:
        kind = COMMERCIAL
    return KindFacts(kind.kind, kind.purpose, names if kind.advertises else ())


def _every_kind() -> Iterator[KindFacts]:
    for plain in (Kind.COMMERCIAL, Kind.MIXED, Kind.EDITORIAL):
        yield KindFacts(plain.value)
    for purpose in RELATIONSHIP_PURPOSES:
        yield KindFacts(Kind.RELATIONSHIP.value, purpose.value)
    for purpose in NOTICE_PURPOSES:
        yield KindFacts(Kind.NOTICE.value, purpose.value)
