"""An embedded PostgreSQL for clones without DATABASE_URL: it starts with the first connection, ends with the last user.

`base` is the Django backend, `server` starts and stops, `place` says where things lie and who runs them,
`programs` finds PostgreSQL's programs, `locks` wraps the kernel's file locks.
"""

from django.db import OperationalError


class LocalServerError(OperationalError):
    """The embedded PostgreSQL cannot serve; the message says why and what to do about it."""
