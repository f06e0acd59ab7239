"""Whatever OpenAPI allows and forbids, asked of the running API: it answers as its description says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mailer.api.urls import api
from mailer.models import Evidence, Reinstatement, Suppression
from tests.mailer.api_door import Program, is_mailable, new_list, on_list, opted_out
from tests.mailer.serving import served
from tests.mailer.test_api_documentation import LOCAL

# What is allowed by type may still be refused for what it says, such as a list that is not there.
NOT_ASKED = "positive_data_acceptance"
# What is forbidden may be refused for its size alone.
REFUSALS = (
    "[checks]\nnegative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 411, 413, 415, 422]\n"
)


@pytest.mark.programs
@pytest.mark.timeout(240)
def test_the_running_api_is_what_its_openapi_says(living_database, data_dir, tmp_path: Path):
    on_list(new_list(), "ann@example.org", "bea@example.org")
    opted_out("bea@example.org")
    program = Program()
    (tmp_path / "schemathesis.toml").write_text(REFUSALS)
    with served(living_database, **LOCAL, DATA_DIR=str(data_dir), API_REQUESTS_PER_MINUTE="999999") as server:
        asked = subprocess.run(
            [
                str(Path(sys.executable).with_name("schemathesis")), "run",
                f"http://127.0.0.1:{server.port}/api/openapi.json",
                "--header", f"Authorization: {program.bearer}",
                "--checks", "all", "--exclude-checks", NOT_ASKED,
                "--seed", "1", "--max-examples", "20", "--continue-on-failure", "--request-timeout", "20",
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=180,
        )  # fmt: skip
        log = server.log.read_text()
    assert asked.returncode == 0, asked.stdout[-6_000:]
    operations = sum(len(methods) for methods in api.get_openapi_schema()["paths"].values())
    assert re.search(rf"Tested: {operations}\b", asked.stdout)
    assert int(re.search(r"(\d+) generated", asked.stdout)[1]) > 500
    assert "The API failed" not in log
    assert "Traceback" not in log
    assert not is_mailable("bea@example.org")
    assert not Reinstatement.objects.exists()
    opt_outs = Suppression.objects.values("mailbox_key").distinct().count()
    assert Evidence.objects.filter(verb="suppressed").count() == opt_outs
