"""Answers that a person writes on the inbox's pages, sent as their mail program would send them."""

import smtplib
from email.message import EmailMessage
from email.utils import parseaddr

from project.inbox.letter import Letter
from project.inbox.store import Received, header


class NotAnswered(Exception):
    """The answer could not be sent; the message says why."""


def answer(received: Received, words: str, port: int) -> None:
    """Reply to a message with `words`, as its first recipient. Raises NotAnswered."""
    letter = Letter.from_bytes(received.raw)
    fields = dict(letter.headers)
    mail = _mail(received, parseaddr(fields.get("Reply-To") or fields.get("From", ""))[1])
    mail["Subject"] = f"Re: {letter.subject}"
    if number := header(received.raw, b"Message-ID"):
        mail["In-Reply-To"] = mail["References"] = number
    mail.set_content(words)
    _send(mail, port)


def write_to_opt_out_address(received: Received, port: int) -> None:
    """What a mail program does that follows the mailto of List-Unsubscribe (RFC 2369 §3.2). Raises NotAnswered."""
    mail = _mail(received, Letter.from_bytes(received.raw).mailto)
    mail["Subject"] = "unsubscribe"
    mail.set_content("")
    _send(mail, port)


def _mail(received: Received, to: str) -> EmailMessage:
    if not to or not received.rcpt_tos:
        raise NotAnswered("The message names no address to write to.")
    mail = EmailMessage()
    try:
        mail["From"], mail["To"] = received.rcpt_tos[0], to
    except ValueError as wrong:
        raise NotAnswered("The message names no address that can be written to.") from wrong
    return mail


def _send(mail: EmailMessage, port: int) -> None:
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as server:
            server.send_message(mail)
    except (OSError, smtplib.SMTPException) as wrong:
        raise NotAnswered("The local inbox takes no mail at the moment. Is everything running?") from wrong
