"""What a received message says of itself: whose it is, whom it is for, by which link one leaves.

The gate knows the compiled message; of a received one nothing but its bytes is known. So each claim is taken from
where it is whole, and then held against every other place that makes it: a damage in one place is then told once,
as what it is, and not again wherever the claim was taken from.
"""

import re
from collections.abc import Iterator, Sequence
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses

from django.conf import settings
from lxml.html import HtmlElement

from mailer.addresses import AddressRefused, parse
from mailer.compliance.postal.reading import find_lines, judge_lines
from mailer.rendering import KindFacts, ListFacts, Recipient, SenderFacts, Skeleton
from mailer.tokens import TOKEN_CHARACTERS, DamagedToken, OptOutToken
from mailer.tokens import read as read_token

LABEL = re.compile(r"\s*Advertisement · (.{1,200})")
LEGAL_NAME = re.compile(r"Unsubscribe from all email from (.{1,200}?)(?::| ?One click on the page)")
REASON = re.compile(r"You received it at (\S+) because (.{1,400}?)\. Unsubscribe from all email")
BEFORE_ADDRESS = "Your right to object:"
FEWEST_LINES = 4  # name, street, town, and the contact below them; fewer were torn apart
PREHEADER_STYLE = "display:none;max-height:0;overflow:hidden;mso-hide:all"
MESSAGE_ID = re.compile(r"<(\d+)\.[0-9a-f]{32}(\.t[0-9a-f]+)?@")  # as `mailer.rendering.fill` writes it
LINK = re.compile(r"https?://[^\s<>\"]+")


def unfolded(value: object) -> str:
    return re.sub(r"\r?\n(?=[ \t])", "", str(value)).strip(" \t")


def display_name(field: str) -> str:
    """The name beside a mailbox, with encoded words joined as RFC 2047 §6.2 says; empty if there is none."""
    name = next(iter(getaddresses([field])), ("", ""))[0]
    try:
        return str(make_header(decode_header(name)))
    except (ValueError, LookupError, HeaderParseError):
        return name


def mailbox(field: str) -> str:
    return next(iter(getaddresses([field])), ("", ""))[1]


# -- who sent it ---------------------------------------------------------------------------------------


def sender_of(plain: Message, text: str, tree: HtmlElement) -> SenderFacts:
    shown = " ".join(str(tree.text_content()).split())
    legal_name = LEGAL_NAME.search(" ".join(text.split())) or LEGAL_NAME.search(shown)
    *address, contact = _address(text, tree) or ["", ""]
    return SenderFacts(
        legal_name=legal_name[1] if legal_name else "",
        trade_name=_trade_name(plain.get("From", ""), text),
        from_email=mailbox(unfolded(plain.get("From", ""))),
        reply_to=mailbox(unfolded(plain.get("Reply-To", ""))),
        contact=contact,
        address_lines=tuple(address) if any(address) else find_lines(text.splitlines()),
    )


def _trade_name(author: object, text: str) -> str:
    """The name in From; where bytes in it are no text (Python then gives no string), that of the label."""
    if isinstance(author, str):
        return display_name(unfolded(author))
    found = LABEL.match(text)
    return found[1].strip() if found else ""


def _address(text: str, tree: HtmlElement) -> list[str]:
    """The lines of the footer's last block: of the part in which they can be a postal address."""
    written, shown = _last_lines(text), _last_paragraph(tree)
    if written == shown:
        return written
    found = [lines for lines in (written, shown) if len(lines) > 1]
    whole = [lines for lines in found if not judge_lines(tuple(lines[:-1])).problems]
    return min(whole, key=len) if whole else next(iter(found), [])


def _last_lines(text: str) -> list[str]:
    """The lines below the right to object: the postal address, and the contact last."""
    footer = text.rpartition(BEFORE_ADDRESS)[2] if BEFORE_ADDRESS in text else ""
    lines: list[str] = []
    for block in re.split(r"\n[ \t]*\n", footer)[1:]:
        if len(lines) < FEWEST_LINES:
            lines += [line.strip() for line in block.splitlines() if line.strip()]
    return lines


def _last_paragraph(tree: HtmlElement) -> list[str]:
    for footer in tree.xpath('//div[@role="contentinfo"]'):
        for paragraph in footer.findall("p")[-1:]:
            return [line for line in (" ".join(text.split()) for text in paragraph.itertext()) if line]
    return []


# -- whom it is for -------------------------------------------------------------------------------------


def recipient_of(plain: Message, text: str, link: OptOutToken | None) -> Recipient:
    """The mailbox in To; where that can't be or the link is not its own, the one that the footer names."""
    named = getaddresses([unfolded(plain.get("To", ""))])
    address = named[0][1] if len(named) == 1 else ""
    reason = REASON.search(" ".join(text.split()))
    address_key, mailbox_key = _keys(address)
    if reason and (not mailbox_key or (link and link.mailbox_key != mailbox_key)):
        address = reason[1]
    return Recipient(
        address, address_key, mailbox_key, first_name="", last_name="", reason=reason[2] if reason else ""
    )


def _keys(address: str) -> tuple[bytes, bytes]:
    try:
        known = parse(address)
    except AddressRefused:
        return b"", b""
    return known.address_key, known.mailbox_key


# -- how one leaves -------------------------------------------------------------------------------------


def token_of(link: str) -> OptOutToken | None:
    """What an opt-out link says; None if it is not ours to the letter, or its token damaged."""
    start = f"{settings.PUBLIC_URL}/u/"
    if not link.startswith(start) or not TOKEN_CHARACTERS.fullmatch(link.removeprefix(start)):
        return None
    try:
        return read_token(link.removeprefix(start))
    except DamagedToken:
        return None


def best_link(header_link: str, text: str, tree: HtmlElement, plain: Message) -> str:
    """The link that the body is held against: the header's, unless another one is ours and speaks better.

    Where the header's was damaged, the body's is still whole, and is no second damage.
    """
    written = MESSAGE_ID.match(unfolded(plain.get("Message-ID", "")))
    mailbox_key = _keys(mailbox(unfolded(plain.get("To", ""))))[1]

    def worth(link: str) -> int:
        token = token_of(link)
        if token is None:
            return 0
        fits = token.mailbox_key == mailbox_key
        return 1 + fits + (fits and written is not None and int(written[1]) == token.campaign)

    best = max([header_link, *_links(text, tree)], key=worth)
    return best if worth(best) else header_link


def _links(text: str, tree: HtmlElement) -> Iterator[str]:
    yield from (anchor.get("href", "") for anchor in tree.iter("a"))
    yield from LINK.findall(text)


# -- what the rules ask of a skeleton -------------------------------------------------------------------


def stand_in(facts: SenderFacts, kind: KindFacts, tree: HtmlElement, subject: str) -> Skeleton:
    return Skeleton.of(
        [b""],
        campaign=0,
        sender=facts,
        kind=kind,
        list_=ListFacts("", ""),
        preheader="".join(_preheader(tree)),
        subject=[subject.encode("utf-8", "replace").decode()],
    )


def _preheader(tree: HtmlElement) -> Iterator[str]:
    """The hidden line that Candor itself puts first, if it is there in Candor's own style."""
    boxes: Sequence[HtmlElement] = tree.body if tree.body is not None else ()
    if len(boxes) and boxes[0].get("style", "") == PREHEADER_STYLE:
        yield str(boxes[0].text_content())
