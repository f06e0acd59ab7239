"""`make demo`: the main job on real parts, from an import to the proof, in a minute."""

import subprocess
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, call_command

from mailer.management.demo.installation import Running, environment
from mailer.management.demo.promises import Verdict
from mailer.management.demo.story import Story


class Command(BaseCommand):
    """Exit 0 only if every promise held; 1 if one was broken; 2 if the demo could not be run."""

    help = (
        "Run the story end to end in an installation of its own (web, workers, SMTP server, database), kill a "
        "worker in the middle, and check the promises: 1 to 5 on the bytes received, 7 on the evidence."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--recipients", type=int, default=200, help="how many people (20 to 100000)")
        parser.add_argument("--inside", action="store_true", help="already in the demo's own installation")

    def handle(self, *args: Any, **options: Any) -> None:
        people = options["recipients"]
        if not 20 <= people <= 100_000:
            self.stderr.write("--recipients: write a number from 20 to 100000.")
            sys.exit(2)
        sys.exit(self._inside(people) if options["inside"] else self._in_its_own(people))

    def _in_its_own(self, people: int) -> int:
        with environment() as variables:
            command = [sys.executable, "manage.py", "demo", "--inside", "--recipients", str(people)]
            return subprocess.run(command, env=variables, cwd=settings.BASE_DIR, check=False).returncode

    def _inside(self, people: int) -> int:
        try:
            call_command("migrate", interactive=False, verbosity=0)
            with Running() as running:
                self._say(f"An installation of its own runs at {settings.PUBLIC_URL}.")
                verdicts = Story(people, running, self._say, self._show).tell()
        except RuntimeError as wrong:
            self.stderr.write(f"The demo could not be finished: {wrong}")
            return 2
        for verdict in verdicts:
            self._tell(verdict)
        return 0 if all(verdict.held for verdict in verdicts) else 1

    def _tell(self, verdict: Verdict) -> None:
        self._say(f"\n{'HELD  ' if verdict.held else 'BROKEN'} {verdict.promise}\n       {verdict.checked}")
        for fault in verdict.broken[:5]:
            self._say(f"       ! {fault}")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _show(self, line: str) -> None:
        if sys.stdout.isatty():
            self.stdout.write(f"\r\x1b[K{line}", ending="")
            self.stdout.flush()
