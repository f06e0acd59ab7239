"""Sexually oriented mail bears its mark, exactly, and nothing sexual in the subject.

15 U.S.C. 7704(d); 16 CFR 316.4(a)(1): the subject starts with the 19 characters “SEXUALLY-EXPLICIT: ” (DUTIES
D36, T15).
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter, Purpose

RULE = "subject_explicit"
SOURCE = "15 U.S.C. 7704(d); 16 CFR 316.4"
REVIEWED = Reviewed("2026-11-22", version=1, duties="D36")
MARK = "SEXUALLY-EXPLICIT: "
ALMOST = re.compile(r"sexually[\s_-]*explicit\s*(?::|-|$)|\bsexually-explicit\b")
MATERIAL = re.compile(
    r"\b(?:porn\w*|xxx+|nudes?|naked (?:girls?|women|men|teens?)|blow ?jobs?|orgasms?|fuck\w*|"
    r"cocks?|pussy|cum(?:shots?)?|anal|tits|boobs|dildos?|"
    r"threesomes?|hardcore|hot (?:girls|singles|milfs)|milfs?|masturbat\w*|erotic (?:massage|"
    r"sex|scenes)|explicit (?:sex|words)|gangbangs?|fetish (?:sex|videos?)|sex (?:tapes?|"
    r"videos?|cams?|scenes|acts?))\b"
)


def check(letter: Letter) -> Iterator[Finding]:
    line = letter.full_subject
    marked = letter.raw_subject.startswith(MARK) and letter.raw_subject[len(MARK) :].strip() != ""
    if (letter.purpose is Purpose.SEXUALLY_EXPLICIT or ALMOST.search(line.text)) and not marked:
        words = f"Sexually oriented mail starts its subject with “{MARK}” exactly: capitals, hyphen, colon, space."
        yield Finding(
            RULE, Severity.BLOCK, words, SOURCE, "subject", (0, min(len(MARK), len(letter.raw_subject)))
        )
    for found in MATERIAL.finditer(line.text):
        words = f"“{found[0]}” must not stand in a subject. Keep such material behind the first screen."
        yield letter.finding(RULE, Severity.BLOCK, words, SOURCE, line, *found.span())
    if letter.purpose is not Purpose.SEXUALLY_EXPLICIT and marked:
        words = "The mark belongs to sexually oriented mail only. Set that purpose, or take the mark away."
        yield letter.finding(RULE, Severity.HOLD, words, SOURCE, line, 0, len(MARK) - 1)
