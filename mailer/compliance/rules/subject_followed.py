"""Nothing pretends to go on with a conversation that there was not.

15 U.S.C. 7704(a)(2); Google's sender guidelines on replies and forwards (DUTIES D29, T4).
"""

from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.relations import NEVER_HAPPENED, THREAD, tells_of_contact

RULE = "subject_followed"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); Google sender guidelines"
REVIEWED = Reviewed("2026-12-01", version=1, duties="D29")


def check(letter: Letter) -> Iterator[Finding]:
    if letter.speaks_about:
        return
    for line in letter.lines:
        found = THREAD.search(line.text)
        verdict = _verdict(letter, found[0]) if found else None
        if found and verdict:
            yield letter.finding(RULE, *verdict, SOURCE, line, *found.span())


def _verdict(letter: Letter, words: str) -> tuple[Severity, str] | None:
    if letter.body.has(NEVER_HAPPENED):
        return (
            Severity.BLOCK,
            f"The body is a first contact, and the subject says “{words}”. Say who you are and why you write.",
        )
    if tells_of_contact(letter.body):
        return None
    return (
        Severity.HOLD,
        f"The body tells of nothing that “{words}” could go on with. Name what there was, and when.",
    )
