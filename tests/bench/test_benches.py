"""What `make bench` promises of its names, lines and ends. How fast anything is, is no test."""

import json
import os
import subprocess
import sys
from importlib import import_module
from types import GeneratorType

import pytest
from django.conf import settings
from django.db import connection

from bench import __main__ as command
from bench.results import Result, merged, table


@pytest.mark.parametrize("name", command.BENCHES)
def test_every_name_is_a_bench_that_measures_once_when_run(name):
    run = import_module(command.BENCHES[name]).run
    assert isinstance(run(), GeneratorType)  # nothing is measured before the first line is asked for


@pytest.fixture
def benches(monkeypatch) -> None:
    monkeypatch.setattr(command, "BENCHES", {"broken": "tests.bench.broken", "steady": "tests.bench.steady"})
    monkeypatch.chdir(settings.BASE_DIR)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["stedy"], "There is no bench “stedy”. There are: broken, steady."),
        (["steady", "--runs", "0"], "--runs and --rows take a number from 1 on"),
        (["steady", "--rows", "0"], "--runs and --rows take a number from 1 on"),
    ],
)
def test_a_wrong_word_is_answered_in_words_and_measures_nothing(benches, capsys, arguments, words):
    assert command.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert "run 1" not in err


def test_medians_are_told_as_json_and_as_a_table(benches, capsys):
    assert command.main(["steady", "--runs", "2", "--rows", "9"]) == 0
    out, err = capsys.readouterr()
    (line,) = out.splitlines()
    assert json.loads(line) == {
        "bench": "steady",
        "value": 9,
        "unit": "rows/s",
        "against": "itself",
        "ratio": 1.0,
        "runs": 2,
        "values": [9, 9],
        "ratios": [1.0, 1.0],
    }
    assert err.splitlines() == [
        "steady: run 1 of 2",
        "steady: run 2 of 2",
        "bench   value     ratio  least–most  against",
        "steady  9 rows/s  1      1–1         itself",
    ]


def test_a_bench_that_fails_spoils_no_other(benches, capfd):
    assert command.main(["--runs", "1"]) == 1
    out, err = capfd.readouterr()
    assert [json.loads(line)["value"] for line in out.splitlines()] == [7]
    assert "RuntimeError: There is no ruler here.\nbroken was not measured." in err


def test_a_scratch_database_is_migrated_reached_by_children_and_gone_when_its_bench_dies(living_database):
    ended = subprocess.run(
        [sys.executable, "-m", "bench.once", "tests.bench.scratched"],
        cwd=settings.BASE_DIR,
        env={
            **living_database.environment(),
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "PYTHONWARNINGS": os.environ.get("PYTHONWARNINGS", ""),
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1
    assert ended.stderr.endswith("RuntimeError: in mid-bench\n")
    line = json.loads(ended.stdout)
    assert line["bench"] == "candor_bench_scratched"
    assert line["value"] == "candor_bench_scratched 1 smtp://127.0.0.1:2599"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = 'candor_bench_scratched'")
        assert cursor.fetchone() == (0,)


# -- arithmetic ----------------------------------------------------------------------------------------


def line(bench: str, value: float, ratio: float, against: str = "itself") -> dict[str, object]:
    return {"bench": bench, "value": value, "unit": "rows/s", "against": against, "ratio": ratio}


def test_runs_are_merged_by_bench_and_yardstick_in_the_order_of_the_first():
    runs = [line("b", 10, 0.1), line("a", 5, 2.0), line("b", 30, 0.3), line("a", 7, 4.0), line("b", 20, 0.25)]
    runs.append(line("b", 1, 9.0, against="another"))
    assert list(merged(runs)) == [
        Result("b", "rows/s", "itself", (10, 30, 20), (0.1, 0.3, 0.25)),
        Result("a", "rows/s", "itself", (5, 7), (2.0, 4.0)),
        Result("b", "rows/s", "another", (1,), (9.0,)),
    ]


def test_a_line_has_medians_and_the_least_and_most_beside_them():
    told = Result("b", "rows/s", "itself", (10, 30, 20), (0.1, 0.3, 0.2512)).as_line()
    assert told["value"] == 20
    assert told["ratio"] == 0.251
    assert (told["values"], told["ratios"], told["runs"]) == ([10, 30], [0.1, 0.3], 3)


def test_the_table_has_one_line_for_each_figure_and_large_numbers_whole():
    shown = table([Result("import", "rows/s", "INSERT", (1_234_567.0,), (1.61,))]).splitlines()
    assert shown[1].split() == ["import", "1,234,567", "rows/s", "1.61", "1.61–1.61", "INSERT"]
