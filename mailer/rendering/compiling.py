"""Compiling content: the one place where a message is put together (DESIGN §3, “Content”)."""

import hashlib
import html
import re
import unicodedata
from dataclasses import replace

from mailer.rendering import authored, columns, frame, layouts, plaintext
from mailer.rendering.facts import Content, ContentRefused, ListFacts, Problem, SenderFacts
from mailer.rendering.fields import Marks, Place, Slot, left_over, take_out
from mailer.rendering.headers import folded, is_safe, mailbox, unstructured
from mailer.rendering.kinds import COMMERCIAL, KindFacts
from mailer.rendering.quoted_printable import encode_pieces
from mailer.rendering.skeletons import SUBJECT, Skeleton

LONGEST_LINE = 400  # characters of subject or preheader that are looked at; the gate asks for fewer
PLAIN_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[A-Za-z0-9.-]+")
# Marks that turn the direction of what follows them. They could make a footer read backwards.
BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")

NO_TEXT = re.compile("[\0\ud800-\udfff]")

Pieces = list[bytes | Slot]


def compile_content(
    content: Content, sender: SenderFacts, list: ListFacts, campaign: int, kind: KindFacts = COMMERCIAL
) -> Skeleton:
    """The message that every recipient of `campaign` gets, with slots for what differs.

    Raises ContentRefused with every problem found, each in words for the author.
    """
    # lengths first, so that nothing below ever works on megabytes
    problems = _too_long(content) or [*_unsafe_headers(content, sender, list, kind), *_unreadable(content)]
    if problems:
        raise ContentRefused(problems)
    marks = Marks(content.subject, content.preheader, content.html, content.text)
    subject = _line(content.subject, Place.HEADER, "subject", marks, problems)
    preheader = _line(content.preheader, Place.LINE, "preheader", marks, problems)
    text, composed = _bodies(content, sender, marks, problems)
    if problems:
        raise ContentRefused(problems)

    document = frame.html_document(
        composed.html,
        html.escape(preheader),
        sender,
        kind,
        marks,
        composed.look,
        columns.sheet(composed.html),
    )
    pieces: Pieces = [
        *_header_pieces(marks, subject, sender, list, campaign, kind),
        *_part_pieces(marks, frame.text_document(text, sender, kind, marks), document),
    ]
    return Skeleton.of(
        pieces,
        campaign=campaign,
        sender=sender,
        kind=kind,
        list_=list,
        preheader=marks.without(preheader, "…"),
        subject=marks.split(subject),
        dropped=composed.dropped,
    )


# -- what is refused --------------------------------------------------------------------------------


def _unsafe_headers(
    content: Content, sender: SenderFacts, list_: ListFacts, kind: KindFacts
) -> list[Problem]:
    """Line ends and control characters where a header is made (RFC 5322 §2.2; D18)."""
    shown = {
        "subject": content.subject,
        "preheader": content.preheader,
        "legal name": sender.legal_name,
        "trade name": sender.trade_name,
        "contact": sender.contact,
        "postal address": " ".join(sender.address_lines),
        "list name": list_.name,
        "name of another advertiser": " ".join(kind.others),
    }
    problems = [
        Problem(
            "header_characters",
            f"The {name} holds a line break or control character. Type it again by hand, in one line.",
            name,
        )
        for name, value in shown.items()
        if not is_safe(value)
    ]
    for name, address in (("From address", sender.from_email), ("Reply-To address", sender.reply_to)):
        if not (address.isascii() and PLAIN_ADDRESS.fullmatch(address)):
            problems.append(
                Problem("sender_address", f"The {name} is missing or not a plain email address.", name)
            )
    return problems


def _too_long(content: Content) -> list[Problem]:
    longest = {
        "subject": LONGEST_LINE,
        "preheader": LONGEST_LINE,
        "html": authored.LONGEST,
        "text": plaintext.LONGEST,
    }
    return [
        Problem(
            "too_long",
            f"The {name} has {len(getattr(content, name)):,} characters; {most:,} is the most. Shorten it"
            + (", and upload pictures instead of putting them into the HTML." if name == "html" else "."),
            name,
        )
        for name, most in longest.items()
        if len(getattr(content, name)) > most
    ]


def _unreadable(content: Content) -> list[Problem]:
    """Bytes of another encoding, or of no text at all, that a form or file let through."""
    return [
        Problem(
            "encoding",
            f"The {name} holds bytes that are no text. Save it as UTF-8 and paste or load it again.",
            name,
        )
        for name, value in (("html", content.html), ("text", content.text))
        if NO_TEXT.search(value)
    ]


# -- what the author wrote -----------------------------------------------------------------------------


def _line(line: str, place: Place, where: str, marks: Marks, problems: list[Problem]) -> str:
    marked = take_out(line, place, marks, problems, where)
    problems += left_over(marked, where)
    return marked


def _bodies(
    content: Content, sender: SenderFacts, marks: Marks, problems: list[Problem]
) -> tuple[str, layouts.Composed]:
    """Text and HTML of the author, each made from the other if missing."""

    def compose(source: str, layout: str) -> layouts.Composed:
        return layouts.compose(source, layout, content.brand, sender.trade_name, marks, problems)

    composed = compose(content.html, content.layout)
    text = plaintext.written(_visible(content.text), marks, problems)
    if text and not content.html.strip() and not problems:
        composed = compose(
            plaintext.to_html(text, marks), "" if content.layout == layouts.MJML else content.layout
        )
    if not composed.html and not text and not problems:
        problems.append(Problem("body_empty", "There is no body. Write what the message says.", "html"))
    # after parsing, for &#x202e; is a mark of direction too
    composed = replace(composed, html=_visible(composed.html))
    return text or plaintext.from_html(_visible(composed.said), marks), composed


def _visible(source: str) -> str:
    """Without control characters (which parsers drop at different times) and marks of direction."""
    return "".join(
        character
        for character in BIDI.sub("", source)
        if character in "\t\n\r" or unicodedata.category(character) != "Cc"
    )


# -- the bytes ---------------------------------------------------------------------------------------


def _header_pieces(
    marks: Marks, subject: str, sender: SenderFacts, list_: ListFacts, campaign: int, kind: KindFacts
) -> Pieces:
    """All fields in their order. From names the one author (D15), To the one recipient (D20)."""
    fields: list[bytes | Slot] = [
        mailbox("From", sender.trade_name, sender.from_email),
        Slot("to", Place.HEADER),
        folded("Reply-To", [sender.reply_to]),
        Slot(SUBJECT, Place.HEADER) if marks.pattern.search(subject) else unstructured("Subject", subject),
        Slot("date", Place.HEADER),
        Slot("message_id", Place.HEADER),
        mailbox("List-Id", list_.name, f"{list_.slug}.lists.{sender.domain}"),
        Slot("url", Place.HEADER),
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        folded("Feedback-ID", [f"{campaign}:{list_.slug}:{kind.kind}:{_sender_id(sender)}"]),
        b"MIME-Version: 1.0",
    ]
    return [piece for field in fields for piece in (field, b"\r\n")]


def _sender_id(sender: SenderFacts) -> str:
    """Who the feedback loops count for: the domain, in 5 to 15 letters and digits (D89)."""
    readable = re.sub("[^a-z0-9]", "", sender.domain)
    if 5 <= len(readable) <= 15:
        return readable
    return readable[:9] + hashlib.sha256(sender.domain.encode()).hexdigest()[:6]


def _part_pieces(marks: Marks, text: str, document: str) -> Pieces:
    """Text first, HTML second: mail programs show the last they can (RFC 2046 §5.1.4)."""
    digest = hashlib.sha256(f"{marks.without(text)}\0{marks.without(document)}".encode()).hexdigest()[:24]
    # “=_” can't stand in quoted-printable, so no body can hold the boundary (RFC 2045 §6.7)
    boundary = f"=_{digest}"
    head = f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'
    return [
        head.encode("ascii"),
        *_part(boundary, "plain", encode_pieces(marks.split(text))),
        *_part(boundary, "html", encode_pieces(marks.split(document))),
        f"\r\n--{boundary}--\r\n".encode("ascii"),
    ]


def _part(boundary: str, kind: str, body: Pieces) -> Pieces:
    opening = "\r\n" if kind == "html" else ""
    head = (
        f'{opening}--{boundary}\r\nContent-Type: text/{kind}; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    return [head.encode("ascii"), *body]
