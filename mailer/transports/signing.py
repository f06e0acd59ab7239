"""DKIM: a signature of the domain in From over each message that goes out by SMTP, if there are keys (RFC 6376).

It covers both unsubscribe fields, without which one-click does not count (RFC 8058 §4; DUTIES D72). Canonicalised
relaxed/relaxed and without l=, so that mail servers may fold anew but nobody may append. dkimpy checks in the tests
what is made here; its own signing takes thirty times as long, since its RSA is written in Python (measured).
"""

import hashlib
import re
import time
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

# Named once more in h= than they occur (RFC 6376 §8.15): who adds a second one breaks the signature. Those that a
# message lacks are named too, so that nobody can give it a copy, an opt-out or a list that it did not have.
COVERED = (
    b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"reply-to", b"list-id", b"list-unsubscribe",
    b"list-unsubscribe-post", b"feedback-id", b"mime-version", b"content-type", b"content-transfer-encoding",
)  # fmt: skip
FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:((?:[^\r]|\r\n[ \t])*)\r\n")
AUTHOR = re.compile(rb"@([A-Za-z0-9.-]+)>?[ \t]*\Z")
LONGEST_PIECE = 72  # characters of base64 on a line
Key = RSAPrivateKey | Ed25519PrivateKey


def signed(data: bytes) -> bytes:
    """The finished message with one signature for each key in front; as it came if there is none.

    Nor is mail signed whose From is in none of our domains: the signature would vouch for somebody else.
    """
    if not settings.DKIM_KEYS:
        return data
    header, _, body = data.partition(b"\r\n\r\n")
    fields = [(name.lower(), value) for name, value in FIELD.findall(header + b"\r\n")]
    domain = signing_domain(_author(fields))
    if not domain:
        return data
    covered = _covered(fields)
    described = b" h=%s;\r\n bh=%s;\r\n b=" % (_names(covered), _digest(body))
    canonical = b"".join(relaxed(name, value) + b"\r\n" for name, value in covered if value is not None)
    at = int(time.time())
    return b"".join(_field(*key, domain, at, described, canonical) for key in settings.DKIM_KEYS) + data


def signing_domain(author: str) -> str:
    """Who signs (d=) for mail whose From is in the domain `author`; empty if nobody of us may."""
    candidates = [settings.DKIM_DOMAIN] if settings.DKIM_DOMAIN else settings.SENDER_DOMAINS
    fitting = [ours for ours in candidates if author == ours or author.endswith(f".{ours}")]
    return max(fitting, key=len, default="")


def _author(fields: Sequence[tuple[bytes, bytes]]) -> str:
    values = [value for name, value in fields if name == b"from"]
    found = AUTHOR.search(values[0]) if len(values) == 1 else None
    return found[1].decode("ascii").lower() if found else ""


def _covered(fields: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes | None]]:
    """What is signed: each field of a name from the last to the first (§5.4.2), and then the one that is not there."""
    covered: list[tuple[bytes, bytes | None]] = []
    for wanted in COVERED:
        covered += [(name, value) for name, value in reversed(fields) if name == wanted]
        covered.append((wanted, None))
    return covered


def _names(covered: Sequence[tuple[bytes, bytes | None]]) -> bytes:
    """The names for h=, some to a line; white space beside a colon is no part of them (§3.5)."""
    lines, line = [], b""
    for name, _ in covered:
        if len(line) + len(name) > LONGEST_PIECE:
            lines.append(line)
            line = b""
        line += name + b":"
    return b"\r\n  ".join([*lines, line])[:-1]


def relaxed(name: bytes, value: bytes) -> bytes:
    """A field in one line of single spaces (§3.4.2)."""
    return name + b":" + re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip(b" ")


def _digest(body: bytes) -> bytes:
    """bh=: the body's hash, white space reduced (§3.4.4). Hashed once, whatever the number of keys."""
    if b"\t" in body or b"  " in body or b" \r\n" in body:
        body = re.sub(rb"[ \t]+", b" ", re.sub(rb"[ \t]+(?=\r\n)", b"", body))
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    whole = body[:end] + b"\r\n" if end else b""
    return b64encode(hashlib.sha256(whole).digest())


def _field(selector: str, key: Key, domain: str, at: int, described: bytes, canonical: bytes) -> bytes:
    tags = f" v=1; a={algorithm(key)}-sha256; c=relaxed/relaxed; d={domain};\r\n s={selector}; t={at};\r\n"
    value = tags.encode("ascii") + described
    signature = b64encode(_sign(key, canonical + relaxed(b"dkim-signature", value)))
    pieces = [signature[at : at + LONGEST_PIECE] for at in range(0, len(signature), LONGEST_PIECE)]
    return b"DKIM-Signature:" + value + b"\r\n  ".join(pieces) + b"\r\n"


def _sign(key: Key, octets: bytes) -> bytes:
    if isinstance(key, RSAPrivateKey):
        return key.sign(octets, PKCS1v15(), SHA256())
    return key.sign(hashlib.sha256(octets).digest())  # RFC 8463 §3: of the hash


# -- what is published ---------------------------------------------------------------------------------


def algorithm(key: Key) -> str:
    return "rsa" if isinstance(key, RSAPrivateKey) else "ed25519"


@lru_cache(maxsize=8)
def record(key: Any) -> str:
    """What stands in DNS, at selector._domainkey.domain, for receivers to check by (RFC 6376 §3.6.1, RFC 8463 §4)."""
    public = key.public_key()
    if isinstance(key, Ed25519PrivateKey):
        octets = public.public_bytes_raw()
    else:
        octets = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k={algorithm(key)}; p={b64encode(octets).decode()}"


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A key by which we sign, as the world sees it."""

    selector: str
    domain: str
    record: str

    @property
    def mark(self) -> str:
        """Which key it is, in few letters."""
        return hashlib.sha256(self.record.encode()).hexdigest()[:12]


def own_keys(author: str) -> list[OwnKey]:
    """By which keys mail is signed whose From is in the domain `author`."""
    domain = signing_domain(author)
    return [OwnKey(selector, domain, record(key)) for selector, key in settings.DKIM_KEYS if domain]


def records() -> list[tuple[str, str]]:
    """Name and value of each record to publish: every key at every domain that signs."""
    domains = [settings.DKIM_DOMAIN] if settings.DKIM_DOMAIN else settings.SENDER_DOMAINS
    return [
        (f"{key.selector}._domainkey.{key.domain}", key.record)
        for domain in domains
        for key in own_keys(domain)
    ]
