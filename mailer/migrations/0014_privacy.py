"""What persons ask about their own data. Operators alone answer them."""

from importlib import import_module

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


OPERATOR = ("view_datarequest", "add_datarequest", "change_datarequest")


def grant(apps, schema_editor):  # noqa: ANN001, ANN201  Django's signature
    import_module("mailer.migrations.0005_groups").grant(apps, schema_editor, Operator=OPERATOR)


class Migration(migrations.Migration):

    dependencies = [
        ('mailer', '0013_voided_imports'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='suppression',
            name='channel',
            field=models.CharField(choices=[('one_click', 'One click in the mail program'), ('page', 'Page behind the link'), ('reply', 'Reply'), ('mailto', 'Mail to the opt-out address'), ('feedback_loop', "Mailbox provider's feedback loop"), ('esp', "Mail service's event"), ('phone', 'Phone'), ('post', 'Post'), ('in_person', 'In person'), ('web_form', 'Web form or chat'), ('staff', 'Told to staff in another way'), ('import', 'Status in an imported file'), ('data_page', "The person's own data page")], max_length=14),
        ),
        migrations.CreateModel(
            name='DataLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('data', 'See, correct and erase'), ('address', 'Confirm a new address')], default='data', max_length=7)),
                ('mailbox_key', models.BinaryField(max_length=16)),
                ('contact_id', models.BigIntegerField()),
                ('campaign_number', models.BigIntegerField(null=True)),
                ('new_address', models.EmailField(blank=True, max_length=254)),
                ('requested_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('handed_over_at', models.DateTimeField(null=True)),
                ('settled_at', models.DateTimeField(null=True)),
                ('confirmed_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(models.F('mailbox_key'), models.F('requested_at'), name='data_link_of_mailbox'), models.Index(models.F('contact_id'), name='data_link_of_contact'), models.Index(models.F('id'), condition=models.Q(('handed_over_at__isnull', True)), name='data_link_waiting')],
                'constraints': [models.CheckConstraint(condition=models.Q(('new_address', ''), models.Q(('confirmed_at__isnull', True), ('purpose', 'address')), _connector='OR'), name='data_link_new_address_until_confirmed')],
            },
        ),
        migrations.CreateModel(
            name='DataRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('access', 'See their data'), ('correction', 'Correct their data'), ('erasure', 'Erase their data'), ('objection', 'Object to the use of their data')], max_length=10)),
                ('channel', models.CharField(choices=[('one_click', 'One click in the mail program'), ('page', 'Page behind the link'), ('reply', 'Reply'), ('mailto', 'Mail to the opt-out address'), ('feedback_loop', "Mailbox provider's feedback loop"), ('esp', "Mail service's event"), ('phone', 'Phone'), ('post', 'Post'), ('in_person', 'In person'), ('web_form', 'Web form or chat'), ('staff', 'Told to staff in another way'), ('import', 'Status in an imported file'), ('data_page', "The person's own data page")], max_length=14, verbose_name='how it came')),
                ('mailbox_key', models.BinaryField(max_length=16)),
                ('address', models.EmailField(blank=True, max_length=254)),
                ('words', models.TextField(blank=True)),
                ('received_at', models.DateTimeField()),
                ('entered_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('ordered_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('outcome', models.CharField(blank=True, choices=[('', 'Open'), ('done', 'Done'), ('refused', 'Refused, with a reason')], default='', max_length=7)),
                ('reason', models.TextField(blank=True)),
                ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['received_at'],
                'indexes': [models.Index(models.F('mailbox_key'), name='data_request_of_mailbox'), models.Index(models.F('received_at'), condition=models.Q(('closed_at__isnull', True)), name='data_request_open')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('outcome', '')), models.Q(('closed_at__isnull', False), ('outcome__in', ['done', 'refused'])), _connector='OR'), name='data_request_closed_has_outcome'), models.CheckConstraint(condition=models.Q(('closed_at__isnull', True), models.Q(('address', ''), ('words', '')), _connector='OR'), name='data_request_closed_holds_keys_only'), models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'refused'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='data_request_refused_says_why')],
            },
        ),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
