"""What every test may ask for."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import setup_databases, teardown_databases
from hypothesis import settings as examples

# How long one example takes says more about the machine than about the code.
examples.register_profile("candor", parent=examples.default, deadline=None)
examples.load_profile("candor")


@pytest.fixture(autouse=True)
def _canary_asked_anew() -> Iterator[None]:
    """The key canary is remembered per process, but a test's database forgets it when it rolls back."""
    from mailer import suppression

    suppression._sure.clear()
    yield
    suppression._sure.clear()


@pytest.fixture(autouse=True)
def journal_dir(tmp_path: Path, settings) -> Path:
    """A journal of the test's own: the developer's ledger must not learn of it."""
    settings.JOURNAL_DIR = tmp_path / "journal"
    return settings.JOURNAL_DIR


@dataclass(frozen=True, slots=True)
class LivingDatabase:
    """A database of one test's own, with real commits, for threads and other processes too."""

    name: str
    url: str

    def environment(self, **extra: str) -> dict[str, str]:
        """The environment for a child process of Candor on this database, with this process's keys."""
        return {
            **os.environ,
            "DATABASE_URL": self.url,
            "ADDRESS_KEY": settings.ADDRESS_KEY.hex(),
            "SECRET_KEY": settings.SECRET_KEY,
            "JOURNAL_DIR": str(settings.JOURNAL_DIR),
            "LINK_KEYS": ",".join(f"{number}:{key.hex()}" for number, key in settings.LINK_KEYS.items()),
            **extra,
        }


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment,
    django_db_modify_db_settings,
    django_db_keepdb,
    django_db_createdb,
    django_db_blocker,
) -> Iterator[None]:
    """The migrated test database, for every run: pytest-django's own fixture makes none when all tests of a run
    use `living_database`, which would then clone the developer's database."""
    with django_db_blocker.unblock():
        if "LOCALPG_ROOT" in connection.settings_dict:
            _use_a_cluster_of_the_tests()
        made = setup_databases(0, interactive=False, keepdb=django_db_keepdb and not django_db_createdb)
    yield
    if not django_db_keepdb:
        with django_db_blocker.unblock():
            teardown_databases(made, 0)


def _use_a_cluster_of_the_tests() -> None:
    """Beside the developer's, and without fsync: dropping a clone waits for the disk (measured: 1.8 s against
    0.08 s on a busy machine). If the machine itself crashes, remove `var/tests`.
    """
    connection.settings_dict["LOCALPG_ROOT"] = settings.DATA_DIR / "tests"
    with connection._nodb_cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET fsync = off")
        cursor.execute("SELECT pg_reload_conf()")


@pytest.fixture
def living_database(django_db_setup, django_db_blocker) -> Iterator[LivingDatabase]:
    """Clone the migrated test database, point this process's connection at the clone, drop it afterwards.

    Instead of Django's transactional tests: their flush would TRUNCATE tables that refuse it, and leave out
    what migrations put in. A clone takes 0.1 s.
    """
    template = connection.settings_dict["NAME"]
    clone = f"{template}_living"
    with django_db_blocker.unblock():
        connection.close()
        _replace(clone, template)
        connection.settings_dict["NAME"] = clone
        try:
            yield LivingDatabase(clone, _url(clone))
        finally:
            connection.close()
            connection.settings_dict["NAME"] = template
            _drop(clone)


def _replace(clone: str, template: str) -> None:
    _drop(clone)
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{clone}" TEMPLATE "{template}"')


def _drop(name: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _url(name: str) -> str:
    params = connection.get_connection_params()
    user, host = quote(params.get("user") or ""), quote(str(params.get("host") or ""), safe="")
    password = f":{quote(params['password'])}" if params.get("password") else ""
    port = f":{params['port']}" if params.get("port") else ""
    return f"postgres://{user}{password}@{host}{port}/{name}"


@pytest.fixture
def data_dir(tmp_path: Path, settings) -> Path:
    """Uploads and inbox of one test."""
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_DIR = tmp_path / "uploads"
    settings.INBOX_DIRECTORY = tmp_path / "inbox"
    return tmp_path
