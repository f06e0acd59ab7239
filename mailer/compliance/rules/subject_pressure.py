"""Pressing, which deceives nobody and pleases nobody.

15 U.S.C. 7704(a)(2) leaves puffery alone; mail programs and readers don't (DUTIES T3).
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter

RULE = "subject_pressure"
SOURCE = "Google sender guidelines"
REVIEWED = Reviewed("2026-12-01", version=3, duties="D25")
THREAT = re.compile(
    r"\b(?:act (?:now|fast|immediately)|or (?:else|lose(?! it\b)|you(?:'ll| will) (?:lose|regret|"
    r"miss))|respond (?:now|immediately|today|within)|final notice|last warning|"
    r"urgent(?:ly)?\b(?! care)|immediate(?:ly)? (?:response|attention|reply)|you(?:'ll|"
    r" will) regret|don't (?:ignore|delete) this|open (?:immediately|now|at once)|"
    r"time[ -]sensitive)\b"
)
REASON = re.compile(
    r"\b(?:deadline|recall|shortage|emergency|appeal|disaster|flood\w*|earthquake|hunger|"
    r"storm|fire|closes?|ends?|expires?|by (?:monday|tuesday|wednesday|thursday|friday|noon|"
    r"midnight)|repair|repairs|collapse|shelter|dogs|cats|families|donors?|blood|cold|this week|by (?:tomorrow|"
    r"tonight|saturday|sunday)|winter|before)\b"
)


def check(letter: Letter) -> Iterator[Finding]:
    line = letter.subject
    threat = THREAT.search(line.text)
    if threat:
        borne_out = letter.body.has(REASON) and (not letter.body.sells or threat[0] == "urgent")
        is_calm = borne_out or not letter.body.speaks or not (letter.body.sells or letter.body.pitches)
        severity = Severity.WARN if is_calm else Severity.HOLD
        words = f"“{threat[0]}” presses the reader, and the body gives no reason. Say what ends, and when."
        yield letter.finding(RULE, severity, words, SOURCE, line, *threat.span())
