"""The values that travel through rendering, and the two ways in which it says no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mailer.models import Sender
from mailer.rendering.brands import PLAIN, Brand


@dataclass(frozen=True, slots=True)
class Content:
    """What an author wrote. Either body may be empty; the other one is then made from it.

    `html` is HTML, or MJML where that is the layout; a layout of ours is drawn around it in the colours of `brand`.
    """

    subject: str
    preheader: str
    html: str
    text: str
    layout: str = ""
    brand: Brand = PLAIN


@dataclass(frozen=True, slots=True)
class SenderFacts:
    """Who is named in the message, as it was when the campaign was compiled."""

    legal_name: str
    trade_name: str
    from_email: str
    reply_to: str
    contact: str
    address_lines: tuple[str, ...]

    @classmethod
    def of(cls, sender: Sender) -> SenderFacts:
        return cls(
            legal_name=sender.legal_name,
            trade_name=sender.trade_name,
            from_email=sender.from_email,
            reply_to=sender.reply_to,
            contact=sender.contact,
            address_lines=sender.address_lines,
        )

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "address_lines": list(self.address_lines)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> SenderFacts:
        return cls(**{**kept, "address_lines": tuple(kept["address_lines"])})

    @property
    def domain(self) -> str:
        """The domain of From: Message-ID and List-Id are names under it (D13, D20, D82)."""
        return self.from_email.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class ListFacts:
    """The list a message is sent for. Its slug never changes, its name may (RFC 2919 §3)."""

    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom one message is for. `reason` is made from the stored source of the address, never by hand (D46)."""

    address: str
    address_key: bytes
    mailbox_key: bytes
    first_name: str
    last_name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """A finished message. `data` has CRLF line ends, is 7-bit, and is not dot-stuffed yet."""

    mail_from: str
    rcpt_to: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Preview:
    """What a recipient sees, decoded from the bytes that would be sent."""

    subject: str
    preheader: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why content can't be compiled. `message` says to its author what to do; `where` names the field."""

    code: str
    message: str
    where: str = ""


class ContentRefused(ValueError):
    """The content can't become a message; `problems` has every reason found, not just the first."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = problems


class Unfillable(ValueError):
    """This recipient can't get this message; it is then withheld. The text holds no address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


# No mailbox has this key, so that a click in a sample opts nobody out; `fill` marks its link as a test.
SAMPLE_RECIPIENT = Recipient(
    address="dana.miller@example.org",
    address_key=b"sample recipient",
    mailbox_key=b"sample recipient",
    first_name="Dana",
    last_name="Miller",
    reason="you are on the list “Friends” as a customer since 24 November 2026",
)
