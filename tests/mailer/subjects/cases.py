"""The labelled cases, each with the verdict that the rules give it."""

import json
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mailer.compliance.rules import SUBJECT_RULES
from mailer.compliance.subjects import Judgement, Letter, judge

HERE = Path(__file__).parent
STOPPED = {"hold", "block"}


@dataclass(frozen=True)
class Case:
    given: dict[str, Any]
    judgement: Judgement

    @property
    def is_aside(self) -> bool:
        """A third, by a fixed hash; a pair stays together."""
        return zlib.crc32((self.given.get("pair") or self.given["id"]).encode()) % 3 == 0

    @property
    def is_stopped(self) -> bool:
        return self.judgement.verdict in STOPPED

    @property
    def is_right(self) -> bool:
        return self.is_stopped == (self.given["label"] == "deceptive")


@dataclass(frozen=True)
class Figures:
    """Shares: deceptive ones stopped, honest ones stopped, honest ones warned, pairs right both times."""

    recall: float
    false_alarms: float
    warned: float
    pairs: float


@cache
def cases(name: str) -> tuple[Case, ...]:
    lines = (HERE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    given = [json.loads(line) for line in lines]
    return tuple(Case(each, judge(Letter.from_json(each), SUBJECT_RULES)) for each in given)


def figures(some: list[Case]) -> Figures:
    deceptive = [case for case in some if case.given["label"] == "deceptive"]
    honest = [case for case in some if case.given["label"] == "honest"]
    pairs: dict[str, list[bool]] = {}
    for case in some:
        if "pair" in case.given:
            pairs.setdefault(case.given["pair"], []).append(case.is_right)
    return Figures(
        recall=sum(case.is_stopped for case in deceptive) / len(deceptive),
        false_alarms=sum(case.is_stopped for case in honest) / len(honest),
        warned=sum(case.judgement.verdict == "warn" for case in honest) / len(honest),
        pairs=sum(map(all, pairs.values())) / len(pairs) if pairs else 1.0,
    )
