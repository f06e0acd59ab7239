"""What a rule says."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Block: provable, and nobody can override it. Hold: somebody who may approve says why not. Warn."""

    BLOCK = "block"
    HOLD = "hold"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend. `message` tells a marketer what to do; `source` names the law or standard;
    it is empty where only Candor's own language is concerned, such as a misspelt merge field.
    `span` is where in the raw subject, in code points; None if it is about something else.
    """

    rule: str
    severity: Severity
    message: str
    source: str
    where: str = ""
    span: tuple[int, int] | None = None
