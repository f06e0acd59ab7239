"""What DNS says of a sender's domains: SPF, DKIM, DMARC, their alignment with From, and who takes replies.

Mailbox providers ask for it (RFC 9989; Gmail, Yahoo, Microsoft; DUTIES D16, D21, D22). It is told, with the record to
publish, and stops nothing: a DNS that fails must never become our outage. The local inbox is never asked about.
"""

from mailer.compliance.sender_dns.keeping import Told, last_told, refresh, refresh_stale

__all__ = ["Told", "last_told", "refresh", "refresh_stale"]
