"""Learns what `mailer.compliance.subjects.weighing` weighs from the labelled cases: `make weights`.

Only cases that are not kept aside are learned from, so that those aside still tell how the next letter will be
judged. It is done in two steps. The weight of each sign: logistic regression, each sign scaled by how much more often
it is in deceptive letters (naive Bayes; S. Wang, C. Manning, “Baselines and Bigrams”, ACL 2012). Then the trust in each
rule: logistic regression of what the rules stopped and what the signs weigh, on the taxonomy and on `TAUGHT`, which the
writers of the rules had not seen, with weights learned without that very set.
"""

import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, diags
from sklearn.linear_model import LogisticRegression

from mailer.compliance.rules import SUBJECT_RULES, subject_weighed
from mailer.compliance.subjects import Letter
from mailer.compliance.subjects.judging import heard
from mailer.compliance.subjects.signs import Signs
from mailer.compliance.subjects.weighing import WEIGHTS, is_weighed
from tests.mailer.subjects.cases import LEARNED, MIRRORED, TAUGHT, is_aside, lines_of, text_of

FEWEST = 3  # letters, and sets, in which a sign stands, or it is chance or one writer's habit
MIRRORED_COUNTS = 0.3  # of a case: few letters are so
TAXONOMY_COUNTS = 2.0  # of a case: these are the law's own examples
MANNER = 0.15  # of all letters: a phrase that is in more of them is how people write, and tells nothing
FOLDS = 6  # the sets are weighed in as many parts, each by what the others teach
STRENGTH = 0.1  # inverse of the regularisation of signs
# What asks for a purchase or stands in every mail is no sign, however often deceivers use it: selling is honest.
CALL = re.compile(
    r"\b(?:now|see|come and|and save|take a look|find out)\b|"
    r"\b(?:e?mails?|browser|unsubscribe|newsletter|click|tap|imagine)\b|"
    r"^(?:please )?(?:order|book|buy|shop|donate|upgrade|subscribe|apply|claim|reserve|register|browse|join|enter|"
    r"discover|explore|save|start|try|get started|learn more|read more|sign up)"
    r"(?: (?:today|yours|here|online|and|the|our|your|more))*$"
)
MOST = 0.4  # that a phrase may weigh: none decides alone, and each may be one writer's habit
TRUST = 0.3  # the same of rules
LEAST = 0.02  # a sign that weighs less is left out

RULES = [rule for rule in SUBJECT_RULES if rule is not subject_weighed.check]
TAXONOMY = "taxonomy"
GROUPS = ("said", "told", "facts")
Sign = tuple[str, str]  # its group and itself


@dataclass(frozen=True)
class Lesson:
    """One case: its set, its signs, which rules stop it, and whether it is deceptive."""

    name: str
    signs: frozenset[Sign]
    stops: frozenset[str]
    is_deceptive: bool


def main() -> None:
    lessons = [lesson for name in LEARNED for lesson in _lessons(name)]
    signs, base = _weigh_signs(lessons)
    rules, share, shift = _weigh_rules(lessons)
    written: dict[str, Any] = {
        "learned": {name: hashlib.sha256(text_of(name).encode()).hexdigest() for name in LEARNED},
        "base": round(base * share + shift, 3),
        "any_rule": rules.pop(""),
        "rules": rules,
        **{group: {} for group in GROUPS},
    }
    for (group, sign), weight in sorted(signs.items()):
        if abs(weight * share) >= LEAST:
            written[group][sign] = round(weight * share, 3)
    WEIGHTS.write_bytes(gzip.compress(json.dumps(written, separators=(",", ":")).encode(), mtime=0))
    counts = ", ".join(f"{len(written[group])} of “{group}”" for group in GROUPS)
    print(f"{len(lessons)} cases; signs: {counts}; {len(rules)} rules")


def _lessons(name: str) -> list[Lesson]:
    return [_lesson(name, given) for given in lines_of(name) if not is_aside(given)]


def _lesson(name: str, given: dict[str, Any]) -> Lesson:
    letter = Letter.from_json(given)
    stops = {f"{each.rule} {each.severity}" for each in heard(letter, RULES) if is_weighed(each)}
    return Lesson(name, _signs(letter), frozenset(stops), given["label"] == "deceptive")


def _signs(letter: Letter) -> frozenset[Sign]:
    signs = Signs(letter)
    return frozenset((group, each) for group in GROUPS for each in getattr(signs, group))


def _weigh_signs(lessons: Sequence[Lesson]) -> tuple[dict[Sign, float], float]:
    """What each sign weighs, and what a letter without any does."""
    known = {sign: place for place, sign in enumerate(sorted(_common(lessons)))}
    has, deceptive = _matrix(lessons, known), np.array([lesson.is_deceptive for lesson in lessons])
    scale = _how_telling(has, deceptive)
    learned = LogisticRegression(C=STRENGTH, solver="liblinear", class_weight="balanced", max_iter=300)
    learned.fit(has @ diags(scale), deceptive, sample_weight=[_counts(lesson) for lesson in lessons])
    weights = np.clip(learned.coef_.ravel() * scale, -MOST, MOST)
    return dict(zip(known, weights.tolist(), strict=True)), float(learned.intercept_[0])


def _counts(lesson: Lesson) -> float:
    if lesson.name == TAXONOMY:
        return TAXONOMY_COUNTS
    return MIRRORED_COUNTS if lesson.name in MIRRORED else 1.0


def _common(lessons: Sequence[Lesson]) -> Iterator[Sign]:
    letters = Counter(sign for lesson in lessons for sign in lesson.signs)
    sets = Counter(
        sign for name, sign in {(lesson.name, sign) for lesson in lessons for sign in lesson.signs}
    )
    often = {sign: count for sign, count in letters.items() if count >= FEWEST and sets[sign] >= FEWEST}
    most = MANNER * len(lessons)
    return (
        (group, sign)
        for (group, sign), count in often.items()
        if group != "told" or (count <= most and not CALL.search(sign))
    )


def _matrix(lessons: Sequence[Lesson], known: dict[Sign, int]) -> csr_matrix:
    places = [[known[sign] for sign in lesson.signs if sign in known] for lesson in lessons]
    ends = np.cumsum([0, *map(len, places)])
    columns = np.concatenate([np.array(each, dtype=np.int32) for each in places])
    return csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(lessons), len(known)))


def _how_telling(has: csr_matrix, deceptive: np.ndarray) -> np.ndarray:
    """The logarithm of how much more often a sign is in deceptive letters."""
    theirs, honest = (1 + np.asarray(has[rows].sum(0)).ravel() for rows in (deceptive, ~deceptive))
    return np.log((theirs / theirs.sum()) / (honest / honest.sum()))


def _weigh_rules(lessons: Sequence[Lesson]) -> tuple[dict[str, float], float, float]:
    """What each rule's stop adds, the share at which signs count, and the shift of all."""
    telling = (*TAUGHT, TAXONOMY)
    parts = [frozenset(telling[start::FOLDS]) for start in range(FOLDS)]
    judged = [each for names in parts for each in _unseen(names, lessons)]
    rules = sorted({rule for lesson, _ in judged for rule in lesson.stops})
    rows = [
        [*(rule in lesson.stops for rule in rules), bool(lesson.stops), weight] for lesson, weight in judged
    ]
    learned = LogisticRegression(C=TRUST, max_iter=500)
    deceptive, counts = (
        [lesson.is_deceptive for lesson, _ in judged],
        [_counts(lesson) for lesson, _ in judged],
    )
    learned.fit(np.array(rows, dtype=float), deceptive, sample_weight=counts)
    *trusts, any_rule, share = learned.coef_[0].tolist()
    kept = {rule: round(trust, 3) for rule, trust in zip(rules, trusts, strict=True)}
    return {"": round(any_rule, 3), **kept}, share, float(learned.intercept_[0])


def _unseen(names: frozenset[str], lessons: Sequence[Lesson]) -> list[tuple[Lesson, float]]:
    """The cases of some sets, weighed by what the others teach."""
    signs, base = _weigh_signs([lesson for lesson in lessons if lesson.name not in names])
    return [
        (lesson, base + sum(signs.get(sign, 0.0) for sign in lesson.signs))
        for lesson in lessons
        if lesson.name in names
    ]
