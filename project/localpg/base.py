"""The Django backend: PostgreSQL's own, which first makes the server run.

DATABASES = {"default": {"ENGINE": "project.localpg", "NAME": "candor", "LOCALPG_ROOT": BASE_DIR / "var/postgres"}}
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db.backends.postgresql import base, client

from project.localpg import programs
from project.localpg.server import ensure


class DatabaseClient(client.DatabaseClient):
    """`manage.py dbshell` with the psql that belongs to the server, which need not be on PATH."""

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        address = ensure(Path(settings_dict["LOCALPG_ROOT"]))
        connected = settings_dict | {key.upper(): value for key, value in address.items()}
        args, env = super().settings_to_cmd_args_env(connected, parameters)
        psql = programs.locate() / "psql"
        return [str(psql), *args[1:]] if psql.exists() else args, env


class DatabaseWrapper(base.DatabaseWrapper):
    """Starts the server when a connection is wanted: importing settings, `check`, `collectstatic` start nothing."""

    client_class = DatabaseClient

    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        return {**params, **ensure(Path(self.settings_dict["LOCALPG_ROOT"]))}
