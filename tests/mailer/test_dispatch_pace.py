"""A sender's pace: one budget for all workers, a second and a day, growing while an address warms up."""

import time
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from mailer.dispatch import pacing, waiting
from mailer.models import Pace, Sender
from tests.mailer.admin_door import new_sender, signed_in

pytestmark = pytest.mark.django_db


def paced(**limits) -> Sender:
    sender = new_sender(attested=False)
    Sender.objects.filter(pk=sender.pk).update(**limits)
    sender.refresh_from_db()
    return sender


def stood_for(sender: Sender, seconds: float, tokens: float = 0.0) -> None:
    """As if nobody had asked for so long."""
    pacing.take(sender.pk, 1)
    Pace.objects.filter(sender=sender).update(
        tokens=tokens, counted_at=timezone.now() - timedelta(seconds=seconds), next_at=None
    )


def today() -> date:
    return datetime.now(UTC).date()


def test_without_limits_as_many_as_one_asks_for():
    assert pacing.take(paced().pk, 500) == pacing.Taken(500)


def test_what_time_has_filled_is_given_once_and_then_one_is_told_when_to_come_back():
    fast = paced(per_second=100)
    stood_for(fast, 0.3)
    assert pacing.take(fast.pk, 500).number == 10  # the rest soon, not at once
    soon = pacing.take(fast.pk, 500)
    assert soon.number == 0
    assert soon.wait <= 10 / 120
    sender = paced(per_second=2)
    stood_for(sender, 0.9)
    assert pacing.take(sender.pk, 500).number == 1
    empty = pacing.take(sender.pk, 500)
    assert empty.number == 0
    assert 0 < empty.wait <= 0.5
    assert not empty.is_day_over


def test_a_rest_gives_no_burst_and_a_clock_set_back_gives_nothing():
    sender = paced(per_second=100)
    stood_for(sender, 3600)
    assert pacing.take(sender.pk, 500).number == 5
    stood_for(sender, -3600)
    assert pacing.take(sender.pk, 500).number == 0
    time.sleep(0.06)
    assert pacing.take(sender.pk, 500).number >= 5  # an hour is not waited for


def test_one_a_second_is_possible():
    sender = paced(per_second=1)
    assert pacing.take(sender.pk, 500).number == 1
    again = pacing.take(sender.pk, 500)
    assert again.number == 0
    assert 0.5 < again.wait <= 1


def test_what_was_not_handed_over_is_for_the_next():
    sender = paced(per_day=10)
    assert pacing.take(sender.pk, 8).number == 8
    pacing.give_back(sender.pk, 5)
    assert pacing.take(sender.pk, 500).number == 7
    over = pacing.take(sender.pk, 500)
    assert (over.number, over.is_day_over) == (0, True)
    midnight = datetime.combine(today() + timedelta(days=1), datetime.min.time(), UTC)
    assert over.wait == pytest.approx((midnight - datetime.now(UTC)).total_seconds(), abs=5)
    Pace.objects.update(day=today() - timedelta(days=1))
    assert pacing.take(sender.pk, 500).number == 10


@pytest.mark.parametrize(
    ("days", "per_day", "allowed"),
    [(0, None, 200), (1, None, 300), (2, None, 450), (2, 400, 400), (-3, None, 200), (4000, None, 500)],
)
def test_a_warm_up_grows_day_by_day_to_the_days_limit(days, per_day, allowed):
    sender = paced(warm_up_from=today() - timedelta(days=days), warm_up_first=200, per_day=per_day)
    assert pacing.take(sender.pk, 500).number == allowed


def test_a_changed_limit_counts_at_once():
    sender = paced(per_day=10)
    assert pacing.take(sender.pk, 500).number == 10
    Sender.objects.update(per_day=15)
    assert pacing.take(sender.pk, 500).number == 5
    Sender.objects.update(per_day=3)
    assert pacing.take(sender.pk, 500).is_day_over


@pytest.mark.parametrize(
    "limits",
    [
        {"per_second": 0}, {"per_day": 0}, {"warm_up_growth": 0}, {"warm_up_growth": 1001},
        {"warm_up_first": 5}, {"warm_up_from": date(2026, 12, 1)},
        {"warm_up_first": 0, "warm_up_from": date(2026, 12, 1)},
    ],
)  # fmt: skip
def test_no_pace_is_nothing_or_half(limits):
    with pytest.raises(IntegrityError), transaction.atomic():
        paced(**limits)


# -- where people set and see it -----------------------------------------------------------------------


def post(sender: Sender, **changed: str):
    from tests.mailer.test_admin_senders import form_of

    return signed_in("Operator").post(
        f"/admin/mailer/sender/{sender.pk}/change/", form_of(sender, **changed), follow=True
    )


@pytest.mark.parametrize("field", ["per_second", "per_day", "warm_up_first"])
def test_nought_is_refused_in_words(field):
    answer = post(new_sender(), **{field: "0", "warm_up_from": "2026-12-01"})
    assert "0 would stop everything" in answer.content.decode()
    assert getattr(Sender.objects.get(), field) is None


def test_half_a_warm_up_is_refused_in_words_and_a_whole_pace_is_kept_and_takes_no_attestation_away():
    assert "A warm-up needs both" in post(new_sender(), warm_up_first="200").content.decode()
    sender = Sender.objects.get()
    post(sender, per_second="50", per_day="4000", warm_up_first="200", warm_up_from="2026-12-01")
    sender.refresh_from_db()
    assert (sender.per_second, sender.per_day, sender.warm_up_first) == (50, 4000, 200)
    assert sender.identity_attested_at
    assert sender.address_attested_at


def test_the_progress_says_how_much_of_today_is_used():
    sender = paced(per_second=50, per_day=4000)
    stood_for(sender, 0)
    Pace.objects.update(used=3)
    assert waiting.pace_of(sender) == (
        "At most 50 messages a second. 3 of today's 4,000 messages of this sender are used."
    )
    Pace.objects.update(used=4000)
    assert waiting.pace_of(sender).endswith("the rest goes out after midnight UTC.")
    assert waiting.pace_of(paced(per_second=7)) == "At most 7 messages a second."
    assert waiting.pace_of(paced()) == ""
