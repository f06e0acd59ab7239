"""The keys by which receivers check our signatures (RFC 6376, RFC 8301, RFC 8463)."""

from base64 import b64decode
from binascii import Error
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mailer.compliance.sender_dns.asking import Dns
from mailer.compliance.sender_dns.said import Record, Said, State, tags_of
from mailer.transports.signing import OwnKey

LEAST_BITS = 1024  # RFC 8301: shorter keys are not to be verified
WANTED_BITS = 2048
ED25519_BYTES = 32


@dataclass(frozen=True, slots=True)
class Key:
    """A selector's record, where it was found, and what is wrong with it."""

    selector: str
    domain: str  # d= of the signature
    record: str = ""
    problem: str = ""
    doubt: str = ""
    wanted: str = ""  # the record to publish, where the key is ours


def keys(selectors: Sequence[str], domain: str, organisation: str, dns: Dns) -> list[Key]:
    """Each selector at From's domain, else at the organisation's: both align, if only relaxed."""
    return [_key(selector, domain, organisation, dns) for selector in selectors]


def own_keys(own: Sequence[OwnKey], dns: Dns) -> list[Key]:
    """Those by which Candor itself signs: the record must be there, and be that of the key."""
    return [_own_key(key, dns) for key in own]


def _own_key(own: OwnKey, dns: Dns) -> Key:
    found = dns.texts(f"{own.selector}._domainkey.{own.domain}")
    if not found:
        return Key(own.selector, own.domain, problem="There is no record for it.", wanted=own.record)
    key = replace(_judged(own.selector, own.domain, found), wanted=own.record)
    if not key.problem and "".join(tags_of(found[0])["p"].split()) != tags_of(own.record)["p"]:
        return replace(
            key, problem="The record is of another key than Candor signs with, so every signature fails."
        )
    return key


def _key(selector: str, domain: str, organisation: str, dns: Dns) -> Key:
    for signer in dict.fromkeys((domain, organisation)):
        found = dns.texts(f"{selector}._domainkey.{signer}")
        if found:
            return _judged(selector, signer, found)
    return Key(selector, domain, problem="There is no record for it.")


def _judged(selector: str, signer: str, found: Sequence[str]) -> Key:
    if len(found) > 1:
        return Key(
            selector, signer, "\n".join(found), "There are several records; receivers take any or none."
        )
    problem = next(_problems(tags_of(found[0])), "")
    doubt = "" if problem else next(_doubts(tags_of(found[0])), "")
    return Key(selector, signer, found[0], problem, doubt)


def _problems(tags: dict[str, str]) -> Iterator[str]:
    if tags.get("v", "DKIM1") != "DKIM1":
        yield "Its version is not DKIM1."
    if "p" not in tags:
        yield "It has no key (p=)."
        return
    if not tags["p"]:
        yield "The key is revoked: p= is empty."
        return
    if "sha256" not in tags.get("h", "sha256").lower().split(":"):
        yield "It allows no SHA-256 (h=), and receivers take nothing else (RFC 8301)."
    if not {"*", "email"} & set(tags.get("s", "*").lower().replace(" ", "").split(":")):
        yield "It is not for email (s=)."
    yield from _problems_of_key(tags)


def _problems_of_key(tags: dict[str, str]) -> Iterator[str]:
    kind = tags.get("k", "rsa").lower()
    try:
        key = b64decode("".join(tags["p"].split()), validate=True)
        if kind == "rsa" and bits(key) < LEAST_BITS:
            yield f"The RSA key has {bits(key)} bits. Receivers ask for {LEAST_BITS} at least (RFC 8301)."
        elif kind == "ed25519" and len(key) != ED25519_BYTES:
            yield "The Ed25519 key has not 32 bytes."
        elif kind not in {"rsa", "ed25519"}:
            yield f"“{kind}” is a kind of key that receivers do not know."
    except (Error, ValueError, IndexError):
        yield "The key can’t be read; a piece may have been lost on its way into DNS."


def _doubts(tags: dict[str, str]) -> Iterator[str]:
    if "y" in tags.get("t", "").lower().split(":"):
        yield "It says t=y, testing: receivers may ignore it. Remove t=y."
    if tags.get("k", "rsa").lower() == "rsa" and bits(b64decode("".join(tags["p"].split()))) < WANTED_BITS:
        yield f"The RSA key is shorter than {WANTED_BITS} bits. Make a new one when you can."


def bits(der: bytes) -> int:
    """How long the modulus of an RSA public key is: SubjectPublicKeyInfo or bare (RFC 8017 §A.1.1)."""
    inner, _ = _element(der, 0x30)
    if inner[:1] == b"\x30":  # AlgorithmIdentifier stands first, the key in a BIT STRING behind it
        _, rest = _element(inner, 0x30)
        packed, _ = _element(rest, 0x03)
        inner, _ = _element(packed[1:], 0x30)
    modulus, _ = _element(inner, 0x02)
    return int.from_bytes(modulus, "big").bit_length()


def _element(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the first element, and what follows it."""
    if der[0] != tag:
        raise ValueError("another element was expected")
    size, start = der[1], 2
    if size & 0x80:
        start += size & 0x7F
        size = int.from_bytes(der[2:start], "big")
    if len(der) < start + size:
        raise ValueError("the element is cut off")
    return der[start : start + size], der[start + size :]


def check(found: Sequence[Key], domain: str) -> Said:
    if not found:
        return Said(
            State.OPEN,
            "Write the DKIM selectors of your mail service into the field above, such as “s1, s2”; it shows them "
            "where it asks you to verify the domain.",
        )
    good = [key for key in found if not key.problem]
    bad = [key for key in found if key.problem]
    shown = "\n".join(f"{key.selector}._domainkey.{key.domain}: {key.record}" for key in found if key.record)
    if bad:
        worst = bad[0]
        words = " ".join(f"Selector {key.selector}: {key.problem}" for key in bad)
        state = State.WARN if good else State.BAD
        publish = Record(
            f"{worst.selector}._domainkey.{worst.domain}",
            "TXT" if worst.wanted else "TXT or CNAME",
            worst.wanted or "the key that your mail service shows",
        )
        return Said(state, words, shown, publish)
    doubts = [f"Selector {key.selector}: {key.doubt}" for key in good if key.doubt]
    if doubts:
        return Said(State.WARN, " ".join(doubts), shown)
    return Said(
        State.OK, f"{_listed([key.selector for key in good])}: the key is there and long enough.", shown
    )


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words)
