"""Where the keys of signatures come from: a file, our own settings, or DNS.

What Candor has just signed is verified by the key in the settings, since it has not been anywhere yet. What a server
passed on is verified as its receiver does it, by what DNS says.
"""

from base64 import b64encode
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from mailer.compliance.sender_dns.asking import Dns, DnsFailure
from mailer.transports import signing


class KeyUnknown(Exception):
    """Nobody says what the key is: whether the signature holds can't be told. In words."""


@dataclass(slots=True)
class Keys:
    """Without `dns` nobody is asked. `given` is a record that holds for whatever signature there is."""

    dns: Dns | None = None
    given: str = ""
    unknown: list[str] = field(default_factory=list)  # why signatures could not be verified, in words

    def record(self, selector: str, domain: str, *, has_travelled: bool) -> str | None:
        """The record by which a signature is verified; None if DNS has none. Raises KeyUnknown."""
        if self.given:
            return self.given
        own = {(key.selector, key.domain): key.record for key in signing.own_keys(domain)}
        if (selector, domain) in own and not (self.dns and has_travelled):
            return own[selector, domain]
        name = f"{selector}._domainkey.{domain}"
        if self.dns is None:
            raise KeyUnknown(f"The DKIM signature is not verified: its key, {name}, was not asked for.")
        try:
            found = self.dns.texts(name)
        except DnsFailure as failure:
            raise KeyUnknown(f"The DKIM signature is not verified: {failure}") from failure
        return found[0] if len(found) == 1 else None


def written(text: str) -> str:
    """A record from what stands in a file: the record itself, or a public key in PEM. Raises ValueError in words."""
    plain = text.strip()
    if plain.startswith("-----BEGIN"):
        return _of_pem(plain)
    # as a zone file has it: pieces in quotes, perhaps with name and type in front
    pieces = plain.split('"')
    record = "".join(pieces[1::2]) if len(pieces) > 2 else plain
    if "p=" not in record:
        raise ValueError("It holds neither a DKIM record (v=DKIM1; …; p=…) nor a public key in PEM.")
    return record


def _of_pem(text: str) -> str:
    try:
        key = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("It holds no public key in PEM.") from None
    if isinstance(key, Ed25519PublicKey):
        return f"v=DKIM1; k=ed25519; p={b64encode(key.public_bytes_raw()).decode()}"
    if not isinstance(key, RSAPublicKey):
        raise ValueError("It holds a key of another kind than RSA and Ed25519.")
    octets = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={b64encode(octets).decode()}"
