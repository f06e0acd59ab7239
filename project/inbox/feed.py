"""Hands mail that came in for the installation to `manage.py receive_mail`, as a mail server's pipe does."""

import logging
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MANAGE = Path(__file__).resolve().parent.parent.parent / "manage.py"
TRY_AGAIN = 75  # the program could not reach its database
PAUSES = (0, 2, 10, 30)  # seconds before each attempt
LONGEST = 120  # seconds

log = logging.getLogger(__name__)


class Feed:
    """One mail after the other, each in a process of its own, so that the server never waits for it."""

    def __init__(
        self, domain: str, command: Sequence[str] = (sys.executable, str(MANAGE), "receive_mail")
    ) -> None:
        self._ending = f"@{domain}"
        self._command = [*command]
        self._line = ThreadPoolExecutor(max_workers=1, thread_name_prefix="inbound")

    def take(self, recipients: Sequence[str], raw: bytes) -> None:
        """Hand the mail in once for each of its recipients at the domain. Returns at once."""
        for recipient in recipients:
            if recipient.lower().endswith(self._ending):
                self._line.submit(self._hand_in, recipient, raw)

    def stop(self) -> None:
        """Finish what was taken."""
        self._line.shutdown()

    def _hand_in(self, recipient: str, raw: bytes) -> None:
        for pause in PAUSES:
            time.sleep(pause)
            done = subprocess.run(
                [*self._command, "--to", recipient],
                input=raw,
                stdout=subprocess.DEVNULL,
                timeout=LONGEST,
                check=False,
            )
            if done.returncode != TRY_AGAIN:
                return
        log.error("A mail could not be handed in: the database did not answer.")
