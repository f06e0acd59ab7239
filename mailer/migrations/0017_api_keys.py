"""Keys of other programs: what they may do is fixed, and a key that was revoked stays so, whoever asks."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.apps import apps as installed
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

FIX = """
CREATE TRIGGER never_changed BEFORE UPDATE OF prefix, digest, scopes, created_at, expires_at ON mailer_apikey
FOR EACH ROW EXECUTE FUNCTION mailer_only_added();
CREATE TRIGGER never_deleted BEFORE DELETE ON mailer_apikey
FOR EACH ROW EXECUTE FUNCTION mailer_only_added();
CREATE TRIGGER revoked_for_ever BEFORE UPDATE OF revoked_at ON mailer_apikey
FOR EACH ROW WHEN (OLD.revoked_at IS NOT NULL) EXECUTE FUNCTION mailer_only_added();
"""
UNFIX = """
DROP TRIGGER never_changed ON mailer_apikey;
DROP TRIGGER never_deleted ON mailer_apikey;
DROP TRIGGER revoked_for_ever ON mailer_apikey;
"""

# A count of this minute is nothing to keep: without a log it costs no write to disk (and is empty after a crash).
UNLOGGED = "ALTER TABLE mailer_apiminute SET UNLOGGED"
LOGGED = "ALTER TABLE mailer_apiminute SET LOGGED"

OPERATOR = ("add_apikey", "view_apikey", "revoke_apikey")


def let_operators(apps, schema_editor):  # noqa: ANN001, ANN201  Django's signature
    create_permissions(
        installed.get_app_config("mailer"), apps=apps, verbosity=0, using=schema_editor.connection.alias
    )
    permissions = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="mailer")
    operators = apps.get_model("auth", "Group").objects.get(name="Operator")
    operators.permissions.add(*permissions.filter(codename__in=OPERATOR))


class Migration(migrations.Migration):

    dependencies = [
        ('mailer', '0016_list_leaving'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='The program that uses it, such as “Web shop”.', max_length=80)),
                ('prefix', models.CharField(editable=False, max_length=8, unique=True)),
                ('digest', models.BinaryField(max_length=32)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('contacts:read', 'Read lists, and people who may be mailed'), ('contacts:write', 'Put people on lists, and take them off'), ('suppressions:write', 'Record opt-outs'), ('mailable:read', 'Ask whether given addresses may be mailed'), ('imports:write', 'Bring in files, and see what became of them')], max_length=20), size=None)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('last_used_on', models.DateField(editable=False, null=True)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(editable=False, null=True)),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'API key',
                'ordering': ['-id'],
                'permissions': [('revoke_apikey', 'Can revoke an API key')],
                'default_permissions': ('add', 'view'),
            },
        ),
        migrations.AlterField(
            model_name='datarequest',
            name='channel',
            field=models.CharField(choices=[('one_click', 'One click in the mail program'), ('page', 'Page behind the link'), ('reply', 'Reply'), ('mailto', 'Mail to the opt-out address'), ('feedback_loop', "Mailbox provider's feedback loop"), ('esp', "Mail service's event"), ('phone', 'Phone'), ('post', 'Post'), ('in_person', 'In person'), ('web_form', 'Web form or chat'), ('staff', 'Told to staff in another way'), ('import', 'Status in an imported file'), ('data_page', "The person's own data page"), ('api', 'Another program, which did not say where it was told')], max_length=14, verbose_name='how it came'),
        ),
        migrations.AlterField(
            model_name='suppression',
            name='channel',
            field=models.CharField(choices=[('one_click', 'One click in the mail program'), ('page', 'Page behind the link'), ('reply', 'Reply'), ('mailto', 'Mail to the opt-out address'), ('feedback_loop', "Mailbox provider's feedback loop"), ('esp', "Mail service's event"), ('phone', 'Phone'), ('post', 'Post'), ('in_person', 'In person'), ('web_form', 'Web form or chat'), ('staff', 'Told to staff in another way'), ('import', 'Status in an imported file'), ('data_page', "The person's own data page"), ('api', 'Another program, which did not say where it was told')], max_length=14),
        ),
        migrations.CreateModel(
            name='ApiMinute',
            fields=[
                ('key', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='mailer.apikey')),
                ('minute', models.DateTimeField()),
                ('requests', models.IntegerField()),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.AddField(
            model_name='import',
            name='started_by_key',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='mailer.apikey'),
        ),
        migrations.AddConstraint(
            model_name='apikey',
            constraint=models.CheckConstraint(condition=models.Q(('scopes__contained_by', ['contacts:read', 'contacts:write', 'suppressions:write', 'mailable:read', 'imports:write']), ('scopes__len__gt', 0)), name='api_key_scopes_known'),
        ),
        migrations.RunSQL(FIX, UNFIX),
        migrations.RunSQL(UNLOGGED, LOGGED),
        migrations.RunPython(let_operators, migrations.RunPython.noop),
    ]
