"""`make soak`: campaigns through deaths of every part, for an hour or as long as is asked; exit 1 on a breach.

    python -m tests.faults.soak --seconds 3600 --audience 20000 --least 20

In an installation of its own, which is gone afterwards: embedded PostgreSQL, workers, beat, web, Redis if the machine
has it (else PostgreSQL is the broker too), and the project's SMTP server as a process. Prints a JSON line for each
campaign, then one with the sums and the verdict. It ends with the campaign in which the time is over and the kills are
reached, or, if they are not, in which twice the time and ten minutes are over.

What it does to the clock: all times that the database compares with its clock are moved by an hour. The machine's own
clock is everybody's and stays. DATA_DIR is a small disk of its own (tmpfs) where mounting is permitted (root on Linux);
elsewhere the fault “disk full” is left out and counted as such. For root the embedded PostgreSQL does not live in
DATA_DIR, so its own disk is never full here.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import django

from mailer.management.demo.installation import _free_port, environment
from project.localpg.place import place_of
from project.supervise import die_with_parent
from tests.faults import disks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")


def main() -> int:
    wishes = _options().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # so that all that was started ends with us
    if wishes.inside:
        return _soak(wishes)
    with environment() as variables:
        for name in ("DATABASE_URL", "BROKER_URL", "INBOUND_DOMAIN"):
            variables.pop(name, None)  # what is killed must be nobody else's
        variables.update({"WORKERS": "3", "CONNECTIONS": str(wishes.connections)})
        folder = Path(variables["DATA_DIR"])
        with disks.small(folder, 64) as is_small:
            command = [sys.executable, "-m", "tests.faults.soak", *sys.argv[1:], "--inside"]
            command += ["--small-disk"] if is_small else []
            try:
                return subprocess.run(
                    command, env=variables, check=False, preexec_fn=die_with_parent
                ).returncode
            finally:
                _remove_cluster(folder)


def _remove_cluster(folder: Path) -> None:
    """Elsewhere, for root; its name is lost with the small disk."""
    shutil.rmtree(place_of(folder / "postgres").home, ignore_errors=True)


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    options.add_argument("--seconds", type=float, default=3600.0)
    options.add_argument("--audience", type=int, default=20_000, help="people of each campaign")
    options.add_argument("--least", type=int, default=20, help="kills of workers wanted in each window")
    options.add_argument("--connections", type=int, default=4, help="of each worker")
    options.add_argument("--pause", type=float, default=2.0, help="seconds between two faults")
    options.add_argument(
        "--delay", type=float, default=0.01, help="seconds that the mail server takes to answer"
    )
    options.add_argument(
        "--broker", choices=("redis", "pgmq"), help="default: Redis where the machine has it"
    )
    options.add_argument("--seed", type=int, default=None, help="for the same order of faults")
    options.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options.add_argument("--small-disk", action="store_true", help=argparse.SUPPRESS)
    return options


def _soak(wishes: argparse.Namespace) -> int:
    """In the installation's own environment."""
    broker_port = _choose_broker(wishes.broker)
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from tests.faults.campaigns import Play
    from tests.faults.processes import Processes
    from tests.faults.windows import WINDOWS
    from tests.stories import parts

    call_command("migrate", interactive=False, verbosity=0)
    with connection.cursor() as cursor:  # a killed server loses nothing that the kernel has
        cursor.execute("ALTER SYSTEM SET fsync = off")
        cursor.execute("SELECT pg_reload_conf()")
    seed = random.randrange(10**6) if wishes.seed is None else wishes.seed
    chance, needed = random.Random(seed), Counter(dict.fromkeys(WINDOWS, wishes.least))
    say(soak="begun", seed=seed, broker="redis" if broker_port else "pgmq", small_disk=wishes.small_disk)
    figures, begun = [], time.monotonic()
    with tempfile.TemporaryDirectory(prefix="candor-soak-") as folder:
        processes = Processes(Path(folder), broker_port, wishes.delay, disk_is_small=wishes.small_disk)
        try:
            friends = parts.list_of(wishes.audience)
            processes.start()
            while not figures or _goes_on(wishes, begun, needed):
                processes.take_mail_into(Path(folder) / f"mail {len(figures)}")
                play = Play(processes, friends, wishes.audience, needed, chance)
                figures.append(play.to_the_end(wishes.pause))
                say(**figures[-1].as_dict())
                shutil.rmtree(processes.mail, ignore_errors=True)
        finally:
            processes.stop()
            connection.close()
    return verdict(wishes.least, figures, processes.ended, seed, time.monotonic() - begun)


def _choose_broker(wish: str | None) -> int | None:
    """Redis, on a port of its own, where the machine has it: then the broker is a part that can die alone."""
    if wish == "pgmq" or not (wish or shutil.which("redis-server")):
        return None
    port = _free_port()
    os.environ["BROKER_URL"] = f"redis://127.0.0.1:{port}/0"
    return port


def _goes_on(wishes: argparse.Namespace, begun: float, needed: Counter[str]) -> bool:
    spent = time.monotonic() - begun
    return spent < wishes.seconds or (max(needed.values()) > 0 and spent < 2 * wishes.seconds + 600)


def say(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def verdict(least: int, figures: list, ended: Counter[str], seed: int, seconds: float) -> int:
    """The sums, and whether all held: 0, or 1."""
    sums = {window: sum((one.kills[window] for one in figures), Counter()) for window in figures[0].kills}
    breaches = [f"campaign {one.campaign}: {words}" for one in figures for words in one.breaches]
    breaches += [
        f"only {kills['worker']} kills of workers in the window {window}, of {least}"
        for window, kills in sums.items()
        if kills["worker"] < least
    ]
    say(
        soak="ended",
        seed=seed,
        seconds=round(seconds),
        campaigns=len(figures),
        messages=sum(one.audience for one in figures),
        states=dict(sum((Counter(one.states) for one in figures), Counter())),
        kills={window: dict(kills) for window, kills in sums.items()},
        kills_anywhere=dict(sum((one.kills_anywhere for one in figures), Counter())),
        faults=dict(sum((one.faults for one in figures), Counter())),
        opted_out=sum(one.opted_out for one in figures),
        connections_killed=sum(one.connections_killed for one in figures),
        unknown_groups=sum(one.unknown_groups for one in figures),
        largest_unknown_group=max(one.largest_unknown_group for one in figures),
        ended_by_themselves=dict(ended),
        breaches=breaches,
        verdict="broken" if breaches else "held",
    )
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
