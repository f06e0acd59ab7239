"""A postal address in parts, and what is said about it."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Parts:
    """An address as a person filled it in. `country` is two letters (ISO 3166-1), or the country's English "
    "name."""

    organization: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""

    @property
    def lines(self) -> str:
        return f"{self.line1}\n{self.line2}"


FIELDS = tuple(field.name for field in fields(Parts))


@dataclass(frozen=True, slots=True)
class Remark:
    """One problem or doubt: the field it is about, and words that say what to do."""

    where: str
    message: str
    is_doubt: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """Every problem makes the address invalid; a doubt only asks somebody to look again."""

    remarks: tuple[Remark, ...]

    @classmethod
    def of(cls, remarks: Iterable[Remark]) -> "Judgement":
        return cls(tuple(dict.fromkeys(remarks)))

    @property
    def problems(self) -> tuple[Remark, ...]:
        return tuple(remark for remark in self.remarks if not remark.is_doubt)

    @property
    def doubts(self) -> tuple[Remark, ...]:
        return tuple(remark for remark in self.remarks if remark.is_doubt)

    @property
    def valid(self) -> bool:
        return not self.problems


def plain(value: str) -> str:
    """One line in single spaces: full-width letters, odd digits and dashes as everybody types them."""
    composed = unicodedata.normalize("NFKC", value)
    digits = "".join(str(unicodedata.decimal(each, each)) for each in composed)
    return " ".join(re.sub("[\u2010-\u2015\u2212]", "-", digits).split())


def folded(value: str) -> str:
    """As `plain`, in lower case without accents and punctuation, for comparing names."""
    apart = unicodedata.normalize("NFKD", plain(value).casefold())
    bare = "".join(each for each in apart if not unicodedata.combining(each))
    return " ".join(re.sub(r"[^\w\s]|_", " ", bare).split())
