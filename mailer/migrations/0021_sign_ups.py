"""Sign-up forms, requests and consents. Consents and wordings, once written, stay as they are."""

from importlib import import_module

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

append_only = import_module("mailer.migrations.0002_append_only")

# A wording goes with its whole form only: what people agreed to stands in their consents too.
FREEZE_WORDINGS = """
CREATE TRIGGER never_changed BEFORE UPDATE ON mailer_signupwording
FOR EACH ROW EXECUTE FUNCTION mailer_only_added();
"""

MARKETER = ("add_signupform", "change_signupform", "view_signupform", "view_signup", "view_consent")
OPERATOR = (*MARKETER, "delete_signupform")


def permit(apps, schema_editor):  # noqa: ANN001, ANN201  Django's signature
    groups = import_module("mailer.migrations.0005_groups")
    groups.grant(apps, schema_editor, Marketer=MARKETER, Operator=OPERATOR)


class Migration(migrations.Migration):

    dependencies = [
        ('mailer', '0020_offers'),
    ]

    operations = [
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('form_number', models.BigIntegerField()),
                ('list_number', models.BigIntegerField()),
                ('list_name', models.CharField(max_length=80, verbose_name='list')),
                ('wording_version', models.PositiveIntegerField()),
                ('wording', models.TextField()),
                ('wording_sha256', models.BinaryField(max_length=32)),
                ('page_url', models.CharField(max_length=300, verbose_name='page')),
                ('network_key', models.BinaryField(max_length=16)),
                ('place', models.CharField(max_length=50, verbose_name='confirmed from the network')),
                ('message_id', models.CharField(max_length=200, verbose_name='confirmation mail')),
                ('sign_up_number', models.BigIntegerField(unique=True)),
                ('address_key', models.BinaryField(max_length=16)),
                ('mailbox_key', models.BinaryField(max_length=16)),
                ('requested_at', models.DateTimeField()),
                ('confirmed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(models.F('mailbox_key'), name='consent_of_mailbox')],
                'constraints': [models.CheckConstraint(condition=models.Q(('wording', ''), _negated=True), name='consent_has_words')],
            },
        ),
        migrations.CreateModel(
            name='SignUpForm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(help_text="The last part of the link, such as “garden-letter”. It can't be changed later.", max_length=40, unique=True, validators=[django.core.validators.RegexValidator('^(?!confirm$)[a-z0-9]+(-[a-z0-9]+)*$', 'Use small letters, digits and single dashes, such as “garden-letter”; “confirm” is taken.')], verbose_name='address of the page')),
                ('title', models.CharField(help_text='The heading above the form, such as “The garden letter”.', max_length=80)),
                ('asks_name', models.BooleanField(default=False, help_text='Nobody has to fill it in.', verbose_name='asks for the first name')),
                ('is_open', models.BooleanField(default=True, help_text='A closed form takes no new requests; links already mailed still work.', verbose_name='open')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('list', models.ForeignKey(help_text="It can't be changed later.", on_delete=django.db.models.deletion.CASCADE, related_name='sign_up_forms', to='mailer.mailinglist')),
                ('sender', models.ForeignKey(help_text='In whose name the form asks and the confirmation mail is sent.', on_delete=django.db.models.deletion.PROTECT, related_name='sign_up_forms', to='mailer.sender')),
            ],
            options={
                'verbose_name': 'sign-up form',
                'ordering': ['title'],
            },
        ),
        migrations.CreateModel(
            name='SignUpWording',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('text', models.TextField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('form', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='wordings', to='mailer.signupform')),
            ],
            options={
                'ordering': ['-version'],
            },
        ),
        migrations.CreateModel(
            name='SignUp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.CharField(blank=True, max_length=254)),
                ('first_name', models.CharField(blank=True, max_length=80)),
                ('address_key', models.BinaryField(max_length=16)),
                ('mailbox_key', models.BinaryField(max_length=16)),
                ('network_key', models.BinaryField(max_length=16)),
                ('page_url', models.CharField(max_length=300, verbose_name='page')),
                ('ledger_entry', models.BigIntegerField(default=0)),
                ('list_leaving', models.BigIntegerField(default=0)),
                ('requested_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('attempts', models.SmallIntegerField(default=0)),
                ('next_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('handed_over_at', models.DateTimeField(null=True)),
                ('settled_at', models.DateTimeField(null=True)),
                ('outcome', models.CharField(blank=True, choices=[('accepted', 'Accepted by the mail server'), ('refused', 'Refused by the mail server'), ('unknown', 'Unknown: may or may not have gone out'), ('gave_up', 'Put off too often'), ('withheld', 'Withheld: opted out after asking')], max_length=8)),
                ('message_id', models.CharField(blank=True, max_length=200)),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('form', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='requests', to='mailer.signupform')),
                ('wording', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='mailer.signupwording')),
            ],
            options={
                'verbose_name': 'sign-up request',
                'ordering': ['-id'],
            },
        ),
        migrations.AddConstraint(
            model_name='signupwording',
            constraint=models.UniqueConstraint(fields=('form', 'version'), name='wording_version_once'),
        ),
        migrations.AddIndex(
            model_name='signup',
            index=models.Index(models.F('mailbox_key'), models.F('requested_at'), name='sign_up_of_mailbox'),
        ),
        migrations.AddIndex(
            model_name='signup',
            index=models.Index(models.F('network_key'), models.F('requested_at'), name='sign_up_of_network'),
        ),
        migrations.AddIndex(
            model_name='signup',
            index=models.Index(models.F('form'), models.F('requested_at'), name='sign_up_of_form'),
        ),
        migrations.AddIndex(
            model_name='signup',
            index=models.Index(models.F('next_at'), condition=models.Q(('settled_at__isnull', True)), name='sign_up_waiting'),
        ),
        migrations.AddIndex(
            model_name='signup',
            index=models.Index(models.F('requested_at'), name='sign_up_by_age'),
        ),
        migrations.AddConstraint(
            model_name='signup',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('confirmed_at__isnull', True), models.Q(('email', ''), _negated=True)), models.Q(('confirmed_at__isnull', False), ('email', ''), ('first_name', '')), _connector='OR'), name='sign_up_keeps_no_address_once_confirmed'),
        ),
        migrations.RunSQL(append_only.guard("mailer_consent"), append_only.unguard("mailer_consent")),
        migrations.RunSQL(FREEZE_WORDINGS, "DROP TRIGGER never_changed ON mailer_signupwording;"),
        migrations.RunPython(permit, migrations.RunPython.noop),
    ]
