"""Headers come out the same on the newest Django: in an environment of its own, which `tests/newest_django` makes."""

import os
import re
import subprocess
from pathlib import Path

import pytest

CLONE = Path(__file__).resolve().parents[2]


@pytest.mark.programs
@pytest.mark.timeout(600)  # the first time it installs some sixty packages
def test_the_header_tests_pass_on_the_newest_django():
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "DJANGO"))}
    done = subprocess.run(
        [CLONE / "tests/newest_django"], cwd=CLONE, env=bare, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    version = re.search(r"^Django (\d+)\.", done.stdout, re.MULTILINE)
    assert version and int(version[1]) >= 6
    assert re.search(r"\d+ passed", done.stdout)
