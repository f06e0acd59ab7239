"""“You have won”, “you are approved” is true of each reader, or is not said.

15 U.S.C. 7704(a)(2); FTC v. Credit Karma (2022) on “pre-approved”; FTC v. Publishers Clearing House (2023);
a disclaimer in the body does not cure the subject (DUTIES D31, T7).
"""

from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter, Purpose
from mailer.compliance.subjects.notices import DONE, bears_out
from mailer.compliance.subjects.prizes import BELIED, BORNE_OUT, CONGRATULATES, OPEN_TO_ALL, WON

RULE = "subject_prize"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); 15 U.S.C. 45"
REVIEWED = Reviewed("2026-11-30", version=5, duties="D31")


def check(letter: Letter) -> Iterator[Finding]:
    for line in letter.lines:
        if letter.speaks_about:
            return
        for won in WON.finditer(line.text):
            if OPEN_TO_ALL.search(line.text[: won.start()]) or _greets_others(line.text):
                continue
            verdict = _verdict(letter, won[0])
            if verdict:
                yield letter.finding(RULE, *verdict, SOURCE, line, *won.span())
                break


def _greets_others(text: str) -> bool:
    """“Congratulations to our award winners” tells no reader that they won."""
    return CONGRATULATES.search(text) is not None and not any(
        won[0] for won in WON.finditer(text) if not won[0].startswith("congrat")
    )


def _is_borne_out(letter: Letter) -> bool:
    """By what the reader did; or, in mail about a relationship, by particulars of any kind."""
    if letter.body.has(BORNE_OUT) or letter.body.has(DONE):
        return True
    return letter.purpose is Purpose.RELATIONSHIP and bears_out(letter.body, letter.subject)


def _verdict(letter: Letter, words: str) -> tuple[Severity, str] | None:
    belied, borne_out = letter.body.has(BELIED), _is_borne_out(letter)
    if borne_out and not belied:
        return None
    if borne_out and letter.body.sells < 2:
        return None
    if belied:
        return (
            Severity.BLOCK,
            f"The body does not bear out “{words}”: it sells or invites. Say what it really is.",
        )
    return (
        Severity.HOLD,
        f"“{words}” must be true of each reader. Say in the body what they entered or earned.",
    )
