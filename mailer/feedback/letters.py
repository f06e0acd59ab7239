"""A mail as it came in, read without trust: any bytes, any size, and no exception whatever they are."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses

import lxml.html
from lxml import etree

LONGEST = 1_000_000  # bytes that are looked at; requests stand at the beginning
MOST_PARTS = 50
LONGEST_TEXT = 20_000  # characters of a part
LONGEST_FIELD = 10_000

# Where a writer's own words end. Sources: what the mail programs of 2026 put above a quoted message.
_QUOTE = re.compile(
    r"^\s*(?:>|-{2,}\s*(?:original|ursprüngliche|forwarded|weitergeleitete|message d.origine|mensaje original)|_{10,}|"
    r"(?:on|am|le|el|em|il|op|den|dnia)\b.{5,200}(?:wrote|schrieb|écrit|escribió|escreveu|ha scritto|schreef|skrev|"
    r"napisał\w*).{0,3}:?\s*$|(?:from|von|de|da|van|från|fra|od)\s*:\s.*|-- ?$|advertisement · )",
    re.IGNORECASE,
)
_WROTE_BELOW = re.compile(r"^\s*(?:on|am|le|el|em|il|op)\b.{5,200}$", re.IGNORECASE)
_WROTE = re.compile(r"(?:wrote|schrieb|écrit|escribió|escreveu|ha scritto|schreef):?\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Letter:
    """The parts of a mail that matter here."""

    message: Message

    @classmethod
    def of(cls, raw: bytes) -> "Letter":
        return cls(message_from_bytes(raw[:LONGEST], policy=policy.compat32))

    def fields(self, name: str) -> list[str]:
        """The values of a header field, decoded, in one line each."""
        return [" ".join(_decoded(value).split()) for value in self.message.get_all(name, [])]

    def field(self, name: str) -> str:
        return next(iter(self.fields(name)), "")

    @property
    def author(self) -> str:
        """The one address in From; empty if there is none, or more than one."""
        found = [
            address for _, address in getaddresses([self.field("From")[:LONGEST_FIELD]]) if "@" in address
        ]
        return found[0] if len(found) == 1 else ""

    def parts(self) -> Iterator[Message]:
        for number, part in enumerate(self.message.walk()):
            if number == MOST_PARTS:
                return
            yield part

    def report(self, kind: str) -> Message | None:
        """The machine-readable part of a report (RFC 3464, RFC 5965)."""
        return next((part for part in self.parts() if part.get_content_type() == f"message/{kind}"), None)

    @property
    def own_words(self) -> str:
        """What the writer wrote, without what they quoted and without a signature."""
        return "\n".join(_until_quote(self._text()))

    def _text(self) -> str:
        shown = [part for part in self.parts() if not part.is_multipart()]
        for kind, read in (("text/plain", _payload), ("text/html", lambda part: _visible(_payload(part)))):
            for part in shown:
                if part.get_content_type() == kind and (text := read(part)).strip():
                    return text
        return ""


def _decoded(value: object) -> str:
    text = str(value)[:LONGEST_FIELD]
    try:
        return str(make_header(decode_header(text)))
    except (ValueError, LookupError, UnicodeError):
        return text


def _payload(part: Message) -> str:
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    try:
        return raw[: 4 * LONGEST_TEXT].decode(str(part.get_content_charset() or "utf-8"), "replace")[
            :LONGEST_TEXT
        ]
    except (LookupError, ValueError):
        return raw[:LONGEST_TEXT].decode("latin-1")


def _visible(markup: str) -> str:
    """The text of an HTML part, without the quotes that mail programs mark as such."""
    try:
        tree = lxml.html.document_fromstring(markup.encode("utf-8", "replace"), parser=_parser())
    except (etree.LxmlError, ValueError, AssertionError):
        return ""
    for quoted in tree.xpath(
        "//blockquote | //style | //script | //head | //*[contains(@class, 'gmail_quote')]"
        " | //*[@id='divRplyFwdMsg' or @id='appendonsend' or contains(@class, 'moz-cite-prefix')]"
    ):
        quoted.drop_tree() if quoted.getparent() is not None else None
    for line_break in tree.xpath("//br | //p | //div | //tr | //li"):
        line_break.tail = "\n" + (line_break.tail or "")
        if line_break.text:
            line_break.text = "\n" + line_break.text
    return str(tree.text_content())


def _parser() -> lxml.html.HTMLParser:
    return lxml.html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)


def _until_quote(text: str) -> Iterator[str]:
    lines = text.splitlines()
    for number, line in enumerate(lines):
        below = lines[number + 1] if number + 1 < len(lines) else ""
        if _QUOTE.match(line) or (_WROTE_BELOW.match(line) and _WROTE.search(below)):
            return
        yield line
