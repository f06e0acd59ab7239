"""What a check says."""

from dataclasses import dataclass

from mailer.models import DnsAnswer

State = DnsAnswer.State
Check = DnsAnswer.Check


@dataclass(frozen=True, slots=True)
class Record:
    """A record to publish, as a form of a DNS provider asks for it."""

    name: str = ""
    kind: str = ""
    value: str = ""


NOTHING = Record()


@dataclass(frozen=True, slots=True)
class Said:
    """One check's result in words, with what was found and what to publish instead."""

    state: str
    words: str
    found: str = ""
    publish: Record = NOTHING


def tags_of(record: str) -> dict[str, str]:
    """`v=DMARC1; p=none` in its parts, names in lower case."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip() for name, equals, value in pairs if equals}
