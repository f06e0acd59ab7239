"""A result is promised only where something bears it out.

FTC Act section 5 and the substantiation doctrine; 15 U.S.C. 7704(a)(2); FTC v. Experian (2023) (DUTIES T14).
"""

from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.money import amounts_in
from mailer.compliance.subjects.outcomes import (
    BELIED,
    DOUBTED,
    MONEY_BACK,
    NO_REFUND,
    NO_STUDY,
    OF_THE_RANGE,
    OF_THE_SHOP,
    OUTCOME,
    PROMISED,
    STRONG,
    SUBSTANTIATED,
)

RULE = "subject_outcome"
SOURCE = "risk under 15 U.S.C. 45; 15 U.S.C. 7704(a)(2)"
REVIEWED = Reviewed("2026-11-30", version=3, duties="D25 D34")


def check(letter: Letter) -> Iterator[Finding]:
    for line in letter.lines:
        refund = MONEY_BACK.search(line.text)
        if refund:
            if verdict := _refund(letter, refund[0], refund["days"] or refund["days2"]):
                yield letter.finding(RULE, *verdict, SOURCE, line, *refund.span())
            continue
        found = OUTCOME.search(line.text)
        if found and (not letter.speaks_about or letter.body.has(BELIED)):
            verdict = _verdict(letter, found[0])
            if verdict:
                yield letter.finding(RULE, *verdict, SOURCE, line, *found.span())
                continue
        promised = PROMISED.search(line.text)
        if (
            promised
            and not OF_THE_SHOP.search(line.text)
            and not (letter.speaks_about and len(amounts_in(letter.body.text)) > 1)  # a case with its figures
            and not letter.body.has(SUBSTANTIATED)
            and (_doubted(letter) or letter.body.has(BELIED))
        ):
            words = f"The body doubts what “{promised[0]}” promises. Promise only what holds for most."
            yield letter.finding(RULE, Severity.BLOCK, words, SOURCE, line, *promised.span())


def _doubted(letter: Letter) -> bool:
    return any(not OF_THE_RANGE.search(sentence) for sentence in letter.body.with_words(DOUBTED))


def _verdict(letter: Letter, words: str) -> tuple[Severity, str] | None:
    if letter.body.has(BELIED):
        return (
            Severity.BLOCK,
            f"The body takes back what “{words}” promises. Promise only what holds for most.",
        )
    if letter.body.has(SUBSTANTIATED) and not letter.body.has(NO_STUDY):
        return None
    if _doubted(letter):
        return Severity.BLOCK, f"The body doubts what “{words}” promises. Promise only what holds for most."
    severity = Severity.HOLD if STRONG.search(words) else Severity.WARN
    return severity, f"Nothing bears out “{words}”. Name the study or the cases in the body, or promise less."


def _refund(letter: Letter, words: str, days: str | None) -> tuple[Severity, str] | None:
    if letter.body.has(NO_REFUND):
        return Severity.BLOCK, f"The body takes back “{words}”. Say what the guarantee really gives."
    if days and letter.body.speaks and days not in letter.told:
        return Severity.HOLD, f"The body does not say “{words}”. Name the same days in both."
    return None
