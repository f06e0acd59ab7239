"""A received message as a person reads it. Whatever is malformed is shown as well as it can be."""

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from typing import Self

from project.inbox.store import header

HEADERS = ("From", "To", "Reply-To", "Date", "List-Unsubscribe")


@dataclass(frozen=True, slots=True)
class Letter:
    """`html` and `text` are None where the message has no such part.

    `unsubscribe` is the web address in List-Unsubscribe (RFC 2369) and `mailto` the mail address, each empty
    if there is none;
    `one_click` says whether the message also promises what RFC 8058 asks for.
    """

    subject: str
    headers: tuple[tuple[str, str], ...]
    html: str | None
    text: str | None
    unsubscribe: str
    mailto: str
    one_click: bool

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        message = message_from_bytes(raw)
        present = ((name, header(raw, name.encode())) for name in HEADERS)
        return cls(
            subject=header(raw, b"Subject"),
            headers=tuple((name, value) for name, value in present if value),
            html=_part(message, "text/html"),
            text=_part(message, "text/plain"),
            unsubscribe=_web_address(header(raw, b"List-Unsubscribe")),
            mailto=_mail_address(header(raw, b"List-Unsubscribe")),
            one_click=header(raw, b"List-Unsubscribe-Post") == "List-Unsubscribe=One-Click",
        )


def opening_new_tabs(html: str) -> str:
    """The page with `<base target="_blank">` in its head, so that its links leave the frame they are in."""
    base = '<base target="_blank">'
    # After the doctype if there is no head: in front of it, it would switch to quirks mode.
    opening = re.search(r"<head(\s[^>]*)?>", html, re.IGNORECASE) or re.match(
        r"\s*<!doctype[^>]*>", html, re.IGNORECASE
    )
    place = opening.end() if opening else 0
    return html[:place] + base + html[place:]


def _part(message: Message, kind: str) -> str | None:
    for part in message.walk():
        if part.get_content_type() == kind and part.get_content_disposition() != "attachment":
            return _text(part)
    return None


def _text(part: Message) -> str:
    content = part.get_payload(decode=True)
    content = content if isinstance(content, bytes) else b""
    try:
        return content.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:  # a charset that nobody knows
        return content.decode("utf-8", "replace")


def _web_address(list_unsubscribe: str) -> str:
    """Only http and https: any other scheme could be a script, and takes no POST."""
    found = re.search(r"<\s*(https?://[^>\s]+)\s*>", list_unsubscribe, re.IGNORECASE)
    return found[1] if found else ""


def _mail_address(list_unsubscribe: str) -> str:
    found = re.search(r"<\s*mailto:([^?>\s]+)[^>]*>", list_unsubscribe, re.IGNORECASE)
    return found[1] if found else ""
