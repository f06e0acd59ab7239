"""What a session of the database keeps from one question to the next: plans."""

import pytest
from django.db import connection

from mailer import prepared
from mailer.prepared import Prepared

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
