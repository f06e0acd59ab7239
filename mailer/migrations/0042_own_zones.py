from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('mailer', '0041_zones_of_people')]

    operations = [
        migrations.AddField(
            model_name='campaign',
            name='own_zones',
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddField(
            model_name='campaign',
            name='starts_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('own_zones', False), models.Q(models.Q(('zone', ''), _negated=True), models.Q(models.Q(('state', 'scheduled'), _negated=True), ('starts_at__isnull', False), _connector='OR')), _connector='OR'), name='campaign_by_own_clocks_has_a_start'),
        ),
    ]
