"""The postal address could be a real one, of the kind it says it is.

15 U.S.C. 7704(a)(5)(A)(iii): “a valid physical postal address of the sender”; 16 CFR 316.2(p): a street
address, a PO box, or a private mailbox registered with the postal service; USPS Publication 28 §284: a
private mailbox is written PMB or #, never PO Box (DUTIES D40, D41). What an address is made of is judged in
`mailer.compliance.postal`; here it meets the kind that the sender chose.
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.postal import (
    Parts,
    Remark,
    judge,
    names_po_box,
    names_private_mailbox,
    says_private_mailbox,
)
from mailer.models import Sender

RULE = "postal_address"
SOURCE = "15 U.S.C. 7704(a)(5)(A)(iii); 16 CFR 316.2(p)"
REVIEWED = Reviewed("2026-11-22", version=1, duties="D40 D41")
Kind = Sender.AddressKind


def check(sender: Sender) -> Iterator[Finding]:
    if not re.fullmatch(r"[A-Z]{2}", sender.country.strip()):
        yield _finding("Write the country as two capital letters, such as US, DE or JP.", "country")
    for remark in judge(parts_of(sender)).remarks:
        yield _told(remark)
    if sender.line1.strip():
        yield from _kind(sender)


def parts_of(sender: Sender) -> Parts:
    """The sender's address as `mailer.compliance.postal` judges it."""
    return Parts(
        organization=sender.legal_name,
        line1=sender.line1,
        line2=sender.line2,
        city=sender.city,
        region=sender.region,
        postal_code=sender.postal_code,
        country=sender.country,
    )


def _told(remark: Remark) -> Finding:
    severity = Severity.WARN if remark.is_doubt else Severity.BLOCK
    where = "legal_name" if remark.where == "organization" else remark.where
    return Finding(RULE, severity, remark.message, SOURCE, where)


def _kind(sender: Sender) -> Iterator[Finding]:
    lines = f"{sender.line1}\n{sender.line2}"
    if sender.address_kind == Kind.PO_BOX and not names_po_box(lines):
        yield _finding("A PO box is written with its number, such as “PO Box 1450”.", "line1")
    if sender.address_kind == Kind.PRIVATE_MAILBOX:
        if not names_private_mailbox(lines):
            yield _finding("A private mailbox is written with PMB or #, such as “PMB 12”.", "line2")
        if names_po_box(lines):
            yield _finding("A private mailbox may not be called a PO box. Write “PMB” instead.", "line1")
    if sender.address_kind == Kind.STREET:
        yield from _street(lines)


def _street(lines: str) -> Iterator[Finding]:
    if names_po_box(lines):
        yield _finding("This is a PO box. Choose that kind of address, or write the street.", "address_kind")
    elif says_private_mailbox(lines):
        yield _finding("This is a private mailbox. Choose that kind of address.", "address_kind")


def _finding(message: str, where: str) -> Finding:
    return Finding(RULE, Severity.BLOCK, message, SOURCE, where)
