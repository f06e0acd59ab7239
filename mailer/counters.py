"""Numbers that fall: what a subject says is left is asked again before each message goes out (DUTIES T3, D26).

“37 seats left” is true while 37 are left, and no longer. Staff tell the number; one that nobody has told for a day
counts as unknown, and unknown is not true.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from mailer import evidence
from mailer.models import Campaign, Counter, Reading, SpokenCount

GOOD_FOR = timedelta(hours=24)
MOST = 2_147_483_647

# A number that is said of a counter which no longer stands there, or of which nobody has told for a day.
UNTRUE = f"""
    SELECT FROM mailer_spokencount AS spoken
    LEFT JOIN LATERAL (
        SELECT value, read_at FROM mailer_reading AS reading
        WHERE reading.counter_id = spoken.counter_id ORDER BY reading.id DESC LIMIT 1) AS stands ON true
    WHERE spoken.campaign_id = %(campaign)s
      AND (stands.value IS DISTINCT FROM spoken.said
           OR stands.read_at < clock_timestamp() - interval '{int(GOOD_FOR.total_seconds())} seconds')"""


class CounterRefused(ValueError):
    """It is not recorded so; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A counter that a campaign speaks of: what is said, and what it stands at."""

    counter: Counter
    said: int
    last: Reading | None

    @property
    def is_true(self) -> bool:
        return self.value == self.said

    @property
    def value(self) -> int | None:
        """None while nobody has told it for a day."""
        return None if self.last is None or self.is_stale else self.last.value

    @property
    def is_stale(self) -> bool:
        return self.last is None or timezone.now() - self.last.read_at > GOOD_FOR


def record(what: str, value: int, campaign: Campaign, user: Any) -> Counter:
    """Record a number that a draft speaks of, as it stands now. Raises CounterRefused."""
    if not what.strip():
        raise CounterRefused("Say what is counted, such as “seats for the webinar on 2 December”.")
    _assert_possible(value)
    with transaction.atomic():
        draft = _draft(campaign)
        counter = Counter.objects.create(slug=_free_slug(what), what=what.strip(), actor=evidence.by(user))
        _note(counter, value, evidence.by(user))
        SpokenCount.objects.create(campaign=draft, counter=counter, said=value)
    return counter


def tell(counter: Counter, value: int, user: Any) -> Reading:
    """It stands at `value` now. What campaigns said of it before goes out no more. Raises CounterRefused."""
    _assert_possible(value)
    with transaction.atomic():
        return _note(counter, value, evidence.by(user))


def say(counter: Counter, campaign: Campaign, said: int) -> None:
    """A draft says this number of a counter that is recorded already."""
    _assert_possible(said)
    with transaction.atomic():
        SpokenCount.objects.update_or_create(
            campaign=_draft(campaign), counter=counter, defaults={"said": said}
        )


def carry_over(original: Campaign, draft: Campaign) -> None:
    """A copy says the same of the same counters; where that is no longer so, it is blocked."""
    for spoken in original.counts.select_related("counter"):
        say(spoken.counter, draft, spoken.said)


def unsay(counter: Counter, campaign: Campaign) -> None:
    """A draft no longer speaks of it. The record stays."""
    with transaction.atomic():
        _draft(campaign).counts.filter(counter=counter).delete()


def standings(campaign: Campaign) -> list[Standing]:
    """What the campaign says of counters, and what they stand at."""
    spoken = campaign.counts.select_related("counter").order_by("id")
    return [Standing(each.counter, each.said, last_of(each.counter)) for each in spoken]


def last_of(counter: Counter) -> Reading | None:
    return counter.readings.order_by("-id").first()


def _note(counter: Counter, value: int, actor: str) -> Reading:
    reading = Reading.objects.create(counter=counter, value=value, actor=actor)
    evidence.record("number told", actor=actor, subject=f"counter {counter.pk}", value=value)
    return reading


def _assert_possible(value: int) -> None:
    if not 0 <= value <= MOST:
        raise CounterRefused("Write a whole number, such as 37.")


def _free_slug(what: str) -> str:
    wanted = slugify(what)[:50] or "counter"
    taken = set(Counter.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    return next(
        slug
        for number in range(1, len(taken) + 2)
        if (slug := f"{wanted}-{number}" if number > 1 else wanted) not in taken
    )


def _draft(campaign: Campaign) -> Campaign:
    found = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if found.state != Campaign.State.DRAFT:
        raise CounterRefused("It is no longer a draft; what it says can't be changed.")
    return found
