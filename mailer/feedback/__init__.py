"""What recipients and their mail servers say after a message: requests to stop, complaints, returned mail."""

from mailer.feedback.events import complaint, opt_out
from mailer.feedback.reading import Kind, Received, read
from mailer.feedback.receiving import receive
from mailer.feedback.reports import report

__all__ = ["Kind", "Received", "complaint", "opt_out", "read", "receive", "report"]
