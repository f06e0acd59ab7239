"""The chain of seals over the evidence, and the looks over it that staff ask for."""

from importlib import import_module

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


append_only = import_module("mailer.migrations.0002_append_only")
TABLE = "mailer_seal"

# The application's own role may not ANALYZE what it does not own, and the planner must know of the rows that an
# import or a snapshot has just added. As their owner, for those tables only.
ANALYZE = """
CREATE FUNCTION mailer_analyze(VARIADIC tables text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    chosen text;
BEGIN
    FOREACH chosen IN ARRAY tables LOOP
        IF chosen NOT IN ('mailer_contact', 'mailer_subscription', 'mailer_message') THEN
            RAISE EXCEPTION 'There is no need to analyze %.', chosen;
        END IF;
        EXECUTE format('ANALYZE public.%I', chosen);
    END LOOP;
END $$;
"""


def grant(apps, schema_editor):  # noqa: ANN001, ANN201  Django's signature
    may = ("verify_evidence",)
    import_module("mailer.migrations.0005_groups").grant(apps, schema_editor, Operator=may, Auditor=may)


class Migration(migrations.Migration):

    dependencies = [
        ('mailer', '0021_sign_ups'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('position', models.BigIntegerField(primary_key=True, serialize=False)),
                ('evidence_id', models.BigIntegerField(unique=True)),
                ('seal', models.BinaryField(max_length=32)),
                ('sealed_at', models.DateTimeField()),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.AlterModelOptions(
            name='evidence',
            options={'ordering': ['-id'], 'permissions': [('verify_evidence', 'Can have the evidence verified')], 'verbose_name_plural': 'evidence'},
        ),
        migrations.CreateModel(
            name='Verification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('reached', models.BigIntegerField(default=0)),
                ('newest', models.FloatField(null=True)),
                ('broken', models.IntegerField(default=0)),
                ('words', models.JSONField(default=list)),
                ('unsealed', models.BigIntegerField(null=True)),
                ('heads', models.IntegerField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'default_permissions': (),
                'indexes': [models.Index(models.F('id'), condition=models.Q(('finished_at__isnull', True)), name='verification_waiting')],
            },
        ),
        migrations.RunSQL(ANALYZE, "DROP FUNCTION mailer_analyze(text[]);"),
        migrations.RunSQL(append_only.guard(TABLE), append_only.unguard(TABLE)),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
