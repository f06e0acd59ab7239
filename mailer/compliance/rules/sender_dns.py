"""What DNS said last of the sender's domains, as warnings: it never stops mail by itself.

RFC 9989 and the bulk rules of Gmail, Yahoo, Apple and Microsoft (DUTIES D16, D21, D22). Asked once a day elsewhere;
this reads what was kept. The local inbox is never asked about.
"""

from collections.abc import Iterator

from mailer.compliance import sender_dns
from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.models import DnsAnswer, Sender

RULE = "sender_dns"
SOURCE = "RFC 9989; RFC 7208; RFC 6376"
REVIEWED = Reviewed("2026-11-22", version=1, duties="D16 D21 D22")


def check(sender: Sender) -> Iterator[Finding]:
    if sender.pk is None:
        return
    for told in sender_dns.last_told(sender):
        if told.state in {DnsAnswer.State.BAD, DnsAnswer.State.WARN}:
            yield Finding(
                RULE,
                Severity.WARN,
                f"{told.title.partition(':')[0]}: {told.words} The sender’s page shows the record to publish.",
                SOURCE,
                "sender",
            )
