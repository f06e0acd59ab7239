"""What staff see of seals, and the button by which operators have the evidence verified."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailer import evidence, tasks
from mailer.evidence import asking, verifying
from mailer.models import Evidence, Heartbeat, Seal, Verification
from tests.mailer.admin_door import member, signed_in
from tests.mailer.test_seals import acted, by_force

PAGE = "/admin/mailer/evidence/verification/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _journal(settings, tmp_path):
    settings.JOURNAL_DIR = tmp_path / "journal"


@pytest.fixture(autouse=True)
def asked(monkeypatch) -> list[str]:
    """The tasks that were published instead of a broker's."""
    published: list[str] = []
    monkeypatch.setattr("celery.Task.apply_async", lambda task, args: published.append(task.name))
    return published


def shown(path: str = PAGE) -> str:
    return signed_in("Operator").get(path).content.decode()


def test_a_row_shows_its_place_in_the_chain_or_that_it_has_none_yet():
    first, second = acted(2)
    assert "Not yet sealed" in shown(f"/admin/mailer/evidence/{second}/change/")
    evidence.seal()
    seal = Seal.objects.get(evidence_id=second)
    told = f"Sealed at {seal.sealed_at:%d %b %Y, %H:%M:%S} UTC, position 2"
    assert told in shown(f"/admin/mailer/evidence/{second}/change/")
    assert "position 1" in shown(f"/admin/mailer/evidence/{first}/change/")


def test_the_list_leads_to_the_verification():
    assert f'href="{PAGE}"' in shown("/admin/mailer/evidence/")


def test_an_operator_asks_a_worker_looks_and_the_page_tells(asked, django_capture_on_commit_callbacks):
    acted(3)
    evidence.seal()
    evidence.write_head()
    assert "Not verified yet" in shown()
    with django_capture_on_commit_callbacks(execute=True):
        answer = signed_in("Operator").post(f"{PAGE}now/")
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert asked == ["mailer.tasks.verify_evidence"]
    page = shown()
    assert "A worker is looking" in page
    assert "Verify now" not in page
    tasks.verify_evidence()
    page = shown()
    assert "3 rows and their seals are whole." in page
    assert "held against 1" in page
    assert "<dt>Not yet sealed</dt><dd>1</dd>" in page  # that somebody asked
    assert Evidence.objects.filter(verb="verified").get().details == {"seals": 3, "broken": 0}
    assert "Verify now" in page


def test_what_is_broken_is_named_on_the_page_on_the_first_page_and_by_status():
    rows = acted(4)
    evidence.seal()
    by_force(f"UPDATE mailer_evidence SET actor = '<script>' WHERE id = {rows[1]}")
    evidence.ask(member("Operator"))
    tasks.verify_evidence()
    words = f"Row {rows[1]}, sealed at position 2, was changed, or the time of its seal was."
    page = shown()
    assert "Evidence was changed" in page
    assert words in page
    assert "none to hold it against" in page
    [told] = evidence.warnings()
    assert told.startswith("Evidence was changed: the verification of ")
    assert told.endswith(" found 1 broken place. See Evidence, Verification.")
    assert told in shown("/admin/")


def test_who_asks_while_a_look_is_under_way_gets_that_one():
    first = evidence.ask(member("Operator"))
    assert evidence.ask(member("Operator")) == first
    assert list(Verification.objects.all()) == [first]
    assert Evidence.objects.filter(verb="verification asked").count() == 1


def test_a_long_look_is_done_in_parts_that_find_the_same(monkeypatch, asked):
    monkeypatch.setattr(verifying, "PIECE", 3)
    monkeypatch.setattr(tasks, "SLICE", -1.0)
    rows = acted(20)
    evidence.seal()
    by_force(
        f"UPDATE mailer_evidence SET actor = 'user 2' WHERE id IN ({rows[2]}, {rows[11]})",
        f"DELETE FROM mailer_evidence WHERE id = {rows[6]}",
        "UPDATE mailer_seal SET seal = set_byte(seal, 0, get_byte(seal, 0) # 1) WHERE position = 18",
    )
    at_once = evidence.verify()
    evidence.ask(member("Operator"))
    parts = 0
    while evidence.is_verification_waiting():
        tasks.verify_evidence()
        parts += 1
    assert parts > 3
    assert asked == ["mailer.tasks.verify_evidence"] * (parts - 1)
    done = Verification.objects.get()
    assert done.words == [one.words for one in at_once.breaks]
    assert [one.kind for one in at_once.breaks] == ["changed row", "removed", "changed row", "changed seal"]
    assert (done.reached, done.broken) == (20, 4)


def test_a_worker_that_dies_in_a_look_leaves_it_to_the_next(monkeypatch):
    acted(5)
    evidence.seal()
    evidence.ask(member("Operator"))

    def dies(*given):
        raise SystemExit

    with monkeypatch.context() as dying, pytest.raises(SystemExit):
        dying.setattr(asking, "look_behind", dies)
        evidence.carry_on(seconds=10)
    assert evidence.is_verification_waiting()
    assert evidence.carry_on(seconds=10) is False
    assert Verification.objects.get().reached == 5


# -- warnings ----------------------------------------------------------------------------------------------


def test_rows_that_wait_for_a_quarter_of_an_hour_are_told():
    acted(1)
    assert evidence.warnings() == []
    by_force("UPDATE mailer_evidence SET at = now() - interval '16 minutes'")
    [told] = evidence.warnings()
    assert told.startswith("Evidence waits for its seal since ")
    evidence.seal()
    assert evidence.warnings() == []


def test_heads_that_are_not_recorded_any_more_are_told():
    Heartbeat.objects.create(name="head", at=timezone.now() - timedelta(days=3))
    [told] = evidence.warnings()
    assert told.startswith("The end of the evidence was last recorded on ")
    acted(1)
    tasks.record_head()
    assert evidence.warnings() == []
    assert evidence.current_head().position == 1
    assert [head.position for head in evidence.read_heads(evidence.heads_file())] == [1]
