"""How fast rows are sealed and verified, and what the sealer costs opt-outs that come at the same time.

A sealer of its own process looks every two seconds, as the sweep does. Opt-outs are entered by a few threads
straight into the ledger, in short turns with the sealer stopped and running, so that whatever else the machine does
meets both alike; before a turn with it, it catches up with the turn without.
"""

import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection

from bench import scratch
from mailer import evidence, suppression

THREADS = 4
TURNS = 5
MUST_KEEP_UP = 2_000  # opt-outs a second, each of them one row
FILL = """
WITH entered AS (
    INSERT INTO mailer_suppression (mailbox_key, reason, channel, campaign_number, received_at)
    SELECT decode(md5(n::text), 'hex'), 'opt_out', 'one_click', 1, now() FROM generate_series(1, %s) AS n
    RETURNING id, mailbox_key)
INSERT INTO mailer_evidence (verb, actor, subject, mailbox_key, details)
SELECT 'suppressed', 'recipient', '', mailbox_key,
       jsonb_build_object('entry', id, 'reason', 'opt_out', 'channel', 'one_click', 'campaign', 1,
                          'received_at', now())
FROM entered
"""
SEALER = """
import time, django
django.setup()
from mailer import evidence
while True:
    evidence.seal()
    time.sleep(2)
"""


def run(rows: int = 300_000, seconds: int = 10) -> Iterator[dict[str, object]]:
    """Yields three lines. Leaves nothing behind."""
    with scratch.database("seal"):
        with connection.cursor() as cursor:
            cursor.execute(FILL, [rows])
            cursor.execute("ANALYZE mailer_evidence")
        for name, act in (("seal", evidence.seal), ("seal: verify", _verified)):
            began = time.perf_counter()
            act()
            rate = rows / (time.perf_counter() - began)
            yield _line(
                name,
                rate,
                "rows/s",
                f"the {MUST_KEEP_UP:,} opt-outs a second to keep up with",
                rate / MUST_KEEP_UP,
            )
        alone, beside = _opt_outs(seconds)
        yield _line(
            "seal: opt-outs beside it", beside, "opt-outs/s", "opt-outs without a sealer", beside / alone
        )


def _line(bench: str, value: float, unit: str, against: str, ratio: float) -> dict[str, object]:
    return {"bench": bench, "value": round(value), "unit": unit, "against": against, "ratio": round(ratio, 3)}


def _verified() -> None:
    if not evidence.verify().is_whole:
        raise RuntimeError("The evidence of the bench is not whole.")


def _opt_outs(seconds: float) -> tuple[float, float]:
    """Opt-outs a second without and with the sealer."""
    turn, alone, beside = seconds / TURNS, 0, 0
    suppression.assert_ledger()
    with _sealer() as sealer:
        _load(0.5)
        for _ in range(TURNS):
            sealer.send_signal(signal.SIGSTOP)
            alone += _load(turn)
            sealer.send_signal(signal.SIGCONT)
            _wait_until_sealed()
            beside += _load(turn)
    return alone / seconds, beside / seconds


def _load(seconds: float) -> int:
    """How many opt-outs the threads enter, each on a connection of its own."""
    ends = time.monotonic() + seconds

    def enter(_: int) -> int:
        entered = 0
        while time.monotonic() < ends:
            suppression.suppress(
                secrets.token_bytes(16), reason="opt_out", channel="one_click", actor="recipient", campaign=1
            )
            entered += 1
        connection.close()
        return entered

    with ThreadPoolExecutor(THREADS) as threads:
        return sum(threads.map(enter, range(THREADS)))


def _wait_until_sealed() -> None:
    until = time.monotonic() + 60
    while evidence.is_anything_unsealed():
        if time.monotonic() > until:
            raise RuntimeError("The sealer does not keep up.")
        time.sleep(0.1)


@contextmanager
def _sealer() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", SEALER], env=scratch.environment()) as process:
        try:
            _wait_until_sealed()
            yield process
        finally:
            process.kill()
            process.wait()
