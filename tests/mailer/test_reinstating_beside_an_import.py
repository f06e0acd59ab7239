"""A way back lifts what was recorded before it, never what an import is just entering."""

import threading
import time

from django.db import connection, transaction
from django.utils import timezone

from mailer import suppression
from mailer.addresses import parse
from mailer.suppression import Channel, Reason, Status

DANA = parse("dana@example.org")


def test_a_reinstatement_waits_for_an_import_that_is_entering_the_ledger(living_database):
    suppression.suppress(DANA.mailbox_key, reason=Reason.OPT_OUT, channel=Channel.PAGE, actor="recipient")
    order: list[str] = []
    entered = threading.Event()

    def bring_in() -> None:
        try:
            with transaction.atomic():
                suppression.suppress_many([Status(DANA, Reason.COMPLAINT)], import_id=1, actor="worker")
                entered.set()
                time.sleep(0.5)
                order.append("import")
        finally:
            connection.close()

    worker = threading.Thread(target=bring_in)
    worker.start()
    assert entered.wait(10)
    assert suppression.reinstate(DANA, requested_at=timezone.now())
    order.append("reinstatement")
    worker.join()

    assert order == ["import", "reinstatement"]
