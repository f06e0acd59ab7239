"""Bytes as a mailbox got them, read so that the gate's rules can judge them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.message import EmailMessage, Message

from lxml.etree import ParserError
from lxml.html import HTMLParser, document_fromstring

from mailer.compliance.audit.claims import best_link, recipient_of, sender_of, stand_in, token_of, unfolded
from mailer.compliance.finished import FinishedMessage, UnreadableMessage
from mailer.rendering import SenderFacts, kinds
from mailer.tokens import OptOutToken

# Bytes. Candor blocks HTML beyond 102 kB; a header of 64 kB is more than servers take. Both bound the time.
LARGEST, LARGEST_HEADER = 1_000_000, 64_000
NOTHING = "<html><body></body></html>"
ELEMENT = re.compile(r"<([^<>]*)>")
HEADER_END = re.compile(rb"\r?\n\r?\n")
# What quoted-printable looks like where nobody was told that it is (RFC 2045 §6.7)
STILL_ENCODED = re.compile(r"=3D\"|=\n(?=.)|=(?:C2|E2)=[89AB][0-9A-F]")


@dataclass(frozen=True)
class ReceivedMessage(FinishedMessage):
    """A finished message whose List-Unsubscribe may be damaged: then the link of its body, if that is ours."""

    link: str = ""

    @property
    def opt_out(self) -> str:
        return self.link


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
    def header_link(self) -> str:
        return header_link(self.message.plain)

    @property
    def token(self) -> OptOutToken | None:
        """What the link says by which one leaves, if it is exactly one of ours."""
        return token_of(self.message.link)

    @property
    def is_whole(self) -> bool:
        """Whether text and HTML are there as they were written; else nothing can be said of what stands in them."""
        kinds = [each.get_content_type() for each in self.leaves]
        broken = [defect for part in self.message.parsed.walk() for defect in part.defects]
        return kinds.count("text/plain") == kinds.count("text/html") == 1 and not (self.wrong_parts or broken)


def header_link(plain: Message) -> str:
    """The first https link of the header (http on this machine only), to the letter; empty if there is none."""
    values = [unfolded(value) for value in plain.get_all("List-Unsubscribe", [])]
    elements = ELEMENT.findall(" ".join(values))
    return next((each.strip() for each in elements if each.lower().startswith("http")), "")


def read(raw: bytes, sender: SenderFacts | None) -> Received:
    """The message in `raw`. Raises UnreadableMessage, in words, if a receiver could not read it either."""
    if len(raw) > LARGEST or len(HEADER_END.split(raw, maxsplit=1)[0]) > LARGEST_HEADER:
        raise UnreadableMessage("The message is too large to be one of Candor’s.")
    plain = message_from_bytes(raw, policy=policy.compat32)
    if not plain.keys():
        raise UnreadableMessage("This is no message: it does not start with header fields.")
    try:
        parsed = message_from_bytes(raw, policy=policy.default)
        leaves = tuple(_leaves(parsed))
        text, html, wrong = _bodies(leaves)
        subject = str(parsed["Subject"] or "")
    except (ValueError, LookupError, AttributeError, TypeError, IndexError, HeaderParseError) as error:
        raise UnreadableMessage(f"The message can’t be read: {error}.") from error
    tree = document_fromstring(html.encode("utf-8", "surrogatepass"), parser=HTMLParser(encoding="utf-8"))
    link = best_link(header_link(plain), text, tree, plain)
    recipient = recipient_of(plain, text, token_of(link))
    facts = sender or sender_of(plain, text, tree)
    kind = kinds.claimed(text, unfolded(plain.get("Feedback-ID", "")), facts.trade_name)
    skeleton = stand_in(facts, kind, tree, subject)
    message = ReceivedMessage(raw, skeleton, recipient, parsed, plain, text, html, link)
    return Received(raw, message, leaves, tuple(wrong))


def _leaves(part: EmailMessage) -> Iterator[EmailMessage]:
    """The parts that hold something; a message within the message is one of them, whatever it holds."""
    if part.get_content_maintype() != "multipart" or not part.is_multipart():
        yield part
        return
    for child in part.iter_parts():
        yield from _leaves(child)  # type: ignore[arg-type]


def _bodies(leaves: tuple[EmailMessage, ...]) -> tuple[str, str, list[str]]:
    found: dict[str, str] = {}
    wrong = []
    for leaf in leaves:
        kind = leaf.get_content_type()
        if kind not in {"text/plain", "text/html"} or leaf.get_content_disposition() == "attachment":
            continue
        try:
            content = leaf.get_content().replace("\r\n", "\n")
        except (ValueError, LookupError, AttributeError):
            wrong.append(kind)
            continue
        if "quoted-printable" not in str(leaf.get("Content-Transfer-Encoding", "")).lower():
            wrong += [kind] * (len(STILL_ENCODED.findall(content)) > 1)
        found.setdefault(kind, content)
    html = found.get("text/html", "").replace("\0", "")
    return found.get("text/plain", ""), html if _is_readable(html) else NOTHING, wrong


def _is_readable(html: str) -> bool:
    try:
        tree = document_fromstring(html.encode("utf-8", "surrogatepass"), parser=HTMLParser(encoding="utf-8"))
    except (ParserError, ValueError):
        return False
    return tree.body is not None
