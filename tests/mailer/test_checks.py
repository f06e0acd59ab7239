"""What Candor asks of its settings before it starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.checks.registry import registry

from mailer import checks
from mailer.tokens import TOKEN_LENGTH
from tests.mailer.serving import PUBLIC


def found(check) -> list[tuple[str, str]]:
    return [(error.id, error.msg) for error in check()]


def test_the_checks_are_asked_by_every_command():
    ours = {
        checks.opt_out_link_fits_its_header,
        checks.mail_service_keeps_our_headers,
        checks.journal_can_be_written,
    }
    assert ours <= set(registry.registered_checks)
    assert [error for error in run_checks() if error.id.startswith("candor.")] == []


@pytest.mark.duty("D73")
def test_a_public_url_may_be_as_long_as_the_header_carries(settings):
    room = 77 - len("</u/>") - TOKEN_LENGTH
    settings.PUBLIC_URL = "https://" + "m" * (room - len("https://"))
    assert found(checks.opt_out_link_fits_its_header) == []
    settings.PUBLIC_URL += "mm"
    assert found(checks.opt_out_link_fits_its_header) == [
        (
            "candor.E001",
            "PUBLIC_URL is 2 characters too long: an opt-out link of 79 characters breaks in mail headers.",
        )
    ]


@pytest.mark.duty("D84")
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("sparkpost", "SparkPost drops our List-Unsubscribe header"),
        ("mailersend", "MailerSend passes our List-Unsubscribe headers on in Enterprise accounts only"),
        ("unisender_go", "Unisender Go puts its own unsubscribe link"),
        (
            "mailgunn",
            "“mailgunn” is no mail service that Candor knows. Write one of amazon_ses, brevo, mailgun",
        ),
        ("console", "“console” is no mail service that Candor knows"),
        ("postmark", "POSTMARK_SERVER_TOKEN"),
    ],
)
def test_a_mail_service_that_cannot_carry_our_mail_is_an_error_with_its_reason(settings, name, reason):
    settings.ANYMAIL_ESP, settings.ANYMAIL = name, {}
    ((number, message),) = found(checks.mail_service_keeps_our_headers)
    assert number == "candor.E002"
    assert message.startswith("ANYMAIL_ESP: ")
    assert reason in message


def test_a_mail_service_whose_package_is_not_there_is_an_error_with_its_name(settings, monkeypatch):
    monkeypatch.setitem(sys.modules, "boto3", None)
    monkeypatch.delitem(sys.modules, "anymail.backends.amazon_ses", raising=False)
    settings.ANYMAIL_ESP, settings.ANYMAIL = "amazon_ses", {}
    ((number, message),) = found(checks.mail_service_keeps_our_headers)
    assert number == "candor.E002"
    assert message.startswith("ANYMAIL_ESP: ") and "The boto3 package isn't installed" in message


def test_smtp_and_a_mail_service_with_its_key_are_fine(settings):
    settings.ANYMAIL_ESP = ""
    assert found(checks.mail_service_keeps_our_headers) == []
    settings.ANYMAIL_ESP, settings.ANYMAIL = "postmark", {"POSTMARK_SERVER_TOKEN": "a-key"}
    assert found(checks.mail_service_keeps_our_headers) == []


def test_a_public_installation_needs_a_journal_that_can_be_written(settings, tmp_path, monkeypatch):
    journal = settings.JOURNAL_DIR = tmp_path / "journal"
    assert found(checks.journal_can_be_written) == []  # a local one makes it
    settings.LOCAL = False
    after = ", so opt-outs would not outlive an outage of the database or an older dump."
    assert found(checks.journal_can_be_written) == [
        ("candor.E004", f"JOURNAL_DIR: {journal} does not exist{after}")
    ]
    journal.touch()
    assert found(checks.journal_can_be_written) == [
        ("candor.E004", f"JOURNAL_DIR: {journal} is a file, not a folder{after}")
    ]
    journal.unlink()
    journal.mkdir()
    assert found(checks.journal_can_be_written) == []
    assert list(journal.iterdir()) == []
    # what the kernel says of it: root, as whom tests may run, is not kept out by modes
    settings.JOURNAL_DIR = Path("/proc/self/task")
    ((number, words),) = found(checks.journal_can_be_written)
    assert number == "candor.E004"
    assert words.startswith("JOURNAL_DIR: /proc/self/task can't be written (")


def test_a_journal_on_a_file_system_that_is_mounted_read_only_is_told_as_that(settings, tmp_path):
    """In a name space of its own, where anybody may mount."""
    script = f"mount -t tmpfs -o ro none {tmp_path} && exec {sys.executable} manage.py check"
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script],
        env={**os.environ, **PUBLIC, "JOURNAL_DIR": str(tmp_path), "ADDRESS_KEY": "ab" * 32,
             "SECRET_KEY": "s" * 60, "LINK_KEYS": f"1:{'ab' * 32}", "DATABASE_URL": "postgres://h/n"},
        cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip("this machine lets nobody mount")
    assert f"JOURNAL_DIR: {tmp_path} is on a file system that is mounted read-only" in done.stderr
    assert done.returncode == 1


@pytest.mark.django_db
def test_more_connections_than_the_database_has_sessions_for_stop_the_start_in_words(settings):
    from django.core.management import CommandError, call_command

    checked = checks.the_database_has_room_for_our_connections
    assert checked(databases=["default"]) == []
    assert checked() == []
    settings.SENDING_WORKERS, settings.CONNECTIONS = 20, 100
    ((number, words),) = [(error.id, error.msg) for error in checked(databases=["default"])]
    assert number == "candor.E010"
    assert words.startswith(
        "CONNECTIONS: 100 for each of 20 sending processes, with all others, need up to 2002 "
    )
    settings.WEB_PORT = settings.INBOX_PORT = 0
    settings.INBOUND_DOMAIN = "reply.example.org"  # else `run` would set it for this whole process
    with pytest.raises(CommandError, match="Write a smaller CONNECTIONS"):
        call_command("run", "--no-example")
