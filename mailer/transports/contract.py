"""What dispatch may rely on, whichever transport is behind it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from urllib.parse import quote

# Long enough that an address in it is whole and can be blotted out; what is stored is shorter.
LONGEST_WORDS = 2000

# Seconds that a service's wish to be left alone is followed; then one message asks again.
LONGEST_PAUSE = 300.0

# Whether all messages with these keys may still be sent, asked of whoever handed them over a moment ago.
MayStillGo = Callable[[Sequence[bytes]], bool]


NOT_CARRIED = "This address has letters beyond a–z, which mail servers can't carry yet."


def one_line(words: str) -> str:
    """A server's words as every database takes them: no control characters (a NUL would stop the settling)."""
    shown = words[:LONGEST_WORDS]
    return shown if shown.isprintable() else "".join(c if c.isprintable() else " " for c in shown)


def without(address: str, words: str) -> str:
    """The server's words with the recipient's address blotted out, whatever its case, also as in a URL."""
    if "@" not in words and "%40" not in words:
        return words
    forms = "|".join(re.escape(form) for form in (address, quote(address)) if form)
    return re.sub(forms, "…", words, flags=re.IGNORECASE) if forms else words


class Envelope(Protocol):
    """One finished message (made by `mailer.rendering`): lines end in CRLF, dots are not yet stuffed."""

    @property
    def mail_from(self) -> str: ...

    @property
    def rcpt_to(self) -> str: ...

    @property
    def data(self) -> bytes: ...


class Kind(StrEnum):
    """What became of one message."""

    ACCEPTED = "accepted"  # the server or ESP has it and answers for it
    REFUSED = "refused"  # it said no, for good, to this recipient or this message
    LATER = "later"  # it certainly does not have it; another try is safe
    UNKNOWN = "unknown"  # it may have it: never sent again by itself


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the message that was handed in under `key`, with the server's words."""

    key: bytes
    kind: Kind
    detail: str = ""
    transport_id: str = ""
    defers_domain: bool = False  # “later” that may be about the whole domain of the recipient


class TransportUnavailable(Exception):
    """Nothing can be sent now; the message says why and what the operator can do. Nothing was handed over.

    `pause` are the seconds that nobody should try for; None where it may be about this one connection alone.
    """

    def __init__(self, words: str, pause: float | None = None) -> None:
        super().__init__(words)
        self.pause = pause


def never(keys: Sequence[bytes]) -> bool:
    """Nothing is sent a second time."""
    return False


class Transport(Protocol):
    """A connection for one worker. `send` may hold messages back until `outcomes` is called."""

    # set when the server objects to the sender or the account, so that every message would fail alike
    objection: str
    # set when there is no more connection to be had: the rest of a group was not sent, the next would not be
    unavailable: str
    # with it: seconds that nobody of the installation should send for, 0 where the service left messages in doubt;
    # None where it may be about this connection alone
    pause: float | None
    # how many messages one request can carry; 1 where each has an answer of its own
    batch: int

    def open(self) -> None: ...

    def close(self) -> None: ...

    def send(self, key: bytes, envelope: Envelope) -> None:
        """Hand one message over. Never raises for what the other side does; that is an outcome."""

    def outcomes(self, may_still_go: MayStillGo = never) -> list[Outcome]:
        """Finish what is under way and return one outcome for each send since the last call.

        What must be sent a second time, a request that got no answer to a service that knows it again, or one that was
        refused as a whole in parts, is sent only if its messages `may_still_go`.
        """
