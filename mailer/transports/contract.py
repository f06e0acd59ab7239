"""What dispatch may rely on, whichever transport is behind it."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from urllib.parse import quote

# Long enough that an address in it is whole and can be blotted out; what is stored is shorter.
LONGEST_WORDS = 2000


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
    """Nothing can be sent now; the message says why and what the operator can do. Nothing was handed over."""


class Transport(Protocol):
    """A connection for one worker. `send` may hold messages back until `outcomes` is called."""

    # set when the server objects to the sender or the account, so that every message would fail alike
    objection: str
    # set when there is no more connection to be had: the rest of a group was not sent, the next would not be
    unavailable: str

    def open(self) -> None: ...

    def close(self) -> None: ...

    def send(self, key: bytes, envelope: Envelope) -> None:
        """Hand one message over. Never raises for what the other side does; that is an outcome."""

    def outcomes(self) -> list[Outcome]:
        """Finish what is under way and return one outcome for each send since the last call."""
