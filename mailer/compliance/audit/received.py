"""Bytes as a mailbox got them, read so that the gate's rules can judge them.

The rules know a message with the skeleton it came from. Of a received one nothing but its bytes is known, so the
facts are what the message itself claims: then each claim is held against every other place that makes it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.utils import getaddresses
from functools import cached_property

from lxml.etree import ParserError
from lxml.html import HTMLParser, document_fromstring

from mailer.addresses import AddressRefused, parse
from mailer.compliance.finished import FinishedMessage, UnreadableMessage
from mailer.compliance.postal.reading import find_lines
from mailer.rendering import ListFacts, Recipient, SenderFacts, Skeleton
from mailer.tokens import DamagedToken, OptOutToken
from mailer.tokens import read as read_token

# Bytes. Candor blocks HTML beyond 102 kB; a header of 64 kB is more than servers take. Both bound the time.
LARGEST, LARGEST_HEADER = 1_000_000, 64_000
NOTHING = "<html><body></body></html>"
ELEMENT = re.compile(r"<([^<>]*)>")
LEGAL_NAME = re.compile(r"Unsubscribe from all email from (.{1,200}?)(?::| ?One click on the page)")
REASON = re.compile(r"You received it at \S+ because (.{1,400}?)\. Unsubscribe from all email")
BEFORE_ADDRESS = "Your right to object:"
FEWEST_LINES = 4  # name, street, town, and the contact below them; fewer were torn apart
PREHEADER_STYLE = "display:none;max-height:0;overflow:hidden;mso-hide:all"


class ReceivedMessage(FinishedMessage):
    """A finished message whose List-Unsubscribe may also name a mailto."""

    @cached_property
    def opt_out(self) -> str:
        """The first https link of the header (http on this machine only); empty if there is none."""
        elements = ELEMENT.findall(" ".join(map(str, self.plain.get_all("List-Unsubscribe", []))))
        return next((each.strip() for each in elements if each.lower().startswith("http")), "")


@dataclass(frozen=True, slots=True)
class Received:
    """`leaves` are the parts that are no containers; `wrong_parts` says in words which could not be decoded."""

    raw: bytes
    message: ReceivedMessage
    leaves: tuple[EmailMessage, ...]
    wrong_parts: tuple[str, ...]

    def field(self, name: str) -> str:
        """The field unfolded; empty if it is missing."""
        values = self.fields(name)
        return values[0] if values else ""

    def fields(self, name: str) -> list[str]:
        return [unfolded(value) for value in self.message.plain.get_all(name, [])]

    @property
    def token(self) -> OptOutToken | None:
        """What the link of the header says, if it is exactly one of ours."""
        return token_of(self.message.opt_out)


def token_of(link: str) -> OptOutToken | None:
    """What an opt-out link says; None if its token is not ours to the letter, or damaged."""
    text = link.rpartition("/u/")[2]
    if not re.fullmatch(r"[\w-]+", text):
        return None
    try:
        return read_token(text)
    except DamagedToken:
        return None


def unfolded(value: object) -> str:
    return re.sub(r"\r?\n(?=[ \t])", "", str(value)).strip(" \t")


def read(raw: bytes, sender: SenderFacts | None) -> Received:
    """The message in `raw`. Raises UnreadableMessage, in words, if a receiver could not read it either."""
    if len(raw) > LARGEST or len(re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0]) > LARGEST_HEADER:
        raise UnreadableMessage("The message is too large to be one of Candor’s.")
    plain = message_from_bytes(raw, policy=policy.compat32)
    if not plain.keys():
        raise UnreadableMessage("This is no message: it does not start with header fields.")
    try:
        parsed = message_from_bytes(raw, policy=policy.default)
        leaves = tuple(part for part in parsed.walk() if not part.is_multipart())
        text, html, wrong = _bodies(leaves)
        subject = str(parsed["Subject"] or "")
    except (ValueError, LookupError, AttributeError, TypeError, IndexError, HeaderParseError) as error:
        raise UnreadableMessage(f"The message can’t be read: {error}.") from error
    facts = sender or _claimed(plain, text, html)
    message = ReceivedMessage(
        raw, _stand_in(facts, html, subject, plain), _recipient(plain, text), parsed, plain, text, html
    )
    return Received(raw, message, leaves, tuple(wrong))


def _bodies(leaves: tuple[EmailMessage, ...]) -> tuple[str, str, list[str]]:
    found: dict[str, str] = {}
    wrong = []
    for leaf in leaves:
        kind = leaf.get_content_type()
        if kind not in {"text/plain", "text/html"} or leaf.get_content_disposition() == "attachment":
            continue
        try:
            found.setdefault(kind, leaf.get_content().replace("\r\n", "\n"))
        except (ValueError, LookupError, AttributeError):
            wrong.append(kind)
    html = found.get("text/html", "").replace("\0", "")
    return found.get("text/plain", ""), html if _is_readable(html) else NOTHING, wrong


def _is_readable(html: str) -> bool:
    try:
        tree = document_fromstring(html.encode("utf-8", "surrogatepass"), parser=HTMLParser(encoding="utf-8"))
    except (ParserError, ValueError):
        return False
    return tree.body is not None


# -- what the message claims --------------------------------------------------------------------------


def _claimed(plain: Message, text: str, html: str) -> SenderFacts:
    words = " ".join(text.split())
    legal_name = LEGAL_NAME.search(words) or LEGAL_NAME.search(" ".join(_shown(html).split()))
    *address, contact = _last_block(text) or ["", ""]
    return SenderFacts(
        legal_name=legal_name[1] if legal_name else "",
        trade_name=display_name(unfolded(plain.get("From", ""))),
        from_email=mailbox(unfolded(plain.get("From", ""))),
        reply_to=mailbox(unfolded(plain.get("Reply-To", ""))),
        contact=contact,
        address_lines=tuple(address) if any(address) else find_lines(text.splitlines()),
    )


def _shown(html: str) -> str:
    return str(document_fromstring(html.encode("utf-8", "surrogatepass")).text_content())


def _last_block(text: str) -> list[str]:
    """The lines below the right to object: the postal address, and the contact last."""
    footer = text.rpartition(BEFORE_ADDRESS)[2] if BEFORE_ADDRESS in text else ""
    lines: list[str] = []
    for block in re.split(r"\n[ \t]*\n", footer)[1:]:
        if len(lines) < FEWEST_LINES:
            lines += [line.strip() for line in block.splitlines() if line.strip()]
    return lines if len(lines) > 1 else []


def display_name(field: str) -> str:
    """The name beside a mailbox, with encoded words joined as RFC 2047 §6.2 says; empty if there is none."""
    name = next(iter(getaddresses([field])), ("", ""))[0]
    try:
        return str(make_header(decode_header(name)))
    except (ValueError, LookupError, HeaderParseError):
        return name


def mailbox(field: str) -> str:
    return next(iter(getaddresses([field])), ("", ""))[1]


def _recipient(plain: Message, text: str) -> Recipient:
    address = mailbox(unfolded(plain.get("To", "")))
    reason = REASON.search(" ".join(text.split()))
    try:
        known = parse(address)
        keys = (known.address_key, known.mailbox_key)
    except AddressRefused:
        keys = (b"", b"")
    return Recipient(address, *keys, first_name="", last_name="", reason=reason[1] if reason else "")


def _stand_in(facts: SenderFacts, html: str, subject: str, plain: Message) -> Skeleton:
    """What the rules ask of a skeleton: facts and preheader."""
    return Skeleton.of(
        [b""],
        campaign=0,
        sender=facts,
        list_=ListFacts("", ""),
        preheader="".join(_preheader(html)),
        subject=[subject.encode("utf-8", "replace").decode()],
    )


def _preheader(html: str) -> Iterator[str]:
    """The hidden line that Candor itself puts first, if it is there in Candor's own style."""
    body = document_fromstring(
        html.encode("utf-8", "surrogatepass"), parser=HTMLParser(encoding="utf-8")
    ).body
    if body is not None and len(body) and body[0].get("style", "") == PREHEADER_STYLE:
        yield str(body[0].text_content())
