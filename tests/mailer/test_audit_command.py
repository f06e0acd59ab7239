"""`audit_message` as other programs call it: a file or standard input, findings a line, an exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model

from mailer.management.example import put_sender
from mailer.models import Sender

pytestmark = pytest.mark.long

CLONE = Path(__file__).resolve().parents[2]


def command(
    environ: dict[str, str], *arguments: str, given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=CLONE, env=environ, input=given, capture_output=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture
def no_database(tmp_path) -> dict[str, str]:
    # nothing listens on port 1: a command that asked the database would fail
    return {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}


def test_what_render_message_prints_has_no_findings(no_database):
    rendered = command(no_database, "render_message", "--subject", "Covers for roses").stdout
    done = command(no_database, "audit_message", "-", given=rendered)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_nor_when_it_can_be_answered_by_mail(no_database):
    connected = no_database | {"INBOUND_DOMAIN": "in.example.org"}
    rendered = command(connected, "render_message", "--subject", "Covers for roses").stdout
    assert b">,\r\n <mailto:" in rendered
    done = command(connected, "audit_message", "-", given=rendered)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_findings_come_one_a_line_in_words_or_as_json(no_database, tmp_path):
    rendered = command(no_database, "render_message", "--subject", "Covers for roses").stdout
    eml = tmp_path / "received.eml"
    eml.write_bytes(rendered.replace(b"Subject: ", b"Subject: Re: ").replace(b"One-Click", b"one-click"))
    in_words = command(no_database, "audit_message", str(eml))
    assert in_words.returncode == 1 and in_words.stderr == b""
    assert [line.split(":")[1] for line in in_words.stdout.decode().splitlines()] == [
        " one_click (header)", " fake_reply (subject)",
    ]  # fmt: skip
    as_json = command(no_database, "audit_message", str(eml), "--json")
    found = [json.loads(line) for line in as_json.stdout.splitlines()]
    assert as_json.returncode == 1
    assert [(each["rule"], each["severity"], each["where"]) for each in found] == [
        ("one_click", "block", "header"), ("fake_reply", "block", "subject"),
    ]  # fmt: skip
    assert all(set(each) == {"rule", "severity", "message", "source", "where"} for each in found)


@pytest.mark.parametrize("arguments", [[], ["/no/such/file"], ["/"], ["-", "--sender", "x"]])
def test_wrong_use_exits_2(no_database, arguments):
    done = command(no_database, "audit_message", *arguments)
    assert (done.returncode, done.stdout) == (2, b"") and done.stderr and b"Traceback" not in done.stderr


def test_with_a_sender_its_lines_are_looked_for(living_database):
    environ = living_database.environment()
    number = str(put_sender(get_user_model().objects.create_superuser("op", "op@example.org", "x")).pk)
    rendered = command(environ, "render_message", "--subject", "Roses", "--sender", number).stdout
    assert command(environ, "audit_message", "-", "--sender", number, given=rendered).returncode == 0
    Sender.objects.filter(pk=number).update(line1="2 Other Street")
    done = command(environ, "audit_message", "-", "--sender", number, given=rendered)
    assert done.returncode == 1 and b"address_shown" in done.stdout
    assert command(environ, "audit_message", "-", "--sender", "999999", given=rendered).returncode == 2
