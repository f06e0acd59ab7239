"""What can be said of DKIM signatures without asking DNS for the signer's key.

RFC 8058 §4: the signature must cover both unsubscribe fields; RFC 6376 §8.2: l= lets anybody append to the body;
RFC 8301: no SHA-1. The body's hash is made anew: a body changed after signing shows here (DUTIES D72).
"""

import hashlib
import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator

from mailer.compliance.audit.received import Received
from mailer.compliance.findings import Finding, Severity

RULE = "dkim"
SOURCE = "RFC 8058 §4; RFC 6376"
COVERED = ("from", "list-unsubscribe", "list-unsubscribe-post")
FIELD = re.compile(rb"^dkim-signature[ \t]*:", re.IGNORECASE | re.MULTILINE)
Tags = dict[str, str]


def is_signed(raw: bytes) -> bool:
    header = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0]
    return bool(FIELD.search(header))


def check(received: Received) -> Iterator[Finding]:
    found = [_tags(value) for value in received.fields("DKIM-Signature")]
    if not found:
        return
    domain = received.message.skeleton.sender.domain
    aligned = [tags for tags in found if _is_aligned(tags.get("d", "").lower(), domain)]
    if not aligned:
        yield _finding("No DKIM signature is of the domain in From.")
    problems = [list(_about(tags, received.raw)) for tags in aligned]
    if problems and all(problems):
        yield from problems[0]
    if any("l" in tags for tags in found):
        yield _finding("A DKIM signature has l=, so anybody may append to the message.")


def _tags(value: str) -> Tags:
    pairs = (part.partition("=") for part in value.split(";"))
    return {name.strip().lower(): "".join(rest.split()) for name, equals, rest in pairs if equals}


def _is_aligned(signer: str, domain: str) -> bool:
    return bool(signer) and (domain == signer or domain.endswith(f".{signer}"))


def _about(tags: Tags, raw: bytes) -> Iterator[Finding]:
    covered = tags.get("h", "").lower().split(":")
    missing = [name for name in COVERED if name not in covered]
    if missing:
        yield _finding(f"The DKIM signature does not cover {', '.join(missing)}.")
    if not tags.get("a", "").lower().endswith("-sha256"):
        yield _finding("The DKIM signature uses an algorithm that receivers reject.")
    elif "l" not in tags and not _body_matches(tags, raw):
        yield _finding("The body was changed after it was signed.")


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
