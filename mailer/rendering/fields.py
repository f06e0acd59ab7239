"""Merge fields: the small language an author may write, and the slots it becomes.

    {{ first_name|default:"friend" }}   {{ last_name|default:"" }}   {{ email }}

Nothing else is a field. What looks like one and isn't is refused while the author is still there to
mend it, in words that say how.
"""

import hashlib
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from mailer.rendering.facts import Problem

KNOWN = ("first_name", "last_name", "email")
NEVER_MISSING = frozenset({"email"})
LONGEST_DEFAULT = 80

QUOTES = "\"'“”„‘’"
BRACES = re.compile(r"(?<!\{)\{\{([^{}]*)\}\}(?!\})")
FIELD = re.compile(
    rf"\s*(?P<name>[A-Za-z_][\w.]*)\s*"
    rf"(?:\|\s*(?P<filter>\w+)\s*(?::\s*[{QUOTES}](?P<default>[^{QUOTES}]*)[{QUOTES}]\s*)?)?"
)
LEFT_OVER = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}")


class Place(StrEnum):
    """Where a value lands, which decides how it is escaped."""

    HEADER = "header"
    HTML = "html"  # text, or an attribute in double quotes
    QUERY = "query"  # a value in the query of a link
    TEXT = "text"
    LINE = "line"  # HTML that is read like a subject: the preheader


@dataclass(frozen=True, slots=True)
class Slot:
    """A gap in the compiled bytes that each recipient fills."""

    name: str
    place: Place
    default: str = ""

    @property
    def written(self) -> str:
        return f'{{{{ {self.name}|default:"{self.default}" }}}}'

    def to_json(self) -> bytes:
        return json.dumps([self.name, self.place, self.default]).encode("ascii")

    @classmethod
    def from_json(cls, kept: bytes) -> "Slot":
        name, place, default = json.loads(kept)
        return cls(name, Place(place), default)


class Marks:
    """Words that stand in for slots while HTML libraries work on the text around them.

    Each is plain letters and digits, which no library escapes, and starts with a digest of everything
    the author wrote, so that no author can write one.
    """

    def __init__(self, *written: str) -> None:
        digest = hashlib.sha256("\0".join(written).encode("utf-8", "surrogatepass")).hexdigest()
        self._stem = f"z{digest[:20]}q"
        self._slots: list[Slot] = []
        self.pattern = re.compile(rf"{self._stem}(\d+)z")

    def mark(self, slot: Slot) -> str:
        self._slots.append(slot)
        return f"{self._stem}{len(self._slots) - 1}z"

    def slot(self, found: re.Match[str]) -> Slot:
        return self._slots[int(found[1])]

    def moved(self, text: str, place: Place, *, only: Place | None = None) -> str:
        """`text` with its marks replaced by marks of the same fields at another place."""

        def move(found: re.Match[str]) -> str:
            slot = self.slot(found)
            return self.mark(replace(slot, place=place)) if only in (None, slot.place) else found[0]

        return self.pattern.sub(move, text)

    def split(self, text: str) -> Iterator[str | Slot]:
        """The text between marks and the slots, in order; empty text is left out."""
        end = 0
        for found in self.pattern.finditer(text):
            if found.start() > end:
                yield text[end : found.start()]
            yield self.slot(found)
            end = found.end()
        if end < len(text):
            yield text[end:]

    def restored(self, text: str) -> str:
        """With each field as its author writes it."""
        return self.pattern.sub(lambda found: self.slot(found).written, text)

    def without(self, text: str, stand_in: str = "") -> str:
        return self.pattern.sub(stand_in, text)


def take_out(text: str, place: Place, marks: Marks, problems: list[Problem], where: str) -> str:
    """`text` with a mark for each merge field; what is wrong with one is added to `problems`."""

    def mark(found: re.Match[str]) -> str:
        slot = _slot(found[1], place, problems, where)
        return marks.mark(slot) if slot else ""

    return BRACES.sub(mark, text)


def left_over(text: str, where: str) -> list[Problem]:
    """A problem for template syntax that is no field: readers would see it as it stands."""
    found = LEFT_OVER.search(text)
    if not found:
        return []
    shown = " ".join(text[max(0, found.start() - 20) : found.end() + 20].split())
    return [
        Problem(
            "merge_field",
            f"“{shown}” holds {found[0]}, which is no complete merge field. Write a field as "
            '{{ first_name|default:"friend" }}, with two braces on each side, or take the braces away.',
            where,
        )
    ]


def _slot(written: str, place: Place, problems: list[Problem], where: str) -> Slot | None:
    # editors write the quotes of a default as entities and its spaces as non-breaking ones
    inner = html.unescape(written).replace("\xa0", " ") if place is Place.HTML else written
    found = FIELD.fullmatch(inner)
    trouble = _trouble(inner.strip(), found)
    if trouble or not found:
        problems.append(Problem("merge_field", trouble, where))
        return None
    return Slot(found["name"], place, found["default"] or "")


def _trouble(inner: str, found: re.Match[str] | None) -> str:
    shown = "{{ " + " ".join(inner.split())[:60] + " }}"
    if "<" in inner:
        return f"{shown} has formatting inside its braces. Delete the field and type it again in one go."
    if not found:
        return f'{shown} can’t be read. Write it as {{{{ first_name|default:"friend" }}}}.'
    name, used, default = found["name"], found["filter"], found["default"]
    if name not in KNOWN:
        return f"{shown}: there is no field “{name}”. The fields are {', '.join(KNOWN)}."
    if used and used != "default":
        return f"{shown}: there is no filter “{used}”. Only default can follow the |."
    if used and default is None:
        return f'{shown} names no default. Write what stands there instead, such as |default:"friend".'
    if name not in NEVER_MISSING and default is None:
        return (
            f"{shown}: not everybody has a {name.replace('_', ' ')}. Say what to write instead, such as "
            f'{{{{ {name}|default:"friend" }}}}, or default:"" for nothing.'
        )
    if default and len(default) > LONGEST_DEFAULT:
        return f"{shown}: its default is longer than {LONGEST_DEFAULT} characters. Shorten it."
    return ""
