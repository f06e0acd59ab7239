"""The one-click pair in the header, exact and single, with a link that is ours and speaks for this recipient.

RFC 8058 §3.1, RFC 2369 §2 (DUTIES D70, D71, D73). Libraries that write a header anew may fold it otherwise; that is
fine as long as a receiver reads the same.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings

from mailer.compliance.audit.claims import MESSAGE_ID, token_of
from mailer.compliance.audit.received import ELEMENT, Received
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.rules.one_click import LONGEST_ELEMENT, SOURCE
from mailer.rendering import SAMPLE_RECIPIENT
from mailer.tokens import OptOutToken

RULE = "one_click"
VALUE = re.compile(r"<[^<>\s]+>(?:,\s*<[^<>\s]+>)*")


def check(received: Received) -> Iterator[Finding]:
    values = received.fields("List-Unsubscribe")
    if len(values) != 1:
        yield _finding(f"The header has {len(values)} fields List-Unsubscribe; it needs exactly one.")
    else:
        yield from _value(values[0])
        yield from _link(received)
    posts = received.message.plain.get_all("List-Unsubscribe-Post", [])
    if [str(post) for post in posts] != ["List-Unsubscribe=One-Click"]:
        yield _finding("List-Unsubscribe-Post is not exactly “List-Unsubscribe=One-Click”, once.")


def _value(value: str) -> Iterator[Finding]:
    elements = ELEMENT.findall(value)
    schemes = [urlsplit(each.strip()).scheme.lower() if _is_split(each) else "" for each in elements]
    if "=?" in value:
        yield _finding("List-Unsubscribe was encoded on the way, so mail programs find no link in it.")
    if not VALUE.fullmatch(value):
        yield _finding(
            "List-Unsubscribe is not a list of <links>: something was folded into it or broken off."
        )
    if any(len(each) + 2 > LONGEST_ELEMENT for each in elements):
        yield _finding(f"A link in List-Unsubscribe is longer than {LONGEST_ELEMENT} characters.")
    if sum(scheme in {"http", "https"} for scheme in schemes) != 1 or set(schemes) - {
        "http",
        "https",
        "mailto",
    }:
        yield _finding("List-Unsubscribe needs exactly one https link, and at most a mailto beside it.")
    elif schemes[0] == "mailto":
        yield _finding("List-Unsubscribe names the mailto first; mail programs take the first.")


def _is_split(link: str) -> bool:
    try:
        urlsplit(link.strip())
    except ValueError:
        return False
    return True


def _link(received: Received) -> Iterator[Finding]:
    link = received.header_link
    if not link.startswith(f"{settings.PUBLIC_URL}/u/"):
        yield _finding(f"The opt-out link does not lead to this installation, {settings.PUBLIC_URL}.")
        return
    if not link.startswith("https:") and not settings.LOCAL:
        yield _finding("The opt-out link is not https.")
    token = token_of(link)
    if token is None:
        yield _finding("The opt-out link is damaged: its token is not one that this installation signed.")
        return
    yield from _speaks_for(token, received)


def _speaks_for(token: OptOutToken, received: Received) -> Iterator[Finding]:
    to = received.message.recipient
    is_sample = token.is_test and to.address == SAMPLE_RECIPIENT.address
    wanted = SAMPLE_RECIPIENT.mailbox_key if is_sample else to.mailbox_key
    # who has no address in To that can be read, has a finding about that already
    if wanted and token.mailbox_key != wanted:
        yield _finding("The opt-out link speaks for another mailbox than the one in To.")
    written = MESSAGE_ID.match(received.field("Message-ID"))  # an ESP may have put its own
    if written and int(written[1]) != token.campaign:
        yield _finding("The opt-out link speaks for another campaign than Message-ID.")
    if written and token.is_test and not (written[2] or is_sample):
        yield _finding(
            "The opt-out link is that of a test, but the message is none: nobody could opt out by it."
        )


def _finding(message: str) -> Finding:
    return Finding(RULE, Severity.BLOCK, message, SOURCE, "header")
