"""Of a table in partitions, only the newest are analysed after a snapshot: each takes seconds, and the old don't change."""

from importlib import import_module

from django.db import migrations

# The newest two, since a campaign that was drafted before the newest began has its messages in the one before.
ANALYZE = """
CREATE OR REPLACE FUNCTION mailer_analyze(VARIADIC tables text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    chosen text;
    part regclass;
BEGIN
    FOREACH chosen IN ARRAY tables LOOP
        IF chosen NOT IN ('mailer_contact', 'mailer_subscription', 'mailer_message') THEN
            RAISE EXCEPTION 'There is no need to analyze %.', chosen;
        END IF;
        IF (SELECT relkind = 'r' FROM pg_class WHERE oid = format('public.%I', chosen)::regclass) THEN
            EXECUTE format('ANALYZE public.%I', chosen);
        ELSE
            FOR part IN SELECT inhrelid FROM pg_inherits WHERE inhparent = format('public.%I', chosen)::regclass
                        ORDER BY inhrelid DESC LIMIT 2 LOOP
                EXECUTE format('ANALYZE %s', part);
            END LOOP;
        END IF;
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [('mailer', '0037_schedules')]

    operations = [
        migrations.RunSQL(
            ANALYZE,
            import_module('mailer.migrations.0022_seals').ANALYZE.replace('CREATE FUNCTION', 'CREATE OR REPLACE FUNCTION'),
        ),
    ]
