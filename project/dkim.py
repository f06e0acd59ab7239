"""The DKIM keys among the settings: what is one, and what can't be meant (RFC 6376, RFC 8301, RFC 8463)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

LEAST_BITS, MOST_BITS = 2048, 4096  # more than 4096 need not be verified by anybody (RFC 8301 §3.2)
# a part of a DNS name below “_domainkey”, which takes eleven of 253 characters
SELECTOR = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
KINDS = ("RSA", "ED25519")


def rsa_key(value: str) -> RSAPrivateKey | None:
    advice = "`openssl genrsa 2048` prints a good one"
    key = _read(value, f"write an RSA private key in PEM; {advice}")
    if key is None:
        return None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError(f"write an RSA private key in PEM; {advice}")
    if not LEAST_BITS <= key.key_size <= MOST_BITS:
        raise ValueError(f"write a key of {LEAST_BITS} to {MOST_BITS} bits, not {key.key_size}; {advice}")
    return key


def ed25519_key(value: str) -> Ed25519PrivateKey | None:
    advice = "write an Ed25519 private key in PEM; `openssl genpkey -algorithm ed25519` prints one"
    key = _read(value, advice)
    if key is not None and not isinstance(key, Ed25519PrivateKey):
        raise ValueError(advice)
    return key


def _read(value: str, advice: str) -> PrivateKeyTypes | None:
    if not value.strip():
        return None
    try:
        return load_pem_private_key(value.strip().encode(), password=None)
    except TypeError:
        raise ValueError(f"{advice}, without a password, since nobody could type it") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(advice) from None


def selector(value: str) -> str:
    name = value.strip().lower()
    if name and not (SELECTOR.fullmatch(name) and len(name) <= 63):
        raise ValueError("write a short name of letters, digits and hyphens, such as candor1")
    return name


def contradictions(values: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong between the DKIM settings and others."""
    has_key = False
    for kind in KINDS:
        key, name = values.get(f"DKIM_{kind}_KEY"), values.get(f"DKIM_{kind}_SELECTOR")
        has_key |= bool(key)
        # a wrong value is told by itself, and is not there
        if f"DKIM_{kind}_KEY" in values and f"DKIM_{kind}_SELECTOR" in values and bool(key) != bool(name):
            given, missing = ("KEY", "SELECTOR") if key else ("SELECTOR", "KEY")
            yield f"DKIM_{kind}_{missing}: missing; write it, or leave DKIM_{kind}_{given} out."
    selectors = [values.get(f"DKIM_{kind}_SELECTOR") for kind in KINDS]
    if selectors[0] and selectors[0] == selectors[1]:
        yield "DKIM_ED25519_SELECTOR: write another name than DKIM_RSA_SELECTOR; each key is a record of its own."
    if has_key and values.get("ANYMAIL_ESP"):
        yield "DKIM_RSA_KEY, DKIM_ED25519_KEY: leave them out; with ANYMAIL_ESP the mail service signs by its own."
    yield from _about_domain(values, has_key=has_key)


def _about_domain(values: Mapping[str, Any], *, has_key: bool) -> Iterator[str]:
    signer, ours = values.get("DKIM_DOMAIN"), values.get("SENDER_DOMAINS")
    if not signer:
        return
    if not has_key and "DKIM_RSA_KEY" in values and "DKIM_ED25519_KEY" in values:
        yield "DKIM_DOMAIN: there is no key for it; write DKIM_RSA_KEY and DKIM_RSA_SELECTOR, or leave it out."
    if ours and signer not in ours:
        yield f"DKIM_DOMAIN: {signer} is not in SENDER_DOMAINS, so its signature would vouch for nobody."
        return
    for other in ours or ():
        if other != signer and not other.endswith(f".{signer}"):
            yield (
                f"DKIM_DOMAIN: {other} of SENDER_DOMAINS is not beneath {signer}, so mail from there would go out "
                "unsigned; leave DKIM_DOMAIN out, and publish the same record at each domain."
            )
