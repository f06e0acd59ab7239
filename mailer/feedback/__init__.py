"""What recipients and their mail servers say after a message: requests to stop, complaints, returned mail."""

from mailer.feedback.reading import Kind, Received, read
from mailer.feedback.receiving import receive
from mailer.feedback.reports import report

__all__ = ["Kind", "Received", "read", "receive", "report"]
