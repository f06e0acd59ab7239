"""The finished bytes that passed the gate, as the message that django-anymail takes: nothing added, nothing wrapped."""

import email
import email.policy
import hashlib
import re
from email.header import decode_header, make_header
from email.message import Message as Parsed
from email.utils import getaddresses
from uuid import NAMESPACE_OID, uuid5

from anymail.message import AnymailMessage

from mailer.transports import ses
from mailer.transports.capabilities import Capability
from mailer.transports.contract import Envelope

# Headers that the ESP builds from the message's own fields.
OWN_FIELDS = frozenset(
    {"from", "to", "subject", "reply-to", "mime-version", "content-type", "content-transfer-encoding"}
)
FOLD = re.compile(r"\r?\n(?=[ \t])")
# Where the key of a request stands among the headers of its message, as a UUID (Brevo); elsewhere it is HTTP's.
AMONG_HEADERS = frozenset({"idempotencyKey"})


class NameRefused(ValueError):
    """A display name that the ESP would show as another one."""


def as_anymail(envelope: Envelope, capability: Capability) -> AnymailMessage:
    """The finished bytes as an anymail message: same headers, same parts, nothing wrapped. Raises NameRefused."""
    # Only the subject needs the policy that decodes: reading everything by it takes three times as long (measured).
    parsed = email.message_from_bytes(envelope.data, policy=email.policy.compat32)
    fields, left_out = _fields(parsed), OWN_FIELDS | capability.own_headers
    message = (ses.FinishedMessage if capability.takes_bytes else AnymailMessage)(
        subject=str(email.policy.default.header_fetch_parse("Subject", parsed["Subject"])),
        body=_part(parsed, "plain"),
        from_email=_author(fields["From"], capability),
        to=[envelope.rcpt_to],
        reply_to=[fields["Reply-To"]] if "Reply-To" in fields else [],
        headers={name: value for name, value in fields.items() if name.lower() not in left_out},
    )
    if capability.idempotency in AMONG_HEADERS:
        message.extra_headers[capability.idempotency] = str(
            uuid5(NAMESPACE_OID, hashlib.sha256(envelope.data).hexdigest())
        )
    message.attach_alternative(_part(parsed, "html"), "text/html")
    if isinstance(message, ses.FinishedMessage):
        message.finished = envelope.data
    if capability.metadata:
        message.metadata = {"delivery": fields["Message-ID"].strip("<>").partition("@")[0]}
    if capability.tracking_switch:
        message.track_clicks = message.track_opens = False
    return message


def _fields(parsed: Parsed) -> dict[str, str]:
    """Each field in one line, in ASCII as it stands: some services send letters beyond it as raw bytes."""
    return {name: FOLD.sub("", str(value)).strip() for name, value in parsed.items()}


def _author(value: str, capability: Capability) -> str:
    """From, its name always in quotes, so that nothing in it can be taken for syntax. Raises NameRefused."""
    ((written, address),) = getaddresses([value])
    if capability.takes_bytes:
        return address
    # Python's newer reading puts spaces between the encoded words of a name (3.11 to 3.13, measured)
    name = str(make_header(decode_header(written)))
    if "=?" in name:
        raise NameRefused(f"The name “{name}” holds “=?”, which would be read as encoded letters.")
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{address}>' if name else address


def _part(parsed: Parsed, subtype: str) -> str:
    """The text of the first part of this kind."""
    for part in parsed.walk():
        if part.get_content_type() == f"text/{subtype}":
            octets = part.get_payload(decode=True)
            assert isinstance(octets, bytes)  # noqa: S101  a part without parts of its own
            return octets.decode(part.get_content_charset("ascii"))
    return ""
