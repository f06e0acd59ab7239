"""PostgreSQL as the broker: PGMQ's SQL objects, from the package that ships them, without an extension."""

from django.db import migrations
from pgmq.install import get_embedded_install_sql


def install(apps, schema_editor):  # noqa: ANN001, ANN201  Django's signature
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'pgmq'")
        if cursor.fetchone() is None:
            # Its text holds percent signs of format(): without parameters psycopg leaves them alone.
            cursor.execute(get_embedded_install_sql())


class Migration(migrations.Migration):
    dependencies = [("mailer", "0003_worker_numbers")]
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
