"""Keys may be made for programs that tell counters."""

import django.contrib.postgres.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mailer", "0032_pace_surge"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="apikey",
            name="api_key_scopes_known",
        ),
        migrations.AlterField(
            model_name="apikey",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("contacts:read", "Read lists, and people who may be mailed"),
                        ("contacts:write", "Put people on lists, and take them off"),
                        ("suppressions:write", "Record opt-outs"),
                        ("mailable:read", "Ask whether given addresses may be mailed"),
                        ("counters:write", "Read counters, and tell what they stand at"),
                        ("imports:write", "Bring in files, and see what became of them"),
                    ],
                    max_length=20,
                ),
                size=None,
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "scopes__contained_by",
                        [
                            "contacts:read",
                            "contacts:write",
                            "suppressions:write",
                            "mailable:read",
                            "counters:write",
                            "imports:write",
                        ],
                    ),
                    ("scopes__len__gt", 0),
                ),
                name="api_key_scopes_known",
            ),
        ),
    ]
