"""The tables are what the models say, and the database itself keeps the promises."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from mailer.models import Evidence


@pytest.mark.django_db
def test_no_model_is_ahead_of_its_migrations():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


APPEND_ONLY = (
    "mailer_evidence",
    "mailer_suppression",
    "mailer_reinstatement",
    "mailer_keycanary",
    "mailer_hashedoptout",
    "mailer_voidedimport",
    "mailer_listleaving",
    "mailer_listreturn",
    "mailer_approval",
    "mailer_offer",
    "mailer_proof",
    "mailer_counter",
    "mailer_reading",
    "mailer_consent",
    "mailer_seal",
)
OWN_KEY = {"mailer_seal": "position"}


def test_append_only_rows_refuse_update_delete_and_truncate(living_database):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO mailer_evidence (verb, actor, subject) VALUES ('launched', 'user 1', 'campaign 1');"
            "INSERT INTO mailer_suppression (mailbox_key, reason, channel, received_at)"
            " VALUES ('0123456789abcdef', 'opt_out', 'page', now());"
            "INSERT INTO mailer_reinstatement (mailbox_key, address_key, up_to, requested_at)"
            " VALUES ('0123456789abcdef', '0123456789abcdef', 1, now());"
            "INSERT INTO mailer_keycanary (id, mac, created_at) VALUES (1, '0123456789abcdef', now());"
            "INSERT INTO mailer_hashedoptout (digest, import_id) VALUES ('0123456789abcdef', 1);"
            "INSERT INTO mailer_voidedimport (import_id, reason, actor) VALUES (1, 'The wrong file.', 'user 1');"
            "INSERT INTO mailer_listleaving (mailbox_key, list_slug, received_at)"
            " VALUES ('0123456789abcdef', 'friends', now());"
            "INSERT INTO mailer_listreturn (mailbox_key, address_key, list_slug, up_to, requested_at)"
            " VALUES ('0123456789abcdef', '0123456789abcdef', 'friends', 1, now());"
            "INSERT INTO mailer_approval (campaign_number, sha256, actor, policy, reason, releases)"
            " VALUES (1, '0123456789abcdef', 'user 1', 'two_person', '', '[]');"
            "INSERT INTO mailer_offer (what, kind, value, scope, conditions, zone, reason, actor)"
            " VALUES ('Sale', 'percent', '20', 'everything', '', 'UTC', '', 'user 1');"
            "INSERT INTO mailer_proof (claim, proves, source, found_on, file_name, size, data, sha256, actor)"
            " VALUES ('tested', 'It was.', 'A lab', now(), 'a.pdf', 1, 'a', sha256('a'), 'user 1');"
            "INSERT INTO mailer_counter (slug, what, actor) VALUES ('seats', 'Seats', 'user 1');"
            "INSERT INTO mailer_reading (counter_id, value, actor) VALUES (1, 37, 'user 1');"
            "INSERT INTO mailer_consent (form_number, list_number, list_name, wording_version, wording,"
            " wording_sha256, page_url, network_key, place, message_id, sign_up_number, address_key, mailbox_key,"
            " requested_at) VALUES (1, 1, 'Friends', 1, 'Yes', '0123456789abcdef', '', '0123456789abcdef', '', '', 1,"
            " '0123456789abcdef', '0123456789abcdef', now());"
            "INSERT INTO mailer_seal (position, evidence_id, seal, sealed_at) VALUES (1, 1, 'seal', now());"
        )
    for table in APPEND_ONLY:
        for statement in (
            f"UPDATE {table} SET {OWN_KEY.get(table, 'id')} = 1",
            f"DELETE FROM {table}",
            f"TRUNCATE {table}",
        ):
            with (
                pytest.raises(IntegrityError, match="only ever added"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)
    assert Evidence.objects.count() == 1


def test_every_table_that_the_database_guards_is_listed_here_and_every_listed_one_is_guarded(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'only_added'")
        assert {table for (table,) in cursor} == set(APPEND_ONLY)
