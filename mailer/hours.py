"""What the clocks of a zone say: the moment of a local time, and the hours in which mail may go out.

All arithmetic of zones is here, by the zones that Python knows; the database compares moments only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

WEEK = frozenset(range(1, 8))  # ISO 8601: Monday is 1
DAY = timedelta(days=1)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class NotOnTheClock(ValueError):
    """No one moment is meant: an unknown zone, or a time that its clocks skip or repeat. The message says which."""


def zone(name: str) -> ZoneInfo:
    """Raises NotOnTheClock."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise NotOnTheClock(f"“{name}” is no time zone; choose one such as Europe/Berlin.") from None


def zone_named(written: str) -> str:
    """The IANA name of the zone that somebody wrote, in any case, with spaces or underscores; "" for none.

    Raises NotOnTheClock, with what to write instead.
    """
    plain = "_".join(written.split()).casefold()
    if not plain:
        return ""
    try:
        return _names()[plain]
    except KeyError:
        raise NotOnTheClock(
            f"Candor does not know the time zone “{written.strip()[:40]}”. Write its IANA name, such as Europe/Berlin "
            "or America/New_York."
        ) from None


@cache
def _names() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}


def moment(shown: datetime, name: str) -> datetime:
    """When the clocks of a zone show this, which is naive. Raises NotOnTheClock where they skip or repeat it."""
    first, second = _readings(shown, zone(name))
    if first == second:
        return first
    words = f"{shown:%H:%M} on {shown.day} {shown:%B %Y}"
    if first > second:
        raise NotOnTheClock(
            f"There is no {words} in {name}: the clocks are put forward then. Choose an earlier or a later time."
        )
    raise NotOnTheClock(
        f"It is {words} twice in {name}, since the clocks are put back. Choose an earlier or a later time."
    )


def later(shown: datetime, name: str) -> datetime:
    """When the clocks of a zone show this, which is naive; the later reading where they skip or repeat it."""
    return max(_readings(shown, zone(name)))


def _readings(shown: datetime, clocks: ZoneInfo) -> tuple[datetime, datetime]:
    """As before and as after a change of the clocks; one and the same on nearly all days (PEP 495)."""
    before, after = (shown.replace(tzinfo=clocks, fold=fold).astimezone(UTC) for fold in (0, 1))
    return before, after


def told(at: datetime, name: str) -> str:
    """A moment as people of the zone say it: “Tuesday 1 December 2026, 09:00 Europe/Berlin”."""
    try:
        shown = at.astimezone(zone(name))
    except NotOnTheClock:  # this machine does not know it; the moment can be told all the same
        shown, name = at.astimezone(UTC), "UTC"
    return f"{shown:%A} {shown.day} {shown:%B %Y, %H:%M} {name}"


def local(at: datetime, name: str) -> datetime:
    """What the clocks of a zone show at a moment."""
    return at.astimezone(ZoneInfo(name))


@dataclass(frozen=True, slots=True)
class Opening:
    """Mail may go out from `opens` until just before `closes`."""

    opens: datetime
    closes: datetime

    @property
    def length(self) -> timedelta:
        return self.closes - self.opens


@dataclass(frozen=True, slots=True)
class Hours:
    """On which days (ISO) and between which times of a zone mail may go out: never past midnight."""

    zone: str
    opens: time
    closes: time
    days: frozenset[int] = WEEK

    def assert_possible(self) -> None:
        """Raises NotOnTheClock."""
        zone(self.zone)
        if self.opens >= self.closes:
            raise NotOnTheClock("The sending hours end before they begin. They can't go past midnight.")
        if not self.days or not self.days <= WEEK:
            raise NotOnTheClock("Choose at least one day of the week.")

    def openings(self, at: datetime) -> Iterator[Opening]:
        """The opening that holds at `at`, if one does, and all that follow. Raises NotOnTheClock: no such zone."""
        day = at.astimezone(zone(self.zone)).date() - DAY
        while True:
            opening = self._on(day)
            if opening is not None and opening.closes > at:
                yield opening
            day += DAY

    def next(self, at: datetime) -> Opening:
        return next(self.openings(at))

    def _on(self, day: date) -> Opening | None:
        """In doubt closed: where the clocks repeat or skip a time, the later reading opens and the earlier closes."""
        if day.isoweekday() not in self.days:
            return None
        clocks = ZoneInfo(self.zone)
        opens = max(_readings(datetime.combine(day, self.opens), clocks))
        closes = min(_readings(datetime.combine(day, self.closes), clocks))
        return Opening(opens, closes) if opens < closes else None

    def __str__(self) -> str:
        return f"between {self.opens:%H:%M} and {self.closes:%H:%M} {self.zone}{_on_days(self.days)}"

    @property
    def times(self) -> str:
        """The same on anybody's clocks."""
        return f"between {self.opens:%H:%M} and {self.closes:%H:%M}{_on_days(self.days)}"


def _on_days(days: frozenset[int]) -> str:
    if days == WEEK:
        return ""
    if days == frozenset(range(1, 6)):
        return ", Monday to Friday"
    return f", on {', '.join(DAYS[day - 1] for day in sorted(days))}"


def stretch(at: datetime, length: timedelta, hours: Hours | None) -> Sequence[Opening]:
    """The next `length` of time in which mail may go out, from `at` on: one opening, or as many as it takes."""
    if hours is None:
        return [Opening(at, at + length)]
    found: list[Opening] = []
    for opening in hours.openings(at):
        begins = max(at, opening.opens)
        piece = Opening(begins, min(opening.closes, begins + length))
        found.append(piece)
        length -= piece.length
        if length <= timedelta(0):
            break
    return found
