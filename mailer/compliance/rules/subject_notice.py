"""An advertisement does not dress as an order, a bill, an account notice or an official letter.

15 U.S.C. 7704(a)(2); 16 CFR 316.3; FTC v. Experian (2023); FTC v. Publishers Clearing House (2023)
(DUTIES D30, T5, T6). What really happened is told with its particulars: numbers, dates, sums.
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter, Purpose
from mailer.compliance.subjects.normalise import Line
from mailer.compliance.subjects.notices import (
    FOREIGN_NOTICE,
    NOTICE,
    OFFERED,
    PARTICULARS,
    RECORDED,
    bears_out,
    begins_with_particulars,
)

RULE = "subject_notice"
# “Your table is waiting” invites, and “a statement of impact” is no bill.
IDLE = re.compile(
    r"\b(?:is|are) (?:waiting|calling|set)\b|\bstatements? of (?:impact|purpose|values|support|faith)\b"
)
SOURCE = "risk under 15 U.S.C. 7704(a)(2); 16 CFR 316.3"
REVIEWED = Reviewed("2026-11-30", version=5, duties="D30")


def check(letter: Letter) -> Iterator[Finding]:
    for line in letter.lines:
        found = NOTICE.search(line.text) or RECORDED.search(line.text.strip())
        if found and not letter.speaks_about and not _is_idle(line.text):
            yield from _judged(letter, line, found.span())
            return
        foreign = FOREIGN_NOTICE.search(line.text)
        if foreign:
            yield from _foreign(letter, line, foreign.span())
            return


def _is_idle(text: str) -> bool:
    return "?" in text or OFFERED.search(text) is not None or IDLE.search(text) is not None


def _judged(letter: Letter, line: Line, span: tuple[int, int]) -> Iterator[Finding]:
    verdict = _verdict(letter, line, line.text[slice(*span)])
    if verdict:
        yield letter.finding(RULE, *verdict, SOURCE, line, *span)


def _verdict(letter: Letter, line: Line, words: str) -> tuple[Severity, str] | None:
    if bears_out(letter.body, line):
        if letter.body.sells < 2 or begins_with_particulars(letter.body):
            return None
        return (
            Severity.HOLD,
            f"“{words}” sounds like a notice, and the message opens by selling. Say that it is an offer.",
        )
    if letter.body.sells:
        return (
            Severity.BLOCK,
            f"“{words}” sounds like a notice of something that happened; the body sells. Say what it offers.",
        )
    if not letter.body.speaks and letter.purpose is Purpose.RELATIONSHIP:
        return None
    return (
        Severity.HOLD,
        f"The body has no particulars of “{words}”: no number, day or sum. Add them, or reword it.",
    )


def _foreign(letter: Letter, line: Line, span: tuple[int, int]) -> Iterator[Finding]:
    """Only the plainest in other languages, and only in advertisements: bodies there are not read in full."""
    if letter.purpose is Purpose.RELATIONSHIP or letter.body.has(PARTICULARS):
        return
    if any(map(str.isdigit, line.text)) or _has_long_number(letter):
        return
    yield letter.finding(
        RULE, Severity.HOLD,
        f"“{line.text[slice(*span)]}” sounds like a notice of something that happened. Say what the "
        f"message offers.",
        SOURCE, line, *span,
    )  # fmt: skip


def _has_long_number(letter: Letter) -> bool:
    """An order or invoice has one; prices and years don't reach five digits."""
    return any(
        len(word.strip(".,:#-")) >= 5 and any(map(str.isdigit, word))
        for word in letter.body.text.split()
        if "%" not in word
    )
