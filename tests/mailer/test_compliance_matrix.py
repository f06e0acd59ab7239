"""The matrix of duties names nothing that is not there, and calls nothing kept that no test keeps."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mailer.compliance import matrix

BASE = Path(__file__).parents[2]
TEST = """
import pytest
pytestmark = [pytest.mark.django_db, pytest.mark.duty("D9")]

@pytest.mark.duty("D1", "D130")
@pytest.mark.parametrize("n", [1])
def test_one(n): ...

def helper(): ...

@pytest.mark.duty("D2")
def no_test(): ...
"""


@pytest.fixture
def root(tmp_path) -> Path:
    """A place like ours: every duty is kept by one test in one file."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "tests" / "mailer").mkdir(parents=True)
    (tmp_path / "place.py").touch()
    every = ", ".join(f'"{number}"' for number in matrix.NUMBERS)
    (tmp_path / "tests" / "test_all.py").write_text(f"@pytest.mark.duty({every})\ndef test_all(): ...\n")
    write(tmp_path)
    return tmp_path


def write(root: Path, **changed: str) -> None:
    lines = dict.fromkeys(matrix.NUMBERS, 'law="x"\nduty="y"\nkept="yes"\nwhere=["place.py"]')
    told = "".join(f"[{number}]\n{words}\n" for number, words in (lines | changed).items())
    (root / "docs" / "duties.toml").write_text(told)


def test_ours_has_every_duty_and_names_nothing_that_is_not_there():
    told = matrix.duties(BASE)
    assert [duty.number for duty in told] == matrix.NUMBERS
    assert sum(bool(duty.tests) for duty in told) >= 100
    words = matrix.page(told)
    assert "you remain the sender, and this is not legal advice" in words
    assert all(f"**{number}. " in words for number in matrix.NUMBERS)


def test_a_test_names_its_duties_by_a_marker_of_its_own_or_of_its_file(root):
    (root / "tests" / "mailer" / "test_x.py").write_text(TEST)
    found = matrix.tests_by_duty(root / "tests")
    assert [found[number][0] for number in ("D1", "D9", "D130")] == ["mailer/test_x.py::test_one"] * 3
    assert found["D2"] == ["test_all.py::test_all"]


@pytest.mark.parametrize(
    ("number", "words", "wrong"),
    [
        ("D5", 'law="x"\nduty="y"\nkept="yes"\nwhere=["gone.py"]', "D5: gone.py is not there"),
        ("D5", 'law="x"\nduty="y"\nkept="partly"\nwhere=["place.py"]', "must say what the operator does"),
        ("D5", 'law="x"\nduty="y"\nkept="operator"', "must say what the operator does"),
        ("D5", 'law=""\nduty="y"\nkept="yes"\nwhere=["place.py"]', "D5 lacks its law"),
        ("D5", 'law="x"\nduty="y"\nkept="mostly"\nwhere=["place.py"]', "D5 lacks its law"),
        ("D131", 'law="x"', "D131 is no duty; named by docs/duties.toml"),
    ],
)
def test_what_is_wrong_in_the_data_is_told(root, number, words, wrong):
    write(root, **{number: words})
    with pytest.raises(matrix.MatrixRefused, match=wrong):
        matrix.duties(root)


def test_a_duty_is_not_called_kept_without_a_test(root, settings):
    (root / "tests" / "test_all.py").write_text('@pytest.mark.duty("D200")\ndef test_all(): ...\n')
    settings.BASE_DIR = root
    with pytest.raises(CommandError) as refused:
        call_command("print_compliance")
    assert "D7 is said to be kept, but no test" in str(refused.value)
    assert "D200 is no duty; named by test_all.py::test_all." in str(refused.value)
