"""One run of one bench in a process of its own: `python -m bench.once MODULE [ROWS]`, JSON lines on stdout.

So each run starts with empty caches and a peak of memory that is its own.
"""

import json
import signal
import sys
from importlib import import_module
from inspect import signature

import django


def main(module: str, rows: str = "") -> None:
    # An end by signal cleans up like Ctrl-C: databases are dropped, processes ended.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    django.setup()
    run = import_module(module).run
    wanted = {"rows": int(rows)} if rows and "rows" in signature(run).parameters else {}
    for line in run(**wanted):
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception as wrong:  # whatever a bench needs and lacks, for the one who started it
        sys.exit(f"{type(wrong).__name__}: {wrong}")
    except KeyboardInterrupt:
        sys.exit(130)
