"""What recipients and their mail servers say after a message: requests to stop, complaints, returned mail."""

from mailer.feedback.reading import Kind, Received, read
from mailer.feedback.receiving import receive

__all__ = ["Kind", "Received", "read", "receive"]
