"""One worker process of `bench.dispatch`: `python -m bench.sending CAMPAIGN`.

Says “ready” once it is connected, waits for a line, and sends slices as Celery's task does until nothing is
due.
"""

import sys
import time

import django

LONGEST = 120  # seconds; a server that takes nothing would otherwise keep us here


def main(campaign_id: int) -> None:
    django.setup()
    from django.db import connection

    from mailer import dispatch

    connection.ensure_connection()
    print("ready", flush=True)
    sys.stdin.readline()
    until = time.monotonic() + LONGEST
    while dispatch.is_anything_due(campaign_id) and time.monotonic() < until:
        dispatch.run_slice(campaign_id)


if __name__ == "__main__":
    main(int(sys.argv[1]))
