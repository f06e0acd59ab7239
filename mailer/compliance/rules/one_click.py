"""The two fields that let a mail program opt its reader out with one click.

RFC 8058 §3.1: one List-Unsubscribe with one HTTPS URI, and List-Unsubscribe-Post with exactly one pair;
RFC 2369 §2: no encoded words. An element of 78 characters or more is broken by newer libraries (DUTIES
D70, D71, D73, measured).
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings

from mailer import tokens
from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import FinishedMessage

RULE = "one_click"
SOURCE = "RFC 8058 §3.1; RFC 2369 §2"
REVIEWED = Reviewed("2026-11-22", version=1, duties="D70 D71 D73")
LONGEST_ELEMENT = 77
LINK = re.compile(rb"\r\nList-Unsubscribe: \r\n (<[!-;=?-~]+>)(?:,\r\n <mailto:([!-;=?-~]+)>)?\r\n")
POST = b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


def check(message: FinishedMessage) -> Iterator[Finding]:
    links = LINK.findall(message.header)
    if len(links) != 1 or message.header.lower().count(b"list-unsubscribe:") != 1:
        yield _finding("The message does not have exactly one opt-out link in its header. Make it anew.")
    elif len(links[0][0]) > LONGEST_ELEMENT or b"=?" in links[0][0]:
        yield _finding("The opt-out link is too long for mail headers. PUBLIC_URL needs a shorter host name.")
    elif not _leads_here(message):
        yield _finding("The opt-out link in the header does not lead to this installation. Make it anew.")
    elif not _is_read_here(message, links[0][1].decode("ascii")):
        yield _finding("The opt-out address in the header does not lead to this installation. Make it anew.")
    if message.header.count(POST) != 1:
        yield _finding("The one-click field is not as mail programs expect it. Make the message anew.")


def _leads_here(message: FinishedMessage) -> bool:
    """An https link (plain http only on this machine) whose token names this mailbox and campaign."""
    link = message.opt_out
    if urlsplit(link).scheme != "https" and not settings.LOCAL:
        return False
    start = f"{settings.PUBLIC_URL}/u/"
    try:
        token = tokens.read(link.removeprefix(start))
    except tokens.DamagedToken:
        return False
    return (
        link.startswith(start)
        and token.mailbox_key == message.recipient.mailbox_key
        and token.campaign == message.skeleton.campaign
    )


def _is_read_here(message: FinishedMessage, address: str) -> bool:
    """No mailto where no mail is read; else one whose token names this mailbox and campaign."""
    if not settings.INBOUND_DOMAIN or not address:
        return not address and not settings.INBOUND_DOMAIN
    local, _, domain = address.rpartition("@")
    try:
        token = tokens.read_mail(local)
    except tokens.DamagedToken:
        return False
    return (
        domain == settings.INBOUND_DOMAIN
        and len(address) + len("<mailto:>") <= LONGEST_ELEMENT
        and token.mailbox_key == message.recipient.mailbox_key
        and token.campaign == message.skeleton.campaign
    )


def _finding(message: str) -> Finding:
    return Finding(RULE, Severity.BLOCK, message, SOURCE, "header")
