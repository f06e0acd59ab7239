"""The operator's and the expert's shell: heads, verification, export, and recomputing without Candor."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mailer import evidence
from mailer.models import Evidence, Seal
from tests.mailer.test_ledger_commands import run
from tests.mailer.test_seals import acted, by_force

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "verify_seals.py"


@pytest.fixture(autouse=True)
def _journal(settings, tmp_path):
    settings.JOURNAL_DIR = tmp_path / "journal"


pytestmark = pytest.mark.django_db


def head_lines() -> list[dict]:
    return [json.loads(line) for line in evidence.heads_file().read_text().splitlines()]


# -- evidence_head ---------------------------------------------------------------------------------------


def test_the_head_is_printed_and_recorded_once_for_each_end_of_the_chain():
    acted(3)
    code, out, _ = run("evidence_head", "--json")
    assert code == 0
    last = Seal.objects.get(position=3)
    assert json.loads(out) == {
        "position": 3,
        "seal": bytes(last.seal).hex(),
        "sealed_at": last.sealed_at.isoformat(),
    }
    run("evidence_head")
    assert head_lines() == [json.loads(out)]
    acted(2)
    code, words, _ = run("evidence_head")
    assert code == 0
    assert words.startswith("5 rows are sealed, the last at ")
    assert [head["position"] for head in head_lines()] == [3, 5]


def test_without_evidence_there_is_no_head():
    assert run("evidence_head") == (0, "There is no evidence yet.\n", "")
    assert json.loads(run("evidence_head", "--json")[1]) == {"position": 0, "seal": None, "sealed_at": None}
    assert not evidence.heads_file().exists()


def test_a_head_that_a_crash_tore_off_swallows_no_other_and_is_passed_over():
    acted(1)
    run("evidence_head")
    with evidence.heads_file().open("a") as file:
        file.write('{"position": 2, "se')
    acted(1)
    run("evidence_head")
    assert [head.position for head in evidence.read_heads(evidence.heads_file())] == [1, 2]


def test_a_head_that_cannot_be_written_is_a_failure(settings, tmp_path):
    (tmp_path / "journal").write_text("a file where the folder should be")
    acted(1)
    code, _, err = run("evidence_head")
    assert code == 2
    assert err.startswith("The head was not recorded: ")


# -- verify_evidence -------------------------------------------------------------------------------------


def test_what_is_whole_is_counted():
    acted(3)
    run("evidence_head")
    acted(1)
    code, out, err = run("verify_evidence")
    oldest = Evidence.objects.latest("id").at
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "All is whole: 3 rows and their seals.",
        f"1 without a seal, the oldest of {oldest:%d %B %Y, %H:%M:%S} UTC.",
        "Held against 1 recorded heads, the last at position 3.",
    ]
    code, out, _ = run("verify_evidence", "--json")
    assert (code, json.loads(out)) == (
        0,
        {
            "whole": True,
            "seals": 3,
            "broken": 0,
            "breaks": [],
            "unsealed": 1,
            "oldest_unsealed": oldest.isoformat(),
            "heads": 1,
        },
    )


def test_the_first_broken_place_is_told_in_words_with_its_row():
    rows = acted(30)
    evidence.seal()
    by_force(f"UPDATE mailer_evidence SET actor = 'user 2' WHERE id >= {rows[7]}")
    code, out, _ = run("verify_evidence")
    assert code == 1
    lines = out.splitlines()
    # its neighbour was changed too, which could else tell the row from its seal
    assert lines[0] == f"Row {rows[7]} and its seal, at position 8, do not fit: one of them was changed."
    assert lines[20] == "… 23 broken places in all."
    code, out, _ = run("verify_evidence", "--json")
    told = json.loads(out)
    assert (code, told["whole"], told["broken"], len(told["breaks"])) == (1, False, 23, 20)
    assert told["breaks"][0] == {
        "kind": "changed",
        "position": 8,
        "row": rows[7],
        "words": lines[0],
    }


def test_a_cut_tail_shows_against_a_copy_of_the_heads_kept_elsewhere(tmp_path):
    acted(5)
    run("evidence_head")
    elsewhere = tmp_path / "heads-at-the-lawyers.jsonl"
    evidence.heads_file().rename(elsewhere)
    by_force(
        "DELETE FROM mailer_seal WHERE position > 2", "DELETE FROM mailer_evidence WHERE verb >= 'act 2'"
    )
    code, out, _ = run("verify_evidence")
    assert code == 0
    assert out.splitlines()[-1].startswith("There are no recorded heads to hold it against")
    code, out, _ = run("verify_evidence", "--heads", str(elsewhere))
    assert code == 1
    assert out.splitlines()[0].endswith("there were 5 seals, now there are 2.")


@pytest.mark.parametrize("content", [None, "{}\n", "nonsense}\n", '{"position": 1, "seal": "xy"}\n'])
def test_heads_that_cannot_be_read_are_a_failure_not_a_finding(tmp_path, content):
    heads = tmp_path / "heads"
    if content is not None:
        heads.write_text(content)
    code, _, err = run("verify_evidence", "--heads", str(heads))
    assert code == 2
    assert str(heads) in err


@pytest.mark.parametrize("command", ["verify_evidence", "evidence_head", "export_evidence"])
def test_under_another_address_key_nothing_is_sealed_and_nothing_is_called_broken(settings, command):
    acted(2)
    run("evidence_head")
    acted(1)
    settings.ADDRESS_KEY = bytes(32)
    from mailer import suppression

    suppression._sure.clear()
    code, _, err = run(command)
    assert code == 2
    assert "ADDRESS_KEY is not the key" in err
    assert Seal.objects.count() == 2


# -- without Candor --------------------------------------------------------------------------------------


def recomputed(tmp_path, *heads: str) -> tuple[int, str]:
    """The documented script, in an interpreter that has nothing of Candor's on its path."""
    exported = tmp_path / "evidence.jsonl"
    exported.write_text(run("export_evidence")[1], encoding="utf-8")
    key = run("export_evidence", "--key")[1].strip()
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(exported), key, *heads],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        cwd=tmp_path,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_seals_can_be_recomputed_with_nothing_but_python(tmp_path):
    rows = acted(9)
    run("evidence_head")
    heads = str(evidence.heads_file())
    assert recomputed(tmp_path) == (0, "All seals fit.\n")
    assert recomputed(tmp_path, heads) == (0, "All seals fit.\n")
    by_force(f"UPDATE mailer_evidence SET subject = 'campaign 3' WHERE id = {rows[4]}")
    assert recomputed(tmp_path) == (1, f"Row {rows[4]} does not fit its seal at position 5.\n")
    by_force(f"UPDATE mailer_evidence SET subject = 'campaign 4' WHERE id = {rows[4]}")
    by_force("DELETE FROM mailer_seal WHERE position = 9")
    assert recomputed(tmp_path, heads) == (1, "The recorded head at position 9 is not there.\n")


def test_the_exported_key_does_not_betray_the_address_key(settings):
    key = run("export_evidence", "--key")[1].strip()
    assert key == evidence.sealing_key().hex()
    assert settings.ADDRESS_KEY.hex() not in key


def test_the_script_without_files_says_how_it_is_used():
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "verify_seals.py EVIDENCE.jsonl KEY [HEADS.jsonl]" in done.stderr
