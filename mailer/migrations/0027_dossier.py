"""Who looks after evidence may make dossiers of it."""

from importlib import import_module

from django.db import migrations


def grant(apps, schema_editor):  # noqa: ANN001, ANN201  Django's signature
    may = ("make_dossier",)
    import_module("mailer.migrations.0005_groups").grant(apps, schema_editor, Operator=may, Auditor=may)


class Migration(migrations.Migration):

    dependencies = [
        ('mailer', '0026_kinds'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='evidence',
            options={'ordering': ['-id'], 'permissions': [('verify_evidence', 'Can have the evidence verified'), ('make_dossier', 'Can make dossiers of campaigns and recipients')], 'verbose_name_plural': 'evidence'},
        ),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
