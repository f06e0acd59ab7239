"""The database session of a web process: whether it lives is not asked again and again."""

import select
import time
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection

TRUSTED = 1.0  # seconds after PostgreSQL was asked; a network that swallows all without a word shows by then

_asked: WeakKeyDictionary[Any, float] = WeakKeyDictionary()  # when, by the driver's connection


def trust_if_quiet() -> None:
    """Spare Django's question whether the session lives, where it did a moment ago and nothing has come since.

    PostgreSQL says farewell to a session that it ends, and one that broke is closed: either can be read. Asking is one
    of the three trips of an opt-out.
    """
    if (session := connection.connection) is None:
        return
    now = time.monotonic()
    if now - _asked.get(session, -TRUSTED) < TRUSTED and _is_quiet(session.fileno()):
        connection.health_check_done = True  # type: ignore[attr-defined]
    else:
        _asked[session] = now


def _is_quiet(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return not poll.poll(0)
