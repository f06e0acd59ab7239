"""Who said no while a campaign went out is found by the time: rows come in its order, so the index is tiny."""

import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("mailer", "0033_counters_by_programs"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="suppression",
            index=django.contrib.postgres.indexes.BrinIndex(
                fields=["recorded_at"], name="suppression_recorded"
            ),
        ),
    ]
