"""What the subject says that its reader did, the body tells as done.

15 U.S.C. 7704(a)(2); FTC v. Experian (2023) on notices of what nobody had done; DUTIES D29, T4. “As you asked”,
“Because you bought the kettle”, “You've earned a free night”: who never did is made to think that they had.
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.notices import DONE, PARTICULARS
from mailer.compliance.subjects.relations import HAPPENED

RULE = "subject_reader"
SOURCE = "risk under 15 U.S.C. 7704(a)(2)"
REVIEWED = Reviewed("2026-11-30", version=1, duties="D29")
_ACTS = (
    r"(?:asked|requested|downloaded|bought|purchased|ordered|booked|registered|signed up|subscribed|"
    r"enrolled|applied|"
    r"entered|inquired|enquired|donated|returned|rented|attended|reserved)"
)
DID = re.compile(
    rf"\b(?:as|because|since|that|which|what|guide|report|file|recording|quote|form) you(?:'ve|"
    rf" have)? (?:just |recently |once )?"
    rf"{_ACTS}\b|"
    rf"^you(?:'ve| have)? (?:just |recently )?{_ACTS}\b(?!\W+(?:we|and we|so|us|it)\b)|\bas requested\b|"
    r"\b(?:thanks|thank you) for (?:being (?:a|our) [\w ]{0,24}(?:member|customer|subscriber|guest|donor|"
    r"client)\b.{0,12}\b(?:since|"
    r"for)\b|your (?:recent )?(?:purchase|order|visit|booking|donation|gift|question|request|application|"
    r"entry|stay)\b)|"
    r"^your (?:question|request|inquiry|enquiry|application|entry|complaint|feedback) (?:about|on|for|of|"
    r"to|from)\b|"
    r"\byou(?:'ve| have)? (?:just )?earned (?:a|an|your|\d|[$€£]\d)(?! ?(?:treat|break|rest|nap|day off|"
    r"drink|good))|"
    r"\byou(?:'re| are) one of (?:our|the|only|\d)"
)
COLLECTED = re.compile(r"\b(?:stamps?|points|visits|card is full|miles|stars|credits?)\b")
EVERYBODY = re.compile(r"^you (?:all )?asked\b.{0,4}(?:$|we\b|[,;.:-])")


def check(letter: Letter) -> Iterator[Finding]:
    line = letter.subject
    found = DID.search(line.text)
    if found is None or letter.speaks_about or not letter.body.speaks or EVERYBODY.search(line.text):
        return
    if "?" in line.text or not (letter.body.pitches or letter.body.sells):
        return
    told = (DONE, HAPPENED, PARTICULARS, *((COLLECTED,) if "earned" in found[0] else ()))
    if any(pattern.search(each) for pattern in told for each in letter.body.sentences):
        return
    words = f"The body tells of nothing that bears out “{found[0]}”. Say there when the reader did what, or reword it."
    yield letter.finding(RULE, Severity.HOLD, words, SOURCE, line, *found.span())
