"""The only code that speaks to a mail server or an ESP to send.

One contract, whatever is behind it: each message handed in gets exactly one outcome.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from mailer.transports.contract import Kind, Outcome, Transport, TransportUnavailable, without
from mailer.transports.esp import EspTransport
from mailer.transports.signing import signed
from mailer.transports.smtp import SmtpTransport

__all__ = ["Kind", "Outcome", "Transport", "TransportUnavailable", "open_transport", "signed", "without"]


@contextmanager
def open_transport() -> Iterator[Transport]:
    """The installation's transport, connected. Raises TransportUnavailable in words for the operator."""
    transport: Transport = (
        EspTransport(settings.ANYMAIL_ESP) if settings.ANYMAIL_ESP else SmtpTransport(settings.EMAIL_URL)
    )
    transport.open()
    try:
        yield transport
    finally:
        transport.close()
