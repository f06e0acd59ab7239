"""That the benches of size do what they time. How fast anything is, is no test."""

import pytest

from bench import growth, scale


@pytest.mark.programs  # makes a database of its own
def test_everything_that_is_timed_beside_many_messages_is_done_beside_a_few(living_database, monkeypatch):
    monkeypatch.setattr(scale, "FEW", 1_100)
    monkeypatch.setattr(scale, "A_CAMPAIGN", 1_000)
    monkeypatch.setattr(scale, "GROUPS", 1)
    lines = list(scale.run(rows=2_500))
    assert len({line["bench"] for line in lines}) == len(lines) == 17
    assert all(line["ratio"] > 0 for line in lines)


@pytest.mark.mta
def test_each_size_is_sent_and_told_against_the_first(living_database, monkeypatch):
    monkeypatch.setattr(growth, "FIRST", 20)
    monkeypatch.setattr(growth, "TIMES", 2)
    lines = list(growth.run(rows=40))
    assert [line["bench"] for line in lines] == [
        "growth: snapshot, 40 recipients",
        "growth: dispatch, 40 recipients",
        "growth: worker's memory, 40 recipients",
    ]
    assert all(line["ratio"] > 0 for line in lines)
