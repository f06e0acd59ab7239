"""What an incoming mail is, judged from its bytes alone: nothing is done about it here."""

import re
from dataclasses import dataclass, replace
from email.message import Message

from django.db.models import TextChoices

from mailer import tokens
from mailer.addresses import Address, AddressRefused, parse
from mailer.feedback.letters import Letter
from mailer.feedback.requests import Wish, wish_in
from mailer.tokens import DamagedToken, OptOutToken

# Fields in which the address stands that a mail was sent to, also after a forward (RFC 5321 §7.2, RFC 9228).
ADDRESSED = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "Resent-To")
_LINK = re.compile(r"/u/([A-Za-z0-9_-]{40})")
_OURS = re.compile(
    r"<(\d{1,10})\.([0-9a-f]{32})(?:\.t[0-9a-f]+)?@"
)  # Message-ID as `mailer.rendering.fill` writes it
_AWAY = re.compile(
    r"^(?:auto(?:matic|matisch\w*)?[\s-]*(?:reply|antwort|response)|out of (?:the )?office|abwesen|réponse automatique|"
    r"respuesta automática|resposta automática|risposta automatica|automatisch antwoord|absence|ooo\b|i am away)",
    re.IGNORECASE,
)


class Kind(TextChoices):
    """What a mail is; the values are those of `receive_mail`."""

    OPT_OUT = "opt_out"
    COMPLAINT = "complaint"
    BOUNCE_HARD = "bounce_hard"
    BOUNCE_SOFT = "bounce_soft"
    AUTO_REPLY = "auto_reply"
    REPLY = "reply"
    DOUBTFUL = "doubtful"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Received:
    """What a mail is, whom it is about, by what that is known, and why, in words without an address."""

    kind: Kind
    by: str  # token | address | dsn | arf | ""
    reason: str
    address: Address | None = None
    token: OptOutToken | None = None
    answered: tuple[int, bytes] | None = None  # campaign and address key of our message that it answers
    about: "Original | None" = None  # our message that a delivery report is about, proved by its signed link
    delivery: str = ""  # what a delivery report says became of it: delivered | bounced, or nothing yet
    status: str = ""  # its status code

    @property
    def is_reply(self) -> bool:
        return self.answered is not None


@dataclass(frozen=True, slots=True)
class Original:
    """One message of ours."""

    campaign: int
    address_key: bytes
    mailbox_key: bytes


def read(raw: bytes, envelope_to: str = "") -> Received:
    """Judge any bytes. `envelope_to` is the address that the mail was delivered to, where the server tells it."""
    letter = Letter.of(raw)
    if (report := letter.report("feedback-report")) is not None:
        return _complaint(letter, report)
    if (report := letter.report("delivery-status")) is not None:
        return _bounce(letter, report)
    if token := _token_in([envelope_to, *(value for name in ADDRESSED for value in letter.fields(name))]):
        return Received(
            Kind.OPT_OUT, "token", "It came to an opt-out address.", _address(letter.author), token
        )
    if _is_automatic(letter):
        return Received(Kind.AUTO_REPLY, "", "A program wrote it.", _address(letter.author))
    return _from_a_person(letter)


def _from_a_person(letter: Letter) -> Received:
    answered = _answered(letter)
    author = _address(letter.author)
    wish = wish_in(letter.field("Subject"), letter.own_words)
    if wish is Wish.NOTHING:
        kind = Kind.REPLY if answered or letter.field("In-Reply-To") else Kind.OTHER
        return Received(kind, "", "It asks for no end of mail.", author, answered=answered)
    if wish is Wish.DOUBTFUL:
        reason = "It speaks of unsubscribing, but does not plainly ask for it. A person should read it."
        return Received(Kind.DOUBTFUL, "address", reason, author, answered=answered)
    if author is None and answered is None:
        reason = "It asks for an end of mail, but nothing in it tells for which mailbox."
        return Received(Kind.DOUBTFUL, "", reason)
    return Received(Kind.OPT_OUT, "address", "Its writer asks for an end of mail.", author, answered=answered)


# -- reports -----------------------------------------------------------------------------------------


def _complaint(letter: Letter, report: Message) -> Received:
    """A mailbox provider's report that somebody pressed “spam” (RFC 5965)."""
    fields = _fields_of(report)
    if fields.get("feedback-type", "").lower() == "not-spam":
        return Received(Kind.OTHER, "arf", "It reports that the message is no spam.")
    token = _token_of_original(letter)
    address = _address(fields.get("original-rcpt-to", ""))
    if token is None and address is None:
        return Received(Kind.DOUBTFUL, "arf", "It reports spam, but nothing in it tells whose mailbox it is.")
    return Received(Kind.COMPLAINT, "arf", "A mailbox provider reports a complaint.", address, token)


def _token_of_original(letter: Letter) -> OptOutToken | None:
    """The token of our message that a report quotes: in its header, never guessed from an address."""
    for part in letter.parts():
        for value in (*part.get_all("List-Unsubscribe", []), *_rfc822_headers(part)):
            if token := _token_in([str(value)]):
                return token
            for found in _LINK.findall(str(value)):
                try:
                    return tokens.read(found)
                except DamagedToken:
                    continue
    return None


def _rfc822_headers(part: Message) -> list[str]:
    if part.get_content_type() != "text/rfc822-headers":
        return []
    return [str(part.get_payload())[:20_000]]


# What is the end of a message, of the actions of RFC 3464 §2.3.3: “delayed” is none, a failure is whatever its code.
_ENDS = {"failed": "bounced", "delivered": "delivered", "relayed": "delivered", "expanded": "delivered"}
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")  # RFC 3463 §2


def _original_of(letter: Letter) -> Original | None:
    """Our message that a report quotes: by the signed link in its header, which nobody else could have written."""
    token = _token_of_original(letter)
    if token is None or token.is_test:
        return None
    for part in letter.parts():
        for value in (*part.get_all("Message-ID", []), *_rfc822_headers(part)):
            found = _OURS.search(str(value))
            if found and int(found[1]) == token.campaign:
                return Original(token.campaign, bytes.fromhex(found[2]), token.mailbox_key)
    return None


def _bounce(letter: Letter, report: Message) -> Received:
    """A report of what became of a message (RFC 3464). 5.x.x is final for the mailbox, 4.x.x is not, 2.x.x is none."""
    fields = _fields_of(report)
    code = _STATUS.match(fields.get("status", "").strip())
    return replace(
        _bounce_of_mailbox(fields),
        about=_original_of(letter),
        delivery=_ENDS.get(fields.get("action", "").strip().lower(), ""),
        status=code[0] if code else "",
    )


def _bounce_of_mailbox(fields: dict[str, str]) -> Received:
    status, action = fields.get("status", "").strip(), fields.get("action", "").strip().lower()
    address = _address(fields.get("final-recipient", "").rpartition(";")[2].strip())
    if action == "failed" and status.startswith("5"):
        return Received(Kind.BOUNCE_HARD, "dsn", f"The mailbox can't be reached ({status[:12]}).", address)
    if action in {"failed", "delayed"} or status.startswith("4"):
        return Received(
            Kind.BOUNCE_SOFT, "dsn", f"It could not be delivered for now ({status[:12]}).", address
        )
    return Received(Kind.OTHER, "dsn", "It reports a delivery.", address)


def _fields_of(report: Message) -> dict[str, str]:
    """All fields of a report's machine-readable part, by lower-case name; of several, the last."""
    payload = report.get_payload()
    blocks = payload if isinstance(payload, list) else [report]
    found = {}
    for block in blocks[:20]:
        lines = [*block.items()] if isinstance(block, Message) else []
        for name, value in lines:
            found[name.lower()] = " ".join(str(value)[:1_000].split())
    if isinstance(payload, str):
        for line in payload[:20_000].splitlines():
            name, colon, value = line.partition(":")
            if colon:
                found[name.strip().lower()] = value.strip()
    return found


# -- whom it is about --------------------------------------------------------------------------------


def _token_in(values: list[str]) -> OptOutToken | None:
    for value in values:
        for local in tokens.MAIL_TOKEN.findall(value.lower()):
            try:
                return tokens.read_mail(local)
            except DamagedToken:
                continue
    return None


def _answered(letter: Letter) -> tuple[int, bytes] | None:
    for name in ("In-Reply-To", "References"):
        if found := _OURS.search(letter.field(name)):
            return int(found[1]), bytes.fromhex(found[2])
    return None


def _address(text: str) -> Address | None:
    try:
        return parse(text.strip()[:320].strip("<>"))
    except AddressRefused:
        return None


def _is_automatic(letter: Letter) -> bool:
    """RFC 3834 §2 and what programs that don't know it write."""
    submitted = letter.field("Auto-Submitted").partition(";")[0].strip().lower()
    return (
        submitted not in {"", "no"}
        or letter.field("Precedence").lower() in {"auto_reply", "bulk", "junk", "list"}
        or (
            any(letter.fields(name) for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress"))
            and bool(_AWAY.match(letter.field("Subject")))
        )
        or letter.field("Return-Path") == "<>"
        or bool(letter.fields("List-Unsubscribe"))
        or bool(_AWAY.match(letter.field("Subject")))
    )
