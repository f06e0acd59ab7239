"""Subjects held against bodies of 2 kB, on both cores, as `check_subject` does; and one alone, as somebody types it.

The cases are those of tests/mailer/subjects/sixth.jsonl, each body filled up with sentences of its own, so that no
cache knows them. CPU only.
"""

import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from mailer.compliance.rules import SUBJECT_RULES
from mailer.compliance.subjects import Letter, judge

CASES = Path(__file__).parents[1] / "tests/mailer/subjects/sixth.jsonl"
BODY = 2_000  # characters
GOAL = 1_000  # cases a second on both cores
LIVE = 0.05  # seconds that a check may take while somebody types


def run(cases: int = 3_000) -> Iterator[dict[str, object]]:
    """Yields two lines: cases a second of all cores, and the slowest check of the first hundred."""
    given = list(_cases(cases))
    _judged(given[-1])  # a process reads the weights once
    alone = sorted(_seconds(each) for each in given[:100])
    workers = min(2, os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        list(pool.map(_judged, given[:workers], chunksize=1))
        started = time.perf_counter()
        list(pool.map(_judged, given, chunksize=50))
        rate = cases / (time.perf_counter() - started)
    yield {
        "bench": "subjects",
        "value": round(rate),
        "unit": "cases/s",
        "against": f"the goal of {GOAL:,} on {workers} cores",
        "ratio": round(rate / GOAL, 2),
    }
    yield {
        "bench": "subjects",
        "value": round(alone[-1] * 1000, 1),
        "unit": "ms, the slowest of 100",
        "against": "the goal of 50 ms while somebody types",
        "ratio": round(alone[-1] / LIVE, 3),
    }


def _cases(wanted: int) -> Iterator[dict[str, Any]]:
    known = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    for number in range(wanted):
        case = known[number % len(known)]
        yield {**case, "body": _filled_up(case["body"], case["content_type"], number)}


def _filled_up(body: str, content_type: str, number: int) -> str:
    line = 0
    while len(body) < BODY:
        words = f"In room {number} of house {line} we sorted lamps by height, and the cat slept in the largest box."
        body += f"<p>{words}</p>" if content_type == "html" else f"\n{words}"
        line += 1
    return body


def _judged(case: dict[str, Any]) -> str:
    return judge(Letter.from_json(case), SUBJECT_RULES).verdict


def _seconds(case: dict[str, Any]) -> float:
    started = time.perf_counter()
    _judged(case)
    return time.perf_counter() - started
