"""With another ADDRESS_KEY nobody's opt-out would be found, so every command ends before it does anything."""

import subprocess
import sys

import pytest
from django.conf import settings

from mailer import suppression

WORDS = (
    "ADDRESS_KEY is not the key that the suppression ledger was written under, so nobody's opt-out would be found. "
    "Nothing is sent. Set ADDRESS_KEY back to its first value.\n"
)


@pytest.mark.duty("D123")
@pytest.mark.parametrize(
    "command",
    [["run"], ["mailable"], ["opt_out", "dana@example.org", "--channel", "phone"]],
    ids=lambda command: command[0],
)
def test_a_changed_address_key_ends_a_command_in_words(living_database, tmp_path, command):
    suppression.assert_ledger()  # the first use writes the canary

    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        input=b"dana@example.org\n",
        env=living_database.environment(
            ADDRESS_KEY="ab" * 32, DATA_DIR=str(tmp_path), WEB_PORT="18231", INBOX_PORT="18232"
        ),
        cwd=settings.BASE_DIR,
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr.decode().removeprefix("CommandError: ")) == (2, WORDS)
