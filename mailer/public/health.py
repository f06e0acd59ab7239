"""Whether the process answers, and whether it can do its work: for load balancers and supervisors."""

from django.db import Error, connection
from django.http import HttpRequest, HttpResponse

from mailer import suppression
from mailer.public import pages

METHODS = ("GET", "HEAD", "OPTIONS")


def alive(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers; asks nothing of the database."""
    return pages.plain("ok")


def ready(request: HttpRequest) -> HttpResponse:
    """200 if an opt-out would be recorded now: database reachable, ledger readable. Else 503, with words."""
    try:
        suppression.assert_ledger()
        with connection.cursor() as cursor:  # the key's canary is asked once a process, this each time
            cursor.execute("SELECT FROM mailer_suppression LIMIT 1")
    except suppression.LedgerUnreadable as unreadable:
        return pages.plain(str(unreadable), status=503)
    except Error:
        return pages.plain("The database can't be reached.", status=503)
    return pages.plain("ok")
