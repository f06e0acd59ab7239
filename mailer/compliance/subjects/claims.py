"""What a subject can claim. Each claim knows its place in the normalised line."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Claim:
    """Words at line.text[start:end] that say something a body can bear out or belie."""

    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True)
class Deadline(Claim):
    """Something ends between `first` and `last`; `hard` if a reader could write the day down.

    `names_end` is False for “last chance”, which names no day but means soon.
    """

    first: date
    last: date
    hard: bool


@dataclass(frozen=True, slots=True)
class Discount(Claim):
    """`value` per cent, or an amount off; `up_to` if the subject says that it is the most."""

    value: Decimal
    is_percent: bool
    up_to: bool = False
    low: Decimal | None = None
    on: str = ""
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Price(Claim):
    """What something costs; `bound` is "from", "under", "was" or empty."""

    value: Decimal
    bound: str = ""


@dataclass(frozen=True, slots=True)
class Free(Claim):
    """`item` is what is free, `condition` what the subject itself asks for it."""

    item: str
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Scarcity(Claim):
    """`left` is the number that remains, None if it only hints."""

    left: int | None = None
    crowd: bool = False
