"""Which strings are the same mailbox, and the keyed names under which the ledger knows them.

Two names of an address, each 16 bytes of HMAC-SHA256 under ADDRESS_KEY:

* the *address key* of the exact normalised address (NFKC, case-folded local part, IDNA domain);
* the *mailbox key* of the mailbox behind it: `+tag` dropped, and for Gmail dots and the second domain
  folded, as those providers deliver.

An opt-out is entered and asked for by mailbox key. Over-suppressing is lawful, under-suppressing is
not (15 U.S.C. 7704(a)(4); DUTIES D65), so where two addresses might be one mailbox they are one here.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import idna
from django.conf import settings
from email_validator import EmailNotValidError, validate_email

KEY_BYTES = 16
BLOCK = 64  # bytes that SHA-256 takes at a time

# Nearly every address of a list is this plain; the library, forty times slower, sees only the rest.
# Lengths: RFC 5321 §4.5.3.1 (local part 64, and 254 for an address that fits a 256-octet path).
PLAIN = re.compile(
    r"(?=.{6,254}\Z)(?=[^@]{1,64}@)"
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:(?!xn--)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}",
    re.ASCII | re.IGNORECASE,
)
GMAIL_DOMAINS = frozenset({"gmail.com", "googlemail.com"})


class AddressRefused(ValueError):
    """This string is not an address that mail can be sent to; the message says why, for a marketer."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address in three forms. `text` is what goes on the envelope, the others are only compared."""

    text: str
    exact: str
    mailbox: str

    @property
    def address_key(self) -> bytes:
        return keyed(b"address", self.exact)

    @property
    def mailbox_key(self) -> bytes:
        return keyed(b"mailbox", self.mailbox)


def parse(raw: str) -> Address:
    """The address in `raw`, white space around it dropped. Raises AddressRefused."""
    candidate = raw.strip()
    if PLAIN.fullmatch(candidate):
        local, _, domain = candidate.rpartition("@")
        return _address(local, domain.lower())
    return _parse_unusual(unicodedata.normalize("NFKC", candidate))


def _parse_unusual(candidate: str) -> Address:
    try:
        found = validate_email(
            candidate,
            check_deliverability=False,
            allow_quoted_local=True,
            allow_smtputf8=True,
            strict=True,  # a local part over 64 octets is refused by mail servers (RFC 5321 §4.5.3.1.1)
            test_environment=True,  # names under .test and .invalid are somebody's mailbox in a lab
        )
    except EmailNotValidError as wrong:
        raise AddressRefused(str(wrong)) from None
    if "." not in found.ascii_domain:
        raise AddressRefused("The part after the @-sign is not a full domain name.")
    return _address(found.local_part, found.ascii_domain.lower())


def _address(local: str, domain: str) -> Address:
    folded = local.lower() if local.isascii() else _folded(local)
    mailbox_local, mailbox_domain = _mailbox(folded, domain)
    return Address(
        text=f"{local}@{domain}",
        exact=f"{folded}@{domain}",
        mailbox=f"{mailbox_local}@{mailbox_domain}",
    )


def _folded(local: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", local).casefold())


def _mailbox(local: str, domain: str) -> tuple[str, str]:
    if local.startswith('"'):
        return local, domain  # in a quoted local part, + and . are letters like any other
    bare = local.partition("+")[0] or local
    if domain in GMAIL_DOMAINS:
        return bare.replace(".", "") or bare, "gmail.com"
    return bare, domain


def keyed(purpose: bytes, name: str) -> bytes:
    """The 16-byte name of `name`, under ADDRESS_KEY: the same on every machine of the installation."""
    inner, outer = _begun(settings.ADDRESS_KEY, purpose)
    begun, ended = inner.copy(), outer.copy()
    begun.update(name.encode())
    ended.update(begun.digest())
    return ended.digest()[:KEY_BYTES]


@lru_cache(maxsize=8)
def _begun(key: bytes, purpose: bytes) -> tuple[Any, Any]:
    """The two hashes of HMAC-SHA256 (RFC 2104 §2), which have taken key and purpose in.

    An import makes millions of keys: copying these takes half the time of copying an `hmac` object, which itself
    takes a third of beginning anew (measured).
    """
    block = (hashlib.sha256(key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + purpose + b":")
    return inner, hashlib.sha256(bytes(byte ^ 0x5C for byte in block))


def is_ascii(address: str) -> bool:
    """Whether every mail server can take it; others need SMTPUTF8 (RFC 6531) on the whole way."""
    return address.isascii()


def masked(address: str) -> str:
    """The address as a public page shows it: enough for its owner, too little for a stranger (D48)."""
    local, _, domain = address.rpartition("@")
    try:
        shown = idna.decode(domain)
    except idna.IDNAError:
        shown = domain
    name, _, suffix = shown.rpartition(".")
    return f"{local[:1]}•••@{name[:1]}•••.{suffix}"
