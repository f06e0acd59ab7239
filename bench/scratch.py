"""A database of a bench's own, and the environment of the processes that work on it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from django.conf import settings
from django.db import connection


@contextmanager
def database(bench: str) -> Iterator[str]:
    """A migrated database, on the server that the settings name, and a journal; this process uses them meanwhile.

    Both are gone at the end; one that a killed bench left behind is replaced.
    """
    before, name = connection.settings_dict["NAME"], f"candor_bench_{bench}"
    installations_own = settings.JOURNAL_DIR
    connection.settings_dict["TEST"]["NAME"] = name
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        with TemporaryDirectory(prefix="candor-bench-") as folder:
            settings.JOURNAL_DIR = Path(folder)
            yield name
    finally:
        settings.JOURNAL_DIR = installations_own
        connection.creation.destroy_test_db(before, verbosity=0)


@contextmanager
def empty_database(bench: str) -> Iterator[str]:
    """The name of an empty database beside it, for programs that are not ours; gone at the end."""
    name = f"candor_bench_{bench}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name}")
    try:
        yield name
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def environment(**extra: str) -> dict[str, str]:
    """For a child process on the scratch database, with this process's keys and no way to mail but `extra`'s.

    Whatever the installation mails through is left out: a bench speaks to loopback only.
    """
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "PUBLIC_URL": "",
        "EMAIL_URL": "",
        "ANYMAIL_ESP": "",
        "DATABASE_URL": _url(),
        "JOURNAL_DIR": str(settings.JOURNAL_DIR),
        "SECRET_KEY": settings.SECRET_KEY,
        "ADDRESS_KEY": settings.ADDRESS_KEY.hex(),
        "LINK_KEYS": ",".join(f"{number}:{key.hex()}" for number, key in settings.LINK_KEYS.items()),
        **extra,
    }


def _url() -> str:
    params = connection.get_connection_params()
    user, host = quote(params.get("user") or ""), quote(str(params.get("host") or ""), safe="")
    password = f":{quote(params['password'], safe='')}" if params.get("password") else ""
    port = f":{params['port']}" if params.get("port") else ""
    return f"postgres://{user}{password}@{host}{port}/{params['dbname']}"
