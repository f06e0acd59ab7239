"""The rules as people read about them: law, words, version, day of review, and what each may do to a campaign."""

import inspect
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Severity
from mailer.compliance.rules import AUDIENCE_RULES, KIND_RULES, MESSAGE_RULES, SENDER_RULES, SUBJECT_RULES

GROUPS: tuple[tuple[str, Sequence[Callable]], ...] = (
    ("Who sends", SENDER_RULES),
    ("What goes out", MESSAGE_RULES),
    ("What a subject claims", SUBJECT_RULES),
    ("What kind of mail it is", KIND_RULES),
    ("Who gets it", AUDIENCE_RULES),
)
_SEVERITY = re.compile(rf"\bSeverity\.({'|'.join(severity.name for severity in Severity)})\b")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as its file states it. How grave its findings are stands in its code, and nowhere else to be changed."""

    name: str
    group: str
    law: str
    words: str
    reasons: str
    reviewed: Reviewed
    severities: tuple[Severity, ...]


@cache
def catalogue() -> tuple[Rule, ...]:
    """Every rule once, in the order in which findings are shown."""
    return tuple(_described(group, check) for group, checks in GROUPS for check in checks)


def versions() -> dict[str, int]:
    """Which version of each rule judges now: kept with a launch, so that a dossier can tell it years later."""
    return {rule.name: rule.reviewed.version for rule in catalogue()}


def _described(group: str, check: Callable) -> Rule:
    module = sys.modules[check.__module__]
    words, _, reasons = inspect.cleandoc(module.__doc__ or "").partition("\n\n")
    return Rule(
        name=module.RULE,
        group=group,
        law=module.SOURCE,
        words=words,
        reasons=reasons,
        reviewed=module.REVIEWED,
        severities=tuple(_severities(inspect.getsource(module))),
    )


def _severities(source: str) -> Iterator[Severity]:
    """Those that a rule's code names, gravest first."""
    named = set(_SEVERITY.findall(source))
    return (severity for severity in Severity if severity.name in named)
