"""No other brand's voice, gift or approval, and no government's.

15 U.S.C. 7704(a)(1), (2); 16 CFR 461 on impersonation of government and businesses (DUTIES T10).
A brand that is only named (“works with Alexa”, “New IRS rule, explained”) is nobody's voice.
"""

import re
from collections.abc import Iterator

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects import brands
from mailer.compliance.subjects.claims import Claim
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.money import amounts_in
from mailer.compliance.subjects.times import days_in

RULE = "subject_brand"
SOURCE = "risk under 15 U.S.C. 7704(a)(1) and (2); 16 CFR 461"
READERS_OWN = re.compile(r"\b(?:your|you|approved|credits?|refunds?|checks?|payments?|notice)\b")
PROGRAM = re.compile(
    r"\b(?:state|federal|county|city|government)(?:'s)? (?:[\w'-]+ ){0,4}(?:program|rebate|grant|fund|office|credit)"
)
REVIEWED = Reviewed("2026-11-30", version=5, duties="D10 D25")


def check(letter: Letter) -> Iterator[Finding]:
    sender, domain = letter.sender_name, letter.sender_domain
    for line in letter.lines:
        found: list[tuple[Claim, tuple[Severity, str] | None]]
        found = [(claim, _given(letter, claim)) for claim in brands.given_in(line, sender, domain)]
        taken = {claim.start for claim, _ in found}
        if not letter.speaks_about:
            found += [
                (claim, _spoken(letter, claim, line.text))
                for claim in brands.spoken_in(line, sender, domain)
                if claim.start not in taken
            ]
        if not found and not letter.speaks_about:
            found = [(claim, _unexplained(letter, claim)) for claim in brands.named_in(line, sender, domain)]
        for claim, verdict in found:
            if verdict:
                yield letter.finding(RULE, *verdict, SOURCE, line, claim.start, claim.end)
                break


def _spoken(letter: Letter, claim: Claim, text: str) -> tuple[Severity, str] | None:
    if brands.EXPLAINS.search(text) and not letter.body.has(brands.BELIED):
        return _unexplained(letter, claim)
    if _is_partnered(letter, claim) or _informs_of(letter, claim, text):
        return None
    severity = Severity.BLOCK if letter.body.sells or letter.body.has(brands.BELIED) else Severity.HOLD
    return (
        severity,
        f"The line speaks as “{claim.words}”, and the sender is somebody else. Speak in your own name.",
    )


def _informs_of(letter: Letter, claim: Claim, text: str) -> bool:
    """“Medicare enrollment ends Dec 7”: a day of the program that the body tells, and nothing of the reader's own."""
    told = [
        each
        for sentence in letter.body.sentences
        if claim.words in sentence
        for each in days_in(sentence, letter.today)
    ]
    named = {each.last for each in days_in(text, letter.today) if each.exact}
    if READERS_OWN.search(text) or letter.body.has(brands.CALLED):
        return False
    return bool(named & {each.last for each in told}) or _pays(letter, text)


def _pays(letter: Letter, text: str) -> bool:
    """“The state's program pays $1,200”: the same sum, told of the program."""
    sums = {each.value for each in amounts_in(text)}
    return any(
        PROGRAM.search(sentence) and sums & {each.value for each in amounts_in(sentence)}
        for sentence in letter.body.sentences
    )


def _unexplained(letter: Letter, claim: Claim) -> tuple[Severity, str] | None:
    """“Medicare: what changes”, and the body only sells and never speaks of it."""
    if not letter.body.speaks or not letter.body.pitches or _is_named(letter, claim):
        return None
    return Severity.HOLD, f"The body tells nothing of “{claim.words}”. Explain it there, or don’t name it."


def _is_named(letter: Letter, claim: Claim) -> bool:
    return letter.body.has(re.compile(rf"\b{re.escape(claim.words.split()[0])}\b"))


def _given(letter: Letter, claim: Claim) -> tuple[Severity, str] | None:
    if letter.body.has(brands.BELIED) and not letter.body.has(
        re.compile(r"\b(?:draw|winner|rules|survey)\b")
    ):
        return Severity.BLOCK, f"The body denies any tie with “{claim.words}”. Take the name away."
    if _is_partnered(letter, claim):
        return None
    return (
        Severity.HOLD,
        f"The body does not bear out what the subject says of “{claim.words}”. Say how they take part.",
    )


def _is_partnered(letter: Letter, claim: Claim) -> bool:
    named = letter.body.with_words(re.compile(re.escape(claim.words)))
    return any(brands.BORNE_OUT.search(sentence) for sentence in named) and not letter.body.has(brands.BELIED)
