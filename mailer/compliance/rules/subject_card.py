"""“No card needed” asks for none.

15 U.S.C. 8403 (ROSCA) on free trials that go on as paid plans; 15 U.S.C. 7704(a)(2) (DUTIES D33, T3). The rule sees
what is said: the subject asks for no card, and the body for one. So nothing outweighs it (`weighing.KNOWING`).
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter

RULE = "subject_card"
SOURCE = "risk under 15 U.S.C. 7704(a)(2) and 8403"
REVIEWED = Reviewed("2026-12-01", version=1, duties="D33")
_CARD = (
    r"(?:(?:credit |payment |debit |bank )?card\b|billing (?:details|information)|payment (?:details|method))"
)
NONE = re.compile(rf"\b(?:no|without)(?: a| your)? {_CARD}|\bno billing\b|\bcard-?free\b")
ASKED = re.compile(
    rf"\b(?:add|enter|give|leave|put in|provide|register|submit|supply|link|attach|needs?|requires?|asks? for)"
    rf"(?:ing)? (?:us )?(?:an? |your |the |any |some )?(?:valid )?{_CARD}|"
    rf"\b{_CARD} (?:number |on file )?(?:is|are|will be) (?:charged|needed|required|taken|billed|held|debited)\b|"
    rf"\b(?:charge|bill|debit)s? (?:to )?(?:your|the) {_CARD}"
)
# Later, or not at all: “only if you stay”, “we won't ask you to enter a card”.
UNLESS = re.compile(
    r"\b(?:no|not|without|zero|never|nor|any|nobody|nothing|if|unless|until|should you|when you|later|decide|"
    r"stay(?:ing)?|upgrad\w+|keep (?:it|going|the)|carry on|continue)\b|n't\b"
)


def check(letter: Letter) -> Iterator[Finding]:
    for line in letter.lines:
        none = NONE.search(line.text)
        asked = _asked(letter) if none else None
        if none and asked:
            words = f"The {line.where} says “{none[0]}”, and the body asks for one: “{asked}”. Say the same in both."
            yield letter.finding(RULE, Severity.BLOCK, words, SOURCE, line, *none.span())


def _asked(letter: Letter) -> str | None:
    for sentence in letter.body.sentences:
        found = ASKED.search(sentence)
        if found and not UNLESS.search(sentence):
            return found[0]
    return None
