"""The chain of seals: every row gets its place, and whatever is done to rows or seals by force is found and named."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from mailer import evidence, suppression
from mailer.addresses import parse
from mailer.evidence import chain, sealing, verifying
from mailer.models import Evidence, Seal
from mailer.suppression import Status

MAILBOX = bytes(range(16))
ANN, BEN = parse("ann@example.org"), parse("ben@example.org")


@pytest.fixture(autouse=True)
def _journal(settings, tmp_path):
    settings.JOURNAL_DIR = tmp_path / "journal"


def acted(number: int) -> list[int]:
    """Rows of all shapes; returns their numbers."""
    with transaction.atomic():
        return [
            evidence.record(
                f"act {n}",
                actor="user 1",
                subject="" if n % 2 else f"campaign {n}",
                mailbox_key=MAILBOX if n % 2 else None,
                n=n,
                words=["–", 1.50, None, {"a": True}],
            ).pk
            for n in range(number)
        ]


def by_force(*statements: str) -> None:
    """What a superuser does in psql, past all triggers."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)


def found(heads=()) -> list[tuple[str, int | None, int | None]]:
    return [(one.kind, one.position, one.row) for one in evidence.verify(heads).breaks]


def words(heads=()) -> str:
    return evidence.verify(heads).breaks[0].words


# -- sealing -------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_every_row_gets_one_place_in_the_order_of_its_number_without_a_gap(monkeypatch):
    monkeypatch.setattr(sealing, "BATCH", 3)
    rows = acted(7)
    assert evidence.seal() == 7
    assert list(Seal.objects.order_by("position").values_list("position", "evidence_id")) == list(
        enumerate(rows, start=1)
    )
    assert evidence.seal() == 0
    more = acted(2)
    assert evidence.seal() == 2
    assert list(Seal.objects.filter(position__gt=7).values_list("evidence_id", flat=True)) == more
    verdict = evidence.verify()
    assert (verdict.reached, verdict.broken, verdict.unsealed) == (9, 0, 0)


@pytest.mark.django_db
def test_no_rows_are_no_seals_and_no_head():
    assert evidence.seal() == 0
    assert evidence.current_head() is None
    assert evidence.write_head() is None
    assert evidence.verify() == verifying.Verdict()


@pytest.mark.django_db
def test_the_seal_covers_every_column_of_a_row():
    assert tuple(field.column for field in Evidence._meta.concrete_fields) == chain.COLUMNS


@pytest.mark.django_db
def test_a_row_that_was_committed_late_is_sealed_behind_those_that_overtook_it():
    first, late, last = acted(3)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE held ON COMMIT DROP AS TABLE mailer_evidence")
    by_force(f"DELETE FROM mailer_evidence WHERE id = {late}")
    assert evidence.seal() == 2
    assert not evidence.is_anything_unsealed()
    by_force(f"INSERT INTO mailer_evidence SELECT * FROM held WHERE id = {late}")
    assert evidence.is_anything_unsealed()
    assert evidence.seal() == 1
    assert list(Seal.objects.order_by("position").values_list("evidence_id", flat=True)) == [
        first,
        last,
        late,
    ]
    assert found() == []


@pytest.mark.django_db
def test_a_row_that_was_overtaken_by_more_than_the_ordinary_look_is_found_by_the_thorough_one(monkeypatch):
    monkeypatch.setattr(sealing, "LOOKED_BACK", 1)
    rows = acted(5)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE held ON COMMIT DROP AS TABLE mailer_evidence")
    by_force(f"DELETE FROM mailer_evidence WHERE id = {rows[0]}")
    evidence.seal(thorough=True)
    by_force(f"INSERT INTO mailer_evidence SELECT * FROM held WHERE id = {rows[0]}")
    assert evidence.seal() == 0
    assert evidence.seal(thorough=True) == 1
    assert found() == []


@pytest.mark.django_db
def test_a_row_of_a_forged_number_keeps_no_other_from_its_seal_for_long():
    acted(2)
    by_force("INSERT INTO mailer_evidence (id, verb, actor, subject) VALUES (2 ^ 40, 'x', 'x', '')")
    assert evidence.seal() == 3
    rows = acted(150)
    assert evidence.seal() == 0
    assert evidence.seal(thorough=True) == 150  # within the hour, and then all is as before
    rows += acted(1)
    assert evidence.seal() == 1
    assert found() == []


@pytest.mark.django_db
def test_the_chain_outlives_a_new_secret_key(settings):
    acted(3)
    evidence.seal()
    settings.SECRET_KEY = "another secret key that is long enough for everybody who asks"
    assert found() == []
    settings.ADDRESS_KEY = bytes(32)
    assert len(found()) == 3


# -- what force does is found --------------------------------------------------------------------------


@pytest.fixture
def sealed(db) -> list[int]:
    """Nine rows under seals of three runs, so that changes meet the beginning, the middle and the end."""
    rows = []
    for _ in range(3):
        rows += acted(3)
        evidence.seal()
    return rows


FORGED = {
    "at": "at + interval '1 microsecond'",
    "verb": "verb || ' '",
    "actor": "'user 2'",
    "subject": "subject || 'x'",
    "mailbox_key": "COALESCE(set_byte(mailbox_key, 15, 0), '')",
    "details": "jsonb_set(details, '{words,1}', '1.50')",
}


@pytest.mark.duty("D58")
@pytest.mark.parametrize("column", FORGED)
@pytest.mark.parametrize("place", [1, 3, 4])
def test_a_changed_row_is_named(sealed, column, place):
    row = sealed[place - 1]
    by_force(f"UPDATE mailer_evidence SET {column} = {FORGED[column]} WHERE id = {row}")
    assert found() == [("changed row", place, row)]
    assert words() == f"Row {row}, sealed at position {place}, was changed, or the time of its seal was."


def test_in_the_last_row_a_change_is_told_from_one_of_its_seal_by_the_recorded_head(sealed):
    row, head = sealed[-1], evidence.current_head()
    assert head is not None and head.position == 9
    with transaction.atomic():
        by_force(f"UPDATE mailer_evidence SET actor = 'user 2' WHERE id = {row}")
        assert found() == [("changed", 9, row)]
        assert words() == f"Row {row} and its seal, at position 9, do not fit: one of them was changed."
        assert found([head]) == [("changed row", 9, row)]
        transaction.set_rollback(True)
    by_force("UPDATE mailer_seal SET seal = set_byte(seal, 0, get_byte(seal, 0) # 1) WHERE position = 9")
    assert found([head]) == [("other head", 9, row), ("changed seal", 9, row)]


def test_a_changed_seal_is_told_from_a_changed_row(sealed):
    by_force("UPDATE mailer_seal SET seal = set_byte(seal, 7, get_byte(seal, 7) # 1) WHERE position = 4")
    assert found() == [("changed seal", 4, sealed[3])]
    assert words() == f"The seal at position 4 was changed; its row, {sealed[3]}, is as it was."


def test_a_changed_time_of_sealing_is_found(sealed):
    by_force("UPDATE mailer_seal SET sealed_at = sealed_at - interval '1 day' WHERE position = 4")
    assert found() == [("changed row", 4, sealed[3])]


@pytest.mark.parametrize("place", [1, 5, 9])
def test_a_removed_row_is_named(sealed, place):
    row = sealed[place - 1]
    by_force(f"DELETE FROM mailer_evidence WHERE id = {row}")
    assert found() == [("removed", place, row)]
    assert words() == f"Row {row}, sealed at position {place}, was removed."


@pytest.mark.parametrize("place", [1, 5])
def test_a_removed_row_is_missed_though_its_seal_was_removed_too(sealed, place):
    row = sealed[place - 1]
    by_force(
        f"DELETE FROM mailer_evidence WHERE id = {row}", f"DELETE FROM mailer_seal WHERE position = {place}"
    )
    assert found() == [("removed seal", place, None)]
    assert words() == (
        f"Seal {place} is not there: taken out, or moved. The next, of row {sealed[place]}, can't be checked without."
    )


def test_closing_the_gap_of_a_removed_row_by_new_positions_is_found(sealed):
    by_force(
        f"DELETE FROM mailer_evidence WHERE id = {sealed[4]}",
        "DELETE FROM mailer_seal WHERE position = 5",
        "UPDATE mailer_seal SET position = position - 1 WHERE position = 6",
        "UPDATE mailer_seal SET position = position - 1 WHERE position = 7",
        "UPDATE mailer_seal SET position = position - 1 WHERE position = 8",
        "UPDATE mailer_seal SET position = position - 1 WHERE position = 9",
    )
    assert found() == [("changed row", 5, sealed[5])]


def test_a_row_with_another_number_is_missed_under_its_own(sealed):
    by_force(f"UPDATE mailer_evidence SET id = 999999999 WHERE id = {sealed[3]}")
    assert found() == [("removed", 4, sealed[3])]
    assert evidence.verify().unsealed == 1


def test_reordered_seals_are_named(sealed):
    by_force(
        "UPDATE mailer_seal SET position = 100 WHERE position = 4",
        "UPDATE mailer_seal SET position = 4 WHERE position = 5",
        "UPDATE mailer_seal SET position = 5 WHERE position = 100",
    )
    assert [kind for kind, _, _ in found()] == ["reordered"] * 3
    assert words() == (
        f"Seals were reordered: the one at position 4, of row {sealed[4]}, was made behind the one that now stands "
        "at position 5."
    )


def test_seals_with_each_others_rows_are_named(sealed):
    by_force(
        f"UPDATE mailer_seal SET evidence_id = -1 WHERE evidence_id = {sealed[3]}",
        f"UPDATE mailer_seal SET evidence_id = {sealed[3]} WHERE evidence_id = {sealed[4]}",
        f"UPDATE mailer_seal SET evidence_id = {sealed[4]} WHERE evidence_id = -1",
    )
    assert found() == [("reordered", 4, sealed[4]), ("reordered", 5, sealed[3])]
    assert words() == (
        f"Seals were reordered: the one at position 4 names row {sealed[4]}, but was made for row {sealed[3]}."
    )


def test_a_seal_that_names_a_row_that_is_not_there_is_told_from_a_removed_row(sealed):
    by_force("UPDATE mailer_seal SET evidence_id = 999 + evidence_id WHERE position = 4")
    assert found() == [("reordered", 4, sealed[3] + 999)]
    assert words().endswith(f"it was made for row {sealed[3]}.")


def test_a_row_put_in_with_an_old_date_is_found_before_and_after_it_is_sealed(sealed):
    by_force(
        "INSERT INTO mailer_evidence (verb, actor, subject, at)"
        " VALUES ('consented', 'recipient', '', now() - interval '30 days')"
    )
    row = Evidence.objects.latest("id").pk
    assert found() == [("unsealed", None, row)]
    assert words().startswith(f"Row {row} has no seal though it claims to be more than a day old: ")
    evidence.seal()
    assert found() == [("inserted", 10, row)]
    assert "it was put in by hand" in words()


@pytest.mark.parametrize("at", ["infinity", "2100-01-01", "-infinity", "0044-03-15 BC"])
def test_a_row_of_an_impossible_time_is_named_and_hides_nothing_behind_it(sealed, at):
    by_force(f"INSERT INTO mailer_evidence (verb, actor, subject, at) VALUES ('x', 'x', '', '{at}')")
    evidence.seal()
    acted(2)
    evidence.seal()
    assert [(kind, position) for kind, position, _ in found()] == [("inserted", 10)]


def test_seals_put_in_before_the_first_are_named(sealed):
    by_force("INSERT INTO mailer_seal (position, evidence_id, seal, sealed_at) VALUES (-5, -5, 'x', now())")
    assert found() == [("inserted seal", -5, -5)]


@pytest.mark.duty("D58")
def test_a_cut_tail_is_found_against_the_recorded_head(sealed):
    head = evidence.current_head()
    by_force(
        "DELETE FROM mailer_seal WHERE position > 6", f"DELETE FROM mailer_evidence WHERE id > {sealed[5]}"
    )
    assert found() == []  # nothing in the database shows it
    assert found([head]) == [("cut", 9, None)]
    assert words([head]).startswith("The end was cut off: on ")
    assert words([head]).endswith(" there were 9 seals, now there are 6.")
    acted(5)  # and sealing goes on over the cut
    evidence.seal()
    assert found([head]) == [("other head", 9, Seal.objects.get(position=9).evidence_id)]


def test_everything_removed_is_a_cut_tail(sealed):
    head = evidence.current_head()
    by_force("TRUNCATE mailer_seal", "TRUNCATE mailer_evidence")
    assert found([head]) == [("cut", 9, None)]


def test_a_young_backlog_is_told_and_is_no_break(sealed):
    acted(4)
    verdict = evidence.verify()
    assert (verdict.broken, verdict.unsealed, verdict.reached) == (0, 4, 9)
    assert verdict.oldest_unsealed and datetime.now(UTC) - verdict.oldest_unsealed < timedelta(minutes=5)


def test_taking_out_all_seals_is_found_once_the_rows_are_a_day_old(sealed, monkeypatch):
    by_force("TRUNCATE mailer_seal")
    assert evidence.verify().unsealed == 9
    monkeypatch.setattr(verifying, "LATE", timedelta(0))
    assert found() == [("unsealed", None, sealed[0])]
    assert words().endswith("In all, 9 rows are so.")


def test_every_broken_place_is_counted_and_the_first_ones_are_told(sealed):
    by_force("UPDATE mailer_evidence SET actor = actor || 'x'")
    verdict = evidence.verify()
    assert verdict.broken == 9
    assert [one.row for one in verdict.breaks] == sealed


# -- the ledger that evidence tells of ------------------------------------------------------------------


@pytest.fixture
def ledger(sealed) -> None:
    """Two opt-outs, one of them taken back by its owner, and an import's entries."""
    for address in (ANN, BEN):
        suppression.suppress(address.mailbox_key, reason="opt_out", channel="page", actor="recipient")
    assert suppression.reinstate(ANN, requested_at=datetime.now(UTC))
    suppression.suppress_many(
        [Status(parse(f"person{n}@example.org"), "hard_bounce") for n in range(3)],
        import_id=7,
        actor="user 1",
    )
    evidence.seal()
    assert found() == []


BENS = "WHERE mailbox_key = (SELECT mailbox_key FROM mailer_suppression ORDER BY id OFFSET 1 LIMIT 1)"


@pytest.mark.parametrize(
    "force",
    [
        f"DELETE FROM mailer_suppression {BENS}",
        f"UPDATE mailer_suppression SET reason = 'soft_bounce' {BENS}",
        f"UPDATE mailer_suppression SET channel = 'staff' {BENS}",
        f"UPDATE mailer_suppression SET id = id + 1000000 {BENS}",
        f"UPDATE mailer_suppression SET mailbox_key = '0123456789abcdef' {BENS}",
    ],
)
def test_an_opt_out_that_was_removed_or_changed_in_the_ledger_is_found(ledger, force):
    row = Evidence.objects.get(verb="suppressed", mailbox_key=BEN.mailbox_key).pk
    by_force(force)
    assert found() == [("lost entry", None, row)]
    assert words().endswith("its entry was removed or changed. In all, 1 such.")


def test_an_imported_entry_that_was_removed_from_the_ledger_is_found(ledger):
    by_force("DELETE FROM mailer_suppression WHERE id = (SELECT max(id) FROM mailer_suppression)")
    row = Evidence.objects.get(verb="suppressed from import").pk
    assert found() == [("lost entry", None, row)]


def test_a_way_back_that_nobody_confirmed_is_found(ledger):
    by_force(
        "INSERT INTO mailer_reinstatement (mailbox_key, address_key, up_to, requested_at)"
        f" SELECT mailbox_key, mailbox_key, id, now() FROM mailer_suppression {BENS}"
    )
    assert found() == [("untold lift", None, None)]
    assert "but no evidence tells that its owner confirmed it" in words()


# -- any change at all ---------------------------------------------------------------------------------

COLUMNS = [
    ("mailer_evidence", "id", "number"),
    ("mailer_evidence", "at", "time"),
    ("mailer_evidence", "verb", "text"),
    ("mailer_evidence", "actor", "text"),
    ("mailer_evidence", "subject", "text"),
    ("mailer_evidence", "mailbox_key", "bytes"),
    ("mailer_evidence", "details", "json"),
    ("mailer_seal", "position", "number"),
    ("mailer_seal", "evidence_id", "number"),
    ("mailer_seal", "seal", "bytes"),
    ("mailer_seal", "sealed_at", "time"),
]


def test_any_change_is_tried_on_every_column():
    of = {model._meta.db_table: model for model in (Evidence, Seal)}
    assert {(table, column) for table, column, _ in COLUMNS} == {
        (table, field.column) for table, model in of.items() for field in model._meta.concrete_fields
    }


@st.composite
def changes(draw) -> tuple[str, str, str]:
    """A table, a column, and its new value as SQL: one character, byte, microsecond or number away from the old."""
    table, column, kind = draw(st.sampled_from(COLUMNS))
    if kind == "text":
        letter = ord(draw(st.characters(codec="utf-8", exclude_characters="\0")))
        place = draw(st.integers(1, 12))
        return table, column, f"overlay({column} PLACING U&'\\+{letter:06X}' FROM {place} FOR 1)"
    if kind == "bytes":
        place, flip = draw(st.integers(0, 15)), draw(st.integers(1, 255))
        return table, column, f"set_byte({column}, {place}, get_byte({column}, {place}) # {flip})"
    if kind == "json":
        value = draw(st.sampled_from(["null", "0", "1.50", '""', '"–"', '"-"', "{}", "[]", "true"]))
        return table, column, f"jsonb_set(details, '{{words,{draw(st.integers(0, 3))}}}', '{value}')"
    if kind == "time":
        return table, column, f"{column} + interval '{draw(st.sampled_from([1, -1, 10**9]))} microsecond'"
    return table, column, f"{column} + {draw(st.sampled_from([-1, 1, 2**16, 2**40]))}"


@examples(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(change=changes(), place=st.integers(1, 9))
def test_any_smallest_change_of_any_column_of_any_row_is_found(sealed, change, place):
    table, column, value = change
    key, number = ("id", sealed[place - 1]) if table == "mailer_evidence" else ("position", place)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            # as text: 1.5 and 1.50 are equal, but not the same
            f"SELECT {column}::text IS DISTINCT FROM ({value})::text FROM {table} WHERE {key} = {number}"
        )
        (differs,) = cursor.fetchone()
        with suppress(IntegrityError):  # a number that is taken: refused even so
            by_force(f"UPDATE {table} SET {column} = {value} WHERE {key} = {number}")
            assert bool(evidence.verify().broken) is differs
        transaction.set_rollback(True)
