"""A body that reads like those that take their subject back, in whatever words.

15 U.S.C. 7704(a)(2): a subject must not mislead “a recipient, acting reasonably under the circumstances, about a
material fact regarding the contents or subject matter of the message”. What weighs how much was learned from
labelled cases (`mailer.compliance.subjects.weighing`); a person decides.
"""

from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.weighing import HOLDS, WHOLE, weight, weightiest

RULE = WHOLE
SOURCE = "risk under 15 U.S.C. 7704(a)(2)"
REVIEWED = Reviewed("2026-11-30", version=2, duties="D25 D33")
LONGEST = 160  # characters of a quotation


def check(letter: Letter) -> Iterator[Finding]:
    line = letter.full_subject
    if not line.text or not letter.body.speaks or weight(letter) < HOLDS:
        return
    sentence = weightiest(letter)
    if sentence is None:
        words = "The body doesn't seem to bear out what the subject says. Say in the subject what the body offers."
    else:
        words = (
            f"The body seems to take back or change what the subject says: “{_cut(sentence)}”. "
            "Say so in the subject, or leave out there what does not hold."
        )
    yield letter.finding(RULE, Severity.HOLD, words, SOURCE, line, 0, len(line.text))


def _cut(sentence: str) -> str:
    sentence = " ".join(sentence.split())
    return sentence if len(sentence) <= LONGEST else f"{sentence[: LONGEST - 1].rstrip()}…"
