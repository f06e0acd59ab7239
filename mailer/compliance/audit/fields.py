"""Header fields: one of each, from whom it says it is, to one person.

RFC 5322 §3.6; 15 U.S.C. 7704(a)(1): header information must not mislead (DUTIES D10, D13, D15, D20, D82).
"""

import re
from base64 import b64decode
from collections.abc import Iterator
from email.utils import getaddresses, parsedate_to_datetime

from mailer.compliance.audit.claims import display_name, mailbox
from mailer.compliance.audit.received import Received
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.rules.sender_complete import in_sender_domains
from mailer.rendering import SenderFacts, Skeleton
from mailer.rendering.fields import Slot

RULE = "header_fields"
SOURCE = "15 U.S.C. 7704(a)(1); RFC 5322 §3.6"
ONCE = ("From", "To", "Subject", "Date", "Message-ID", "Reply-To", "List-Id", "MIME-Version", "Content-Type")
NEVER = ("Cc", "Bcc", "Resent-From", "Resent-To", "Resent-Sender", "Disposition-Notification-To")
MESSAGE_ID = re.compile(r"<[^<>@\s]+@[^<>@\s]+>")
BASE64_WORD = re.compile(r"=\?[^?\s]+\?[bB]\?([^?\s]*)\?=")
NAME = r".{0,60}?"  # what a merge field may have become, or its default
TAG = re.compile(r"\s*\[([^\[\]]{2,60})\]")
# What filters and mail servers put in front; nobody who wrote the subject did.
MARK = re.compile(
    r"\s*(?:\[(?:ext|external|extern|spam|bulk|suspected spam|caution)\b[^\]]*\]|\*{2,}\s*spam|\{spam\??\})",
    re.I,
)
LIST_HOST = re.compile(r"<[^<>\s]*\.lists\.([^<>\s]+)>$")


def check(received: Received, sender: SenderFacts | None) -> Iterator[Finding]:
    for name in ONCE:
        count = len(received.fields(name))
        if count != 1:
            yield _finding(f"The header has {count} fields {name}; it needs exactly one.", name)
    for name in NEVER:
        if received.fields(name):
            yield _finding(f"The header has a field {name}, which Candor never writes.", name)
    # Python gives an object of another class where a field has bytes that are no ASCII
    if any(not isinstance(value, str) for value in received.message.plain.values()):
        yield _finding("A header field holds letters that are not encoded; mail programs may show rubbish.")
    yield from _people(received)
    yield from _names(received)
    yield from _date(received)
    if sender is not None:
        yield from _against(received, sender)


def _people(received: Received) -> Iterator[Finding]:
    for name in ("From", "To", "Reply-To"):
        found = getaddresses([received.field(name)]) if received.field(name) else []
        if len(found) != 1 or "@" not in found[0][1]:
            yield _finding(f"{name} does not name exactly one mailbox.", name)
        elif name != "To" and not in_sender_domains(found[0][1].rpartition("@")[2]):
            yield _finding(f"{name} is not in a domain that this installation sends for.", name)
    if received.fields("Sender") and not in_sender_domains(
        mailbox(received.field("Sender")).rpartition("@")[2]
    ):
        yield _finding("A field Sender names somebody else, so mail programs show “on behalf of”.", "Sender")


def _names(received: Received) -> Iterator[Finding]:
    if received.field("Message-ID") and not MESSAGE_ID.fullmatch(received.field("Message-ID")):
        yield _finding("Message-ID is not well formed.", "Message-ID")
    if any(not _decodes(word) for word in BASE64_WORD.findall(received.field("Subject"))):
        yield _finding("The subject is not encoded as mail programs read it.", "Subject")
    yield from _list(received)


def _decodes(word: str) -> bool:
    """Python reads broken base64 as letters, without a word."""
    try:
        b64decode(word, validate=True)
    except ValueError:
        return False
    return True


def _list(received: Received) -> Iterator[Finding]:
    list_host = LIST_HOST.search(received.field("List-Id"))
    if received.field("List-Id") and not (list_host and in_sender_domains(list_host[1])):
        yield _finding(
            "List-Id names another list: the message went through somebody’s mailing list.", "List-Id"
        )
    tag = TAG.match(received.message.subject)
    if tag and tag[1].lower() in display_name(received.field("List-Id")).lower():
        yield _finding("The subject begins with a mailing list’s tag, which nobody approved.", "Subject")
    elif MARK.match(received.message.subject):
        yield _finding("The subject begins with a filter’s mark, which nobody approved.", "Subject")


def _date(received: Received) -> Iterator[Finding]:
    try:
        parsedate_to_datetime(received.field("Date"))
    except (ValueError, TypeError, IndexError):
        yield _finding("The message has no readable date.", "Date")


def check_subject(received: Received, approved: Skeleton) -> Iterator[Finding]:
    """The subject is the approved one, whatever name stands in it."""
    pieces = (NAME if isinstance(piece, Slot) else re.escape(piece) for piece in approved.subject)
    wanted = re.sub(r"(?:\\ |\s)+", r"\\s+", "".join(pieces).strip())
    if not re.fullmatch(wanted, received.message.subject.strip()):
        yield _finding("The subject is not the one that was approved for this campaign.", "Subject")


def _against(received: Received, sender: SenderFacts) -> Iterator[Finding]:
    author, reply_to = received.field("From"), received.field("Reply-To")
    if mailbox(author).lower() != sender.from_email.lower() or display_name(author) != sender.trade_name:
        yield _finding("From is not the sender’s trade name and address.", "From")
    if mailbox(reply_to).lower() != sender.reply_to.lower():
        yield _finding("Reply-To is not the sender’s mailbox.", "Reply-To")


def _finding(message: str, where: str = "header") -> Finding:
    return Finding(RULE, Severity.BLOCK, message, SOURCE, where)
