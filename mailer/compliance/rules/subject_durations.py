"""How long a thing takes or lasts is the same in subject and body.

15 U.S.C. 7704(a)(2); Mail, Internet, or Telephone Order Merchandise Rule, 16 CFR 435.2 on times of shipment
(DUTIES D33, T11). Ends of offers are the deadline rule's.
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.deadlines import deadlines_in
from mailer.compliance.subjects.durations import Duration, durations_in
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.words import shares, stems

RULE = "subject_durations"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); 16 CFR 435"
REVIEWED = Reviewed("2026-11-30", version=2, duties="D33")
# What lasts on its own, beside the thing the subject speaks of.
OTHER = re.compile(
    r"\b(?:returns?|refunds?|founded|years of|ago|since|old|reply|answer|notice|shipping takes|cancel)\b"
)
ALIKE = 1.3  # “about an hour” is 60 minutes, and 45 are not 25


def check(letter: Letter) -> Iterator[Finding]:
    line = letter.subject
    if deadlines_in(line, letter.today):
        return
    for claim in durations_in(line.text):
        other = _contrary(letter, line.text, claim)
        if other:
            words = f"The subject says “{claim.words}”, the body “{other.words}”. Name the same time in both."
            yield letter.finding(RULE, Severity.HOLD, words, SOURCE, line, claim.start, claim.end)
            return


def _contrary(letter: Letter, text: str, claim: Duration) -> Duration | None:
    told = [each for sentence in letter.body.sentences for each in durations_in(sentence)]
    if any(_is_alike(claim, each) for each in told):
        return None
    wanted = stems(text[: claim.start] + text[claim.end :])
    near = [
        each
        for index, sentence in enumerate(letter.body.sentences)
        if not OTHER.search(sentence)
        and (shares(sentence, wanted) or (index < 2 and len(letter.body.sentences) < 12))
        for each in durations_in(sentence)
    ]
    return near[0] if near else None


def _is_alike(claim: Duration, told: Duration) -> bool:
    if told.at_most:
        return claim.minutes <= told.minutes
    if claim.at_most:
        return told.minutes <= claim.minutes * ALIKE
    return claim.minutes <= told.minutes * ALIKE and told.minutes <= claim.minutes * ALIKE
