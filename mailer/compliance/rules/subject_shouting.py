"""Shouting, which deceives nobody and pleases nobody.

15 U.S.C. 7704(a)(2) leaves puffery alone; mail programs and readers don't (DUTIES T3).
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter

RULE = "subject_shouting"
SOURCE = "Google sender guidelines"
REVIEWED = Reviewed("2026-12-01", version=1, duties="D25")
SHOUTED = re.compile(r"!{3,}|\?!\?|[$€£]{3,}|[!?]{4,}")


def check(letter: Letter) -> Iterator[Finding]:
    shouted = SHOUTED.search(letter.raw_subject)
    if shouted:
        words = "The subject shouts. One mark is enough."
        yield Finding(RULE, Severity.WARN, words, SOURCE, "subject", shouted.span())
