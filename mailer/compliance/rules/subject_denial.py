"""An advertisement does not say that it is none.

15 U.S.C. 7704(a)(2), (a)(5)(A)(i); FTC v. Experian (2023): “this is not a marketing email” was itself the
fault pleaded (DUTIES D5, T12).
"""

from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.denials import DENIED, IN_BODY, PERSONAL_DATA
from mailer.compliance.subjects.letter import Letter, Purpose

RULE = "subject_denial"
SOURCE = "risk under 15 U.S.C. 7704(a)(2) and (a)(5)"
REVIEWED = Reviewed("2026-11-30", version=2, duties="D5")


def check(letter: Letter) -> Iterator[Finding]:
    if letter.purpose is Purpose.RELATIONSHIP and not letter.body.sells:
        return
    for line in letter.lines:
        found = DENIED.search(line.text)
        if found and not letter.speaks_about:
            severity = (
                Severity.HOLD if PERSONAL_DATA.search(found[0]) and not letter.body.sells else Severity.BLOCK
            )
            words = f"“{found[0]}” hides that this is an advertisement. Say what it offers."
            yield letter.finding(RULE, severity, words, SOURCE, line, *found.span())
    denied = IN_BODY.search(letter.body.text)
    if denied:
        words = f"The body says “{denied[0]}”, and it is. Take the sentence away."
        yield Finding(RULE, Severity.BLOCK, words, SOURCE, "body")
