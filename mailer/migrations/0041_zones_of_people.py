from django.db import migrations, models

import mailer.models.contacts


class Migration(migrations.Migration):

    dependencies = [('mailer', '0040_analyze_newest')]

    operations = [
        migrations.AddField(
            model_name='contact',
            name='zone',
            field=models.CharField(blank=True, db_default='', default='', max_length=64, validators=[mailer.models.contacts.assert_zone], verbose_name='time zone'),
        ),
        migrations.AddConstraint(
            model_name='contact',
            constraint=models.CheckConstraint(condition=models.Q(('zone', ''), ('zone__regex', '^[A-Za-z][A-Za-z0-9_+/-]*$'), _connector='OR'), name='contact_zone_looks_like_one'),
        ),
    ]
