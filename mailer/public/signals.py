"""Sec-GPC and DNT: nothing on these pages tracks anybody, so there is nothing to switch off (D113, D114).

What is left is to say that the signal is heard, and that may only be said where a named operator vouches that the
rest of the house hears it too. Nothing is recorded: a GET changes nothing, and who presses “Unsubscribe” has objected
to everything.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import Error
from django.http import HttpRequest

from mailer.models import PrivacyStatement
from mailer.privacy import policy

HONOURED = "Opt-Out Preference Signal Honored."  # the words of 11 CCR 7025(c)(6)

_signalled: ContextVar[bool] = ContextVar("signalled", default=False)


@contextmanager
def heard(request: HttpRequest) -> Iterator[None]:
    """While this request is answered, every page knows whether its browser sends a signal."""
    signals = (request.headers.get("Sec-GPC", ""), request.headers.get("DNT", ""))
    token = _signalled.set("1" in {signal.strip() for signal in signals})
    try:
        yield
    finally:
        _signalled.reset(token)


def words() -> str:
    """What a page says to a browser that sends a signal; the database is asked only then. Never fails."""
    if not _signalled.get():
        return ""
    try:
        statements = {one.what: one.sentence for one in policy.statements()}
    except Error:  # the page matters more than this line of it
        return ""
    if PrivacyStatement.What.GPC not in statements:
        return ""
    no_sale = statements.get(PrivacyStatement.What.NO_SALE, "")
    return " ".join(filter(None, [HONOURED, no_sale, "These pages record neither clicks nor visits."]))
