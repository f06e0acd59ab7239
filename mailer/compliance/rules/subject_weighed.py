"""A body that reads like those that take their subject back, in whatever words.

15 U.S.C. 7704(a)(2): a subject must not mislead “a recipient, acting reasonably under the circumstances, about a
material fact regarding the contents or subject matter of the message”. What weighs how much was learned from
labelled cases (`mailer.compliance.subjects.weighing`); a person decides.
"""

from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.normalise import normalise
from mailer.compliance.subjects.weighing import WHOLE, is_held, weightiest

RULE = WHOLE
SOURCE = "risk under 15 U.S.C. 7704(a)(2)"
REVIEWED = Reviewed("2026-12-01", version=4, duties="D25 D33")
LONGEST = 160  # characters of a quotation


def check(letter: Letter) -> Iterator[Finding]:
    if letter.body.speaks:
        for where, reading in letter.readings.items():
            line = normalise(reading.raw_subject, where)
            if line.text and is_held(reading):
                yield letter.finding(
                    RULE, Severity.HOLD, _words(reading, where), SOURCE, line, 0, len(line.text)
                )


def _words(letter: Letter, where: str) -> str:
    sentence = weightiest(letter)
    if sentence is None:
        return f"The body doesn't seem to bear out what the {where} says. Say in the {where} what the body offers."
    return (
        f"The body seems to take back or change what the {where} says: “{_cut(sentence)}”. "
        f"Say so in the {where}, or leave out there what does not hold."
    )


def _cut(sentence: str) -> str:
    sentence = " ".join(sentence.split())
    return sentence if len(sentence) <= LONGEST else f"{sentence[: LONGEST - 1].rstrip()}…"
