"""Nobody writes in the name of a mother, a bank or a friend.

15 U.S.C. 7704(a)(1) and (a)(2); California B&P 17529.5(a)(2), Balsam v. Trancos (DUTIES T10).
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.relations import PERSON, PERSON_BORNE_OUT
from mailer.compliance.subjects.times import days_in
from mailer.compliance.subjects.words import shares, stems

RULE = "subject_person"
SOURCE = "risk under 15 U.S.C. 7704(a)(1) and (2)"
REVIEWED = Reviewed("2026-11-30", version=4, duties="D10 D25")
NOTE_FROM = re.compile(
    r"\b(?:a |the )?(?:personal |special |short |quick )?(?:note|letter|message|"
    r"word) from (?:our |the )?(?:founder|ceo|owner|director|chef|head \w+|president|team|"
    r"chair\w*|editor)?,? ?(?:(?:dr|prof|mrs?|ms)\.? )?"
    r"(?P<name>(?:[a-z'-]+ ?){1,2})$"
)
# “A message from our CEO” names no name: somebody speaks of themselves in it.
A_ROLE = re.compile(r"\b(?:founder|ceo|owner|director|chef|president|chair\w*|editor)\b")
WROTE = re.compile(r"\b(?:wrote|left|sent|asked|invited|tagged|said|recommended|shared)\b")
IN_SOMEBODYS_NAME = re.compile(
    r"\b(?:in (?:her|his|their) (?:spirit|name|style|words)|on (?:her|his) behalf|ghost-?writ\w+|passed away|"
    r"(?:the )?name we(?:'ve| have)? g(?:a|i)ven? )\b"
)
IN_PERSON = re.compile(r"\b(?:i|i'm|i've|i'd|i'll|my)\b")
SUBJECT_SAYS = re.compile(
    r"\b(?:gift|present|card|day|like|forward|share|send|for your|with your|tell|invite|bring|refer|help|"
    r"ask|how)\b"
)


def check(letter: Letter) -> Iterator[Finding]:
    for line in letter.lines:
        found = PERSON.search(line.text)
        if found and not letter.speaks_about and not SUBJECT_SAYS.search(line.text[: found.start()]):
            verdict = _verdict(letter, found[0])
            if verdict:
                yield letter.finding(RULE, *verdict, SOURCE, line, *found.span())
                continue
        signed = NOTE_FROM.search(line.text)
        if (
            signed
            and signed["name"].strip()
            and (not _is_signed(letter, signed["name"]) or letter.body.has(IN_SOMEBODYS_NAME))
        ):
            words = (
                f"The body is not signed by {signed['name'].strip().title()}. Sign it, or don’t call it "
                f"their note."
            )
            yield letter.finding(RULE, Severity.HOLD, words, SOURCE, line, *signed.span())


def _verdict(letter: Letter, words: str) -> tuple[Severity, str] | None:
    institution = re.search(r"from your (?:\w+ )*(\w+)$", words)
    if institution and institution[1] in letter.sender_name:
        return None
    if not institution and _wrote(letter, words):
        return None
    if letter.body.has(PERSON_BORNE_OUT) and not institution and letter.body.sells < 2:
        return None
    severity = Severity.BLOCK if letter.body.sells else Severity.HOLD
    return severity, f"“{words}” names somebody who does not write this. Say who writes."


def _wrote(letter: Letter, words: str) -> bool:
    """Whether the one who is named wrote to the reader on a day that is told."""
    wanted = stems(words) & stems(letter.raw_subject.lower())
    return any(
        WROTE.search(each) and shares(each, wanted) and days_in(each, letter.today)
        for each in letter.body.lead
    )


def _is_signed(letter: Letter, name: str) -> bool:
    if A_ROLE.search(name) and letter.body.has(IN_PERSON):
        return True
    if A_ROLE.search(name):
        return letter.body.has(re.compile(rf"\b{re.escape(name.split()[0])}\b"))
    return name.split()[0] in letter.body.text or name.strip() in letter.sender_name
