"""Names and addresses of the sender are there, and replies reach somebody.

15 U.S.C. 7704(a)(1) and (6): header information must not be false or misleading; 7704(a)(3)(A) and
Microsoft's rules ask that a recipient can answer (DUTIES D10, D13, D16).
"""

import re
from collections.abc import Iterator

from django.conf import settings

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.freemail import is_freemail
from mailer.models import Sender

RULE = "sender_complete"
SOURCE = "15 U.S.C. 7704(a)(1), (a)(3)(A)"
REVIEWED = Reviewed("2026-11-22", version=1, duties="D10 D13 D16")
NEEDED = {
    "legal_name": "legal name",
    "trade_name": "trade name",
    "from_email": "From address",
    "reply_to": "Reply-To address",
    "contact": "contact",
}
NO_REPLY = re.compile(r"(?:do)?[-_.]?(?:no|not)[-_.]?re(?:ply|sponse)|keine?[-_.]?antwort|null|devnull", re.I)


def check(sender: Sender) -> Iterator[Finding]:
    for name, title in NEEDED.items():
        if not getattr(sender, name).strip():
            yield _finding(f"Fill in the sender’s {title}.", name)
    for name in ("from_email", "reply_to"):
        address = getattr(sender, name)
        if address:
            yield from _about(address, NEEDED[name], name)


def _about(address: str, title: str, where: str) -> Iterator[Finding]:
    local, _, domain = address.rpartition("@")
    is_read_here = where == "reply_to" and domain.lower() == settings.INBOUND_DOMAIN
    if not is_read_here and not in_sender_domains(domain):
        yield _finding(
            f"The {title} is not in a domain this installation may send for "
            f"({', '.join(settings.SENDER_DOMAINS)}). Use an address there, or have the operator add the domain to "
            "SENDER_DOMAINS.",
            where,
        )
    if where == "from_email" and is_freemail(domain):
        yield _finding(
            f"Anybody can have a mailbox at {domain.lower()}, and its owner asks the world to refuse such mail from "
            "elsewhere. Send from a domain of your own.",
            where,
        )
    if NO_REPLY.match(local):
        yield _finding(
            f"The {title} says that nobody reads the answers. Use a mailbox that somebody reads: people "
            "answer with questions, and with opt-outs.",
            where,
        )


def in_sender_domains(domain: str) -> bool:
    """Whether it is one of SENDER_DOMAINS or beneath one (they align by organisational domain, RFC 9989)."""
    return any(domain.lower() == own or domain.lower().endswith(f".{own}") for own in settings.SENDER_DOMAINS)


def _finding(message: str, where: str) -> Finding:
    return Finding(RULE, Severity.BLOCK, message, SOURCE, where)
