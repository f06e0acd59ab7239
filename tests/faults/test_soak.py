"""What `make soak` plays for an hour, short: each part is killed in each window, and nobody is doubled or skipped."""

import json
import subprocess
import sys

import pytest
from django.conf import settings

from tests.faults.campaigns import OTHER_FAULTS
from tests.faults.windows import WINDOWS

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


def test_two_kills_in_each_window_of_a_campaign_double_and_skip_nobody():
    command = [
        sys.executable,
        "-m",
        "tests.faults.soak",
        "--seconds",
        "1",
        "--audience",
        "2000",
        "--least",
        "2",
    ]
    done = subprocess.run(
        [*command, "--pause", "0.2"],
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    print(done.stdout)  # shown with -rP
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert lines[-1]["verdict"] == "held"
    assert set(lines[-1]["kills"]) == set(WINDOWS)
    for campaign in lines[1:-1]:
        assert sum(campaign["states"].values()) == campaign["audience"] == 2000
    assert {fault.partition(":")[0] for fault in lines[-1]["faults"]} == set(OTHER_FAULTS)
