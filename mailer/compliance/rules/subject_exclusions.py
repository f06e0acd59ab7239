"""“No exclusions” has none.

15 U.S.C. 7704(a)(2); FTC .com Disclosures: a disclosure can't contradict the claim (DUTIES D26, D33). The rule sees
what is said: the subject excludes nothing, and the body says what is excluded. So nothing outweighs it
(`weighing.KNOWING`).
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter

RULE = "subject_exclusions"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); 15 U.S.C. 45"
REVIEWED = Reviewed("2026-12-01", version=1, duties="D26 D33")
NONE = re.compile(r"\b(?:no|zero|without) (?:exclusions|exceptions)\b|\bnothing (?:is )?excluded\b")
# What nobody takes for a part of the offer: tax, shipping, what was bought before, other offers beside it.
USUAL = (
    r"(?!(?:\w+ )?(?:sales |local )?(?:tax(?:es)?|vat|shipping|delivery|postage|duties|prior|previous|earlier|past|"
    r"other (?:offers|codes|discounts|promotions)|gift ?cards?|cash)\b)"
)
LEFT_OUT = re.compile(
    rf"\b(?:excludes|excluding|exclusions(?: are| include|:)|except(?: for)?|"
    rf"(?:not valid|isn't valid|not available|(?:doesn't|does not|don't|do not|isn't|can't) (?:apply|count|be used)) "
    rf"(?:on|for|to|with)) {USUAL}[a-z]+"
)
NOT = re.compile(r"\b(?:no|nothing|never|without|zero|any|if)\b[^.;]{0,30}$")


def check(letter: Letter) -> Iterator[Finding]:
    if letter.speaks_about:
        return
    for line in letter.lines:
        none = NONE.search(line.text)
        left_out = letter.body.says(LEFT_OUT, unless=NOT) if none else None
        if none and left_out:
            words = (
                f"The {line.where} says “{none[0]}”, and the body leaves out: “{left_out}”. "
                "Name what the offer is on."
            )
            yield letter.finding(RULE, Severity.BLOCK, words, SOURCE, line, *none.span())
