"""Rules are dated data: which duties each serves, its version, and as of when it was last judged by the law."""

from dataclasses import dataclass
from datetime import date, timedelta

GOOD_FOR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a rule's file says of itself, beside its name and its law.

    `as_of` is the day whose state of the law somebody last judged the rule by. `version` grows by one with each
    change of what the rule finds, so that a dossier can tell which rule it was. `duties` are of docs/compliance.md.
    """

    as_of: str
    version: int
    duties: str

    @property
    def day(self) -> date:
        return date.fromisoformat(self.as_of)

    @property
    def due(self) -> date:
        return self.day + GOOD_FOR

    @property
    def numbers(self) -> tuple[str, ...]:
        return tuple(self.duties.split())
