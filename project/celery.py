"""The alarm clock: Celery wakes workers, the database says what is to be done.

Without BROKER_URL the queues are tables of the same PostgreSQL (pgmq). A broker that loses everything costs
seconds: the sweep finds the rows again.
"""

import os
import warnings
from datetime import datetime
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

from celery import Celery
from celery.schedules import crontab, schedstate, schedule
from django.conf import settings
from kombu import Connection
from psycopg.conninfo import make_conninfo

from project import environment

with environment.stops_in_words():
    settings.BROKER_URL  # noqa: B018  the first look at a setting reads them all

SWEEP_SECONDS = 2.0
# What an owner of the database could cut off the end of the evidence unseen: an hour's acts.
HEAD_SECONDS = 3600.0
# Tasks end well within it; a task of a killed worker is given to another after it.
VISIBILITY_SECONDS = 600

# Measured: with pgmq's own waiting the first publish of a process takes seconds, with NOTIFY 10 ms.
PGMQ_OPTIONS = {
    "use_notify": True,
    "wait_time_seconds": 0,
    "polling_interval": 5,
    "init_extension": False,  # a migration has put its SQL there
    "visibility_timeout": VISIBILITY_SECONDS,
    "pool_timeout": 5,
}

# Who presses a button does not wait for a broker that is away (six seconds without this): the sweep does it.
PUBLISH_ONCE = {"max_retries": 1, "interval_start": 0}


class Candor(Celery):
    """Celery that finds the pgmq broker where Django's connection is: a test's database has another name."""

    def connection_for_write(self, url: str | None = None, *args: Any, **kwargs: Any) -> Connection:
        return super().connection_for_write(url, *args, **_located(kwargs))

    def connection_for_read(self, url: str | None = None, **kwargs: Any) -> Connection:
        return super().connection_for_read(url, **_located(kwargs))


class Every(schedule):
    """Every so many seconds, by whatever clock: one that was set back an hour must not keep beat silent for an hour."""

    def is_due(self, last_run_at: datetime) -> schedstate:
        """Due when the time has passed, or if the last run seems to be still to come."""
        if self.maybe_make_aware(last_run_at) > self.now():
            return schedstate(is_due=True, next=self.seconds)
        return super().is_due(last_run_at)


def _located(kwargs: dict[str, Any]) -> dict[str, Any]:
    if not settings.BROKER_URL.startswith("pgmq"):
        return kwargs
    return {
        **kwargs,
        "transport_options": {**(kwargs.get("transport_options") or {}), "conn_string": _database()},
    }


def _database() -> str:
    from django.db import connection

    params = connection.get_connection_params()
    known = {key: params[key] for key in ("host", "port", "user", "password", "dbname") if params.get(key)}
    return make_conninfo(**known)


# Celery warns of root because of pickle, which is not among what our workers accept (JSON only).
warnings.filterwarnings("ignore", "You're running the worker with superuser privileges")

app = Candor("candor")
app.conf.update(
    broker_url=settings.BROKER_URL,
    broker_transport_options=PGMQ_OPTIONS
    if settings.BROKER_URL.startswith("pgmq")
    else {"visibility_timeout": VISIBILITY_SECONDS, **PUBLISH_ONCE}
    if settings.BROKER_URL.startswith("redis")
    else PUBLISH_ONCE,
    broker_transport="project.pgmq:Transport" if settings.BROKER_URL.startswith("pgmq") else None,
    broker_connection_timeout=3,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,  # a worker waits for its broker as long as it takes
    accept_content=["json"],
    task_default_queue="candor",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_publish_retry=False,  # a nudge that fails is made good by the sweep
    worker_prefetch_multiplier=1,
    worker_enable_remote_control=False,  # pgmq's queue names are too short for it; heartbeats are rows
    worker_send_task_events=False,
    worker_hijack_root_logger=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    timezone="UTC",
    beat_schedule={
        "sweep": {"task": "mailer.tasks.sweep", "schedule": Every(SWEEP_SECONDS)},
        "keep_no_longer": {"task": "mailer.tasks.keep_no_longer", "schedule": crontab(hour="3", minute="17")},
        "record_head": {"task": "mailer.tasks.record_head", "schedule": Every(HEAD_SECONDS)},
        "place_starts": {"task": "mailer.tasks.place_starts", "schedule": crontab(minute="13")},
        # hourly, for what is a day old: a beat that was down at one hour misses no day
        "ask_dns": {"task": "mailer.tasks.ask_dns", "schedule": crontab(minute="41")},
    },
    imports=["mailer.tasks"],
)
