"""The parts of an installation in the foreground: started, shown, started again, stopped in order."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

PATIENCE = 60.0

DRIVER = """
import sys
from project import supervise
from project.supervise import Part, Supervisor

def say(line):
    print(line, flush=True)

supervise.RESTART_SECONDS = (0.2, 0.6, 0.6)
supervise.PATIENCE_SECONDS = {patience}
parts = [Part(name, [sys.executable, "-c", code]) for name, code in {parts!r}]
sys.exit(Supervisor(parts, say).run())
"""

# A part that says when it starts, is asked to stop, and has stopped, after a moment of finishing its work.
ORDERLY = """
import signal, sys, time
def finish(*_):
    print("asked", flush=True)
    time.sleep(0.3)
    print("finished", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, finish)
print("started", flush=True)
while True:
    time.sleep(0.05)
"""
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: print("asked", flush=True))
print("started", flush=True)
while True:
    time.sleep(0.05)
"""


class Supervised:
    """A supervisor in a process of its own, and what it has said so far."""

    def __init__(self, folder: Path, parts: list[tuple[str, str]], patience: float = 10) -> None:
        self.said_in = folder / "said"
        with self.said_in.open("wb") as words:
            self.process = subprocess.Popen(
                [sys.executable, "-c", textwrap.dedent(DRIVER.format(parts=parts, patience=patience))],
                stdout=words,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def lines(self) -> list[str]:
        """Without the lines that say each part's number, which differ."""
        return [line for line in self.said_in.read_text().splitlines() if " runs as process " not in line]

    def wait_for(self, condition: Callable[[list[str]], bool]) -> list[str]:
        until = time.monotonic() + PATIENCE
        while not condition(self.lines):
            assert time.monotonic() < until, "\n".join(self.lines)
            time.sleep(0.02)
        return self.lines

    def wait_for_lines(self, *wanted: str) -> None:
        self.wait_for(lambda lines: all(lines.count(line) >= wanted.count(line) for line in wanted))

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def ended(self) -> int:
        return self.process.wait(timeout=PATIENCE)


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Callable[..., Supervised]]:
    begun: list[Supervised] = []

    def begin(*parts: tuple[str, str], patience: float = 10) -> Supervised:
        begun.append(Supervised(tmp_path, list(parts), patience))
        return begun[-1]

    yield begin
    for one in begun:
        if one.process.poll() is None:
            one.signal(signal.SIGTERM)
            one.signal(signal.SIGTERM)
            one.ended()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def said_by(lines: list[str], name: str) -> list[str]:
    return [line.partition("│ ")[2] for line in lines if line.startswith(f"{name:<7}│")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_stops_the_parts_in_reverse_order_each_finished_before_the_next(supervised, number):
    running = supervised(("web", ORDERLY), ("worker", ORDERLY), ("beat", ORDERLY))
    running.wait_for_lines(*[f"{name:<7}│ started" for name in ("web", "worker", "beat")])
    running.signal(number)
    assert running.ended() == 0
    assert [line for line in running.lines if "started" not in line] == [
        f"{name:<7}│ {word}" for name in ("beat", "worker", "web") for word in ("asked", "finished")
    ]


def test_parts_of_one_name_are_stopped_together(supervised):
    running = supervised(("web", ORDERLY), ("worker", ORDERLY), ("worker", ORDERLY))
    running.wait_for_lines("web    │ started", "worker │ started", "worker │ started")
    running.signal(signal.SIGINT)
    assert running.ended() == 0
    stopping = [line for line in running.lines if "started" not in line]
    assert stopping[:2] == ["worker │ asked"] * 2
    assert stopping[2:] == ["worker │ finished"] * 2 + ["web    │ asked", "web    │ finished"]


def test_the_second_signal_ends_all_at_once(supervised):
    running = supervised(("web", DEAF), ("worker", DEAF), patience=60)
    running.wait_for_lines("web    │ started", "worker │ started")
    running.signal(signal.SIGINT)
    running.wait_for_lines("worker │ asked")
    began = time.monotonic()
    running.signal(signal.SIGINT)
    assert running.ended() == 1
    assert time.monotonic() - began < 30  # half of their patience


def test_a_part_that_does_not_finish_in_time_is_ended_and_the_exit_code_says_so(supervised):
    running = supervised(("web", ORDERLY), ("worker", DEAF), patience=0.5)
    running.wait_for_lines("web    │ started", "worker │ started")
    running.signal(signal.SIGTERM)
    assert running.ended() == 1
    assert said_by(running.lines, "web")[-1] == "finished"


def test_a_part_that_dies_starts_again_later_with_each_death_in_a_row(supervised):
    dying = "import time; print(f'at {time.monotonic()}', flush=True); raise SystemExit(7)"
    running = supervised(("web", ORDERLY), ("worker", dying))
    lines = running.wait_for(lambda lines: len(said_by(lines, "worker")) >= 4)
    at = [float(word.removeprefix("at ")) for word in said_by(lines, "worker")]
    waits = [later - earlier for earlier, later in pairwise(at)]
    assert waits[0] >= 0.2
    assert min(waits[1:3]) >= 0.6
    told = [line for line in lines if line.startswith("worker ended")]
    assert told[:2] == [
        "worker ended with code 7; it starts again in 0.2 s.",
        "worker ended with code 7; it starts again in 0.6 s.",
    ]
    assert said_by(lines, "web") == ["started"]


def test_a_part_that_is_killed_starts_again(supervised):
    running = supervised(("worker", f"import os\nprint(os.getpid(), flush=True)\n{ORDERLY}"))
    lines = running.wait_for(lambda lines: len(said_by(lines, "worker")) == 2)
    pid = int(said_by(lines, "worker")[0])
    assert f"worker runs as process {pid}." in running.said_in.read_text()
    os.kill(pid, signal.SIGKILL)
    running.wait_for_lines("worker │ started", "worker │ started")
    assert "worker ended with code -9; it starts again in 0.2 s." in running.lines


def test_the_supervisors_own_death_ends_the_parts(supervised):
    whoami = f"import os\nprint(os.getpid(), flush=True)\n{ORDERLY}"
    running = supervised(("web", whoami), ("worker", whoami))
    running.wait_for_lines("web    │ started", "worker │ started")
    pids = [int(said_by(running.lines, name)[0]) for name in ("web", "worker")]
    running.signal(signal.SIGKILL)
    running.ended()
    until = time.monotonic() + PATIENCE
    while any(map(is_alive, pids)):
        assert time.monotonic() < until, "parts outlived their supervisor"
        time.sleep(0.02)


def test_all_that_a_part_prints_is_shown_each_line_under_its_name_also_its_last_words(supervised):
    chatty = """
import signal, sys
def finish(*_):
    print("last line", flush=True)
    sys.stderr.write("and no line end")
    sys.stderr.flush()
    sys.exit(0)
signal.signal(signal.SIGTERM, finish)
for n in range(5000):
    print(f"line {n} – é", flush=n % 7 == 0)
print("done", flush=True)
while True:
    signal.pause()
"""
    running = supervised(("worker", chatty))
    running.wait_for_lines("worker │ done")
    running.signal(signal.SIGINT)
    assert running.ended() == 0
    assert running.lines == [
        *[f"worker │ line {n} – é" for n in range(5000)],
        "worker │ done",
        "worker │ last line",
        "worker │ and no line end",
    ]
