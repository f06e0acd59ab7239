"""An offer as a line and its body tell it, so that whoever records it types nothing twice (DUTIES D26)."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from mailer.compliance.subjects.deadlines import deadlines_in, ends_in, sentences_on
from mailer.compliance.subjects.discounts import EVERYTHING, conditions_in, discounts_in, exceptions_in
from mailer.compliance.subjects.free import costs_of, frees_in
from mailer.compliance.subjects.letter import Letter
from mailer.compliance.subjects.money import amounts_in
from mailer.compliance.subjects.novelty import starts_in
from mailer.compliance.subjects.offers import OfferKind
from mailer.compliance.subjects.times import MONTH, WEEKDAY

HOUR = re.compile(r"\b(?:(?P<noon>noon)|(?P<hour>\d{1,2})(?::(?P<minute>\d\d))? ?(?P<half>[ap])\.?m\b)")
LAST_MINUTE = time(23, 59)
ON = re.compile(
    r"\b(?:on|for|of) (?P<thing>(?:all |every |any )?(?!\d|the (?:next|first)\b)[a-z][a-z' -]{2,40})"
)
# Where the thing ends and its time begins; a day or a month is no thing.
TIME = re.compile(
    rf"\b(?:until|through|thru|till|by|ends?|this|today|tonight|tomorrow|when|with|at|only|now|{WEEKDAY}|"
    rf"{MONTH})(?!\w).*"
)


@dataclass(frozen=True, slots=True)
class Drafted:
    """What a form is filled with; times are those of a clock on the wall, without a zone."""

    kind: OfferKind
    value: str = ""
    scope: str = ""
    conditions: str = ""
    starts: datetime | None = None
    ends: datetime | None = None


def drafted_offer(letter: Letter) -> Drafted:
    """Of the first claim that has one, in the order: discount, free, price; else it is an event."""
    kind, value, scope, costs = _claimed(letter)
    told = [*exceptions_in(letter.body), *costs]
    return Drafted(
        kind,
        value,
        scope,
        " ".join(dict.fromkeys(sentence[:1].upper() + sentence[1:] for sentence in told))[:2_000],
        _start(letter),
        _end(letter),
    )


def _claimed(letter: Letter) -> tuple[OfferKind, str, str, list[str]]:
    text = letter.subject.text
    for discount in discounts_in(letter.subject):
        kind = OfferKind.PERCENT if discount.is_percent else OfferKind.AMOUNT
        scope = "everything" if discount.everything and not discount.on else discount.on
        return (
            kind,
            _plain(discount.value),
            _timeless(scope) or _thing(text),
            conditions_in(list(letter.body.sentences)),
        )
    for free in frees_in(letter.subject):
        return OfferKind.FREE, "", _timeless(free.item), costs_of(free, letter.body)
    for amount in amounts_in(text):
        return OfferKind.PRICE, _plain(amount.value), _thing(text), conditions_in(list(letter.body.sentences))
    return OfferKind.EVENT, "", _thing(text), []


def _thing(text: str) -> str:
    if everything := EVERYTHING.search(text):
        return everything[0]
    found = ON.search(text)
    return _timeless(found["thing"]) if found else ""


def _timeless(thing: str) -> str:
    return TIME.sub("", thing).strip(" ,:-")


def _start(letter: Letter) -> datetime | None:
    told = [named for named in starts_in(letter.body, letter.today) if named.exact]
    return datetime.combine(told[0].first, time.min) if told else None


def _end(letter: Letter) -> datetime | None:
    """The day and hour that the body names, else the subject."""
    line = letter.subject
    claims = deadlines_in(line, letter.today)
    told = sentences_on(letter.body, line)
    for named in ends_in(told, letter.today):
        if not claims or any(claim.first <= named.last <= claim.last for claim in claims):
            return _at(named.last, " ".join(told))
    return next((_at(claim.last, line.text) for claim in claims if claim.hard), None)


def _at(day: date, text: str) -> datetime:
    found = HOUR.search(text)
    if found is None or (not found["noon"] and not 1 <= int(found["hour"]) <= 12):
        return datetime.combine(day, LAST_MINUTE)
    if found["noon"]:
        return datetime.combine(day, time(12))
    hour = int(found["hour"]) % 12 + (12 if found["half"] == "p" else 0)
    return datetime.combine(day, time(hour, min(59, int(found["minute"] or 0))))


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
