"""How far an import is, told while it runs."""

import time
from collections.abc import Callable, Iterator

from django.db import connection

from mailer.contacts import reading
from mailer.models import Import

EVERY = 0.5  # seconds
LOOK_AT_CLOCK_EVERY = 1_000  # rows

Watcher = Callable[[Import], None]  # called with its bytes_read and rows


class Progress:
    """Says how far an import is, from a second database connection: its own transaction shows nothing yet."""

    def __init__(self, import_: Import, watcher: Watcher | None) -> None:
        self._import = import_
        self._watcher = watcher
        self._connection = connection.copy()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error: object) -> None:
        self._connection.close()

    def over(self, people: reading.People) -> Iterator[reading.Staged]:
        """The same rows, telling on the way."""
        told = time.monotonic()
        for number, row in enumerate(people.rows, start=1):
            if number % LOOK_AT_CLOCK_EVERY == 0 and time.monotonic() - told >= EVERY:
                self._tell(people.position(), number)
                told = time.monotonic()
            yield row

    def _tell(self, bytes_read: int, rows: int) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(
                "UPDATE mailer_import SET bytes_read = %s, rows = %s WHERE id = %s",
                [bytes_read, rows, self._import.pk],
            )
        if self._watcher:
            self._import.bytes_read, self._import.rows = bytes_read, rows
            self._watcher(self._import)
