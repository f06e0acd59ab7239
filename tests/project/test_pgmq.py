"""Workers that start together share their queue."""

import subprocess
import sys

from django.conf import settings

DECLARE = """
import django; django.setup()
from project.celery import app
with app.connection_for_write() as connection:
    for _ in range(8):
        app.amqp.queues["candor"](connection.default_channel).declare()
"""


def test_workers_that_start_at_the_same_time_all_find_the_queue(living_database):
    environment = living_database.environment(BROKER_URL="", DJANGO_SETTINGS_MODULE="project.settings")

    workers = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", DECLARE],
            env=environment,
            cwd=settings.BASE_DIR,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for _ in range(3)
    ]

    printed = [worker.communicate(timeout=60)[0].decode() for worker in workers]
    assert [(worker.returncode, words) for worker, words in zip(workers, printed, strict=True)] == [
        (0, "")
    ] * len(workers)
