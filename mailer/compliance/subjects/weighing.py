"""How a body reads beside its subject, weighed by what labelled cases taught.

Rules find a contradiction that somebody thought of. Bodies take a subject back in more ways than anybody thinks of,
and bear it out in as many; so what rules find is weighed together with how the whole letter reads. What each sign
weighs was learned from cases that were labelled one by one (`tests/mailer/subjects/`, `make weights`), and how far
each rule is to be trusted from cases that its writers had not seen. It is a sum: each sign has one weight, and
only how many there are counts beside: a long letter says more of everything. The weights are reviewed and dated as
`subject_weighed` is, and changed only with the code.
"""

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from math import fsum
from pathlib import Path

from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.signs import Signs, phrases

WEIGHTS = Path(__file__).with_name("weights.json.gz")
WHOLE = "subject_weighed"  # the rule that says what the reading of the whole letter finds
# Rules that see what they say: in the characters, the sender's name, the mark of a reply, or where the body says itself
# that it draws lots, asks for a card, leaves something out or names no source. Nothing outweighs them.
KNOWING = frozenset({
    "subject_characters", "subject_thread", "subject_explicit", "subject_from_name", "subject_denial", "subject_lot",
    "subject_card", "subject_exclusions", "subject_proof", "subject_shouting", "kind_declared", "kind_advertises",
    "other_advertisers", WHOLE,
})  # fmt: skip
# That there was no call is concluded from a body that tells of none, so it stands unless the letter reads plainly true.
DOUBTING = frozenset({"subject_followed"})
STOPS = 1.0  # from here on what a rule found stands, and a letter is held though no rule found anything
SHORT = 4  # sentences
USUAL, FEWEST = 600, 300  # signs in a letter; with fewer than the second, each weighs no more
TOLD = 100  # signs; of a body that tells less, only rules find anything
WARNS = -0.25  # from here on what a rule found is still said, as a warning
PLAIN = -1.0  # below this a letter reads so plainly true that nothing which rules conclude would be said


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
def signs_of(letter: Letter) -> Signs:
    """Found once, though several questions are asked of them."""
    return Signs(letter)


@lru_cache(maxsize=8)
def weight(letter: Letter) -> float:
    """How much a letter reads like those that mislead; from `STOPS` on it is stopped. The same whatever the order."""
    known, signs = weights(), signs_of(letter)
    told = _told_beside(signs)
    facts = [known.facts, *(known.facts_beside.get(kind, {}) for kind in signs.kinds)]
    groups = [(known.said, signs.said), (known.near, signs.near)]
    groups += [(each, signs.told) for each in told] + [(each, signs.facts) for each in facts]
    total = fsum(weighs[sign] for weighs, has in groups for sign in weighs.keys() & has)
    return known.base + evened(signs.count) * total


def evened(count: int) -> float:
    """The share at which each of so many signs counts: chance adds up as the root of their number."""
    return float((USUAL / max(FEWEST, count)) ** 0.5)


def is_held(letter: Letter) -> bool:
    """Whether a letter tells enough to be read as a whole, and reads as if it misled.

    Of a long letter whose subject claims nothing, as most newsletters are, nothing says which passage to weigh: there
    only rules find anything.
    """
    signs = signs_of(letter)
    has_matter = signs.count >= TOLD and (bool(signs.kinds) or signs.is_whole)
    return has_matter and weight(letter) >= STOPS


def weightiest(letter: Letter) -> str | None:
    """The sentence of the body that speaks most against the subject, if one does."""
    signs = signs_of(letter)
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


def reads_plainly(letter: Letter) -> bool:
    """Whether the body bears out all that announces it so plainly that no rule's conclusion needs to be asked for."""
    return letter.offers is None and all(weight(each) < PLAIN for each in letter.readings.values())


def weighed(letter: Letter, found: Sequence[Finding]) -> Sequence[Finding]:
    """What rules found, as grave as the letter as a whole bears out: of its subject, and of its preheader by itself.

    Where offers are on record, they tell what is true, and nothing is weighed. What the reading of the whole finds of
    a line is said only where no rule says it better.
    """
    kept = found if letter.offers is not None else _as_borne_out(letter, found)
    said = {each.where for each in kept if each.rule != WHOLE and each.severity is not Severity.WARN}
    return [each for each in kept if each.rule != WHOLE or each.where not in said]


def _as_borne_out(letter: Letter, found: Sequence[Finding]) -> Sequence[Finding]:
    conclusions = [each for each in found if is_weighed(each)]
    borne_out = {
        where: _how_grave(reading, [each for each in conclusions if each.where == where])
        for where, reading in letter.readings.items()
    }
    graver = [borne_out[each.where](each) if is_weighed(each) else each for each in found]
    return [each for each in graver if each]


def _how_grave(letter: Letter, conclusions: Sequence[Finding]) -> Callable[[Finding], Finding | None]:
    """What becomes of each conclusion about the subject: it stands, only warns, or is not said."""
    known, total = weights(), weight(letter)
    if total < PLAIN:
        return _unsaid
    if _is_short(letter) and any(each.severity is Severity.BLOCK for each in conclusions):
        return _as_found
    if conclusions:
        stops = {f"{each.rule} {each.severity}" for each in conclusions}
        total += known.any_rule + sum(known.rules.get(each, 0.0) for each in stops)
    return _as_found if total >= STOPS else _milder if total >= WARNS else _unsaid


def is_weighed(finding: Finding) -> bool:
    """Whether a finding is a conclusion from what announces a body and the body, which the rest of it can outweigh.

    It has a place in the subject then; that a rule failed has none.
    """
    is_announced = finding.where == "preheader" or (finding.where == "subject" and finding.span is not None)
    return is_announced and finding.severity is not Severity.WARN and finding.rule not in KNOWING | DOUBTING


def _as_found(finding: Finding) -> Finding:
    return finding


def _unsaid(_finding: Finding) -> None:
    return None


def _is_short(letter: Letter) -> bool:
    """A few sentences have no asides that a rule could have taken for the claim, and little to weigh."""
    return len(signs_of(letter).written) <= SHORT


def _milder(finding: Finding) -> Finding:
    words = f"{finding.message} The rest of the body reads as if it were true, so this only warns."
    return replace(finding, severity=Severity.WARN, message=words)
