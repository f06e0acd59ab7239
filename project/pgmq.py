"""kombu's pgmq transport, for workers that outlive a restart of their database.

A task that ends while the database is away can't be acknowledged. Other brokers' connections break then and
are made anew; pgmq's pool heals by itself, so the message would count as in work for ever, and a worker that
takes one task at a time would never take another (kombu 5.7; tried by cutting sessions in mid-task).
"""

import logging
from typing import Any

from kombu.transport import pgmq
from psycopg import Error, connect

log = logging.getLogger(__name__)

DECLARING = 0x43_00_00_00  # PostgreSQL's one-number advisory locks; Candor's others have two numbers


class Channel(pgmq.Channel):
    """Lets go of a message that can't be acknowledged; another worker reads it after its visibility timeout."""

    def _new_queue(self, queue: str, **kwargs: Any) -> None:
        # Each worker that starts makes the queue and its trigger anew. Two at once fall over each other
        # (“trigger … already exists”), so they take turns; the lock goes with its session.
        dsn = self.connection._get_pgmq_client().config.dsn  # type: ignore[attr-defined]
        with connect(dsn, autocommit=True) as turn:
            turn.execute("SELECT pg_advisory_lock(%s)", [DECLARING])
            super()._new_queue(queue, **kwargs)

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        try:
            super().basic_ack(delivery_tag, multiple)
        except Error as wrong:
            self._let_go(delivery_tag, wrong)

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        try:
            super().basic_reject(delivery_tag, requeue)
        except Error as wrong:
            self._let_go(delivery_tag, wrong)

    def _let_go(self, delivery_tag: str, wrong: Error) -> None:
        log.warning("A task was done that the queue could not be told of (%s).", type(wrong).__name__)
        self.qos.ack(delivery_tag)


class Transport(pgmq.Transport):
    """As it is, but with the channel above."""

    Channel: Any = Channel
