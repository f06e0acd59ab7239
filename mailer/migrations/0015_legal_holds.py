"""Legal holds: who set one and why stays for ever; a hold is lifted once, and never changed else."""

from importlib import import_module

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


OPERATOR = ("view_legalhold", "add_legalhold", "change_legalhold")

KEEP = """
CREATE FUNCTION mailer_hold_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.lifted_at IS NULL AND NEW.lifted_at IS NOT NULL
       AND (OLD.id, OLD.reason, OLD.set_by_id, OLD.set_at) = (NEW.id, NEW.reason, NEW.set_by_id, NEW.set_at) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'A legal hold is only ever lifted, once: % is refused.', TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON mailer_legalhold
    FOR EACH ROW EXECUTE FUNCTION mailer_hold_is_kept();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON mailer_legalhold
    FOR EACH STATEMENT EXECUTE FUNCTION mailer_only_added();
"""
UNDO = """
DROP TRIGGER kept ON mailer_legalhold; DROP TRIGGER never_emptied ON mailer_legalhold;
DROP FUNCTION mailer_hold_is_kept();
"""


def grant(apps, schema_editor):  # noqa: ANN001, ANN201  Django's signature
    import_module("mailer.migrations.0005_groups").grant(apps, schema_editor, Operator=OPERATOR)


class Migration(migrations.Migration):

    dependencies = [
        ('mailer', '0014_privacy'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='LegalHold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.TextField()),
                ('set_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('lifted_at', models.DateTimeField(null=True)),
                ('lifted_because', models.TextField(blank=True)),
                ('lifted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('set_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='legal_hold_has_a_reason'), models.CheckConstraint(condition=models.Q(models.Q(('lifted_at__isnull', True), ('lifted_because', ''), ('lifted_by__isnull', True)), models.Q(('lifted_at__isnull', False), ('lifted_by__isnull', False), models.Q(('lifted_because', ''), _negated=True)), _connector='OR'), name='legal_hold_lifted_by_someone_for_a_reason')],
            },
        ),
        migrations.RunSQL(KEEP, UNDO),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
