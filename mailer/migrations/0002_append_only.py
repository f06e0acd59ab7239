"""Rows that are only ever added: the database refuses the rest, whoever asks.

An owner who drops a trigger is not stopped by it; that takes a second role and seals.
"""

from django.db import migrations

REFUSE = """
CREATE FUNCTION mailer_only_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are only ever added: % is refused.', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""
UNDO = "DROP FUNCTION mailer_only_added();"

TABLES = ("mailer_evidence", "mailer_suppression", "mailer_reinstatement", "mailer_keycanary")


def guard(table: str) -> str:
    return (
        f"CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION mailer_only_added();"
        f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION mailer_only_added();"
    )


def unguard(table: str) -> str:
    return f"DROP TRIGGER only_added ON {table}; DROP TRIGGER never_emptied ON {table};"


# What was frozen stays as it was; it goes only with its whole campaign.
FREEZE_REVISIONS = """
CREATE TRIGGER never_changed
BEFORE UPDATE OF campaign_id, number, subject, preheader, html, text, sender_facts, skeleton, sha256
ON mailer_revision FOR EACH ROW EXECUTE FUNCTION mailer_only_added();
"""


class Migration(migrations.Migration):
    dependencies = [("mailer", "0001_tables")]
    operations = [
        migrations.RunSQL(REFUSE, UNDO),
        *[migrations.RunSQL(guard(table), unguard(table)) for table in TABLES],
        migrations.RunSQL(FREEZE_REVISIONS, "DROP TRIGGER never_changed ON mailer_revision;"),
    ]
