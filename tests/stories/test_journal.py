"""Neither an outage of the database nor an older dump of it resurrects anybody: real processes, real dumps."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from mailer import addresses, journal, locks
from mailer.models import Evidence, Suppression
from project.localpg import programs
from tests.mailer.test_one_click import away, back
from tests.stories import parts
from tests.stories.parts import Installation
from tests.stories.test_opt_out_under_way import link

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.long,
]  # dumping, dropping and restoring a database waits for checkpoints

DOCS = settings.BASE_DIR / "docs" / "operating.md"


# -- the restore drill ------------------------------------------------------------------------------------


def drill(heading: str) -> str:
    """The commands that docs/operating.md gives under this heading."""
    found = re.search(rf"^### {heading}$.*?^```sh\n(.*?)^```$", DOCS.read_text(), re.M | re.S)
    assert found, f"docs/operating.md has no commands under “{heading}”"
    return found[1]


def shell(installation: Installation, commands: str) -> str:
    """Run an operator's commands as they stand, on this installation."""
    # the programs of the database that it is, since an older pg_dump refuses a newer server
    own, others = str(programs.locate()), os.environ["PATH"]
    is_embedded = settings.DATABASES["default"]["ENGINE"] == "project.localpg"
    path = (str(Path(sys.executable).parent), *((own, others) if is_embedded else (others, own)))
    url = urlsplit(installation.database.url)
    variables = {
        "BACKUPS": str(installation.folder),
        "MAINTENANCE_URL": url._replace(path="/postgres").geturl(),
    }
    done = subprocess.run(
        ["sh", "-eu", "-c", commands],
        env=installation.environment(PATH=os.pathsep.join(path), **variables),
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_after_an_older_dump_nobody_is_mailed_who_opted_out_since(installation: Installation):
    """The drill of the handbook, command by command: dump, opt-outs, restore, start."""
    there = parts.list_of(20)
    campaign = parts.draft(there)
    installation.start("web")
    installation.wait_for_web()
    shell(installation, drill("Make a dump"))
    left = [f"person{number}@example.org" for number in (3, 7, 11)]
    assert [installation.post(link(email, campaign))[0] for email in left] == [200, 200, 200]
    entered = installation.manage("opt_out", "person15@example.org", "--channel", "phone")
    assert entered.returncode == 0, entered.stderr
    stopped(installation)
    said = shell(installation, drill("Restore it"))
    assert "entered    4" in said
    assert Suppression.objects.count() == 0, "a dry run enters nothing"

    parts.launch(campaign)
    installation.start("worker", "beat")
    installation.wait_until_sent(campaign)
    left.append("person15@example.org")
    assert parts.states(campaign) == {"accepted": 16, "withheld": 4}
    assert set(parts.recipients(installation.inbox)).isdisjoint(left)
    assert installation.inbox.store.count() == 16
    assert Suppression.objects.count() == Evidence.objects.filter(actor="journal").count() == 4


def stopped(installation: Installation) -> None:
    """All parts have ended, and so have their sessions."""
    for child in installation.children:
        child.kill()
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [installation.database.name],
        )


def test_a_dump_put_under_living_workers_is_noticed_by_the_hand_over(installation: Installation):
    """Not as the handbook says, and yet: tables restored in place, sessions untouched."""
    campaign = parts.launch(parts.draft(parts.list_of(6)))
    installation.start("worker", "beat", "web")
    installation.wait_until_sent(campaign)
    installation.wait_for_web()
    assert installation.post(link("person2@example.org", campaign))[0] == 200
    installation.wait_for("it is known to be in the ledger", lambda: journal.mark() > 0)
    second = parts.draft(parts.list_of(0))
    restored_in_place()
    parts.launch(second)
    installation.wait_until_sent(second)
    assert parts.states(second) == {"accepted": 5, "withheld": 1}
    assert "person2@example.org" not in parts.recipients(installation.inbox, second)


def restored_in_place() -> None:
    """What `pg_restore --clean` of a dump from before the opt-out leaves, as far as the ledger goes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "BEGIN; ALTER TABLE mailer_suppression DISABLE TRIGGER USER; DELETE FROM mailer_suppression;"
            " ALTER TABLE mailer_suppression ENABLE TRIGGER USER;"
            " DELETE FROM mailer_journalfile; DELETE FROM mailer_journalmark; COMMIT"
        )


# -- outages ---------------------------------------------------------------------------------------------


@contextmanager
def database_away(installation: Installation) -> Iterator[None]:
    """Every session is cut, and no new one is let in."""
    away(installation.database.name)
    try:
        yield
    finally:
        back(installation.database.name)


def test_opt_outs_during_an_outage_are_journalled_and_count_before_anything_is_handed_over(
    installation: Installation,
):
    campaign = parts.draft(parts.list_of(30))
    installation.start("web")
    installation.wait_for_web()
    with database_away(installation):
        statuses = [
            installation.post(link(f"person{number}@example.org", campaign))[0] for number in range(1, 11)
        ]
    assert statuses == [503] * 10
    assert Suppression.objects.count() == 0
    assert len(lines()) == 10

    parts.launch(campaign)
    installation.start("worker", "beat")
    installation.wait_until_sent(campaign)
    assert parts.states(campaign) == {"accepted": 20, "withheld": 10}
    left = {f"person{number}@example.org" for number in range(1, 11)}
    assert set(parts.recipients(installation.inbox)).isdisjoint(left)
    assert Suppression.objects.count() == 10


def test_an_outage_in_mid_campaign_loses_no_opt_out_and_no_message(installation: Installation):
    """The workers' sessions are cut too; what they had not handed over before is withheld."""
    installation.replace_inbox(delay=0.01)
    installation.start("web", "worker", "beat")
    installation.wait_for_web()
    campaign = parts.launch(parts.draft(parts.list_of(300)))
    installation.wait_for_messages(30)
    people = [f"person{number}@example.org" for number in range(1, 301, 10)]
    with database_away(installation):
        statuses = {installation.post(link(email, campaign))[0] for email in people}
        got_before = {one.rcpt_tos[0] for one in installation.inbox.store.iterate()}
    assert statuses == {503}
    installation.wait_until_sent(campaign, 100)
    parts.assert_accounted(campaign, installation.inbox, 300)
    got = set(parts.recipients(installation.inbox))
    assert (got - got_before).isdisjoint(people)
    assert Suppression.objects.count() == len(people)


def test_a_web_server_killed_between_journal_and_commit_has_lost_nothing(installation: Installation):
    """The opt-out waits for the ledger's lock, its line is written; then the power is cut. Nobody was answered."""
    campaign = parts.draft(parts.list_of(3))
    email = "person2@example.org"
    (web,) = installation.start("web")
    installation.wait_for_web()
    with parts.forbidding(locks.MAILBOX, locks.mailbox_lock(addresses.parse(email).mailbox_key)):
        answers: list[object] = []
        clicking = threading.Thread(target=lambda: answers.append(tried(installation, link(email, campaign))))
        clicking.start()
        installation.wait_for("the line is there", lambda: len(lines()) == 1)
        web.kill()
        clicking.join(20)
        end_who_waits_for_a_lock()
    assert answers == ["cut off"]
    assert not Suppression.objects.exists()
    parts.launch(campaign)
    installation.start("worker", "beat")
    installation.wait_until_sent(campaign)
    assert parts.states(campaign) == {"accepted": 2, "withheld": 1}
    assert email not in parts.recipients(installation.inbox)


def end_who_waits_for_a_lock() -> None:
    """The server would otherwise go on with what it had received whole."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )


def tried(installation: Installation, url: str) -> object:
    try:
        return installation.post(url)[0]
    except OSError:
        return "cut off"


def lines() -> list[journal.Line]:
    return [
        journal.parse(raw)
        for name, size in journal.files().items()
        for raw in journal.lines_of(name, 0, size)
    ]
