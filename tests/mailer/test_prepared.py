"""What a session of the database keeps from one question to the next: plans, and that it lives."""

import time

import pytest
from django.db import connection

from mailer import prepared
from mailer.prepared import Prepared
from mailer.public import session
from tests.stories import parts

NEXT = Prepared("next", "SELECT %(number)s + 1", {"number": "int"})


def asked(number: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(NEXT.here(), {"number": number})
        (answer,) = cursor.fetchone()
    return int(answer)


def test_each_session_prepares_for_itself(living_database):
    assert asked(1) == 2
    connection.close()
    assert asked(2) == 3


@pytest.mark.parametrize(("kept", "calls"), [(0.0, 1), (60.0, 2)])
def test_a_plan_is_kept_for_a_while_and_then_made_anew(living_database, monkeypatch, kept, calls):
    monkeypatch.setattr(prepared, "KEPT", kept)
    assert [asked(1), asked(2)] == [2, 3]
    with connection.cursor() as cursor:
        cursor.execute("SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE name = 'next'")
        assert cursor.fetchall() == [(calls, 0)]


def is_trusted() -> bool:
    """Whether the next request's first question to the database goes without asking whether the session lives."""
    connection.health_check_done = False
    session.trust_if_quiet()
    return connection.health_check_done


def test_a_session_that_lived_a_moment_ago_is_not_asked_again_and_later_it_is(living_database, monkeypatch):
    connection.ensure_connection()
    assert [is_trusted() for _ in range(3)] == [False, True, True]
    monkeypatch.setattr(session, "TRUSTED", 0.0)
    assert not is_trusted()


def test_a_session_that_was_ended_is_asked_however_short_a_time_ago_it_lived(living_database):
    connection.ensure_connection()
    assert [is_trusted(), is_trusted()] == [False, True]
    parts.on_its_own_connection(parts.end_sessions)
    until = time.monotonic() + 5  # its process has to end first
    while is_trusted():
        assert time.monotonic() < until
