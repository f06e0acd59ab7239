"""Any ESP that django-anymail knows, through the same contract.

The message is taken from the finished bytes that passed the gate, so that an ESP gets what SMTP would. Where a service
takes many whole messages in one request, they go together (`batches`); elsewhere each goes in a request of its own.
Provider-side scheduling, BCC and click-wrapping are never used (D60, D85).
"""

import hashlib
import json
import logging
import re
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin

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
from requests.exceptions import ConnectTimeout, RequestException
from urllib3.exceptions import NewConnectionError, ProxyError
from urllib3.exceptions import SSLError as TlsError

from mailer.transports import batches, ses
from mailer.transports.as_anymail import AMONG_HEADERS, NameRefused, as_anymail
from mailer.transports.capabilities import CAPABILITIES, Batch, Capability
from mailer.transports.contract import (
    LONGEST_PAUSE,
    LONGEST_WORDS,
    NOT_CARRIED,
    Envelope,
    Kind,
    MayStillGo,
    Outcome,
    TransportUnavailable,
    never,
    one_line,
    without,
)

log = logging.getLogger(__name__)

TAKEN = frozenset({"sent", "queued"})
BUSY = frozenset({408, 429, 503})  # it has not taken the request and says so (RFC 9110 §15)
ACCOUNT = frozenset({401, 402, 403})
CONFLICT = 409  # of a key for repeated requests: one with it is under way, or was another (Resend)
# How ESPs name the recipient in a refusal: “to parameter is not a valid address” (Mailgun), "To[0].Email"
# (Mailjet), personalizations.0.to.0.email (SendGrid), `to` (Resend), "not valid in to" (Brevo).
OF_RECIPIENT = re.compile(r"""\brecipient|["'`.]to["'`.\[]|\bto parameter|\bin to\b""", re.IGNORECASE)
# Whoever else stands in words about many recipients.
ANY_ADDRESS = re.compile(r"""[^\s"'<>,;:()\[\]]+(?:@|%40)[^\s"'<>,;:()\[\]]+""")
UNREADABLE = "The mail service's answer could not be read"
LARGEST_REQUEST = 8_000_000  # octets, whatever the service takes: each connection has one in memory
BRACKETS_AND_COMMA = 2  # octets that a message costs in a list beyond its own


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


def _backend(esp: str) -> Any:
    """Anymail's backend for the ESP; its methods and `session` are untyped."""
    if CAPABILITIES[esp].takes_bytes:
        return ses.backend()
    return get_connection(f"anymail.backends.{esp}.EmailBackend")


@dataclass(frozen=True, slots=True)
class Letter:
    """One message on its way into a request."""

    key: bytes
    recipient: str
    message: AnymailMessage
    digest: bytes  # of the finished message
    payload: Any = None  # what Anymail makes of it, where many go together
    body: bytes = b""  # its JSON


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one message, with the ESP's words; `kind` None: nothing was sent and all would fare alike."""

    kind: Kind | None
    words: str = ""
    number: str = ""
    is_whole: bool = False  # a refusal of the whole request, which may be one message's fault


class _Request:
    """What Anymail's backend asks of a payload when it posts it."""

    def __init__(self, params: dict[str, Any]) -> None:
        self._params = params

    def get_request_params(self, api_url: str) -> dict[str, Any]:
        return dict(self._params)


class EspTransport:
    """One ESP account, by anymail's name of it."""

    def __init__(self, esp: str) -> None:
        self.objection = ""
        self.unavailable = ""
        self.pause: float | None = None
        known = CAPABILITIES.get(esp)
        self.batch = known.batch.messages if known and known.batch else 1
        self._esp = esp
        self._backend: Any = None
        self._waiting: list[Letter] = []
        self._outcomes: list[Outcome] = []

    @property
    def _capability(self) -> Capability:
        return CAPABILITIES[self._esp]

    @property
    def _batch(self) -> Batch | None:
        return self._capability.batch

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
        try:
            message = as_anymail(envelope, self._capability)
        except NameRefused as refused:
            self._note(None, str(refused))
            self._outcomes.append(Outcome(key, Kind.LATER, str(refused)))
            return
        self._waiting.append(Letter(key, envelope.rcpt_to, message, hashlib.sha256(envelope.data).digest()))

    def outcomes(self, may_still_go: MayStillGo = never) -> list[Outcome]:
        waiting, self._waiting = self._waiting, []
        for letters in self._requests(waiting):
            self._post(letters, may_still_go)
        reported, self._outcomes = self._outcomes, []
        return reported

    # -- requests ------------------------------------------------------------------------------------

    def _requests(self, waiting: Sequence[Letter]) -> Iterator[list[Letter]]:
        """The messages by the requests that they go out in, as many together as the ESP takes."""
        if not self._batch or len(waiting) < 2:
            yield from ([letter] for letter in waiting)
            return
        together: list[Letter] = []
        octets, most = 0, min(self._batch.octets, LARGEST_REQUEST)
        for letter in waiting:
            if (fitting := self._fitting(letter)) is None:
                continue
            size = len(fitting.body) + BRACKETS_AND_COMMA
            if together and (len(together) == self._batch.messages or octets + size > most):
                yield together
                together, octets = [], 0
            together.append(fitting)
            octets += size
        if together:
            yield together

    def _fitting(self, letter: Letter) -> Letter | None:
        """The letter with its payload; None if Anymail can't write it for this ESP, and then its outcome stands."""
        try:
            payload = self._backend.build_message_payload(letter.message, self._backend.send_defaults)
            return replace(letter, payload=payload, body=payload.serialize_data().encode())
        except (AnymailInvalidAddress, AnymailSerializationError, AnymailUnsupportedFeature) as wrong:
            self._settle(letter, _denied(_words(wrong), letter.recipient))
            return None

    def _post(self, letters: list[Letter], may_still_go: MayStillGo) -> None:
        if self.unavailable or self.objection:  # the rest of the group would fare alike, or be in doubt too
            words = self.unavailable or self.objection
            self._outcomes.extend(Outcome(letter.key, Kind.LATER, words) for letter in letters)
            return
        verdicts = self._verdicts(letters, may_still_go)
        if len(letters) > 1 and verdicts[0].is_whole:
            self._post_halves(letters, verdicts[0].words, may_still_go)
            return
        for letter, verdict in zip(letters, verdicts, strict=True):
            self._settle(letter, verdict)

    def _post_halves(self, letters: list[Letter], words: str, may_still_go: MayStillGo) -> None:
        """Nothing was taken. Whose fault it was shows when they go in halves, and at last alone."""
        half = len(letters) // 2
        for part in (letters[:half], letters[half:]):
            if may_still_go([letter.key for letter in part]):
                self._post(part, may_still_go)
            else:
                for letter in part:
                    self._outcomes.append(Outcome(letter.key, Kind.LATER, one_line(words)))

    def _verdicts(self, letters: list[Letter], may_still_go: MayStillGo) -> list[Verdict]:
        try:
            return self._asked(letters)
        except AnymailError as wrong:
            failed = self._failed(wrong, letters)
            if not (self._capability.idempotency and _no_answer(wrong)):
                return [failed] * len(letters)
        if not may_still_go([letter.key for letter in letters]):
            return [failed] * len(letters)
        log.warning("%s gave no answer; the same request is sent once more, under the same key.", self._esp)
        try:
            return self._asked(letters)
        except AnymailError as wrong:
            # Whatever this one says, the first may have been taken; only “I have had it” tells that it was.
            if self._has_had(_words(wrong)):
                failed = Verdict(Kind.ACCEPTED, "It has had the request.")
            return [failed] * len(letters)

    def _has_had(self, words: str) -> bool:
        """Whether the service says that a request with this key is no new one."""
        return bool(self._capability.duplicate) and f'"{self._capability.duplicate}"' in words

    def _asked(self, letters: list[Letter]) -> list[Verdict]:
        """One request and what its answer says. Raises AnymailError where the request did not succeed."""
        if len(letters) > 1:
            return self._asked_of_many(letters)
        return [self._asked_of_one(letters[0])]

    def _asked_of_one(self, letter: Letter) -> Verdict:
        message = letter.message
        message.connection = self._backend
        self._mark([letter])
        try:
            message.send()
        except AnymailRecipientsRefused as refused:
            # An answer that names nobody counts as “all refused” to anymail; to us it says nothing.
            named = message.anymail_status.recipients
            return Verdict(Kind.REFUSED if named else Kind.UNKNOWN, _words(refused))
        except (AnymailInvalidAddress, AnymailSerializationError, AnymailUnsupportedFeature) as wrong:
            return _denied(_words(wrong), letter.recipient)
        except AnymailError:
            raise
        except Exception as wrong:  # anymail trips over an answer that is in none of the ESP's formats
            log.warning("The answer of %s could not be read: %s", self._esp, type(wrong).__name__)
            return Verdict(Kind.UNKNOWN, f"{UNREADABLE}.")
        return _reported(message, letter.recipient)

    def _asked_of_many(self, letters: list[Letter]) -> list[Verdict]:
        form = batches.FORMS[self._esp]
        body = json.dumps(form.compose([json.loads(letter.body) for letter in letters])).encode()
        self._mark(letters)
        response = self._backend.post_to_esp(
            _Request(self._params(letters[0], body, form)), letters[0].message
        )
        try:
            said = batches.read(self._esp, response.json(), [letter.recipient for letter in letters])
        except ValueError as unreadable:
            if response.ok:
                log.warning("The answer of %s could not be read: %s", self._esp, str(unreadable))
                kind = response.headers.get("Content-Type", "of no type")
                doubt = Verdict(Kind.UNKNOWN, f"{UNREADABLE} (HTTP {response.status_code}, {kind}).")
                return [doubt] * len(letters)
            # Mailjet's and Postmark's errors about the whole request pass Anymail's own look at the status.
            words = f"HTTP {response.status_code}: {response.text.strip()}"
            return [self._by_status(response.status_code, words, letters, response)] * len(letters)
        return [_verdict(one, letter.recipient) for one, letter in zip(said, letters, strict=True)]

    def _params(self, letter: Letter, body: bytes, form: batches.Form) -> dict[str, Any]:
        """The request for many, by Anymail's for one: authentication, session and time-out are the same."""
        assert self._batch is not None  # noqa: S101  asked before
        single = str(letter.payload.get_api_endpoint())
        params: dict[str, Any] = letter.payload.get_request_params(self._backend.api_url)
        params["url"] = urljoin(
            self._backend.api_url, single.replace(self._batch.single, self._batch.many, 1)
        )
        params["data"] = body
        params["headers"] = {**params["headers"], **dict(form.headers)}
        return params

    def _mark(self, letters: list[Letter]) -> None:
        """The key under which the ESP knows this request again: of its messages, so the same for the very same ones."""
        field = self._capability.idempotency
        if field and field not in AMONG_HEADERS:
            digests = b"".join(letter.digest for letter in letters)
            self._backend.session.headers[field] = hashlib.sha256(digests).hexdigest()

    # -- answers -------------------------------------------------------------------------------------

    def _failed(self, wrong: AnymailError, letters: Sequence[Letter]) -> Verdict:
        """The request did not succeed. Only what certainly did not reach the ESP may be tried again."""
        status, words = _status(wrong), _words(wrong)
        if status is None and _never_connected(wrong):
            return Verdict(Kind.LATER, words)
        if type(wrong.__cause__).__name__ in ses.NO_ACCOUNT:
            return Verdict(None, words)
        return self._by_status(status, words, letters, wrong.response)

    def _by_status(self, status: int | None, words: str, letters: Sequence[Letter], answer: Any) -> Verdict:
        if len(letters) > 1:
            words = ANY_ADDRESS.sub("…", words[:LONGEST_WORDS])
        if status in BUSY:
            self.pause = _pause(answer, self._capability.wait_header)
            return Verdict(Kind.LATER, words)
        if status in ACCOUNT:
            return Verdict(None, words)
        if self._has_had(words) or (status == CONFLICT and self._capability.idempotency):
            return Verdict(Kind.UNKNOWN, words)
        denied = any(f'"{code}"' in words for code in self._capability.denials)
        if denied or (status is not None and 400 <= status < 500):
            if len(letters) > 1:
                return Verdict(None, words, is_whole=True)
            return _denied(words, letters[0].recipient)
        return Verdict(Kind.UNKNOWN, words)

    def _settle(self, letter: Letter, verdict: Verdict) -> None:
        detail = without(letter.recipient, one_line(verdict.words))
        self._note(verdict.kind, detail)
        number = one_line(verdict.number) if verdict.kind is Kind.ACCEPTED else ""
        self._outcomes.append(Outcome(letter.key, verdict.kind or Kind.LATER, detail, number))

    def _note(self, kind: Kind | None, detail: str) -> None:
        if kind is None:
            self.objection = f"The mail service refuses this message or the account: {detail}"
        elif kind is Kind.LATER:
            self.unavailable = f"The mail service does not take mail now: {detail}"
        elif kind is Kind.UNKNOWN:
            self.unavailable = f"The mail service does not say whether it took mail: {detail}"
            self.pause = self.pause or 0.0


def _denied(words: str, recipient: str) -> Verdict:
    """Nothing was sent. A refusal that speaks of the recipient is theirs; any other would meet everyone."""
    theirs = recipient.lower() in words.lower() or OF_RECIPIENT.search(words)
    return Verdict(Kind.REFUSED if theirs else None, words)


def _verdict(said: batches.Said, recipient: str) -> Verdict:
    """What an answer about many says of one."""
    if said.taken:
        return Verdict(Kind.ACCEPTED, said.words, said.number)
    if said.status in BUSY:
        return Verdict(Kind.LATER, said.words)
    if said.status is not None and said.status >= 500:
        return Verdict(Kind.UNKNOWN, said.words)
    if said.status in ACCOUNT:
        return Verdict(None, said.words)
    return _denied(said.words, recipient)


def _reported(message: AnymailMessage, recipient: str) -> Verdict:
    said = set(message.anymail_status.status or ())
    words = ", ".join(sorted(str(status) for status in said))
    if said and said <= TAKEN:
        return Verdict(Kind.ACCEPTED, words, str(message.anymail_status.message_id or ""))
    if said == {"failed"}:
        response = message.anymail_status.esp_response
        return _denied(f"{words}: {response.text if response is not None else ''}", recipient)
    if said and said <= {"failed", "invalid", "rejected"}:
        return Verdict(Kind.REFUSED, words)
    return Verdict(Kind.UNKNOWN, "The mail service's answer does not say what it did.")


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


def _no_answer(wrong: AnymailError) -> bool:
    """The request left us, whole or in part, and nothing came back."""
    return isinstance(wrong, RequestException) and wrong.response is None and not _never_connected(wrong)


def _pause(answer: Any, header: str) -> float | None:
    """How many seconds the service asks us to wait; None where it does not say (RFC 9110 §10.2.3)."""
    if isinstance(answer, dict):  # Amazon's client
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    else:
        headers = getattr(answer, "headers", {})
    said = str(headers.get(header) or headers.get("Retry-After") or headers.get("retry-after") or "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", said):
        return min(float(said), LONGEST_PAUSE)
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    seconds = (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), LONGEST_PAUSE)


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
