"""Recorded offers, as `check_subject` reads them (DESIGN §4)."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailer.compliance.subjects.normalise import plain_text


class OfferKind(StrEnum):
    PERCENT = "percent"
    AMOUNT = "amount"
    PRICE = "price"
    FREE = "free"
    EVENT = "event"


@dataclass(frozen=True)
class Offer:
    """What the sender really offers. Without `ends` it never ends. Times are aware, in the offer's zone."""

    what: str
    kind: OfferKind
    scope: str
    values: tuple[Decimal, ...] = ()
    conditions: str = ""
    starts: datetime | None = None
    ends: datetime | None = None
    zone: tzinfo = UTC

    @classmethod
    def from_json(cls, given: Any) -> "Offer":
        """Raises ValueError in words."""
        if not isinstance(given, dict):
            raise ValueError("an offer must be an object")
        try:
            zone = ZoneInfo(str(given.get("zone") or "UTC"))
            return cls(
                what=str(given["what"]),
                kind=OfferKind(given["kind"]),
                scope=_joined(given.get("scope")),
                values=tuple(
                    Decimal(number) for number in re.findall(r"\d+(?:\.\d+)?", str(given.get("value") or ""))
                ),
                conditions=_joined(given.get("conditions")),
                starts=_moment(given.get("starts"), zone, time.min),
                ends=_moment(given.get("ends"), zone, time(23, 59, 59)),
                zone=zone,
            )
        except KeyError as missing:
            raise ValueError(f"an offer lacks {missing.args[0]!r}") from missing
        except (ZoneInfoNotFoundError, ValueError, OSError) as wrong:
            raise ValueError(f"an offer can’t be read: {wrong}") from wrong

    @cached_property
    def words(self) -> str:
        """All that is said of it, normalised."""
        return plain_text(f"{self.what}; {self.scope}; {self.conditions}")

    @property
    def last_day(self) -> date | None:
        """The day on which it is last good, in its zone; an end at midnight belongs to the day before."""
        if self.ends is None:
            return None
        local = self.ends.astimezone(self.zone)
        return date.fromordinal(local.toordinal() - 1) if local.time() == time.min else local.date()

    @property
    def first_day(self) -> date | None:
        return self.starts.astimezone(self.zone).date() if self.starts else None

    def is_over(self, now: datetime) -> bool:
        return self.ends is not None and self.ends < now

    def is_ahead(self, now: datetime) -> bool:
        return self.starts is not None and self.starts > now


def _joined(given: Any) -> str:
    return ", ".join(map(str, given)) if isinstance(given, list) else str(given or "")


def _moment(given: Any, zone: ZoneInfo, default: time) -> datetime | None:
    if not given:
        return None
    written = str(given)
    moment = datetime.fromisoformat(written)
    if len(written) == 10:
        moment = datetime.combine(moment.date(), default)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
