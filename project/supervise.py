"""Runs the parts of an installation in the foreground: starts them in order, shows what they print,
restarts what dies, and stops them in order.

The first Ctrl-C (or SIGTERM) lets each part finish what it is doing; the second ends them at once.
"""

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import IO

PR_SET_PDEATHSIG = 1
RESTART_SECONDS = (1, 2, 5, 10, 30)  # longer with each death in a row
STEADY_SECONDS = 60  # a part that lived this long has not died in a row
PATIENCE_SECONDS = 30  # for a part to finish after it was asked to
COLOURS = ("36", "32", "33", "35", "34")


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the installation."""

    name: str
    command: Sequence[str]


@dataclass(slots=True)
class Running:
    """A part, its process, and its record of dying."""

    part: Part
    colour: str
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    due: float = 0.0
    rest: bytes = field(default=b"")


class Supervisor:
    """Keeps parts running until it is told to stop. `say` takes one line for the terminal."""

    def __init__(self, parts: Sequence[Part], say: Callable[[str], None]) -> None:
        self._running = [Running(part, COLOURS[n % len(COLOURS)]) for n, part in enumerate(parts)]
        self._say = say
        self._selector = selectors.DefaultSelector()
        self._signals = 0

    def run(self) -> int:
        """Until the parts have stopped after a signal. Returns the exit code: 0, or 1 if it was not orderly."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._noted)
        while not self._signals:
            self._start_due()
            self._show(0.3)
        return self._stop()

    def _noted(self, *_: object) -> None:
        self._signals += 1

    # -- starting ------------------------------------------------------------------------------------

    def _start_due(self) -> None:
        for one in self._running:
            if one.process is None and time.monotonic() >= one.due:
                self._start(one)
            elif one.process is not None and one.process.poll() is not None:
                self._note_death(one)

    def _start(self, one: Running) -> None:
        one.process = subprocess.Popen(
            one.part.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # the terminal's Ctrl-C reaches us alone; we stop the parts in order
            preexec_fn=die_with_parent,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        one.started = time.monotonic()
        self._say(f"{one.part.name} runs as process {one.process.pid}.")
        if one.process.stdout is not None:
            os.set_blocking(one.process.stdout.fileno(), False)
            self._selector.register(one.process.stdout, selectors.EVENT_READ, one)

    def _note_death(self, one: Running) -> None:
        self._drain(one)
        if one.process is None:
            return
        lived = time.monotonic() - one.started
        one.deaths = 1 if lived > STEADY_SECONDS else one.deaths + 1
        wait = RESTART_SECONDS[min(one.deaths, len(RESTART_SECONDS)) - 1]
        self._say(f"{one.part.name} ended with code {one.process.returncode}; it starts again in {wait} s.")
        one.process, one.due = None, time.monotonic() + wait

    # -- showing -------------------------------------------------------------------------------------

    def _show(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            self._read(key.data, key.fileobj)  # type: ignore[arg-type]

    def _read(self, one: Running, pipe: IO[bytes]) -> None:
        octets = pipe.read()
        if octets == b"":  # its end was closed
            self._forget(pipe)
        *lines, one.rest = (one.rest + (octets or b"")).split(b"\n")
        for line in lines:
            self._print(one, line)

    def _drain(self, one: Running) -> None:
        """Show a dead part's last lines and let go of its pipe."""
        for key in list(self._selector.get_map().values()):
            if key.data is one:
                self._read(one, key.fileobj)  # type: ignore[arg-type]
                self._forget(key.fileobj)  # type: ignore[arg-type]
        if one.rest:  # it died in the middle of a line
            self._print(one, one.rest)
            one.rest = b""

    def _forget(self, pipe: IO[bytes]) -> None:
        if pipe in [key.fileobj for key in self._selector.get_map().values()]:
            self._selector.unregister(pipe)
            pipe.close()

    def _print(self, one: Running, line: bytes) -> None:
        words = line.decode("utf-8", "replace").rstrip()
        label = f"{one.part.name:<7}│"
        shown = f"\x1b[{one.colour}m{label}\x1b[0m" if sys.stdout.isatty() else label
        self._say(f"{shown} {words}")

    # -- stopping ------------------------------------------------------------------------------------

    def _stop(self) -> int:
        """In reverse order of starting; parts of one name together, and finished before the next are asked."""
        orderly = True
        for _, same in groupby(reversed(self._running), key=lambda one: one.part.name):
            orderly = self._stop_together(list(same)) and orderly
        return 0 if orderly else 1

    def _stop_together(self, parts: Sequence[Running]) -> bool:
        for process in _alive(parts):
            process.send_signal(signal.SIGTERM)
        until = time.monotonic() + PATIENCE_SECONDS
        while _alive(parts) and time.monotonic() < until and self._signals < 2:
            self._show(0.1)
        overdue = _alive(parts)
        for process in overdue:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for one in parts:
            self._drain(one)
        return not overdue


def _alive(parts: Sequence[Running]) -> list[subprocess.Popen[bytes]]:
    return [one.process for one in parts if one.process is not None and one.process.poll() is None]


def die_with_parent() -> None:
    """If we are killed, the parts get their signal to finish. Linux only; elsewhere they stay."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
