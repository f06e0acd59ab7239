"""Filling a skeleton for one recipient: the hottest code of a campaign, and the last to write its bytes."""

import hashlib
import html
import secrets
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote

from django.conf import settings

from mailer import addresses
from mailer.rendering.facts import SAMPLE_RECIPIENT, Envelope, Recipient, Unfillable
from mailer.rendering.fields import Place, Slot
from mailer.rendering.headers import folded, unstructured
from mailer.rendering.quoted_printable import encode_value
from mailer.rendering.reply_marks import looks_like_a_reply
from mailer.rendering.skeletons import SUBJECT, Skeleton
from mailer.tokens import OptOutToken, ViewToken, opt_out_address, opt_out_url, preferences_link, view_url

LONGEST_IN_LINE = 40
JOINERS = frozenset("\u200c\u200d")  # Persian, Hindi and others need them to spell
LINE_EXTRAS = frozenset(" -'’.")


def fill(skeleton: Skeleton, recipient: Recipient, *, at: datetime, is_test: bool = False) -> Envelope:
    """The message to `recipient`, dated `at`.

    Raises Unfillable, whose reason names no address, if this recipient can't be written to.
    """
    data = written(skeleton, _values(skeleton, recipient, at, is_test))
    return Envelope(skeleton.sender.from_email, recipient.address, data)


def written(skeleton: Skeleton, values: dict[str, str]) -> bytes:
    """The bytes of the message with `values` in its gaps."""
    parts = list(skeleton.template)
    for slot, gaps in skeleton.places:
        encoded = _header(slot, values, skeleton) if slot.place is Place.HEADER else _body(slot, values)
        for gap in gaps:
            parts[gap] = encoded
    return b"".join(parts)


def require_address(address: str) -> None:
    """Raise Unfillable unless it is one mailbox, in ASCII: it goes into To and onto the envelope (D18–D20)."""
    if addresses.PLAIN.fullmatch(address):
        return
    if not (address.isascii() and address.isprintable()):
        raise Unfillable("The address has letters that mail servers on the way may not take.")
    try:
        parsed = addresses.parse(address)
    except addresses.AddressRefused:
        raise Unfillable("The address is not one that mail can be sent to.") from None
    if parsed.text != address:
        raise Unfillable("The address is not written as mail servers read it.")


def _values(skeleton: Skeleton, recipient: Recipient, at: datetime, is_test: bool) -> dict[str, str]:
    require_address(recipient.address)
    is_sample = recipient.mailbox_key == SAMPLE_RECIPIENT.mailbox_key
    token = OptOutToken(recipient.mailbox_key, skeleton.campaign, is_test or is_sample)
    opt_out = opt_out_url(token)
    mark = f".t{secrets.token_hex(8)}" if is_test else ""
    return {
        "to": recipient.address,
        "date": _date(at.replace(microsecond=0)),
        "message_id": (f"<{skeleton.campaign}.{recipient.address_key.hex()}{mark}@{skeleton.sender.domain}>"),
        "url": opt_out,
        "preferences": preferences_link(opt_out),
        "view": view_url(ViewToken(skeleton.campaign, digest_of(skeleton.raw), token.is_test)),
        "mailto": opt_out_address(token) if settings.INBOUND_DOMAIN else "",
        "reason": recipient.reason if recipient.reason.isprintable() else _one_line(recipient.reason),
        "first_name": _name(recipient.first_name),
        "last_name": _name(recipient.last_name),
        "email": recipient.address,
    }


@lru_cache(maxsize=4)
def digest_of(raw: bytes) -> bytes:
    """Cached: hashing takes as long as filling, and every message of a campaign names the same bytes."""
    return hashlib.sha256(raw).digest()


@lru_cache(maxsize=16)
def _date(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC))


# -- values ------------------------------------------------------------------------------------------


def _name(value: str) -> str:
    """A person's name in one line of visible text; empty if it can't be one.

    Sign-up forms are abused to send links to strangers in the name field, so a name holds no link.
    """
    if not value or value.isalpha():
        return value
    if "/" in value or "www." in value.lower():
        return ""
    return _one_line(value)


def _one_line(value: str) -> str:
    visible = value if value.isprintable() else "".join(map(_visible, value))
    return " ".join(visible.split())


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] == "Z" or character in "\t\r\n\v\f\x85":
        return " "
    return "" if category[0] == "C" and character not in JOINERS else character


def _fits_a_line(value: str) -> bool:
    """Whether a value may stand in subject or preheader: a name of 40 characters, no reply mark (D25, D32)."""
    return (
        len(value) <= LONGEST_IN_LINE
        and all(unicodedata.category(each)[0] in "LM" or each in LINE_EXTRAS for each in value)
        and not looks_like_a_reply(f"{value}:")
    )


def _chosen(slot: Slot, values: dict[str, str]) -> str:
    return values[slot.name] or slot.default


def _chosen_in_line(slot: Slot, values: dict[str, str]) -> str:
    value = values[slot.name]
    return value if value and (slot.name == "email" or _fits_a_line(value)) else slot.default


# -- where they land -----------------------------------------------------------------------------------

ESCAPES: dict[Place, Callable[[Slot, dict[str, str]], str]] = {
    Place.TEXT: _chosen,
    Place.HTML: lambda slot, values: html.escape(_chosen(slot, values)),
    Place.QUERY: lambda slot, values: quote(_chosen(slot, values), safe=""),
    Place.LINE: lambda slot, values: html.escape(_chosen_in_line(slot, values)),
}


def _body(slot: Slot, values: dict[str, str]) -> bytes:
    return encode_value(ESCAPES[slot.place](slot, values))


def _header(slot: Slot, values: dict[str, str], skeleton: Skeleton) -> bytes:
    if slot.name == SUBJECT:
        return unstructured("Subject", merged_subject(skeleton, values))
    return HEADERS[slot.name](values)


HEADERS: dict[str, Callable[[dict[str, str]], bytes]] = {
    "to": lambda values: folded("To", [values["to"]]),
    "date": lambda values: folded("Date", [values["date"]]),
    "message_id": lambda values: folded("Message-ID", [values["message_id"]]),
    # One element on a line of its own: what a library re-serialises is then left alone (D73).
    "url": lambda values: b"List-Unsubscribe: \r\n <" + b">,\r\n <".join(_ways_out(values)) + b">",
}


def _ways_out(values: dict[str, str]) -> list[bytes]:
    """HTTPS first: mail programs take the first that they can (RFC 2369 §3.2)."""
    mailto = f"mailto:{values['mailto']}" if values["mailto"] else ""
    return [way.encode("ascii") for way in (values["url"], mailto) if way]


def merged_subject(skeleton: Skeleton, values: dict[str, str]) -> str:
    """The subject for one recipient, in single spaces.

    No name makes a false reply of it, not with the letters beside it either: then the default stands (D29).
    """
    merged = _merged(skeleton, values)
    return _merged(skeleton, dict.fromkeys(values, "")) if looks_like_a_reply(merged) else merged


def _merged(skeleton: Skeleton, values: dict[str, str]) -> str:
    pieces = (
        _chosen_in_line(piece, values) if isinstance(piece, Slot) else piece for piece in skeleton.subject
    )
    return " ".join(filter(None, "".join(pieces).split(" ")))
