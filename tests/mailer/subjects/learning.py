"""Learns what `mailer.compliance.subjects.weighing` weighs from the labelled cases: `make weights`.

All of `TAUGHT` is learned from, and of the other sets what is not kept aside, so that those aside and `UNSEEN` still
tell how the next letter will be judged. It is done in two steps. The weight of each sign: logistic regression, each
sign scaled by how much more often it is in deceptive letters (naive Bayes; S. Wang, C. Manning, “Baselines and
Bigrams”, ACL 2012). Then the trust in each rule: logistic regression of what the rules stopped and what the signs
weigh, on the taxonomy and on `TAUGHT`, which the writers of the rules had not seen, with weights learned without that
very set.

Beside the cases, real letters teach which words tell nothing (`real_mail`): as honest ones, and in paragraphs around
each third case. Without them a third of real newsletters was held; from them alone it would be learned that whatever
reads like a real letter is honest.
"""

import gzip
import hashlib
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, diags
from sklearn.linear_model import LogisticRegression

from mailer.compliance.rules import SUBJECT_RULES, subject_weighed
from mailer.compliance.subjects import Letter
from mailer.compliance.subjects.judging import SubjectRule, heard
from mailer.compliance.subjects.signs import Signs
from mailer.compliance.subjects.weighing import WEIGHTS, evened, is_weighed
from tests.mailer.subjects import real_mail
from tests.mailer.subjects.cases import LEARNED, MIRRORED, TAUGHT, is_aside, lines_of, text_of

FEWEST = 3  # letters, and sets, in which a sign stands, or it is chance or one writer's habit
MIRRORED_COUNTS = 0.3  # of a case: few letters are so
TAXONOMY_COUNTS = 2.0  # of a case: these are the law's own examples
MANNER = 0.15  # of all letters: a phrase that is in more of them is how people write, and tells nothing
LENGTHENED = 3  # of so many cases one is learned from a second time, among paragraphs of real letters
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
TAXONOMY, REAL = "taxonomy", "real_mail"
PHRASES = ("told", "near", "told_beside")
GROUPS = ("said", "told", "near", "facts", "told_beside", "facts_beside")
BESIDE = "|"  # between a kind of claim and what is told beside it
Sign = tuple[str, str]  # its group and itself


class Known(dict[Sign, int]):
    """Signs by the numbers that lessons keep of them, in the order in which they were met."""

    def __missing__(self, sign: Sign) -> int:
        self[sign] = len(self)
        return self[sign]


@dataclass(frozen=True)
class Lesson:
    """One case: its set, its signs by their numbers, which rules stop it, and whether it is deceptive."""

    name: str
    signs: np.ndarray
    stops: frozenset[str]
    is_deceptive: bool


def main() -> None:
    known = Known()
    lessons = [lesson for name in LEARNED for lesson in _lessons(name, known)]
    beside = list(_beside(known))
    signs = list(known)
    weights, base = _weigh_signs(lessons, beside, signs)
    rules, share, shift = _weigh_rules(lessons, beside, signs)
    written: dict[str, Any] = {
        "learned": {name: hashlib.sha256(text_of(name).encode()).hexdigest() for name in LEARNED}
        | {"real_mail": real_mail.RELEASE},
        "base": round(base * share + shift, 3),
        "any_rule": rules.pop(""),
        "rules": rules,
        **{group: {} for group in GROUPS},
    }
    heavy = sorted((signs[number], weights[number] * share) for number in np.flatnonzero(weights))
    counts = Counter(_write(written, sign, weight) for sign, weight in heavy if abs(weight) >= LEAST)
    WEIGHTS.write_bytes(gzip.compress(json.dumps(written, separators=(",", ":")).encode(), mtime=0))
    told = ", ".join(f"{count} of “{group}”" for group, count in counts.items())
    print(f"{len(lessons)} cases; signs: {told}; {len(rules)} rules")


def _write(written: dict[str, Any], sign: Sign, weight: float) -> str:
    """Where it is looked up: what stands beside a kind of claim, under that kind. Returns the group."""
    group, words = sign
    place = written[group]
    if group.endswith("_beside"):
        kind, _, words = words.partition(BESIDE)
        place = place.setdefault(kind, {})
    place[words] = round(weight, 3)
    return group


def _lessons(name: str, known: Known) -> list[Lesson]:
    return [_lesson(name, given, known, RULES) for given in _given(name)]


def _given(name: str) -> list[dict[str, Any]]:
    return [given for given in lines_of(name) if name in TAUGHT or not is_aside(given)]


def _beside(known: Known) -> Iterator[Lesson]:
    """Real letters, and cases among paragraphs of them."""
    for given in real_mail.letters(aside=False):
        yield _lesson(REAL, given, known)
    asides = real_mail.paragraphs()
    for name in LEARNED:
        for given in _given(name):
            if zlib.crc32(f"{name} {given['id']}".encode()) % LENGTHENED == 0:
                yield _lesson(name, real_mail.lengthened(given, asides), known)


def _lesson(name: str, given: dict[str, Any], known: Known, rules: Sequence[SubjectRule] = ()) -> Lesson:
    letter = Letter.from_json(given)
    stops = {f"{each.rule} {each.severity}" for each in heard(letter, rules) if is_weighed(each)}
    signs = np.array([known[sign] for sign in _signs(letter)], dtype=np.int32)
    return Lesson(name, signs, frozenset(stops), given["label"] == "deceptive")


def _signs(letter: Letter) -> Iterator[Sign]:
    signs = Signs(letter)
    for group in ("said", "told", "near", "facts"):
        yield from ((group, each) for each in getattr(signs, group))
    for kind in signs.kinds:
        yield from (("told_beside", f"{kind}{BESIDE}{each}") for each in signs.told_beside)
        yield from (("facts_beside", f"{kind}{BESIDE}{each}") for each in signs.facts)


def _weigh_signs(
    cases: Sequence[Lesson], beside: Sequence[Lesson], signs: Sequence[Sign]
) -> tuple[np.ndarray, float]:
    """What each sign of the cases weighs, by its number, and what a letter without any does."""
    common, lessons = _common(cases, signs), [*cases, *beside]
    has = _matrix(lessons, len(signs))[:, common]
    deceptive = np.array([lesson.is_deceptive for lesson in lessons])
    scale = _how_telling(has, deceptive)
    learned = LogisticRegression(C=STRENGTH, solver="liblinear", class_weight="balanced", max_iter=300)
    shares = [evened(len(lesson.signs)) for lesson in lessons]
    learned.fit(
        diags(shares) @ has @ diags(scale), deceptive, sample_weight=[_counts(lesson) for lesson in lessons]
    )
    weights = np.zeros(len(signs))
    weights[common] = np.clip(learned.coef_.ravel() * scale, -MOST, MOST)
    return weights, float(learned.intercept_[0])


def _counts(lesson: Lesson) -> float:
    if lesson.name == TAXONOMY:
        return TAXONOMY_COUNTS
    return MIRRORED_COUNTS if lesson.name in MIRRORED else 1.0


def _common(lessons: Sequence[Lesson], signs: Sequence[Sign]) -> np.ndarray:
    """The numbers of those that are learned: neither chance, nor one writer's habit, nor how everybody writes."""
    of_set: dict[str, list[np.ndarray]] = {}
    for lesson in lessons:
        of_set.setdefault(lesson.name, []).append(lesson.signs)
    letters, sets = np.zeros((2, len(signs)), dtype=np.int64)
    for each in of_set.values():
        counts = np.bincount(np.concatenate(each), minlength=len(signs))
        letters += counts
        sets += counts > 0
    often = np.flatnonzero((letters >= FEWEST) & (sets >= FEWEST))
    most = MANNER * len(lessons)
    return np.array(
        [number for number in often if _is_telling(*signs[number], letters[number] <= most)], dtype=np.int64
    )


def _is_telling(group: str, words: str, is_rare: bool) -> bool:
    if group == "told" and not is_rare:
        return False
    return group not in PHRASES or not CALL.search(words.partition(BESIDE)[2] or words)


def _matrix(lessons: Sequence[Lesson], width: int) -> csr_matrix:
    ends = np.cumsum([0, *(len(lesson.signs) for lesson in lessons)])
    columns = np.concatenate([lesson.signs for lesson in lessons])
    return csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(lessons), width))


def _how_telling(has: csr_matrix, deceptive: np.ndarray) -> np.ndarray:
    """The logarithm of how much more often a sign is in deceptive letters."""
    theirs, honest = (1 + np.asarray(has[rows].sum(0)).ravel() for rows in (deceptive, ~deceptive))
    return np.log((theirs / theirs.sum()) / (honest / honest.sum()))


def _weigh_rules(
    lessons: Sequence[Lesson], beside: Sequence[Lesson], signs: Sequence[Sign]
) -> tuple[dict[str, float], float, float]:
    """What each rule's stop adds, the share at which signs count, and the shift of all."""
    telling = (*TAUGHT, TAXONOMY)
    parts = [frozenset(telling[start::FOLDS]) for start in range(FOLDS)]
    judged = [each for names in parts for each in _unseen(names, lessons, beside, signs)]
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


def _unseen(
    names: frozenset[str], lessons: Sequence[Lesson], beside: Sequence[Lesson], signs: Sequence[Sign]
) -> list[tuple[Lesson, float]]:
    """The cases of some sets, weighed by what the others teach."""
    others = ([lesson for lesson in some if lesson.name not in names] for some in (lessons, beside))
    weights, base = _weigh_signs(*others, signs)
    return [
        (lesson, base + evened(len(lesson.signs)) * weights[lesson.signs].sum())
        for lesson in lessons
        if lesson.name in names
    ]
