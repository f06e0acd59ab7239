"""A suppression list of digests and a person that come in at the same time do not miss each other."""

import hashlib
import io
import threading

import pytest
from django.db import connection, transaction

from mailer.addresses import parse
from mailer.contacts import importing, people
from mailer.models import Import, MailingList
from mailer.suppression import mailable

pytestmark = pytest.mark.usefixtures("living_database", "data_dir")

ANN = parse("ann@example.org")


def test_a_list_waits_for_a_person_who_is_coming_in_and_then_finds_them():
    friends = MailingList.objects.create(name="Friends", slug="friends")
    added, go = threading.Event(), threading.Event()

    def add_slowly():
        with transaction.atomic():
            people.add(ANN, friends, source="form", actor="shell")
            added.set()
            assert go.wait(20)

    def bring_list_in():
        digest = hashlib.md5(b"ann@example.org", usedforsecurity=False).hexdigest()
        importing.run(
            importing.begin(io.BytesIO(digest.encode()), list=friends, source="partner", filename="f.csv")
        )

    person = _beside(add_slowly)
    assert added.wait(20)
    list_ = _beside(bring_list_in)
    _until_somebody_waits()
    go.set()
    person.join(20)
    list_.join(20)
    assert Import.objects.get().accepted == 1
    assert not mailable(ANN)


def _beside(work):
    def run():
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def _until_somebody_waits():
    with connection.cursor() as cursor:
        for _ in range(50_000):
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            if cursor.fetchone()[0]:
                return
    raise AssertionError("The list did not wait for the person.")
