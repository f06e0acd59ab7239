"""Does a message, as it was received, still carry its law? For bytes that an ESP or a mailing list had in hand.

The gate judges what leaves; this judges what arrives, with the same rules where they fit (promise 1).
"""

from mailer.compliance.audit.auditing import audit, campaign_of
from mailer.compliance.audit.keys import Keys, written

__all__ = ["Keys", "audit", "campaign_of", "written"]
