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
# The writers of these sets had seen neither the rules nor other cases, nor had the writers of the rules seen
# them: the weights are learned from them (`learning`), and how far each rule is to be trusted from the taught ones.
TAUGHT = tuple(sorted(each.stem for each in HERE.glob("taught_*.jsonl")))
# In these the honest and the deceptive body of a pair mirror each other, so that hardly a word tells them apart.
MIRRORED = tuple(sorted(each.stem for each in HERE.glob("mirrored_*.jsonl")))
# Nothing is learned from these: they tell how letters are judged that nobody had in mind.
UNSEEN = ("strangers_seventh", "strangers_eighth", "strangers_ninth", "strangers_tenth", "strangers_eleventh")
LEARNED = tuple(sorted(each.stem for each in HERE.glob("*.jsonl") if each.stem not in UNSEEN))
# From these the rules were written.
EARLIER = tuple(name for name in LEARNED if name not in {*TAUGHT, *MIRRORED, "taxonomy", "corpus"})


@dataclass(frozen=True)
class Case:
    """One line of the set `name`, and what the rules and the weights make of it."""

    name: str
    given: dict[str, Any]
    judgement: Judgement

    @property
    def is_aside(self) -> bool:
        return is_aside(self.given)

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
    """All of a set; of taught ones, which are many and learned whole, each fourth case or pair."""
    some = [each for each in lines_of(name) if name not in TAUGHT or _number(each) % 4 == 0]
    return tuple(Case(name, each, judge(Letter.from_json(each), SUBJECT_RULES)) for each in some)


def lines_of(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text_of(name).splitlines()]


def text_of(name: str) -> str:
    return (HERE / f"{name}.jsonl").read_text(encoding="utf-8")


def is_aside(given: dict[str, Any]) -> bool:
    """A third of each set, by a fixed hash; a pair stays together."""
    return _number(given) % 3 == 0


def _number(given: dict[str, Any]) -> int:
    return zlib.crc32((given.get("pair") or given["id"]).encode())


def figures(some: list[Case]) -> Figures:
    deceptive = [case for case in some if case.given["label"] == "deceptive"]
    honest = [case for case in some if case.given["label"] == "honest"]
    pairs: dict[tuple[str, str], list[bool]] = {}
    for case in some:
        if "pair" in case.given:
            pairs.setdefault((case.name, case.given["pair"]), []).append(case.is_right)
    return Figures(
        recall=sum(case.is_stopped for case in deceptive) / len(deceptive),
        false_alarms=sum(case.is_stopped for case in honest) / len(honest),
        warned=sum(case.judgement.verdict == "warn" for case in honest) / len(honest),
        pairs=sum(map(all, pairs.values())) / len(pairs) if pairs else 1.0,
    )
