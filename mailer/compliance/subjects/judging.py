"""What all rules say of one letter."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter

SubjectRule = Callable[[Letter], Iterator[Finding]]
GRAVEST = (Severity.BLOCK, Severity.HOLD, Severity.WARN)


@dataclass(frozen=True, slots=True)
class Judgement:
    """`verdict` is "ok" or the gravest severity found."""

    verdict: str
    findings: tuple[Finding, ...]


def judge(letter: Letter, rules: Sequence[SubjectRule]) -> Judgement:
    """Ask every rule. A rule that fails holds the message and is named: never a pass (DUTIES D127)."""
    found = tuple(dict.fromkeys(finding for rule in rules for finding in _asked(rule, letter)))
    return Judgement(_gravest(found), found)


def _asked(rule: SubjectRule, letter: Letter) -> list[Finding]:
    try:
        return list(rule(letter))
    except Exception as wrong:
        name = rule.__module__.rpartition(".")[2]
        words = f"The check {name} failed ({type(wrong).__name__}), so somebody has to read this subject."
        return [Finding(name, Severity.HOLD, words, "15 U.S.C. 7704(a)(2)", "subject")]


def _gravest(findings: Iterable[Finding]) -> str:
    severities = {finding.severity for finding in findings}
    return next((str(severity) for severity in GRAVEST if severity in severities), "ok")
