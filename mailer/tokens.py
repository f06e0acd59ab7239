"""Signed names for opt-out links, and for the links in confirmation mails.

A token is self-contained: it holds the mailbox key, the campaign's number and a MAC, and needs no row
but the ledger. So it outlives contact, list, campaign and sender; it never expires; it names nobody to
those who read a log (DUTIES D50, D74, D75).

Layout, 30 bytes, 40 characters of unpadded base64url:

    1  key number (1…127), its highest bit set in a test send
    16 mailbox key
    4  campaign number, big-endian
    9  HMAC-SHA256 over the rest, cut to 72 bits
"""

import binascii
import hmac
import re
import struct
from base64 import b32decode, b32encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote

from django.conf import settings
from django.core import signing

MAC_BYTES = 9
PAYLOAD = struct.Struct(">B16sI")
TOKEN_LENGTH = (PAYLOAD.size + MAC_BYTES) * 8 // 6
TEST_BIT = 0x80

TOKEN_CHARACTERS = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}")
# What mail clients were seen to hang on a bare link, or to leave in it from its transport encoding.
TRAILING = ".,;:!?)]}>\"'*»”’ \t\r\n"
SOFT_BREAK = re.compile(r"=\s*[\r\n]+|[\r\n\t ]+|=0[dDaA]")


class DamagedToken(ValueError):
    """Nobody's mailbox can be told from this token."""


@dataclass(frozen=True, slots=True)
class OptOutToken:
    """Whom a link speaks for, and which campaign carried it."""

    mailbox_key: bytes
    campaign: int
    is_test: bool = False


def sign(token: OptOutToken) -> str:
    """The token as it stands in a link, under the newest key."""
    number, key = next(iter(settings.LINK_KEYS.items()))
    payload = PAYLOAD.pack(number | (TEST_BIT if token.is_test else 0), token.mailbox_key, token.campaign)
    return urlsafe_b64encode(payload + _mac(key, payload)).decode()


def read(text: str) -> OptOutToken:
    """The token in `text`, as it was sent or with damage that can be undone without doubt.

    Every repair is only a guess that the MAC then confirms, so a repair can't turn one mailbox's link
    into another's. Raises DamagedToken, in constant words whatever was wrong.
    """
    for candidate in _repairs(text, TOKEN_LENGTH):
        token = _verified(candidate)
        if token is not None:
            return token
    raise DamagedToken("This link is damaged.")


def _repairs(text: str, length: int) -> Iterator[str]:
    yield text
    undone = SOFT_BREAK.sub("", unquote(unquote(text)))
    undone = undone.strip("/").strip("<").rstrip(TRAILING).strip("/")
    yield undone
    # Quoted-printable left undecoded turns "=" into "=3D"; a client that then cuts at "=" leaves "3D".
    for prefix in ("=3D", "=3d", "3D", "3d", "="):
        yield undone.removeprefix(prefix)
    # Longer rests: a tracking suffix, a closing bracket in the middle, a sentence that follows.
    yield undone[:length]


def _verified(candidate: str) -> OptOutToken | None:
    if not TOKEN_CHARACTERS.fullmatch(candidate):
        return None
    try:
        raw = urlsafe_b64decode(candidate)
    except (binascii.Error, ValueError):
        return None
    payload, mac = raw[: PAYLOAD.size], raw[PAYLOAD.size :]
    marked_number, mailbox_key, campaign = PAYLOAD.unpack(payload)
    key = settings.LINK_KEYS.get(marked_number & ~TEST_BIT)
    if key is None or not hmac.compare_digest(mac, _mac(key, payload)):
        return None
    return OptOutToken(mailbox_key, campaign, is_test=bool(marked_number & TEST_BIT))


def _mac(key: bytes, payload: bytes) -> bytes:
    return hmac.digest(key, b"opt-out:" + payload, "sha256")[:MAC_BYTES]


def opt_out_url(token: OptOutToken) -> str:
    """The link that stands in the header and in the body."""
    return f"{settings.PUBLIC_URL}/u/{sign(token)}"


# -- the copy of a message on the web ---------------------------------------------------------------------

# 21 bytes, 28 characters: key number as above, campaign, the first 8 bytes of the SHA-256 of what was frozen, MAC.
# It is the same in every message of a campaign, so it speaks for nobody, and names exactly the bytes that went out.
VIEW_PAYLOAD = struct.Struct(">BI8s")
VIEW_MAC_BYTES = 8
VIEW_LENGTH = (VIEW_PAYLOAD.size + VIEW_MAC_BYTES) * 8 // 6
VIEW_CHARACTERS = re.compile(rf"[A-Za-z0-9_-]{{{VIEW_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class ViewToken:
    """Which compiled message a link shows; `digest` begins its SHA-256."""

    campaign: int
    digest: bytes
    is_test: bool = False


def view_url(token: ViewToken) -> str:
    """The link to the copy, as it stands in every message. It never expires."""
    number, key = next(iter(settings.LINK_KEYS.items()))
    payload = VIEW_PAYLOAD.pack(number | (TEST_BIT if token.is_test else 0), token.campaign, token.digest[:8])
    signed = urlsafe_b64encode(payload + _view_mac(key, payload)).decode()
    return f"{settings.PUBLIC_URL}/v/{signed}"


def read_view(text: str) -> ViewToken:
    """The token in `text`, damaged or not, as `read` does. Raises DamagedToken."""
    for candidate in _repairs(text, VIEW_LENGTH):
        if not VIEW_CHARACTERS.fullmatch(candidate):
            continue
        raw = urlsafe_b64decode(candidate)
        payload, mac = raw[: VIEW_PAYLOAD.size], raw[VIEW_PAYLOAD.size :]
        marked_number, campaign, digest = VIEW_PAYLOAD.unpack(payload)
        key = settings.LINK_KEYS.get(marked_number & ~TEST_BIT)
        if key is not None and hmac.compare_digest(mac, _view_mac(key, payload)):
            return ViewToken(campaign, digest, is_test=bool(marked_number & TEST_BIT))
    raise DamagedToken("This link is damaged.")


def _view_mac(key: bytes, payload: bytes) -> bytes:
    return hmac.digest(key, b"view:" + payload, "sha256")[:VIEW_MAC_BYTES]


# -- the page on which a mailbox chooses its lists ------------------------------------------------------

# Whatever a mail program hung on the word, and in whatever case.
PREFERENCES = re.compile(r"(.*?)[/\\]+preferences.*", re.IGNORECASE | re.DOTALL)


def preferences_path(token: OptOutToken) -> str:
    """The page, as its own forms and the pages before it name it."""
    return f"/u/{sign(token)}/preferences"


def preferences_link(opt_out: str) -> str:
    """The link to it that stands in the body, below the opt-out link `opt_out`."""
    return f"{opt_out}/preferences"


def of_preferences(text: str) -> str | None:
    """The token's part of `text`, if that is the path below /u/ of a link to the page, damaged or not.

    A link that lost the page's name becomes the opt-out link, whose page asks before it does anything.
    """
    found = PREFERENCES.fullmatch(SOFT_BREAK.sub("", unquote(unquote(text))))
    return found[1] if found else None


# -- the address to which a mail opts out -------------------------------------------------------------

MAIL_MAC_BYTES = 8
# Lower-case base32, since local parts get lower-cased on the way: 29 bytes, 47 characters.
MAIL_TOKEN = re.compile(r"(?<![a-z2-7])[a-z2-7]{47}(?![a-z2-7])")


def opt_out_address(token: OptOutToken) -> str:
    """The address to which any mail is an opt-out of the token's mailbox (RFC 2369 §3.2). Needs INBOUND_DOMAIN."""
    number, key = next(iter(settings.LINK_KEYS.items()))
    payload = PAYLOAD.pack(number | (TEST_BIT if token.is_test else 0), token.mailbox_key, token.campaign)
    local = b32encode(payload + _mail_mac(key, payload)).decode().rstrip("=").lower()
    return f"{local}@{settings.INBOUND_DOMAIN}"


def read_mail(local: str) -> OptOutToken:
    """The token in the local part of such an address, in any case. Raises DamagedToken."""
    if not MAIL_TOKEN.fullmatch(local.lower()):
        raise DamagedToken("This address is damaged.")
    raw = b32decode(local.upper() + "=")
    payload, mac = raw[: PAYLOAD.size], raw[PAYLOAD.size :]
    marked_number, mailbox_key, campaign = PAYLOAD.unpack(payload)
    key = settings.LINK_KEYS.get(marked_number & ~TEST_BIT)
    if key is None or not hmac.compare_digest(mac, _mail_mac(key, payload)):
        raise DamagedToken("This address is damaged.")
    return OptOutToken(mailbox_key, campaign, is_test=bool(marked_number & TEST_BIT))


def _mail_mac(key: bytes, payload: bytes) -> bytes:
    return hmac.digest(key, b"opt-out by mail:" + payload, "sha256")[:MAIL_MAC_BYTES]


# -- links in confirmation mails, which are short-lived and may die with SECRET_KEY -------------------

WAY_BACK_AGE = timedelta(days=7)
JOIN_AGE = timedelta(days=7)


class ExpiredWayBack(DamagedToken):
    """The link was ours, but is too old to tell what its owner wants today."""


class ExpiredJoin(DamagedToken):
    """The link was ours, but the request that it would confirm is no longer kept."""


def way_back_url(number: int) -> str:
    """The link for WayBack row `number`, good for seven days from now. It holds no address."""
    return f"{settings.PUBLIC_URL}/u/back/{_signer('way-back').sign(str(number))}"


def read_way_back(text: str) -> int:
    """The row's number. Raises DamagedToken, or ExpiredWayBack if only its age is wrong."""
    return _read_number(text, "way-back", WAY_BACK_AGE, ExpiredWayBack)


def join_url(number: int) -> str:
    """The link that confirms SignUp row `number`, good for seven days from now. It holds no address."""
    return f"{settings.PUBLIC_URL}/join/confirm/{_signer('join').sign(str(number))}"


def read_join(text: str) -> int:
    """The row's number. Raises DamagedToken, or ExpiredJoin if only its age is wrong."""
    return _read_number(text, "join", JOIN_AGE, ExpiredJoin)


# -- one's own data: the links of mails that were asked for; short-lived, since they open what is private --

DATA_LINK_AGE = timedelta(hours=24)
MY_DATA, NEW_ADDRESS = "my-data", "new-address"


class ExpiredDataLink(DamagedToken):
    """The link was ours, but is older than a day."""


def data_url(number: int) -> str:
    """The link to a person's own data, for DataLink row `number`. It holds no address."""
    return f"{settings.PUBLIC_URL}/my-data/{_signer(MY_DATA).sign(str(number))}"


def new_address_url(number: int) -> str:
    """The link by which the reader of a new mailbox confirms it, for DataLink row `number`."""
    signed = _signer(NEW_ADDRESS).sign(str(number))
    return f"{settings.PUBLIC_URL}/my-data/address/{signed}"


def read_data_link(text: str, purpose: str) -> int:
    """The row's number. Raises DamagedToken, or ExpiredDataLink if only its age is wrong."""
    return _read_number(text, purpose, DATA_LINK_AGE, ExpiredDataLink)


# -- short-lived links ----------------------------------------------------------------------------------


def _read_number(text: str, purpose: str, age: timedelta, expired: type[DamagedToken]) -> int:
    undone = SOFT_BREAK.sub("", unquote(text)).strip("/").rstrip(TRAILING).strip("/")
    try:
        return int(_signer(purpose).unsign(undone, max_age=age))
    except signing.SignatureExpired:
        raise expired("This link is too old.") from None
    except signing.BadSignature:
        raise DamagedToken("This link is damaged.") from None


def _signer(purpose: str) -> signing.TimestampSigner:
    """A link of one purpose can't be used for another: each has a salt of its own."""
    return signing.TimestampSigner(salt=purpose)
