"""A partition of its own for the messages of all campaigns from the next one on, as SQL to look at and run."""

from typing import Any

from django.core.management import BaseCommand

# In one transaction, with the table locked, so that no message can come between. What holds for the table (checks, its
# key, indexes under their names) holds for the whole of it afterwards, and each index that the old part has is taken
# over, not built anew: LIKE … INCLUDING INDEXES copies conditions as they are, while their text would be read as
# another. Attaching reads through the part once, to see that the bound is true.
PARTITION = r"""
DO $$
DECLARE
    bound bigint;
    latest regclass;
    since text;
    index record;
BEGIN
    LOCK TABLE mailer_message IN ACCESS EXCLUSIVE MODE;
    SELECT 1 + greatest((SELECT coalesce(max(id), 0) FROM mailer_campaign),
                        (SELECT coalesce(max(campaign_id), 0) FROM mailer_message)) INTO bound;
    IF to_regclass('mailer_message_from_' || bound) IS NOT NULL THEN
        RAISE EXCEPTION 'The newest partition has no campaign yet, so there is none to begin after it.';
    END IF;
    IF (SELECT relkind = 'r' FROM pg_class WHERE oid = 'mailer_message'::regclass) THEN
        FOR index IN SELECT indexrelid::regclass AS name FROM pg_index WHERE indrelid = 'mailer_message'::regclass LOOP
            EXECUTE format('ALTER INDEX %s RENAME TO %I', index.name, index.name || '_from_0');
        END LOOP;
        ALTER TABLE mailer_message RENAME TO mailer_message_from_0;
        CREATE TABLE mailer_message (LIKE mailer_message_from_0 INCLUDING DEFAULTS INCLUDING CONSTRAINTS
                                     INCLUDING INDEXES) PARTITION BY RANGE (campaign_id);
        latest := 'mailer_message_from_0';
        since := 'MINVALUE';
    ELSE
        SELECT part.oid, substring(pg_get_expr(part.relpartbound, part.oid) FROM 'FROM \((.*)\) TO')
        INTO latest, since
        FROM pg_inherits JOIN pg_class AS part ON part.oid = inhrelid
        WHERE inhparent = 'mailer_message'::regclass
          AND pg_get_expr(part.relpartbound, part.oid) LIKE '%TO (MAXVALUE)';
        EXECUTE format('ALTER TABLE mailer_message DETACH PARTITION %s', latest);
    END IF;
    EXECUTE format('ALTER TABLE mailer_message ATTACH PARTITION %s FOR VALUES FROM (%s) TO (%s)', latest, since, bound);
    EXECUTE format('CREATE TABLE %I PARTITION OF mailer_message FOR VALUES FROM (%s) TO (MAXVALUE)
                    WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)',
                   'mailer_message_from_' || bound, bound);
    FOR index IN
        SELECT inhparent::regclass AS name, replace(inhrelid::regclass::text, '_from_0', '') AS known_as
        FROM pg_inherits JOIN pg_index ON indexrelid = inhrelid
        WHERE since = 'MINVALUE' AND indrelid = latest
    LOOP
        IF index.name::text <> index.known_as THEN
            EXECUTE format('ALTER INDEX %s RENAME TO %I', index.name, index.known_as);
        END IF;
    END LOOP;
END $$;
"""


class Command(BaseCommand):
    """Prints only: who runs it is the owner's decision."""

    help = (
        "Print the SQL that puts the messages of all campaigns from the next one on into a partition of their own, for "
        "installations with hundreds of millions of messages. Run it as the owner of the tables: "
        "manage.py print_partition | psql …; sending waits meanwhile. After the first time run print_roles again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(PARTITION)
