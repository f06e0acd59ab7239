"""One worker process of `bench.dispatch`: `python -m bench.sending CAMPAIGN SECONDS`.

Says “ready” once it is connected, waits for a line, and sends slices as Celery's task does until nothing is
due. A server that takes nothing keeps it no longer than the seconds.
"""

import sys
import time

import django


def main(campaign_id: int, seconds: int) -> None:
    django.setup()
    from django.db import connection

    from mailer import dispatch

    connection.ensure_connection()
    print("ready", flush=True)
    sys.stdin.readline()
    until = time.monotonic() + seconds
    while dispatch.is_anything_due(campaign_id) and time.monotonic() < until:
        dispatch.run_slice(campaign_id)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
