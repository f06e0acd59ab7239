"""The mails that may reach a mailbox which opted out, because its owner just asked for them (D66)."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime

from mailer.rendering.facts import Envelope, SenderFacts
from mailer.rendering.filling import require_address
from mailer.rendering.headers import folded, mailbox, unstructured
from mailer.rendering.quoted_printable import encode


def way_back_notice(
    sender: SenderFacts, address: str, url: str, *, asked_at: datetime, lists: Sequence[str] = ()
) -> Envelope:
    """Ask the owner of `address` to confirm that mail may come again; only the page's button lifts anything.

    `lists` are the names of those they chose; none if they want back whatever they got before. It holds who asked
    and when, one link, the postal address, and no advertising (DUTIES §3.3). Raises Unfillable if the address can't
    be written to.
    """
    return _notice(
        sender,
        address,
        subject=f"Please confirm: email from {sender.trade_name} again",
        words=[
            f"On {_time(asked_at)} somebody asked, on the opt-out page of this mailbox, to get email from",
            f"{sender.legal_name} again{', of these lists:' if lists else '.'}",
            *(f"- {' '.join(name.split())}" for name in lists),
            "",
            "If that was you, open this page and press its button:",
            url,
            "",
            "If it was not you, do nothing. All stays as it is, and nothing else is sent.",
        ],
        message_id=new_message_id(sender),
    )


def sign_up_notice(
    sender: SenderFacts, address: str, url: str, *, asked_at: datetime, message_id: str
) -> Envelope:
    """Ask the owner of `address` whether it was they who filled in a sign-up form.

    Nothing in it was written by whoever filled in the form, nor by a marketer: no name, no list, no offer
    (D66, DUTIES §3.3), so it is worth nothing to who would send it to others. Raises Unfillable.
    """
    return _notice(
        sender,
        address,
        subject=f"Please confirm your subscription to {sender.trade_name}",
        words=[
            f"On {_time(asked_at)} somebody entered this address in a sign-up form, to get email from",
            f"{sender.legal_name}.",
            "",
            "If that was you, open this page within 7 days and press its button:",
            url,
            "",
            "If you did not ask for this, do nothing. Without that button no email comes of it, and the",
            "request is deleted after 7 days.",
        ],
        message_id=message_id,
    )


def data_notice(sender: SenderFacts, address: str, url: str, *, asked_at: datetime) -> Envelope:
    """Lead the owner of `address` to what is held about them (GDPR 12(2), 15). Raises Unfillable."""
    return _notice(
        sender,
        address,
        subject=f"Your data with {sender.trade_name}",
        words=[
            f"On {_time(asked_at)} somebody asked for a link to what {sender.legal_name}",
            "holds about you. Here you can see it, take it with you, correct it, or have it erased:",
            url,
            "",
            "The link is good for 24 hours. Give it to nobody: whoever has it sees your data.",
            "",
            "If you did not ask for it, do nothing. Nothing changes, and nothing else is sent.",
        ],
        message_id=new_message_id(sender),
    )


def new_address_notice(sender: SenderFacts, address: str, url: str, *, asked_at: datetime) -> Envelope:
    """Ask the owner of a new address whether it is theirs. It names nobody, since it may be a stranger's.

    Raises Unfillable.
    """
    return _notice(
        sender,
        address,
        subject=f"Please confirm your new address for {sender.trade_name}",
        words=[
            f"On {_time(asked_at)} somebody asked {sender.legal_name}",
            "to use this address instead of another one.",
            "",
            "If that was you, open this page within 24 hours and press its button:",
            url,
            "",
            "If it was not you, do nothing. The address is forgotten, and nothing else is sent.",
        ],
        message_id=new_message_id(sender),
    )


def new_message_id(sender: SenderFacts) -> str:
    """A notice's Message-ID: it stays the same when the server asks us to come again later."""
    return f"<notice.{secrets.token_hex(16)}@{sender.domain}>"


def _notice(
    sender: SenderFacts, address: str, *, subject: str, words: list[str], message_id: str
) -> Envelope:
    require_address(address)
    fields = [
        mailbox("From", sender.trade_name, sender.from_email),
        folded("To", [address]),
        folded("Reply-To", [sender.reply_to]),
        unstructured("Subject", subject),
        folded("Date", [format_datetime(datetime.now(UTC))]),
        folded("Message-ID", [message_id]),
        # no vacation notice answers it (RFC 3834 §5, D86)
        b"Auto-Submitted: auto-generated",
        b"MIME-Version: 1.0",
        b'Content-Type: text/plain; charset="utf-8"',
        b"Content-Transfer-Encoding: quoted-printable",
    ]
    body = encode("\n".join([*words, "", *sender.address_lines, sender.contact, ""]))
    return Envelope(sender.from_email, address, b"\r\n".join([*fields, b"", body]))


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%d %B %Y, %H:%M UTC")
