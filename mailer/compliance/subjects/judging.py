"""What all rules say of one letter."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.weighing import KNOWING, WHOLE, reads_plainly, weighed

SubjectRule = Callable[[Letter], Iterator[Finding]]
GRAVEST = (Severity.BLOCK, Severity.HOLD, Severity.WARN)


@dataclass(frozen=True, slots=True)
class Judgement:
    """`verdict` is "ok" or the gravest severity found."""

    verdict: str
    findings: tuple[Finding, ...]


def judge(letter: Letter, rules: Sequence[SubjectRule]) -> Judgement:
    """Ask the rules, and weigh what they conclude against how the whole letter reads.

    Those that only conclude are not asked where nothing that they can find would be said. A rule that fails holds the
    message and is named: never a pass (DUTIES D127).
    """
    asked = [rule for rule in rules if _name(rule) in KNOWING] if _reads_plainly(letter) else rules
    found = tuple(_weighed(letter, heard(letter, asked)))
    return Judgement(gravest(found), found)


def _reads_plainly(letter: Letter) -> bool:
    try:
        return reads_plainly(letter)
    except Exception:  # told when what was found is weighed
        return False


def _weighed(letter: Letter, found: Sequence[Finding]) -> Sequence[Finding]:
    try:
        return weighed(letter, found)
    except Exception as wrong:
        return list(dict.fromkeys([*found, _failed(WHOLE, wrong)]))


def heard(letter: Letter, rules: Sequence[SubjectRule]) -> Sequence[Finding]:
    """What each rule says by itself."""
    return list(dict.fromkeys(finding for rule in rules for finding in _asked(rule, letter)))


def _asked(rule: SubjectRule, letter: Letter) -> list[Finding]:
    try:
        return list(rule(letter))
    except Exception as wrong:
        return [_failed(_name(rule), wrong)]


def _name(rule: SubjectRule) -> str:
    return rule.__module__.rpartition(".")[2]


def _failed(name: str, wrong: Exception) -> Finding:
    words = f"The check {name} failed ({type(wrong).__name__}), so somebody has to read this subject."
    return Finding(name, Severity.HOLD, words, "15 U.S.C. 7704(a)(2)", "subject")


def gravest(findings: Iterable[Finding]) -> str:
    """“ok”, or the gravest severity."""
    severities = {finding.severity for finding in findings}
    return next((str(severity) for severity in GRAVEST if severity in severities), "ok")
