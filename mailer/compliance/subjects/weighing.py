"""How a body reads beside its subject, weighed by what labelled cases taught.

Rules find a contradiction that somebody thought of. Bodies take a subject back in more ways than anybody thinks of,
and bear it out in as many; so what rules find is weighed together with how the whole letter reads. What each sign
weighs was learned from cases that were labelled one by one (`tests/mailer/subjects/`, `make weights`), and how far
each rule is to be trusted from cases that its writers had not seen. It is a sum: each sign has one weight, and
nothing else counts. The weights are reviewed and dated as `subject_weighed` is, and changed only with the code.
"""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from math import fsum
from pathlib import Path

from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.signs import Signs, phrases

WEIGHTS = Path(__file__).with_name("weights.json.gz")
WHOLE = "subject_weighed"  # the rule that says what the reading of the whole letter finds
# Rules that see what they say: in the characters, the sender's name, the mark of a reply. Nothing outweighs them.
KNOWING = frozenset({
    "subject_characters", "subject_thread", "subject_explicit", "subject_from_name", "subject_denial",
    WHOLE, "kind_declared", "kind_advertises", "other_advertisers",
})  # fmt: skip
STOPS = 0.75  # from here on what a rule found stands; it and the next are chosen for few false alarms
HOLDS = 1.25  # from here on a letter is held though no rule found anything
SHORT = 4  # sentences
WARNS = -0.25  # from here on what a rule found is still said, as a warning


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learned: of each phrase and fact, of some beside a kind of claim in the subject (`kinds`), of each rule
    with its severity (“subject_price hold”), and of which cases (the name of each set with its SHA-256)."""

    base: float
    said: Mapping[str, float]
    told: Mapping[str, float]
    near: Mapping[str, float]
    facts: Mapping[str, float]
    told_beside: Mapping[str, Mapping[str, float]]
    facts_beside: Mapping[str, Mapping[str, float]]
    any_rule: float
    rules: Mapping[str, float]
    learned: Mapping[str, str]


@cache
def weights() -> Weights:
    """Read once, when the first letter is judged."""
    return Weights(**json.loads(gzip.decompress(WEIGHTS.read_bytes())))


@lru_cache(maxsize=8)
def weight(letter: Letter) -> float:
    """How much a letter reads like those that mislead; from `HOLDS` on it is held. The same whatever the order."""
    known, signs = weights(), Signs(letter)
    told = _told_beside(signs)
    facts = [known.facts, *(known.facts_beside.get(kind, {}) for kind in signs.kinds)]
    groups = [(known.said, signs.said), (known.near, signs.near)]
    groups += [(each, signs.told) for each in told] + [(each, signs.facts) for each in facts]
    return fsum([known.base, *(weighs[sign] for weighs, has in groups for sign in weighs.keys() & has)])


def weightiest(letter: Letter) -> str | None:
    """The sentence of the body that speaks most against the subject, if one does."""
    signs = Signs(letter)
    weighed = [(_weight_of(each.lower(), signs), each) for each in signs.cased]
    most, sentence = max(weighed, default=(0.0, ""))
    return sentence if most > 0 else None


def _weight_of(sentence: str, signs: Signs) -> float:
    """What its phrases weigh beside this subject."""
    told, groups = set(phrases(sentence)), _told_beside(signs)
    if signs.is_near(sentence):
        groups.append(weights().near)
    return fsum(weighs[phrase] for weighs in groups for phrase in weighs.keys() & told)


def _told_beside(signs: Signs) -> list[Mapping[str, float]]:
    """What phrases of the body weigh: by themselves, and beside each kind of claim of this subject."""
    known = weights()
    return [known.told, *(known.told_beside.get(kind, {}) for kind in signs.kinds)]


def weighed(letter: Letter, found: Sequence[Finding]) -> Sequence[Finding]:
    """What rules found, as grave as the letter as a whole bears out.

    Where offers are on record, they tell what is true, and nothing is weighed. What the reading of the whole finds is
    said only where no rule says it better.
    """
    kept = found if letter.offers is not None else _as_borne_out(letter, found)
    others = [each for each in kept if each.rule != WHOLE]
    return others if any(each.severity is not Severity.WARN for each in others) else kept


def _as_borne_out(letter: Letter, found: Sequence[Finding]) -> Sequence[Finding]:
    conclusions = [each for each in found if is_weighed(each)]
    if not conclusions or (
        _is_short(letter) and any(each.severity is Severity.BLOCK for each in conclusions)
    ):
        return found
    stops = {f"{each.rule} {each.severity}" for each in conclusions}
    known = weights()
    total = weight(letter) + known.any_rule + sum(known.rules.get(each, 0.0) for each in stops)
    if total >= STOPS:
        return found
    others = [each for each in found if not is_weighed(each)]
    return others if total < WARNS else [_milder(each) if is_weighed(each) else each for each in found]


def is_weighed(finding: Finding) -> bool:
    """Whether a finding is a conclusion from the subject and the body, which the rest of a letter can outweigh.

    It has a place in the subject then; that a rule failed has none.
    """
    is_a_stop = finding.severity is not Severity.WARN and finding.span is not None
    return is_a_stop and finding.where == "subject" and finding.rule not in KNOWING


def _is_short(letter: Letter) -> bool:
    """A few sentences have no asides that a rule could have taken for the claim, and little to weigh."""
    return len(Signs(letter).sentences) <= SHORT


def _milder(finding: Finding) -> Finding:
    words = f"{finding.message} The rest of the body reads as if it were true, so this only warns."
    return replace(finding, severity=Severity.WARN, message=words)
