"""Clocks of zones: what they skip and repeat is never guessed, and mail goes out only while they show its hours."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.hours import Hours, NotOnTheClock, moment, stretch, told

# Some with unlike rules, so that changes of the clocks are met often; and any other.
UNLIKE = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Cairo",
    "UTC",
)
zones = st.one_of(st.sampled_from(UNLIKE), st.sampled_from(sorted(available_timezones())))
moments = st.datetimes(datetime(2024, 1, 1), datetime(2036, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
CHANGES = [
    datetime(year, month, day, hour, 20)  # noqa: DTZ001  what a clock shows
    for year, month, day in (
        (2026, 3, 29),
        (2026, 10, 25),
        (2026, 3, 8),
        (2026, 11, 1),
        (2026, 4, 5),
        (2026, 10, 4),
    )
    for hour in (0, 1, 2, 3)
]
clocks = st.one_of(st.sampled_from(CHANGES), moments.map(lambda at: at.replace(tzinfo=None)))
times = st.times().map(lambda at: at.replace(second=0, microsecond=0))
days = st.frozensets(st.integers(1, 7), min_size=1)


@st.composite
def hours(draw) -> Hours:
    opens, closes = sorted(draw(st.lists(times, min_size=2, max_size=2, unique=True)))
    return Hours(draw(zones), opens, closes, draw(days))


def shown(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def moments_that_show(local: datetime, zone: str) -> set[datetime]:
    """By trying every offset that the zone has around that day."""
    about = local.replace(tzinfo=UTC)
    offsets = {(about + timedelta(hours=n)).astimezone(ZoneInfo(zone)).utcoffset() for n in range(-30, 31)}
    tried = {about - offset for offset in offsets if offset is not None}
    return {at for at in tried if shown(at, zone) == local}


@given(clocks, zones)
def test_a_local_time_is_the_one_moment_that_shows_it_or_is_refused_in_words(local, zone):
    found = moments_that_show(local, zone)
    if len(found) == 1:
        assert {moment(local, zone)} == found
        return
    with pytest.raises(NotOnTheClock, match="There is no" if not found else "twice"):
        moment(local, zone)


def test_the_words_name_the_time_the_day_and_the_zone():
    with pytest.raises(NotOnTheClock) as skipped:
        moment(datetime(2027, 3, 28, 2, 30), "Europe/Berlin")  # noqa: DTZ001
    assert str(skipped.value) == (
        "There is no 02:30 on 28 March 2027 in Europe/Berlin: the clocks are put forward then. Choose an earlier or a "
        "later time."
    )
    with pytest.raises(NotOnTheClock) as repeated:
        moment(datetime(2026, 11, 1, 1, 30), "America/New_York")  # noqa: DTZ001
    assert str(repeated.value).startswith("It is 01:30 on 1 November 2026 twice in America/New_York")
    with pytest.raises(NotOnTheClock, match="“Mars/Base” is no time zone"):
        moment(datetime(2026, 11, 1), "Mars/Base")  # noqa: DTZ001
    nine = moment(datetime(2026, 12, 1, 9), "Europe/Berlin")  # noqa: DTZ001
    assert (nine, told(nine, "Europe/Berlin")) == (
        datetime(2026, 12, 1, 8, tzinfo=UTC),
        "Tuesday 1 December 2026, 09:00 Europe/Berlin",
    )


def is_within(at: datetime, hours: Hours) -> bool:
    local = shown(at, hours.zone)
    return local.isoweekday() in hours.days and hours.opens <= local.time() < hours.closes


@given(hours(), moments, st.floats(0, 1))
def test_whenever_hours_are_open_the_clocks_show_an_hour_and_a_day_that_were_chosen(hours, at, share):
    opening = hours.next(at)
    assert opening.closes > at and opening.opens < opening.closes
    inside = opening.opens + (opening.length - timedelta(microseconds=1)) * share
    assert is_within(inside, hours)


@given(hours(), moments)
def test_hours_are_open_whenever_the_clocks_show_them_unless_the_clocks_change_at_their_edge(hours, at):
    opening = hours.next(at)
    day = shown(at, hours.zone).date()
    edges = [datetime.combine(day, edge) for edge in (hours.opens, hours.closes)]
    if all(len(moments_that_show(edge, hours.zone)) == 1 for edge in edges):
        assert is_within(at, hours) == (opening.opens <= at)


@given(st.one_of(st.none(), hours()), moments, st.integers(1, 7 * 24 * 60))
def test_a_stretch_is_as_long_as_asked_and_all_within_the_hours(hours, at, minutes):
    pieces = stretch(at, timedelta(minutes=minutes), hours)
    assert sum((piece.length for piece in pieces), timedelta(0)) == timedelta(minutes=minutes)
    assert at <= pieces[0].opens
    for before, after in pairwise(pieces):
        assert before.closes <= after.opens
    for piece in pieces:
        assert hours is None or (is_within(piece.opens, hours) and piece.length > timedelta(0))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (Hours("Nowhere", time(8), time(20)), "no time zone"),
        (Hours("UTC", time(20), time(8)), "end before they begin"),
        (Hours("UTC", time(8), time(8)), "end before they begin"),
        (Hours("UTC", time(8), time(20), frozenset()), "at least one day"),
    ],
)
def test_hours_that_can_never_be_are_refused_in_words(wrong, words):
    with pytest.raises(NotOnTheClock, match=words):
        wrong.assert_possible()


def test_hours_are_told_as_people_say_them():
    assert str(Hours("Europe/Berlin", time(8), time(20))) == "between 08:00 and 20:00 Europe/Berlin"
    weekdays = Hours("UTC", time(8), time(20), frozenset(range(1, 6)))
    assert str(weekdays) == "between 08:00 and 20:00 UTC, Monday to Friday"
    assert str(Hours("UTC", time(8), time(9), frozenset({7, 6}))).endswith(", on Saturday, Sunday")
