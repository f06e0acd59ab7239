"""Each header field is there once, as it was meant, and no other one is.

RFC 5322 §3.6: one From, To, Subject, Date and Message-ID; RFC 2369 and 2919: one of each List field;
15 U.S.C. 7704(a)(1): nothing in them misleads. A field that a merge value smuggled in would show here, since
one sample is filled with hostile names (DUTIES D15, D18, D20, D82, D89).
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import FinishedMessage

RULE = "header_fields"
SOURCE = "15 U.S.C. 7704(a)(1); RFC 5322 §3.6"
REVIEWED = Reviewed("2026-11-30", version=2, duties="D15 D18 D20 D82 D89")
EXPECTED = [
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe",
    "List-Unsubscribe-Post", "Feedback-ID", "MIME-Version", "Content-Type",
]  # fmt: skip
FIELD = re.compile(rb"[!-9;-~]+:[ -~]*(?:\r\n [ -~]*[!-~][ -~]*)*")
FEEDBACK_ID = r"\d+:[a-z0-9-]+:{kind}:[a-z0-9]{{5,15}}"
LONGEST_LINE = 998


def check(message: FinishedMessage) -> Iterator[Finding]:
    if message.plain.keys() != EXPECTED or not _well_formed(message.header):
        yield _finding("The header fields are not the ones Candor writes. Don’t send this; make it anew.")
        return
    if any(len(line) > LONGEST_LINE for line in message.raw.split(b"\r\n")) or not message.raw.isascii():
        yield _finding("A line is longer than mail servers take, or not plain ASCII. Make the message anew.")
    yield from _people(message)
    yield from _names(message)


def _well_formed(header: bytes) -> bool:
    """Every line ends in CRLF, and every field stands by itself."""
    fields = re.split(rb"\r\n(?! )", header.removesuffix(b"\r\n\r\n"))
    return all(FIELD.fullmatch(field) for field in fields)


def _people(message: FinishedMessage) -> Iterator[Finding]:
    sender = message.skeleton.sender
    authors = message.parsed["From"].addresses
    # Python shows a space between two encoded words of a long name, where RFC 2047 §6.2 has none
    named = [("".join(author.display_name.split()), author.addr_spec) for author in authors]
    if named != [("".join(sender.trade_name.split()), sender.from_email)]:
        yield _finding("From does not read back as the sender’s trade name and address. Simplify the name.")
    recipients = [each.addr_spec for each in message.parsed["To"].addresses]
    if recipients != [message.recipient.address]:
        yield _finding("To does not name the one recipient. Make the message anew.")
    if [each.addr_spec for each in message.parsed["Reply-To"].addresses] != [sender.reply_to]:
        yield _finding("Reply-To does not name the sender’s mailbox. Make the message anew.")


def _names(message: FinishedMessage) -> Iterator[Finding]:
    skeleton, plain = message.skeleton, message.plain
    domain = re.escape(skeleton.sender.domain)
    if not re.fullmatch(rf"\s*<{skeleton.campaign}\.[0-9a-f]{{32}}@{domain}>", plain["Message-ID"]):
        yield _finding("Message-ID is not the campaign’s and the recipient’s own. Make the message anew.")
    list_id = rf".*<{re.escape(skeleton.list_facts.slug)}\.lists\.{domain}>"
    if not re.fullmatch(list_id, plain["List-Id"], re.DOTALL) or len(plain["List-Id"]) > 400:
        yield _finding("List-Id does not name the list under the sender’s domain. Make the message anew.")
    if not re.fullmatch(FEEDBACK_ID.format(kind=skeleton.kind.kind), plain["Feedback-ID"].strip()):
        yield _finding("Feedback-ID can’t be read by mail providers. Make the message anew.")
    if message.parsed["Date"].datetime is None:
        yield _finding("The message has no readable date. Make it anew.")


def _finding(message: str) -> Finding:
    return Finding(RULE, Severity.BLOCK, message, SOURCE)
