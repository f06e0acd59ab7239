"""On what a campaign's claims rest beside its body: offers, files that prove, numbers that are asked again.

FTC Act section 5 and the substantiation doctrine; 15 U.S.C. 7704(a)(2); RCW 19.190.020(1)(b) (DUTIES D26–D28, T3, T14).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects import Letter
from mailer.compliance.subjects.normalise import plain_text
from mailer.compliance.subjects.scarcity import scarcity_in
from mailer.models import Offer, Proof

SOURCE = "risk under 15 U.S.C. 7704(a)(2); 15 U.S.C. 45"
# Rules that hold for want of a source outside of the message; what contradicts the message no file mends.
PROVABLE = frozenset(
    {
        "subject_proof",
        "subject_outcome",
        "subject_novelty",
        "subject_brand",
        "subject_scarcity",
        "subject_price",
    }
)


@dataclass(frozen=True, slots=True)
class Count:
    """A counter that a campaign speaks of. `stands` is None while nobody has told it for too long."""

    what: str
    said: int
    stands: int | None

    @property
    def is_true(self) -> bool:
        return self.stands == self.said


@dataclass(frozen=True, slots=True)
class Grounds:
    """Without any, a claim rests on the body alone."""

    offers: Sequence[Offer] = ()
    proofs: Sequence[Proof] = ()
    counts: Sequence[Count] = ()


def counted(letter: Letter, counts: Sequence[Count]) -> Iterator[Finding]:
    """A number that is left is one that falls: it needs a counter, and the counter has to stand there."""
    for line in letter.lines:
        for claim in scarcity_in(line):
            if claim.left is None or claim.crowd:
                continue
            count = next((each for each in counts if each.said == claim.left), None)
            if count is not None and count.is_true:
                continue
            if count is None:
                rule, severity = "counter_missing", Severity.HOLD
                words = (
                    f"“{claim.words}” is a number that falls. Record it, so that it is asked before each "
                    f"message goes out."
                )
            else:
                rule, severity = "counter_untrue", Severity.BLOCK
                stands = "is not known any more" if count.stands is None else f"is {count.stands:,} now"
                words = (
                    f"“{claim.words}” is no longer true: {count.what} {stands}. Say what is true, or tell "
                    f"the number anew."
                )
            yield letter.finding(rule, severity, words, SOURCE, line, claim.start, claim.end)
            break


def explained(findings: Iterable[Finding], letter: Letter, grounds: Grounds) -> Iterator[Finding]:
    """With the files that stand behind a claim told where it is held, and no warning that nothing stands there.

    A program can't read a study, so a hold stays one, and whoever releases it is told what to read.
    """
    said = letter.announced
    proofs = [proof for proof in grounds.proofs if _is_said(proof, letter)]
    is_counted = any(count.is_true and str(count.said) in said for count in grounds.counts)
    for finding in findings:
        if is_counted and finding.rule == "subject_scarcity" and finding.severity is not Severity.BLOCK:
            continue
        if finding.rule not in PROVABLE or not proofs or finding.severity is Severity.BLOCK:
            yield finding
        elif finding.severity is Severity.HOLD:
            on_file = "; ".join(_told(proof) for proof in proofs)
            yield replace(
                finding, message=f"{finding.message} On file: {on_file}. Read it before you release this."
            )


def _is_said(proof: Proof, letter: Letter) -> bool:
    """Whether the words that the file proves still stand in subject, preheader or name."""
    claim = " ".join(plain_text(proof.claim).split())
    lines = (letter.raw_subject, letter.preheader, letter.from_name)
    return any(claim in " ".join(plain_text(line).split()) for line in lines)


def _told(proof: Proof) -> str:
    day = f"{proof.found_on.day} {proof.found_on:%B %Y}"
    return f"“{proof.proves}” by {proof.source}, {day}, SHA-256 {bytes(proof.sha256).hex()[:12]}…"
