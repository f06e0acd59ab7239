"""Other Django packages that send mail, beside us: the same message, server and PostgreSQL, in one run.

Each is driven as its documentation says, by its own management command, in a process that has started and connected
before the time begins; what it reads was put in its tables before, untimed, as our audience is. They live in a virtual
environment of their own under var/, in the versions of requirements.txt beside this. None of them asks a ledger before
it sends, keeps to a pace, or tells after a crash what went out; that is not counted against us or for them.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import connection

from bench import dispatch, letter, scratch
from mailer.models import Campaign
from mailer.rendering import Recipient, Skeleton, preview
from mailer.tokens import OptOutToken, opt_out_url

OURS = 10_000  # messages; with 2,000 we would be done in half a second, most of it start
BASE = Path(__file__).parent
FOLDER = settings.BASE_DIR / "var/peers"


@dataclass(frozen=True, slots=True)
class Peer:
    """One way to send: the package's name, what was chosen of it, in how many processes, and how many messages."""

    package: str
    chosen: str
    messages: int
    processes: int = 1


PEERS = (
    Peer("post_office", "send_queued_mail", 2_000),
    Peer("post_office", "send_queued_mail --processes 2, BATCH_SIZE 1,000", 2_000, processes=2),
    Peer("mailer", "send_mail", 1_000),
    Peer("newsletter", "submit_newsletter", 1_000),
)


def run() -> Iterator[dict[str, object]]:
    """Yields our own rate against smtp-source's, then each peer's against ours."""
    with scratch.database("peers"), dispatch.sink() as port:
        campaign = dispatch.audience_of(*letter.sender_and_user(), dispatch.list_of(OURS))
        limit = max(dispatch.smtp_source(port, sessions, OURS) for sessions in dispatch.SESSIONS)
        ours = dispatch.candor(port, campaign, 1).rate
        yield _line("peers: Candor, 1 worker process", ours, "smtp-source, best", limit)
        with site(port, campaign) as theirs:
            for peer in PEERS:
                rate = theirs.rate(peer)
                yield _line(
                    f"peers: django-{peer.package}, {peer.chosen}", rate, "Candor, 1 worker process", ours
                )


def _line(bench: str, rate: float, against: str, theirs: float) -> dict[str, object]:
    return {
        "bench": bench,
        "value": round(rate, 1),
        "unit": "messages/s",
        "against": against,
        "ratio": round(rate / theirs, 4),
    }


# -- the peers ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Site:
    """A Django site with all of them installed, on an empty database of its own."""

    python: Path
    environment: dict[str, str]

    def call(self, *arguments: str) -> None:
        subprocess.run(self._command(*arguments), env=self.environment, check=True, timeout=dispatch.PATIENCE)

    def rate(self, peer: Peer) -> float:
        """Messages a second from the word “go” until its command is done; raises if it did not send all."""
        self.call("fill", peer.package, str(peer.messages))
        command = self._command("send", peer.package, str(peer.messages), str(peer.processes))
        process = subprocess.Popen(
            command, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with dispatch.ended(process):
            if process.stdout.readline() != "ready\n":
                raise RuntimeError(f"django-{peer.package} could not start; its words stand above.")
            begun = time.monotonic()
            process.stdin.write("go\n")
            process.stdin.flush()
            told = process.stdout.readline()
            seconds = time.monotonic() - begun
            if process.wait(timeout=dispatch.PATIENCE) or told != "done\n":
                raise RuntimeError(f"django-{peer.package} did not send all; its words stand above.")
        return peer.messages / seconds

    def _command(self, *arguments: str) -> list[str]:
        # by its path: `mailer` is then django-mailer, not ours
        return [str(self.python), "-I", str(BASE / "peer.py"), *arguments]


@contextmanager
def site(port: int, campaign: Campaign) -> Iterator[Site]:
    """Ready to send the campaign's letter to the mail server on that port of this machine."""
    python = _python()
    with scratch.empty_database("peers_theirs") as name, TemporaryDirectory(prefix="candor-bench-") as folder:
        Path(folder, "letter.json").write_text(json.dumps(_letter(campaign)), encoding="utf-8")
        params = connection.get_connection_params()
        server = {key: str(params.get(key) or "") for key in ("host", "port", "user", "password")}
        told = {
            "PEER_DATABASE": json.dumps({**server, "name": name}),
            "PEER_PORT": str(port),
            "PEER_FOLDER": folder,
        }
        theirs = Site(python, {**os.environ, **told})
        theirs.call("migrate")
        yield theirs


def _letter(campaign: Campaign) -> dict[str, str]:
    """The finished message that ours sends, as Django templates of its three values."""
    sample = Recipient("sample@example.org", b"s" * 16, b"s" * 16, "FIRSTNAME", "", "REASON")
    shown = preview(Skeleton.from_bytes(bytes(campaign.revision.skeleton)), sample)
    link = opt_out_url(OptOutToken(sample.mailbox_key, campaign.pk, is_test=True))  # as previews have it

    def template(text: str) -> str:
        named = text.replace("FIRSTNAME", "{{ first_name }}").replace("REASON", "{{ reason }}")
        return named.replace(sample.address, "{{ address }}").replace(link, "{{ link }}")

    return {
        "subject": shown.subject,
        "text": template(shown.text),
        "html": template(shown.html),
        "link": link,
    }


def _python() -> Path:
    """The interpreter of their virtual environment, which is made when requirements.txt is newer than it."""
    requirements, made = BASE / "requirements.txt", FOLDER / "installed"
    python = FOLDER / "bin/python"
    if not made.exists() or made.stat().st_mtime < requirements.stat().st_mtime:
        subprocess.run([sys.executable, "-m", "venv", FOLDER], check=True)
        install = [
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "--require-hashes",
            "-r",
            requirements,
        ]
        subprocess.run([python, *install], check=True, stdout=sys.stderr)
        made.touch()
    return python
