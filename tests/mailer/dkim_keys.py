"""DKIM keys of the tests' own, made once a run, and the zone that publishes them."""

from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mailer.transports import signing
from tests.mailer.dns_server import texts


@cache
def rsa(bits: int = 2048) -> RSAPrivateKey:
    return generate_private_key(65537, bits)


@cache
def ed25519() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def keys() -> tuple[tuple[str, RSAPrivateKey | Ed25519PrivateKey], ...]:
    """As DKIM_KEYS has them."""
    return ("r1", rsa()), ("e1", ed25519())


def pem(key: RSAPrivateKey | Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def zone() -> dict[tuple[str, str], list[str]]:
    """What DNS must say, from what `dkim_records` prints."""
    return {(name, "TXT"): texts(value) for name, value in signing.records()}
