"""Any ESP that django-anymail knows, through the same contract: one request per recipient.

The message is taken from the finished bytes that passed the gate, so that an ESP gets what SMTP would.
Provider-side scheduling, BCC and click-wrapping are never used (D60, D85).
"""

import email
import email.policy
import logging
import re
import ssl
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.message import EmailMessage as Parsed
from email.utils import getaddresses

from anymail.exceptions import (
    AnymailConfigurationError,
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailSerializationError,
    AnymailUnsupportedFeature,
)
from anymail.message import AnymailMessage
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from requests.exceptions import ConnectTimeout, RequestException
from urllib3.exceptions import NewConnectionError, ProxyError
from urllib3.exceptions import SSLError as TlsError

from mailer.transports import ses
from mailer.transports.contract import (
    NOT_CARRIED,
    Envelope,
    Kind,
    Outcome,
    TransportUnavailable,
    one_line,
    without,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Capability:
    """What one ESP does with what the law needs. Sources: django-anymail 15.2's docs and code, as named."""

    refused: str = ""  # why commercial mail can't go through it
    metadata: bool = True  # takes our number for a message, for its events
    tracking_switch: bool = False  # lets a message say that links are not to be wrapped
    own_headers: frozenset[str] = frozenset()  # sets these itself and takes no message that brings them
    denials: frozenset[str] = frozenset()  # codes of an error that it does not tell by its HTTP status
    takes_bytes: bool = False  # the whole message as it is, instead of its parts


# One row per backend of django-anymail 15.2 (anymail/backends/*.py: which set_… methods exist).
CAPABILITIES = {
    "amazon_ses": Capability(takes_bytes=True),
    "brevo": Capability(),
    "mailersend": Capability(
        metadata=False,
        refused="MailerSend passes our List-Unsubscribe headers on in Enterprise accounts only "
        "(anymail docs, esps/mailersend).",
    ),
    "mailgun": Capability(tracking_switch=True),
    # Send API v3.1 reserves headers (the list is in symfony/mailer's MailjetApiTransport).
    "mailjet": Capability(
        tracking_switch=True, own_headers=frozenset({"date", "message-id", "list-id", "user-agent"})
    ),
    "mailtrap": Capability(),
    # Every error is HTTP 500; what kind it is says its name (Mailchimp's docs, “Errors” of messages/send).
    "mandrill": Capability(
        tracking_switch=True,
        denials=frozenset({"Invalid_Key", "PaymentRequired", "Unknown_Subaccount", "ValidationError"}),
    ),
    # Every error is HTTP 200 with a code (postalserver/postal, app/controllers/legacy_api).
    "postal": Capability(
        metadata=False,
        denials=frozenset(
            {"AccessDenied", "FromAddressMissing", "InvalidServerAPIKey", "NoContent", "NoRecipients"}
            | {"ServerSuspended", "TooManyRecipients", "UnauthenticatedFromAddress", "ValidationError"}
        ),
    ),
    "postmark": Capability(tracking_switch=True),
    "resend": Capability(),  # its set_track_… only say that tracking is a setting of the domain
    "scaleway": Capability(),
    "sendgrid": Capability(tracking_switch=True),
    "sparkpost": Capability(
        refused="SparkPost drops our List-Unsubscribe header and puts its own (anymail docs, esps/sparkpost)."
    ),
    "unisender_go": Capability(
        refused="Unisender Go puts its own unsubscribe link unless it has approved ours "
        "(anymail docs, esps/unisender_go)."
    ),
}

# Headers that the ESP builds from the message's own fields.
OWN_FIELDS = frozenset(
    {"from", "to", "subject", "reply-to", "mime-version", "content-type", "content-transfer-encoding"}
)
FOLD = re.compile(r"\r?\n(?=[ \t])")
TAKEN = frozenset({"sent", "queued"})
BUSY = frozenset({408, 429, 503})  # it has not taken the request and says so (RFC 9110 §15)
ACCOUNT = frozenset({401, 402, 403})
# How ESPs name the recipient in a refusal: “to parameter is not a valid address” (Mailgun), "To[0].Email"
# (Mailjet), personalizations.0.to.0.email (SendGrid), `to` (Resend), "not valid in to" (Brevo).
OF_RECIPIENT = re.compile(r"""\brecipient|["'`.]to["'`.\[]|\bto parameter|\bin to\b""", re.IGNORECASE)


class NameRefused(ValueError):
    """A display name that the ESP would show as another one."""


def problem(esp: str) -> str:
    """Why commercial mail can't go out through this ESP, in words for the operator; "" if it can.

    Nothing is asked of the ESP: this is about its name, what it does with our headers, and our settings for it.
    """
    capability = CAPABILITIES.get(esp)
    if capability is None:
        possible = ", ".join(name for name, known in CAPABILITIES.items() if not known.refused)
        return f"“{esp}” is no mail service that Candor knows. Write one of {possible}."
    if capability.refused:
        return f"{capability.refused} Commercial mail needs them: use another mail service, or EMAIL_URL."
    try:
        wrong = ses.problem() if capability.takes_bytes else ""
        _backend(esp)
    except (ImportError, AnymailConfigurationError) as refused:
        wrong = str(refused)
    return f"The mail service “{esp}” can't be used: {one_line(wrong)}" if wrong else ""


def _backend(esp: str) -> BaseEmailBackend:
    if CAPABILITIES[esp].takes_bytes:
        return ses.backend()
    return get_connection(f"anymail.backends.{esp}.EmailBackend")


class EspTransport:
    """One ESP account, by anymail's name of it."""

    def __init__(self, esp: str) -> None:
        self.objection = ""
        self.unavailable = ""
        self._esp = esp
        self._backend: BaseEmailBackend | None = None
        self._outcomes: list[Outcome] = []

    def open(self) -> None:
        wrong = problem(self._esp)
        if wrong:
            raise TransportUnavailable(f"{wrong} Check ANYMAIL_ESP and the ANYMAIL_… settings.")
        self._backend = _backend(self._esp)
        self._backend.open()

    def close(self) -> None:
        if self._backend is not None:
            self._backend.close()

    def send(self, key: bytes, envelope: Envelope) -> None:
        if not envelope.rcpt_to.isascii():  # each service breaks such mail in a way of its own, says anymail
            self._outcomes.append(Outcome(key, Kind.REFUSED, NOT_CARRIED))
            return
        if self.unavailable:  # asked once: the rest of the group would fare alike, or be in doubt too
            self._outcomes.append(Outcome(key, Kind.LATER, self.unavailable))
            return
        try:
            message = as_anymail(envelope, CAPABILITIES[self._esp])
        except NameRefused as refused:
            self._note(None, str(refused))
            self._outcomes.append(Outcome(key, Kind.LATER, str(refused)))
            return
        message.connection = self._backend
        kind, words = self._handed_in(message, envelope.rcpt_to)
        detail = without(envelope.rcpt_to, one_line(words))
        self._note(kind, detail)
        number = one_line(str(message.anymail_status.message_id or "")) if kind is Kind.ACCEPTED else ""
        self._outcomes.append(Outcome(key, kind or Kind.LATER, detail, number))

    def outcomes(self) -> list[Outcome]:
        reported, self._outcomes = self._outcomes, []
        return reported

    def _handed_in(self, message: AnymailMessage, recipient: str) -> tuple[Kind | None, str]:
        """What became of it, with the ESP's words; None: nothing was sent and the account or campaign is why."""
        try:
            message.send()
        except AnymailRecipientsRefused as refused:
            # An answer that names nobody counts as “all refused” to anymail; to us it says nothing.
            return (Kind.REFUSED if message.anymail_status.recipients else Kind.UNKNOWN), _words(refused)
        except (AnymailInvalidAddress, AnymailSerializationError, AnymailUnsupportedFeature) as wrong:
            return _denied(_words(wrong), recipient)
        except AnymailError as wrong:
            return self._failed(wrong, recipient)
        except Exception as wrong:  # anymail trips over an answer that is in none of the ESP's formats
            log.warning("The answer of %s could not be read: %s", self._esp, type(wrong).__name__)
            return Kind.UNKNOWN, "The mail service's answer could not be read."
        return _reported(message, recipient)

    def _failed(self, wrong: AnymailError, recipient: str) -> tuple[Kind | None, str]:
        """The request did not succeed. Only what certainly did not reach the ESP may be tried again."""
        status, words = _status(wrong), _words(wrong)
        if status in BUSY or _never_connected(wrong):
            return Kind.LATER, words
        if status in ACCOUNT or type(wrong.__cause__).__name__ in ses.NO_ACCOUNT:
            return None, words
        denied = any(f'"{code}"' in words for code in CAPABILITIES[self._esp].denials)
        if denied or (status is not None and 400 <= status < 500):
            return _denied(words, recipient)
        return Kind.UNKNOWN, words

    def _note(self, kind: Kind | None, detail: str) -> None:
        if kind is None:
            self.objection = f"The mail service refuses this message or the account: {detail}"
        elif kind in {Kind.LATER, Kind.UNKNOWN}:
            self.unavailable = f"The mail service does not take mail now: {detail}"


def as_anymail(envelope: Envelope, capability: Capability) -> AnymailMessage:
    """The finished bytes as an anymail message: same headers, same parts, nothing wrapped. Raises NameRefused."""
    parsed = email.message_from_bytes(envelope.data, policy=email.policy.default)
    assert isinstance(parsed, Parsed)  # noqa: S101  what the default policy makes
    fields, left_out = _fields(envelope.data), OWN_FIELDS | capability.own_headers
    message = (ses.FinishedMessage if capability.takes_bytes else AnymailMessage)(
        subject=str(parsed["Subject"]),
        body=_part(parsed, "plain"),
        from_email=_author(fields["From"], capability),
        to=[envelope.rcpt_to],
        reply_to=[fields["Reply-To"]] if "Reply-To" in fields else [],
        headers={name: value for name, value in fields.items() if name.lower() not in left_out},
    )
    message.attach_alternative(_part(parsed, "html"), "text/html")
    if isinstance(message, ses.FinishedMessage):
        message.finished = envelope.data
    if capability.metadata:
        message.metadata = {"delivery": str(parsed["Message-ID"]).strip("<>").partition("@")[0]}
    if capability.tracking_switch:
        message.track_clicks = message.track_opens = False
    return message


def _fields(data: bytes) -> dict[str, str]:
    """Each field in one line, in ASCII as it stands: some services send letters beyond it as raw bytes."""
    plain = email.message_from_bytes(data, policy=email.policy.compat32)
    return {name: FOLD.sub("", str(value)).strip() for name, value in plain.items()}


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
    part = parsed.get_body(preferencelist=(subtype,))
    return part.get_content() if part is not None else ""


def _denied(words: str, recipient: str) -> tuple[Kind | None, str]:
    """Nothing was sent. A refusal that speaks of the recipient is theirs; any other would meet everyone."""
    theirs = recipient.lower() in words.lower() or OF_RECIPIENT.search(words)
    return (Kind.REFUSED if theirs else None), words


def _reported(message: AnymailMessage, recipient: str) -> tuple[Kind | None, str]:
    said = set(message.anymail_status.status or ())
    words = ", ".join(sorted(str(status) for status in said))
    if said and said <= TAKEN:
        return Kind.ACCEPTED, words
    if said == {"failed"}:
        response = message.anymail_status.esp_response
        return _denied(f"{words}: {response.text if response is not None else ''}", recipient)
    if said and said <= {"failed", "invalid", "rejected"}:
        return Kind.REFUSED, words
    return Kind.UNKNOWN, "The mail service's answer does not say what it did."


def _never_connected(wrong: AnymailError) -> bool:
    """No connection, or none that the certificate lets us trust: nothing of the message was written to it."""
    if isinstance(wrong, ConnectTimeout) or type(wrong.__cause__).__name__ in ses.NEVER_CONNECTED:
        return True
    cause: BaseException | None = wrong.__cause__
    if not (isinstance(wrong, RequestException) and cause is not None and cause.args):
        return False
    reason = getattr(cause.args[0], "reason", None)
    if isinstance(reason, TlsError):
        return bool(reason.args) and isinstance(reason.args[0], ssl.SSLCertVerificationError)
    return isinstance(reason, (NewConnectionError, ProxyError))


def _status(wrong: AnymailError) -> int | None:
    """The HTTP status of the answer; Amazon's client has it within."""
    if isinstance(wrong.response, dict):
        return wrong.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return wrong.status_code


def _words(wrong: AnymailError) -> str:
    """The ESP's words without the payload that anymail may print after them: that holds addresses."""
    response, status = wrong.response, _status(wrong)
    body = getattr(response, "text", "") if response is not None else ""
    code = f"HTTP {status}:" if status is not None else ""
    said = str(wrong.args[0]) if wrong.args else ""
    cause = str(wrong.__cause__ or "") if response is None else ""
    return " ".join(filter(None, [said, cause, code, body.strip()]))
