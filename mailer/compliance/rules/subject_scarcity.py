"""What is said to be nearly gone is nearly gone.

15 U.S.C. 7704(a)(2); FTC Act section 5 on false scarcity; UCPD Annex I no. 7 (DUTIES T3).
"""

from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.claims import Scarcity
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.normalise import Line
from mailer.compliance.subjects.scarcity import (
    CROWD,
    FEW_LEFT,
    STOCK,
    TAKEN_AWAY,
    is_plentiful,
    is_told,
    names_left,
    numbers_in,
    scarcity_in,
)
from mailer.compliance.subjects.support import may_take_back
from mailer.compliance.subjects.words import shares, stems

RULE = "subject_scarcity"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); 15 U.S.C. 45"
REVIEWED = Reviewed("2026-11-30", version=6, duties="D25 D26")


def check(letter: Letter) -> Iterator[Finding]:
    for line in letter.lines:
        for claim in scarcity_in(line):
            verdict = _verdict(letter, line, claim)
            if verdict:
                yield letter.finding(RULE, *verdict, SOURCE, line, claim.start, claim.end)
                break


def _verdict(letter: Letter, line: Line, claim: Scarcity) -> tuple[Severity, str] | None:
    body = letter.body
    bearing = _bearing(letter, claim)
    if _is_plentiful(letter, line, bearing):
        return (
            Severity.BLOCK,
            f"The body says there is enough, the subject “{claim.words}”. Take the hurry away.",
        )
    if claim.crowd:
        if body.has(CROWD):
            return None
        return (
            Severity.HOLD,
            f"Nothing bears out “{claim.words}”. Take it away, or show the figure in the body.",
        )
    if claim.left is not None:
        return None if bearing else _uncounted(letter, claim)
    counts = {number for number in numbers_in(line.text) if number > 1}
    if is_told(body.text) or (counts and counts <= numbers_in(letter.told)):
        return None
    severity = Severity.HOLD if letter.offers is not None and body.speaks else Severity.WARN
    return severity, f"Nothing bears out “{claim.words}”. Say in the body how many there are."


def _bearing(letter: Letter, claim: Scarcity) -> list[str]:
    """The sentences that say how little is left."""
    if claim.crowd:
        return []
    if claim.left is None:
        return [each for each in letter.body.sentences if FEW_LEFT.search(each)]
    wanted = stems(claim.words)
    near = [
        each
        for each in letter.body.sentences
        if STOCK.search(each) or TAKEN_AWAY.search(each) or shares(each, wanted)
    ]
    told = [*letter.body.lead, *near, *(offer.words for offer in letter.offers or ())]
    return [each for each in told if names_left(each, claim.left)]


def _is_plentiful(letter: Letter, line: Line, bearing: list[str]) -> bool:
    """Where the number is told: only what is said of the same things shows that there are more."""
    if not bearing or line.text.count(" 1 "):
        return is_plentiful(letter.body.text)
    same = may_take_back(letter.body, bearing, line.text)
    return any(is_plentiful(each) for each in same if not ("price" in line.text and "price" in each))


def _uncounted(letter: Letter, claim: Scarcity) -> tuple[Severity, str]:
    if letter.body.has(STOCK):
        return (
            Severity.BLOCK,
            f"The body does not name the number in “{claim.words}”. Name the true number in both.",
        )
    severity = Severity.HOLD if letter.body.speaks else Severity.WARN
    return severity, f"Nothing bears out “{claim.words}”. Name the number in the body."
