"""Two roles: the application's does the whole job, and can undo none of it."""

import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.db import connection

from mailer import evidence
from mailer.models import Heartbeat, Message, Seal
from tests.conftest import LivingDatabase
from tests.mailer.test_migrations import APPEND_ONLY
from tests.stories import parts
from tests.stories.parts import installed
from tests.stories.test_walk import imported, launched

pytestmark = pytest.mark.long


@pytest.fixture
def application(living_database: LivingDatabase) -> Iterator[LivingDatabase]:
    """The same database under the application's own role, given to an installation that has worked without."""
    role = f"{living_database.name[:50]}_app".lower()
    url = urlsplit(living_database.url)
    host = url.netloc.rpartition("@")[2]
    with connection.cursor() as cursor:
        cursor.execute(f'DROP ROLE IF EXISTS "{role}"; CREATE ROLE "{role}" LOGIN')
        cursor.execute("SELECT pgmq.create('candor')")
        for statement in evidence.grants(role):
            cursor.execute(statement)
    try:
        yield LivingDatabase(living_database.name, urlunsplit(url._replace(netloc=f"{role}@{host}")))
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP OWNED BY "{role}" CASCADE; DROP ROLE "{role}"')


def test_the_applications_role_imports_sends_takes_opt_outs_and_seals(application, tmp_path, settings):
    settings.UPLOAD_DIR = tmp_path / "uploads"
    with installed(application, tmp_path, settings) as installation:
        installation.start("web", "worker", "beat")
        friends = imported(installation)
        first = launched(installation, friends)
        messages = {one.rcpt_tos[0]: one for one in installation.inbox.store.iterate()}
        installation.wait_for_web()
        status, _ = installation.post(parts.link_in(messages["ben@example.org"]))
        assert status == 200
        second = launched(installation, friends)
        assert Message.objects.get(campaign_id=second.pk, state="withheld").reason == "opt_out"
        evidence.ask(parts.staff())
        installation.wait_for("all is sealed", lambda: not evidence.is_anything_unsealed())
        installation.wait_for("all is verified", lambda: not evidence.is_verification_waiting())
        parts.assert_accounted(first, installation.inbox, 3)
        words = installation.words()
    assert "permission" not in words
    assert evidence.verify().is_whole
    assert Seal.objects.count() > 5
    assert Heartbeat.objects.filter(name="worker").exists()
    with psycopg.connect(application.url, autocommit=True) as session:
        (analyzed,) = session.execute(
            "SELECT count(*) FROM pg_stat_user_tables WHERE relname IN"
            " ('mailer_contact', 'mailer_subscription', 'mailer_message') AND last_analyze IS NOT NULL"
        ).fetchone()
    assert analyzed == 3


ATTEMPTS = (
    "UPDATE {} SET {} = {}",
    "DELETE FROM {}",
    "TRUNCATE {}",
    "ALTER TABLE {} DISABLE TRIGGER ALL",
    "ALTER TABLE {} DISABLE TRIGGER only_added",
    "DROP TRIGGER only_added ON {}",
    "CREATE TRIGGER mine BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE RULE mine AS ON INSERT TO {} DO INSTEAD NOTHING",
    "ALTER TABLE {} OWNER TO CURRENT_USER",
    "ALTER TABLE {} ADD COLUMN mine int",
    "DROP TABLE {}",
    "GRANT UPDATE ON {} TO CURRENT_USER",
    "DO 'BEGIN LOCK TABLE {} IN ACCESS EXCLUSIVE MODE; END'",
)
AROUND = (
    "SET session_replication_role = replica",
    "CREATE OR REPLACE FUNCTION mailer_only_added() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "DROP FUNCTION mailer_only_added() CASCADE",
    "CREATE TABLE public.mine ()",
    "DELETE FROM django_migrations",
    "SELECT mailer_analyze('mailer_evidence')",
)


def test_the_applications_role_can_undo_nothing(application):
    with psycopg.connect(application.url, autocommit=True) as session:
        for table in APPEND_ONLY:
            key = "position" if table == "mailer_seal" else "id"
            for attempt in ATTEMPTS:
                statement = attempt.format(table, key, key)
                if statement.startswith("GRANT"):  # PostgreSQL only warns that nothing was granted
                    session.execute(statement)
                    assert not session.execute(f"SELECT has_table_privilege('{table}', 'UPDATE')").fetchone()[
                        0
                    ]
                    continue
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    session.execute(statement)
        for statement in AROUND:
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.RaiseException)):
                session.execute(statement)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(f'SET ROLE "{connection.get_connection_params()["user"]}"')


def shell(database: LivingDatabase, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env=database.environment(**extra),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


PUBLIC = {
    "PUBLIC_URL": "https://m.example.com",
    "EMAIL_URL": "smtp://mail.example.com",
    "SENDER_DOMAINS": "example.com",
}


def test_a_public_installation_is_warned_that_its_role_owns_the_tables_and_starts_all_the_same(
    living_database, application, tmp_path
):
    public = {**PUBLIC, "JOURNAL_DIR": str(tmp_path)}
    warned = shell(living_database, "check", "--database", "default", **public)
    assert warned.returncode == 0, warned.stderr
    assert "candor.W002" in warned.stderr
    quiet = shell(application, "check", "--database", "default", **public)
    assert (quiet.returncode, "W002" in quiet.stderr) == (0, False)
    local = shell(living_database, "check", "--database", "default")
    assert (local.returncode, "W002" in local.stderr) == (0, False)


def test_the_applications_role_starts_when_there_is_nothing_to_migrate(application):
    assert shell(application, "migrate").returncode == 0


def test_the_applications_role_is_told_what_to_do_when_there_is_something_to_migrate(
    living_database, application, tmp_path
):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'mailer'")
    ports = {"WEB_PORT": str(parts.free_port()), "INBOX_PORT": str(parts.free_port())}
    refused = shell(application, "run", DATA_DIR=str(tmp_path), **ports)
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1] == (
        "CommandError: The tables are of another version, and the role in DATABASE_URL may not change them. Run "
        "`manage.py migrate` as their owner, then the SQL of `manage.py print_roles ROLE`."
    )


def test_the_printed_sql_is_what_was_granted_and_a_strange_name_is_refused(living_database):
    printed = shell(living_database, "print_roles", "candor_app")
    assert printed.returncode == 0
    assert printed.stdout.splitlines() == list(evidence.grants("candor_app"))
    for table in APPEND_ONLY:
        assert f'GRANT SELECT, INSERT ON "{table}" TO "candor_app";' in printed.stdout
    assert shell(living_database, "print_roles", 'x"; DROP TABLE y').returncode == 2
