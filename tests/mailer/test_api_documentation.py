"""Each example of docs/api.md, run by curl as it stands, is answered as the page says."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from django.db import connection

from mailer import addresses
from mailer.contacts import importing
from mailer.models import Counter
from project.values import CLONE
from tests.mailer.api_door import Program, new_list
from tests.mailer.serving import served

PAGE = (CLONE / "docs" / "api.md").read_text()
EXAMPLE = re.compile(r"^```sh\n(?P<run>.*?)^```\n\n^```(?P<kind>json|csv)\n(?P<says>.*?)^```$", re.M | re.S)
MOMENT = re.compile(r'"\d{4}-\d\d-\d\dT[^"]+Z"')
LOCAL = {"PUBLIC_URL": "", "EMAIL_URL": "", "SENDER_DOMAINS": ""}


def as_said(text: str, kind: str) -> object:
    """What an answer says, but for the moment at which it was given and the name of the machine."""
    if kind == "csv":
        return text.replace("\r\n", "\n")
    return json.loads(
        MOMENT.sub('"at some time"', text).replace("http://127.0.0.1:8000", "https://mail.example.com")
    )


@pytest.mark.programs
def test_each_example_is_answered_as_the_page_says(living_database, data_dir, tmp_path: Path):
    with connection.cursor() as cursor:  # the page counts from one
        for table in ("contact", "import"):
            cursor.execute(f"ALTER TABLE mailer_{table} ALTER COLUMN id RESTART")
    (tmp_path / ".curlrc").write_text("silent\nshow-error\n")
    new_list()
    Counter.objects.create(slug="seats", what="seats for the webinar on 2 December", actor="shell")
    program, examples = Program(), list(EXAMPLE.finditer(PAGE))
    with served(living_database, **LOCAL, DATA_DIR=str(data_dir)) as server:
        environment = {
            "PATH": "/usr/bin:/bin",
            "CANDOR": f"http://127.0.0.1:{server.port}",
            "KEY": program.text,
            "HOME": str(tmp_path),
        }
        for example in examples:
            run = ["sh", "-ec", example["run"]]
            answer = subprocess.run(
                run, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60
            )
            assert (answer.returncode, answer.stderr) == (0, ""), example["run"]
            assert as_said(answer.stdout, example["kind"]) == as_said(example["says"], example["kind"]), (
                example["run"]
            )
            importing.run_waiting()
    assert len(examples) == PAGE.count("```sh") >= 12


def test_the_page_names_every_operation_and_every_scope():
    from mailer.api.urls import api
    from mailer.models import ApiKey

    for path in api.get_openapi_schema()["paths"]:
        assert path.replace("{number}", "1") in PAGE, path
    for scope in ApiKey.Scope.values:
        assert f"`{scope}`" in PAGE
    for address in re.findall(r"[\w.+-]+@[\w.]+", PAGE):
        assert addresses.parse(address).mailbox.endswith("@example.org")
