"""Somebody of our domain vouches for the message, for what readers see of it, and it still is what they vouched for.

RFC 8058 §4: the signature must cover both unsubscribe fields; RFC 6376 §8.2: l= lets anybody append to the body;
RFC 8301: no SHA-1. The body's hash is made anew here, so that a changed body is told from a changed header; the
signature itself is verified by dkimpy (DUTIES D72).
"""

import hashlib
import logging
import re
import time
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator

import dkim
from django.conf import settings

from mailer.compliance.audit.keys import Keys, KeyUnknown
from mailer.compliance.audit.received import Received
from mailer.compliance.findings import Finding, Severity

RULE = "dkim"
SOURCE = "RFC 8058 §4; RFC 6376"
COVERED = ("from", "list-unsubscribe", "list-unsubscribe-post")
MOST = 10  # signatures that are looked at; more than a few are an attack on whoever verifies
LEAST_BITS = 1024  # RFC 8301 §3.2: shorter keys are not to be verified
SILENT = logging.getLogger("mailer.dkim")
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False
Tags = dict[str, str]


def check(received: Received, keys: Keys) -> Iterator[Finding]:
    found = [_tags(value) for value in received.fields("DKIM-Signature")][:MOST]
    if not found:
        if _is_expected(received):
            yield _finding(
                "Nobody signed the message with DKIM, so mail programs offer no one-click opt-out."
            )
        return
    domain = received.message.skeleton.sender.domain
    aligned = [
        (index, tags) for index, tags in enumerate(found) if _is_aligned(tags.get("d", "").lower(), domain)
    ]
    if not aligned:
        yield _finding("No DKIM signature is of the domain in From.")
    problems = [list(_about(index, tags, received, keys)) for index, tags in aligned]
    if problems and all(problems):
        yield from problems[0]
    if any("l" in tags for tags in found):
        yield _finding("A DKIM signature has l=, so anybody may append to the message.")


def _is_expected(received: Received) -> bool:
    """Where Candor signs; and where a mail server has had the message, since that or Candor should have."""
    return bool(settings.DKIM_KEYS) or (not settings.LOCAL and bool(received.fields("Received")))


def _tags(value: str) -> Tags:
    pairs = (part.partition("=") for part in value.split(";"))
    return {name.strip().lower(): "".join(rest.split()) for name, equals, rest in pairs if equals}


def _is_aligned(signer: str, domain: str) -> bool:
    return bool(signer) and (domain == signer or domain.endswith(f".{signer}"))


def _about(index: int, tags: Tags, received: Received, keys: Keys) -> Iterator[Finding]:
    covered = tags.get("h", "").lower().split(":")
    missing = [name for name in COVERED if name not in covered]
    if missing:
        yield _finding(f"The DKIM signature does not cover {', '.join(missing)}.")
    elif not tags.get("a", "").lower().endswith("-sha256"):
        yield _finding("The DKIM signature uses an algorithm that receivers reject.")
    elif "l" not in tags and not _body_matches(tags, received.raw):
        yield _finding("The body was changed after it was signed.")
    elif _has_expired(tags):
        yield _finding("The DKIM signature was good for a time that is over (x=).")
    else:
        yield from _by_key(index, tags, received, keys)


def _has_expired(tags: Tags) -> bool:
    return tags.get("x", "").isdecimal() and int(tags["x"]) < time.time()


def _by_key(index: int, tags: Tags, received: Received, keys: Keys) -> Iterator[Finding]:
    selector, domain = tags.get("s", "").lower(), tags.get("d", "").lower()
    try:
        record = keys.record(selector, domain, has_travelled=bool(received.fields("Received")))
    except KeyUnknown as unknown:
        keys.unknown.append(str(unknown))
        return
    name = f"{selector}._domainkey.{domain}"
    if record is None:
        yield _finding(f"DNS has no one key at {name}, so nobody can check the DKIM signature.")
    elif not re.search(r"(?:^|;)\s*p\s*=\s*[^;\s]", record):
        yield _finding(f"The key at {name} was taken back: p= is empty.")
    elif not _verifies(received.raw, index, record):
        yield _finding(
            "The DKIM signature does not hold: what it covers was changed after signing, or the key is another one."
        )


def _verifies(raw: bytes, index: int, record: str) -> bool:
    octets = record.encode("ascii", "replace")
    verifier = dkim.DKIM(raw, logger=SILENT, minkey=LEAST_BITS)
    try:
        return bool(verifier.verify(index, dnsfunc=lambda name, timeout=0: octets))
    except Exception:  # dkimpy has its own errors and lets others through that bad tags or keys cause
        return False


def _body_matches(tags: Tags, raw: bytes) -> bool:
    pieces = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)
    body = re.sub(rb"\r?\n", b"\r\n", pieces[1]) if len(pieces) == 2 else b""
    if tags.get("c", "simple/simple").lower().partition("/")[2] == "relaxed":
        body = re.sub(rb"[ \t]+(?=\r\n|\Z)", b"", body)
        body = re.sub(rb"[ \t]+", b" ", body)
    # RFC 6376 §3.4.3 and §3.4.4: empty lines at the end don't count; simple makes a line of an empty body
    body = body.rstrip(b"\r\n")
    canonical = (
        body + b"\r\n" if body or "relaxed" not in tags.get("c", "").partition("/")[2].lower() else b""
    )
    try:
        return b64decode(tags.get("bh", "")) == hashlib.sha256(canonical).digest()
    except (Error, ValueError):
        return False


def _finding(message: str) -> Finding:
    return Finding(RULE, Severity.BLOCK, message, SOURCE, "header")
