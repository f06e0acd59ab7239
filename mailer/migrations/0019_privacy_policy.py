"""Versions of the privacy policy are never changed, and only taken back before their day; statements stay."""

from importlib import import_module

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


OPERATOR = (
    "view_privacypolicy", "add_privacypolicy", "delete_privacypolicy",
    "view_privacystatement", "attest_privacystatement",
)

KEEP = """
CREATE FUNCTION mailer_policy_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE today date := (now() AT TIME ZONE 'UTC')::date;
BEGIN
    IF TG_OP = 'INSERT' AND NEW.effective_from >= today THEN RETURN NEW; END IF;
    IF TG_OP = 'DELETE' AND OLD.effective_from > today THEN RETURN OLD; END IF;
    RAISE EXCEPTION 'A privacy policy is never changed, and taken back only before its day: % is refused.', TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER kept BEFORE INSERT OR UPDATE OR DELETE ON mailer_privacypolicy
    FOR EACH ROW EXECUTE FUNCTION mailer_policy_is_kept();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON mailer_privacypolicy
    FOR EACH STATEMENT EXECUTE FUNCTION mailer_only_added();

CREATE FUNCTION mailer_statement_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL
       AND (OLD.id, OLD.what, OLD.sentence, OLD.attested_by_id, OLD.attested_at)
         = (NEW.id, NEW.what, NEW.sentence, NEW.attested_by_id, NEW.attested_at) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'A statement is only ever withdrawn, once: % is refused.', TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON mailer_privacystatement
    FOR EACH ROW EXECUTE FUNCTION mailer_statement_is_kept();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON mailer_privacystatement
    FOR EACH STATEMENT EXECUTE FUNCTION mailer_only_added();
"""
UNDO = """
DROP TRIGGER kept ON mailer_privacypolicy; DROP TRIGGER never_emptied ON mailer_privacypolicy;
DROP TRIGGER kept ON mailer_privacystatement; DROP TRIGGER never_emptied ON mailer_privacystatement;
DROP FUNCTION mailer_policy_is_kept(); DROP FUNCTION mailer_statement_is_kept();
"""


def grant(apps, schema_editor):  # noqa: ANN001, ANN201  Django's signature
    import_module("mailer.migrations.0005_groups").grant(apps, schema_editor, Operator=OPERATOR)


class Migration(migrations.Migration):

    dependencies = [
        ('mailer', '0018_approvals'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PrivacyPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField()),
                ('change_notice', models.TextField(blank=True)),
                ('effective_from', models.DateField()),
                ('published_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('published_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'privacy policies',
                'ordering': ['-effective_from', '-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='privacy_policy_says_something')],
            },
        ),
        migrations.CreateModel(
            name='PrivacyStatement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.CharField(choices=[('no_sale', 'We do not sell personal data, and we do not share it for advertising.'), ('gpc', 'We honour Global Privacy Control and Do Not Track in all our systems.'), ('other_systems', 'Whoever opts out here is not mailed from our other systems either.')], max_length=14)),
                ('sentence', models.TextField()),
                ('attested_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('attested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('withdrawn_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'permissions': [('attest_privacystatement', 'Can attest and withdraw what the privacy page says')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('withdrawn_at__isnull', True)), fields=('what',), name='statement_attested_once'), models.CheckConstraint(condition=models.Q(models.Q(('withdrawn_at__isnull', True), ('withdrawn_by__isnull', True)), models.Q(('withdrawn_at__isnull', False), ('withdrawn_by__isnull', False)), _connector='OR'), name='statement_withdrawn_by_someone')],
            },
        ),
        migrations.RunSQL(KEEP, UNDO),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
