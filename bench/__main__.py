"""`python -m bench [NAME…] [--runs 3] [--rows N]`: JSON lines on stdout, a table at the end on stderr.

Each line is {"bench", "value", "unit", "against", "ratio"}: medians of all runs, with the least and the most
beside them. Exit 0 when all was measured, 1 when a bench failed, 2 for a name or number that makes no sense.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from bench.results import Result, merged, table

# By the name that is given on the command line: the module, whose run() measures once.
BENCHES = {
    "fill": "bench.fill",
    "dkim": "bench.dkim",
    "dispatch": "bench.dispatch",
    "peers": "bench.peers",
    "round_trip": "bench.round_trip",
    "pace": "bench.pace",
    "import": "bench.import_",
    "snapshot": "bench.snapshot",
    "growth": "bench.growth",
    "opt_out": "bench.opt_out",
    "under_way": "bench.under_way",
    "scale": "bench.scale",
    "seal": "bench.seal",
    "subjects": "bench.subjects",
    "real_mail": "bench.real_mail",
}
CLEANING_UP = 30  # seconds a run may take to drop its database when it is told to end


class NotMeasured(Exception):
    """A run failed; its own words stand on stderr."""


def main(arguments: list[str]) -> int:
    chosen = _parser().parse_args(arguments)
    refusal = _refusal(chosen)
    if refusal:
        print(f"{refusal} There are: {', '.join(BENCHES)}.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    results: list[Result] = []
    failed = False
    for name in chosen.names or BENCHES:
        try:
            measured = list(_measured(name, chosen.runs, chosen.rows))
        except NotMeasured:  # the others are still worth having
            print(f"{name} was not measured.", file=sys.stderr)
            failed = True
            continue
        for result in measured:
            print(json.dumps(result.as_line(), ensure_ascii=False), flush=True)
        results += measured
    if results:
        print(table(results), file=sys.stderr)
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure Candor, as ratios in one run."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHES)}; all without")
    parser.add_argument("--runs", type=int, default=3, help="how often each is measured; medians are told")
    parser.add_argument("--rows", type=int, help="rows of import, snapshot and scale; recipients of growth")
    return parser


def _refusal(chosen: argparse.Namespace) -> str:
    for name in chosen.names:
        if name not in BENCHES:
            return f"There is no bench “{name}”."
    if chosen.runs < 1 or (chosen.rows is not None and chosen.rows < 1):
        return "--runs and --rows take a number from 1 on, beside the names of benches."
    return ""


def _measured(name: str, runs: int, rows: int | None) -> Iterator[Result]:
    lines: list[dict[str, Any]] = []
    for number in range(1, runs + 1):
        print(f"{name}: run {number} of {runs}", file=sys.stderr)
        lines += _once(BENCHES[name], rows)
    return merged(lines)


def _once(module: str, rows: int | None) -> list[dict[str, Any]]:
    """The lines of one run, in a process of its own. Raises NotMeasured."""
    command = [sys.executable, "-m", "bench.once", module, *([str(rows)] if rows else [])]
    settings = {"DJANGO_SETTINGS_MODULE": "project.settings", **os.environ}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=settings) as process:
        try:
            output, _ = process.communicate()
        except BaseException:
            process.terminate()
            process.wait(CLEANING_UP)
            raise
    if process.returncode:
        raise NotMeasured(module)
    return [json.loads(line) for line in output.splitlines()]


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
