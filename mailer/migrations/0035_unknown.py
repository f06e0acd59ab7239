"""What was told later of messages whose end nobody saw, and what an operator had sent again."""

from importlib import import_module

import django.db.models.functions.datetime
from django.db import migrations, models


groups = import_module("mailer.migrations.0005_groups")


def allow_operators(apps, schema_editor):  # noqa: ANN001, ANN201  Django's signature
    groups.grant(apps, schema_editor, Operator=("resend_unknown",))


class Migration(migrations.Migration):
    dependencies = [
        ("mailer", "0039_final_counts"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="campaign",
            options={
                "ordering": ["-id"],
                "permissions": [
                    ("launch_campaign", "Can launch, pause, resume and cancel campaigns"),
                    ("testsend_campaign", "Can send tests"),
                    ("approve_campaign", "Can release what a rule holds"),
                    ("resend_unknown", "Can send again what may or may not have gone out"),
                    ("choose_kind", "Can choose relationship mail and notices required by law"),
                ],
            },
        ),
        migrations.CreateModel(
            name="EarlierAttempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("campaign_id", models.BigIntegerField()),
                ("address_key", models.BinaryField(max_length=16)),
                ("attempts", models.SmallIntegerField()),
                ("handed_over_at", models.DateTimeField(null=True)),
                ("unknown_since", models.DateTimeField(null=True)),
                ("sha256", models.BinaryField(max_length=32, null=True)),
                ("evidence", models.BigIntegerField()),
                ("sent_again_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "indexes": [
                    models.Index(models.F("campaign_id"), models.F("address_key"), name="earlier_attempt_of")
                ],
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("campaign_id", models.BigIntegerField()),
                ("address_key", models.BinaryField(max_length=16)),
                (
                    "kind",
                    models.CharField(
                        choices=[("delivered", "It was delivered"), ("bounced", "It could not be delivered")],
                        max_length=9,
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("dsn", "A delivery report by mail (RFC 3464)"),
                            ("esp", "The mail service"),
                        ],
                        max_length=3,
                    ),
                ),
                ("status", models.CharField(blank=True, max_length=11)),
                ("received_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("campaign_id", "address_key", "kind"), name="report_of_a_kind_once"
                    )
                ],
            },
        ),
        migrations.RunPython(allow_operators, migrations.RunPython.noop),
    ]
