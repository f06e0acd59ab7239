"""Numbers for workers' marks: each is given out once in two thousand million, then begins again."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("mailer", "0002_append_only")]
    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE mailer_worker_number AS integer CYCLE;", "DROP SEQUENCE mailer_worker_number;"
        ),
        # Messages are updated three times: room in each page keeps the new versions beside the old ones.
        migrations.RunSQL(
            "ALTER TABLE mailer_message SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);",
            "ALTER TABLE mailer_message RESET (fillfactor, autovacuum_vacuum_scale_factor);",
        ),
        migrations.RunSQL(
            "INSERT INTO mailer_killswitch (id, is_on, reason) VALUES (1, false, '');", migrations.RunSQL.noop
        ),
    ]
