"""A named operator has vouched for From and for the postal address, and lately enough.

15 U.S.C. 7704(a)(1)(A) and 16 CFR 316.2(p) ask for addresses that are accurate, which no program can
see (DUTIES D11, D40). An attestation that ages only warns: what was true yesterday stops nobody's mail.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.models import Sender

RULE = "sender_attested"
SOURCE = "15 U.S.C. 7704(a)(1)(A), (a)(5)(A)(iii); 16 CFR 316.2(p)"
REVIEWED = Reviewed("2026-11-22", version=1, duties="D11 D40")
RENEWED_EVERY = timedelta(days=365)
WARN_BEFORE = timedelta(days=60)


def check(sender: Sender) -> Iterator[Finding]:
    yield from _about(sender.identity_attested_at, "names and mail addresses", "identity")
    yield from _about(sender.address_attested_at, "postal address", "address")


def _about(attested_at: datetime | None, what: str, where: str) -> Iterator[Finding]:
    if attested_at is None:
        yield Finding(
            RULE,
            Severity.BLOCK,
            f"Nobody has attested the sender’s {what} yet. Open the sender, read them, and attest that they are "
            "true; any later change takes that away.",
            SOURCE,
            where,
        )
        return
    left = attested_at + RENEWED_EVERY - timezone.now()
    if left < WARN_BEFORE:
        yield Finding(
            RULE,
            Severity.WARN,
            f"The sender’s {what} were attested on {attested_at:%d %B %Y}. Read them and attest them anew once "
            "a year.",
            SOURCE,
            where,
        )
