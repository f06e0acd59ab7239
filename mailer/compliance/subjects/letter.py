"""One message as its reader meets it: name, subject, preheader, body; and what the sender knows beside it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from mailer.compliance.findings import Finding, Severity
from mailer.compliance.subjects.body import Body
from mailer.compliance.subjects.normalise import Line, normalise, plain_text
from mailer.compliance.subjects.offers import Offer

# “How to spot …”, “What the new rule means”, quotation: such a line speaks about a claim and does not make it.
ABOUT = re.compile(
    r"^(?:how (?!much|about|come)|why |what |when |who |which |should you|"
    r"do you|does |tips? |guide|q&a|the truth|myths?|beware|is it )|"
    r"\b(?:explained|guide to|tips for|what to do|how to|scams?|phishing|fake|myths?|"
    r"checklist|warning signs|lessons|history of|"
    r"case study|interview|webinar:|podcast|report:)"
)
COMPANIES = re.compile(
    r"(?:Co|Inc|LLC|Ltd|GmbH|Corp|Brewing|Brewery|Bakery|Books|"
    r"Festival|Band|Records|Saloon|"
    r"Theat(?:er|re)|Cafe|Café|Museum|Gallery|Foundation|Society|Orchestra|Magazine|Podcast|"
    r"Press|Farm|Winery|Vineyards?|Ranch|"
    r"Motel|Inn|Trail|River|Lake)\b"
)
COMPANY = re.compile(rf"(?:\b[A-Z][\w&'’]*,? ){{1,4}}{COMPANIES.pattern}\.?")


TITLE = re.compile(r"\b[A-Z][\w']+(?: [A-Z][\w']+){1,4}")


class Purpose(StrEnum):
    COMMERCIAL = "commercial"
    RELATIONSHIP = "relationship"
    SEXUALLY_EXPLICIT = "sexually_explicit"


@dataclass(frozen=True)
class Letter:
    """`offers` is None where none are recorded, empty where none exists. `now` is aware."""

    raw_subject: str
    from_name: str
    from_email: str
    body: Body
    now: datetime
    preheader: str = ""
    purpose: Purpose = Purpose.COMMERCIAL
    offers: tuple[Offer, ...] | None = None

    @classmethod
    def from_json(cls, given: Any) -> "Letter":
        """Read one line of `check_subject` (DESIGN §4). Raises ValueError in words."""
        if not isinstance(given, dict):
            raise ValueError("a line must be a JSON object")
        for name in ("subject", "body"):
            if not isinstance(given.get(name), str):
                raise ValueError(f"{name!r} is missing or is not text")
        for name in ("from_name", "from_email", "preheader"):
            if not isinstance(given.get(name) or "", str):
                raise ValueError(f"{name!r} is not text")
        offers = given.get("offers")
        if offers is not None and not isinstance(offers, list):
            raise ValueError("'offers' must be a list")
        return cls(
            raw_subject=given["subject"],
            from_name=given.get("from_name") or "",
            from_email=given.get("from_email") or "",
            preheader=given.get("preheader") or "",
            body=_body(given["body"], given.get("content_type") or "text").held_against(
                given["subject"], given.get("preheader") or ""
            ),
            purpose=_purpose(given.get("purpose") or "commercial"),
            now=_now(given.get("now")),
            offers=None if offers is None else tuple(Offer.from_json(offer) for offer in offers),
        )

    @cached_property
    def full_subject(self) -> Line:
        return normalise(self.raw_subject)

    @cached_property
    def subject(self) -> Line:
        """The subject without names, which claim nothing: “Last Chance Brewing Co.” ends nowhere."""
        return self._nameless(self.full_subject)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Subject and preheader, names taken out."""
        if not self.preheader.strip():
            return (self.subject,)
        return self.subject, self._nameless(normalise(self.preheader, "preheader"))

    @cached_property
    def readings(self) -> Mapping[str, "Letter"]:
        """By its name, each line that announces this body, read as if it were the subject of a letter of its own."""
        preheader = self.preheader.strip()
        if not preheader:
            return {"subject": self}
        return {"subject": self, "preheader": replace(self, raw_subject=preheader, preheader="")}

    @cached_property
    def sender_name(self) -> str:
        return plain_text(self.from_name)

    @cached_property
    def sender_domain(self) -> str:
        return self.from_email.rpartition("@")[2].strip("> ").lower()

    @property
    def today(self) -> date:
        return self.now.date()

    @cached_property
    def told(self) -> str:
        """Body and offers in one text, for what either may bear out."""
        return " ".join([self.body.text, *(offer.words for offer in self.offers or ())])

    @cached_property
    def named(self) -> str:
        """All that the message shows of itself, footer included, in which a name of the subject may be found."""
        return f"{self.sender_name} {self.body.spelled.lower()} {plain_text(self.sender_domain)}"

    @cached_property
    def announced(self) -> str:
        """What a reader sees without opening: a condition told there is no hidden one."""
        return " ".join(line.text for line in self.lines)

    @cached_property
    def speaks_about(self) -> bool:
        """Whether the subject talks about something instead of claiming it."""
        return ABOUT.search(self.subject.text) is not None

    def finding(
        self, rule: str, severity: Severity, message: str, source: str, line: Line, start: int, end: int
    ) -> Finding:
        """A finding with its place; what is found outside the subject has none in the subject."""
        first, last = line.span(start, end)
        message = message.replace(f"“{line.text[start:end]}”", f"“{line.raw[first:last]}”")  # as it was typed
        span = (first, last) if line.where == "subject" else None
        return Finding(rule, severity, message, source, line.where, span)

    def _nameless(self, line: Line) -> Line:
        line = line.without(self.from_name)
        for found in COMPANY.finditer(line.raw):
            if not found[0].isupper():
                line = line.without(found[0].rstrip("."))
        for name in (*self._names_in_body, *self._titles(line.raw)):
            line = line.without(name)
        return line

    def _titles(self, raw: str) -> list[str]:
        """Names of plays, pubs and books: in capitals in a subject that is not, and in the body the same."""
        if not re.search(r"(?<![A-Z\w'])[a-z]{2,} ", raw):
            return []
        return [
            found[0]
            for found in TITLE.finditer(raw)
            if re.search(
                rf"(?:\b[a-z]+ |\bThe |[“\"]){re.escape(found[0])}|{re.escape(found[0])},? (?:the|a|an|is|"
                rf"was|has|by|opens|plays|tells)\b",
                self.body.cased,
            )
        ]

    @cached_property
    def _names_in_body(self) -> tuple[str, ...]:
        """Names that the body itself writes as names: in capitals within a sentence, with their kind behind them."""
        if not COMPANIES.search(self.body.cased):
            return ()
        return tuple(
            {found[0].rstrip(".") for found in COMPANY.finditer(self.body.cased) if _is_name(found[0])}
        )


def _is_name(words: str) -> bool:
    return not words.isupper() and len(words) < 60


def _body(body: str, content_type: str) -> Body:
    if content_type not in ("text", "html"):
        raise ValueError('\'content_type\' must be "text" or "html"')
    return Body.from_html(body) if content_type == "html" else Body.from_text(body)


def _purpose(given: Any) -> Purpose:
    try:
        return Purpose(given)
    except ValueError as wrong:
        raise ValueError(f"'purpose' must be one of {', '.join(Purpose)}") from wrong


def _now(given: Any) -> datetime:
    if given is None:
        return datetime.now(UTC)
    try:
        now = datetime.fromisoformat(given)
    except (TypeError, ValueError) as wrong:
        raise ValueError("'now' must be a time as in RFC 3339") from wrong
    if now.tzinfo is None:
        raise ValueError("'now' needs its zone, such as 2026-11-27T09:00:00-08:00")
    return now
