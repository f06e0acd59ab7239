"""An advertisement does not say that it is none.

15 U.S.C. 7704(a)(2), (a)(5)(A)(i); FTC v. Experian (2023): “this is not a marketing email” was itself the
fault pleaded. Why somebody gets a mail is said from stored facts, never by its author (DUTIES D5, D46, T12).
"""

from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.rules.subject_person import NOTE_FROM
from mailer.compliance.subjects.denials import DENIED, PERSONAL_DATA, denials_in, says_its_kind
from mailer.compliance.subjects.letter import Letter, Purpose

RULE = "subject_denial"
SOURCE = "risk under 15 U.S.C. 7704(a)(2) and (a)(5)"
REVIEWED = Reviewed("2026-12-01", version=4, duties="D5")


def check(letter: Letter) -> Iterator[Finding]:
    if letter.purpose is Purpose.RELATIONSHIP and not letter.body.sells:
        return
    for line in letter.lines:
        found = DENIED.search(line.text)
        is_note = NOTE_FROM.search(line.text.strip())  # subject_person asks for its signature
        if found and not letter.speaks_about and not is_note:
            severity = (
                Severity.HOLD if PERSONAL_DATA.search(found[0]) and not letter.body.sells else Severity.BLOCK
            )
            words = f"“{found[0]}” hides that this is an advertisement. Say what it offers."
            yield letter.finding(RULE, severity, words, SOURCE, line, *found.span())
    yield from in_body(letter)


def in_body(letter: Letter) -> Iterator[Finding]:
    """Of the whole body: what authors write like a footer, and what pictures say in their place, too.

    Mail about a relationship may say that it is that: whether it is, `kind_advertises` and `kind_declared` ask.
    """
    for words in denials_in(letter.body.cased):
        if letter.purpose is Purpose.RELATIONSHIP and says_its_kind(words):
            continue
        message = (
            f"The body says “{words}”. Take it out: Candor says what the mail is, and why people get it."
        )
        yield Finding(RULE, Severity.BLOCK, message, SOURCE, "body")
        return
