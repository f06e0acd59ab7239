"""Signing the measured letter, against filling it, and against dkimpy, which makes an equal signature.

One core each, CPU only. OpenSSL lets go of Python's lock while it signs, so that several connections of a worker
sign side by side; that gain is not in these figures.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import dkim
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.test.utils import override_settings
from django.utils import timezone

from bench import letter
from bench.fill import CAMPAIGN, LIST, SENDER, person
from mailer.rendering import Content, compile_content, fill
from mailer.transports import signed
from mailer.transports.signing import COVERED, Key

MESSAGES = 2000
FEWER = 20  # dkimpy is asked for a twentieth: its RSA is slow


def run(messages: int = MESSAGES) -> Iterator[dict[str, object]]:
    """Yields messages a second of one core: RSA, Ed25519 and both, against filling; RSA against dkimpy."""
    skeleton = compile_content(Content(letter.SUBJECT, "", letter.HTML, ""), SENDER, LIST, CAMPAIGN)
    recipients = [person(number) for number in range(messages)]
    now = timezone.now()
    filling = _rate(lambda recipient: fill(skeleton, recipient, at=now), recipients)
    raws = [fill(skeleton, recipient, at=now).data for recipient in recipients]
    rsa, ed25519 = generate_private_key(65537, 2048), Ed25519PrivateKey.generate()
    for name, keys in {"RSA": [rsa], "Ed25519": [ed25519], "RSA and Ed25519": [rsa, ed25519]}.items():
        yield _line(name, _ours(keys, raws), "filling the message", filling)
    yield _line("RSA", _ours([rsa], raws), "dkimpy", _dkimpy(rsa, raws[: messages // FEWER]))


def _line(name: str, value: float, against: str, other: float) -> dict[str, object]:
    return {
        "bench": f"dkim, {name}",
        "value": round(value),
        "unit": "messages/s",
        "against": against,
        "ratio": round(value / other, 3),
    }


def _ours(keys: Sequence[Key], raws: Sequence[bytes]) -> float:
    named = tuple((f"s{number}", key) for number, key in enumerate(keys))
    with override_settings(DKIM_KEYS=named, DKIM_DOMAIN="", SENDER_DOMAINS=(SENDER.domain,)):
        return _rate(signed, raws)


def _dkimpy(key: Key, raws: Sequence[bytes]) -> float:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    domain, covered = SENDER.domain.encode(), list(COVERED)
    return _rate(
        lambda raw: dkim.sign(
            raw, b"s0", domain, pem, None, (b"relaxed", b"relaxed"), include_headers=covered
        ),
        raws,
    )


def _rate(work: Callable[[Any], object], items: Sequence[Any]) -> float:
    work(items[0])
    begun = time.perf_counter()
    for item in items:
        work(item)
    return len(items) / (time.perf_counter() - begun)
