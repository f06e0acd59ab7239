"""What Candor asks of its settings before it starts, beyond what each setting asks of itself."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import ProgrammingError, connection

from mailer.tokens import TOKEN_LENGTH

# An unbroken header element of 78 characters or more is turned into an encoded word by Django 6.1 and by
# Python's modern policies, which ends one-click (measured; DUTIES D73).
LONGEST_ELEMENT = 77


@register()
def opt_out_link_fits_its_header(**kwargs: object) -> Iterable[CheckMessage]:
    element = len(f"<{settings.PUBLIC_URL}/u/>") + TOKEN_LENGTH
    if element <= LONGEST_ELEMENT:
        return []
    return [
        Error(
            f"PUBLIC_URL is {element - LONGEST_ELEMENT} characters too long: an opt-out link of {element} "
            "characters breaks in mail headers.",
            hint="Use a shorter host name, such as m.example.com.",
            id="candor.E001",
        )
    ]


@register()
def journal_can_be_written(**kwargs: object) -> Iterable[CheckMessage]:
    """A public installation needs its journal's folder; a local one makes it by itself."""
    folder: Path = settings.JOURNAL_DIR
    if settings.LOCAL or not (wrong := _against_writing(folder)):
        return []
    return [
        Error(
            f"JOURNAL_DIR: {folder} {wrong}, so opt-outs would not outlive an outage of the database or an older dump.",
            hint="Make the folder, on another disk than the database, and give it to the user that Candor runs as.",
            id="candor.E004",
        )
    ]


def _against_writing(folder: Path) -> str:
    if not folder.is_dir():
        return "is a file, not a folder" if folder.exists() else "does not exist"
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return "is on a file system that is mounted read-only"
    # root may write where no one else may, so its word counts for nothing here; a try leaves no doubt
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"-")
            probe.flush()
    except OSError as refused:
        return f"can't be written ({refused.strerror})"
    return ""


@register()
def every_table_has_its_retention(**kwargs: object) -> Iterable[CheckMessage]:
    """No table keeps anything of persons without a word on how long, and what erasure does to it (D111)."""
    from mailer.privacy.register import KEPT  # late: models are not there yet when checks are registered

    tables = {model._meta.label for model in apps.get_app_config("mailer").get_models()}
    return [
        Error(
            f"{label} is not in the register of what is kept.",
            hint="Say in mailer/privacy/register.py what it holds of persons and how long.",
            id="candor.E003",
        )
        for label in sorted(tables - KEPT.keys())
    ]


@register()
def people_know_whom_to_ask(**kwargs: object) -> Iterable[CheckMessage]:
    """A public installation should name a contact for questions about data, and where to complain (D117)."""
    missing = [name for name in ("PRIVACY_CONTACT", "COMPLAINT_BODIES") if not getattr(settings, name)]
    if settings.LOCAL or not missing:
        return []
    return [
        Warning(
            f"{' and '.join(missing)}: missing, so the privacy page does not say it.",
            hint="See docs/privacy.md.",
            id="candor.W001",
        )
    ]


@register()
def mail_service_keeps_our_headers(**kwargs: object) -> Iterable[CheckMessage]:
    """An ESP that is unknown, drops what the law asks for, or lacks its settings is refused (D73)."""
    if not settings.ANYMAIL_ESP:
        return []
    from mailer.transports import esp  # late: who uses SMTP need not wait for it

    wrong = esp.problem(settings.ANYMAIL_ESP)
    if not wrong:
        return []
    return [Error(f"ANYMAIL_ESP: {wrong}", hint="See docs/settings.md.", id="candor.E002")]


@register(Tags.database)
def the_application_owns_no_table(databases: object = None, **kwargs: object) -> Iterable[CheckMessage]:
    """In production the role that works differs from the role that owns, or evidence could be undone (DESIGN)."""
    if settings.LOCAL or not databases:
        return []
    from mailer import evidence  # late: models are not there yet when checks are registered

    try:
        owns = evidence.owns_the_tables()
    except ProgrammingError:
        return []  # before the first migration there is no table
    if not owns:
        return []
    return [
        Warning(
            "DATABASE_URL names a role that owns the tables, so whoever takes over Candor could change evidence and "
            "opt-outs. What is changed is found by `verify_evidence`, but not prevented.",
            hint="Give the application a role of its own: docs/operating.md, “Two roles of the database”.",
            id="candor.W002",
        )
    ]


@register(Tags.database)
def the_database_has_room_for_our_connections(
    databases: object = None, **kwargs: object
) -> Iterable[CheckMessage]:
    """Each connection to the mail server has a session of the database: without one it could hand nothing over."""
    if not databases:
        return []
    # per worker: its own, and two of a broker in the database; per web process: one a thread; beat and a shell
    needed = 3 * settings.WORKERS + settings.SENDING_WORKERS * (settings.CONNECTIONS - 1)
    needed += 4 * settings.WEB_WORKERS + 5
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
        )
        (room,) = cursor.fetchone()
    if needed <= room:
        return []
    return [
        Error(
            f"CONNECTIONS: {settings.CONNECTIONS} for each of {settings.SENDING_WORKERS} sending processes, with all "
            f"others, need up to {needed} sessions of the database, and it allows {room}.",
            hint="Write a smaller CONNECTIONS, or raise max_connections of PostgreSQL.",
            id="candor.E010",
        )
    ]
