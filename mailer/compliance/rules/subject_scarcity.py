"""What is said to be nearly gone is nearly gone.

15 U.S.C. 7704(a)(2); FTC Act section 5 on false scarcity; UCPD Annex I no. 7 (DUTIES T3).
"""

from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.claims import Scarcity
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.scarcity import CROWD, STOCK, is_plentiful, is_told, numbers_in, scarcity_in
from mailer.compliance.subjects.words import shares, stems

RULE = "subject_scarcity"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); 15 U.S.C. 45"
REVIEWED = Reviewed("2026-11-30", version=3, duties="D25 D26")


def check(letter: Letter) -> Iterator[Finding]:
    for line in letter.lines:
        for claim in scarcity_in(line):
            verdict = _verdict(letter, claim, numbers_in(line.text))
            if verdict:
                yield letter.finding(RULE, *verdict, SOURCE, line, claim.start, claim.end)
                break


def _verdict(letter: Letter, claim: Scarcity, named: frozenset[int]) -> tuple[Severity, str] | None:
    body = letter.body
    if is_plentiful(body.text):
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
        return _counted(letter, claim)
    counts = {number for number in named if number > 1}
    if is_told(body.text) or (counts and counts <= numbers_in(letter.told)):
        return None
    severity = Severity.HOLD if letter.offers is not None and body.speaks else Severity.WARN
    return severity, f"Nothing bears out “{claim.words}”. Say in the body how many there are."


def _counted(letter: Letter, claim: Scarcity) -> tuple[Severity, str] | None:
    wanted = stems(claim.words)
    near = [each for each in letter.body.sentences if STOCK.search(each) or shares(each, wanted)]
    if claim.left in numbers_in(
        " ".join([*letter.body.lead, *near, *(offer.words for offer in letter.offers or ())])
    ):
        return None
    if letter.body.has(STOCK):
        return (
            Severity.BLOCK,
            f"The body does not name the number in “{claim.words}”. Name the true number in both.",
        )
    severity = Severity.HOLD if letter.body.speaks else Severity.WARN
    return severity, f"Nothing bears out “{claim.words}”. Name the number in the body."
