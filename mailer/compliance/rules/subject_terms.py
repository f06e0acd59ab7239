"""The body does not take back the terms that the subject promises.

15 U.S.C. 7704(a)(2); FTC .com Disclosures: a disclosure can't contradict the claim (DUTIES D33, T9, T11).
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.terms import TERMS, Term
from mailer.compliance.subjects.words import just_before

RULE = "subject_terms"
SOURCE = "risk under 15 U.S.C. 7704(a)(2); 15 U.S.C. 45"
REVIEWED = Reviewed("2026-11-30", version=5, duties="D33")
NO = re.compile(r"\b(?:no|not|without|zero|never|nor|any)(?: \w+){0,3} $")
WAIVED = re.compile(
    r"^[^.;,]{0,20}\b(?:waived|free|included|scrapped|gone|abolished|dropped|on us|falls? away|goes away|"
    r"drops? (?:off|out|away)|disappears?)\b"
)
BESIDE = re.compile(r"\bfree (?:standard |express )?(?:shipping|delivery)|\bships? free")


def check(letter: Letter) -> Iterator[Finding]:
    for line in letter.lines:
        for term in TERMS:
            found = term.promised.search(line.text)
            if (
                not found
                or (term.but and term.but.search(line.text))
                or _is_announced(letter, term, found[0])
            ):
                continue
            taken_back = _taken_back(letter, term, "free" in found[0])
            if taken_back:
                words = f"The subject says “{found[0]}”, the body “{taken_back[0]}”. Say the same in both."
                yield letter.finding(RULE, Severity.BLOCK, words, SOURCE, line, *found.span())
                break


def _is_announced(letter: Letter, term: Term, promise: str) -> bool:
    """“Unlimited (up to 5 GB at full speed)” hides nothing."""
    rest = letter.announced.replace(promise, "")
    return any(not NO.search(just_before(rest, found.start())) for found in term.taken_back.finditer(rest))


def _taken_back(letter: Letter, term: Term, free: bool) -> re.Match[str] | None:
    """Free shipping from some sum on is a promise of its own, beside “no minimum”."""
    for sentence in letter.body.sentences:
        if BESIDE.search(sentence) and not free:
            continue
        for found in term.taken_back.finditer(sentence):
            if not NO.search(just_before(sentence, found.start())) and not WAIVED.search(
                sentence[found.end() :]
            ):
                return found
    return None
