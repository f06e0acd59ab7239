"""`check_postal_address` as other programs call it: a line in, a line out; no database needed."""

import json
import os
import subprocess
import sys
from pathlib import Path

CLONE = Path(__file__).resolve().parents[3]
GOOD = {
    "organization": "Rose Garden LLC", "line1": "1450 Rose Street", "line2": "", "city": "Portland",
    "region": "OR", "postal_code": "97201", "country": "US",
}  # fmt: skip


def run(tmp_path: Path, *lines: str | bytes) -> tuple[int, list[dict], str]:
    # nothing listens on port 1: a command that asked the database would fail
    environ = {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
    given = b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines)
    done = subprocess.run(
        [sys.executable, "manage.py", "check_postal_address"],
        cwd=CLONE, env=environ, input=given, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr.decode()


def asked(id_: object, **changed: object) -> str:
    return json.dumps({"id": id_, "parts": {**GOOD, **changed}})


def test_each_line_gets_its_answer_in_order(tmp_path):
    code, answers, errors = run(
        tmp_path, asked("a"), asked(2, line1="123 Main St"), asked(3, region="ME"), "", asked(4, line2=None)
    )
    assert (code, errors) == (1, "")
    assert [(each["id"], each["valid"]) for each in answers] == [
        ("a", True),
        (2, True),
        (3, False),
        (4, True),
    ]
    assert answers[0] == {"id": "a", "valid": True, "problems": [], "doubts": []}
    assert answers[1]["problems"] == [] and answers[1]["doubts"] == [
        "“123 Main St” is often an example. Is it where post really reaches you?"
    ]
    assert answers[2]["problems"] == ["The ZIP code 97201 is in OR, not in ME. Correct one of them."]


def test_all_valid_exits_0(tmp_path):
    assert run(tmp_path, asked(1))[0] == 0
    assert run(tmp_path)[:2] == (0, [])


def test_a_bad_line_gets_words_and_the_rest_their_answers(tmp_path):
    code, answers, errors = run(
        tmp_path,
        "nonsense",
        b"\xff\xfe",
        "[1]",
        '{"id": 4}',
        '{"id": 5, "parts": {"zip": "97201"}}',
        asked(6, postal_code=97201),
        "[" * 100_000,
        asked(8),
    )
    assert code == 2
    assert [each["id"] for each in answers] == [None, None, None, 4, 5, 6, None, 8]
    assert [each["valid"] for each in answers] == [False] * 7 + [True]
    assert [each["problems"][0].partition(":")[0] for each in answers[:7]] == [
        f"Line {n}" for n in range(1, 8)
    ]
    assert "fields that are not known: zip" in answers[4]["problems"][0]
    assert "must be text in quotes: postal_code" in answers[5]["problems"][0]
    assert errors.count("\n") == 7 and "Traceback" not in errors
