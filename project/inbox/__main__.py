"""`python -m project.inbox`: the inbox as a process, until SIGTERM or SIGINT."""

import argparse
import os
import signal
import sys
from pathlib import Path

from project.inbox.feed import Feed
from project.inbox.server import LOOPBACK, InboxServer
from project.inbox.store import MessageStore

ENDINGS = {signal.SIGTERM, signal.SIGINT}


def main() -> None:
    wishes = parser().parse_args()
    # Blocked before the server's thread begins, so that only the wait below sees the signal.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    feed = Feed(wishes.inbound) if wishes.inbound else None
    server = InboxServer(MessageStore(wishes.directory, wishes.keep), wishes.host, wishes.port, feed=feed)
    try:
        server.start()
    except OSError as problem:
        sys.exit(
            f"The inbox cannot take mail at {server.host} port {server.port}: {os.strerror(problem.errno or 0)}."
        )
    sys.stdout.write(f"The inbox takes mail at {server.host} port {server.port}.\n")
    sys.stdout.flush()
    signal.sigwait(ENDINGS)
    server.stop()
    if feed:
        feed.stop()


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="python -m project.inbox", description=__doc__)
    options.add_argument("--host", choices=LOOPBACK, default="127.0.0.1", help="default: 127.0.0.1")
    options.add_argument("--port", type=int, default=2525, help="default: 2525")
    options.add_argument("--directory", type=Path, required=True, help="where the messages are kept")
    options.add_argument(
        "--inbound", default="", metavar="DOMAIN", help="hand mail to this domain to `manage.py receive_mail`"
    )
    options.add_argument(
        "--keep", type=number_or_all, default=5000, help="how many of the newest, or “all” (default: 5000)"
    )
    return options


def number_or_all(text: str) -> int | None:
    return None if text == "all" else int(text)


if __name__ == "__main__":
    main()
