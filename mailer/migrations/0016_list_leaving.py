"""Lists that people left stay left: rows only ever added, by a name of the list that never changes."""

from importlib import import_module

import django.db.models.functions.datetime
from django.db import migrations, models

append_only = import_module("mailer.migrations.0002_append_only")
TABLES = ("mailer_listleaving", "mailer_listreturn")

# A list that was renamed underneath would be one that nobody has left.
FREEZE_SLUGS = """
CREATE FUNCTION mailer_slug_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The short name of a list never changes: mail filters and people who left go by it.'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER slug_stays BEFORE UPDATE OF slug ON mailer_mailinglist
FOR EACH ROW WHEN (OLD.slug IS DISTINCT FROM NEW.slug) EXECUTE FUNCTION mailer_slug_stays();
"""
UNFREEZE_SLUGS = "DROP TRIGGER slug_stays ON mailer_mailinglist; DROP FUNCTION mailer_slug_stays();"


class Migration(migrations.Migration):

    dependencies = [
        ('mailer', '0015_legal_holds'),
    ]

    operations = [
        migrations.AddField(
            model_name='wayback',
            name='campaign_number',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='wayback',
            name='joins',
            field=models.JSONField(db_default=models.Value([], models.JSONField()), default=list),
        ),
        migrations.AddField(
            model_name='wayback',
            name='leaves',
            field=models.JSONField(db_default=models.Value([], models.JSONField()), default=list),
        ),
        migrations.AddField(
            model_name='wayback',
            name='lifts_opt_out',
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.CreateModel(
            name='ListLeaving',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mailbox_key', models.BinaryField(max_length=16)),
                ('list_slug', models.CharField(max_length=40)),
                ('campaign_number', models.BigIntegerField(null=True)),
                ('received_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'indexes': [models.Index(models.F('mailbox_key'), models.F('list_slug'), name='leaving_of_mailbox'), models.Index(models.F('list_slug'), models.F('mailbox_key'), name='leaving_of_list')],
            },
        ),
        migrations.CreateModel(
            name='ListReturn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mailbox_key', models.BinaryField(max_length=16)),
                ('address_key', models.BinaryField(max_length=16)),
                ('list_slug', models.CharField(max_length=40)),
                ('up_to', models.BigIntegerField()),
                ('requested_at', models.DateTimeField()),
                ('confirmed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'indexes': [models.Index(models.F('mailbox_key'), models.F('list_slug'), name='return_of_mailbox')],
            },
        ),
        *[migrations.RunSQL(append_only.guard(table), append_only.unguard(table)) for table in TABLES],
        migrations.RunSQL(FREEZE_SLUGS, UNFREEZE_SLUGS),
    ]
