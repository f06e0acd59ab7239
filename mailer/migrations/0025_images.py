"""Pictures in messages, and which launched campaign shows which."""

from importlib import import_module

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

grant = import_module("mailer.migrations.0005_groups").grant

# A picture's address is its content's digest: caches keep it for ever, so it may never answer with anything else.
# They are compressed already, and read whole.
KEEP = """
ALTER TABLE mailer_image ALTER COLUMN data SET STORAGE EXTERNAL;
ALTER TABLE mailer_image ADD CONSTRAINT image_is_named_by_its_content
    CHECK (name = left(encode(sha256(data), 'hex'), 32) AND size = length(data));
CREATE TRIGGER never_changed BEFORE UPDATE OF name, kind, width, height, size, data
    ON mailer_image FOR EACH ROW EXECUTE FUNCTION mailer_only_added();
"""
WORKING = ("add_image", "change_image", "delete_image", "view_image")


def let_marketers(apps, schema_editor):  # noqa: ANN001, ANN201  Django's signature
    grant(
        apps, schema_editor, Marketer=WORKING, Operator=WORKING, Approver=("view_image",), Auditor=("view_image",)
    )


class Migration(migrations.Migration):

    dependencies = [
        ('mailer', '0024_journal'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Image',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(editable=False, max_length=32, unique=True)),
                ('kind', models.CharField(choices=[('png', 'PNG'), ('jpg', 'JPEG'), ('gif', 'GIF')], editable=False, max_length=3)),
                ('width', models.PositiveIntegerField(editable=False)),
                ('height', models.PositiveIntegerField(editable=False)),
                ('size', models.PositiveIntegerField(editable=False)),
                ('data', models.BinaryField()),
                ('title', models.CharField(help_text='For yourself, to find it again; recipients don’t see it.', max_length=120, verbose_name='name')),
                ('alt', models.CharField(blank=True, max_length=300, verbose_name='what it shows')),
                ('is_decorative', models.BooleanField(default=False, verbose_name='It is decoration only')),
                ('added_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('added_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='ImageShown',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('image', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shown', to='mailer.image')),
                ('revision', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='images_shown', to='mailer.revision')),
            ],
        ),
        migrations.AddConstraint(
            model_name='image',
            constraint=models.CheckConstraint(condition=models.Q(('is_decorative', False), ('alt', ''), _connector='OR'), name='decoration_says_nothing'),
        ),
        migrations.AddConstraint(
            model_name='imageshown',
            constraint=models.UniqueConstraint(fields=('image', 'revision'), name='image_shown_once'),
        ),
        migrations.RunSQL(KEEP, migrations.RunSQL.noop),
        migrations.RunPython(let_marketers, migrations.RunPython.noop),
    ]
