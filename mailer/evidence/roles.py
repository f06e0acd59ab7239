"""Two roles of the database: the owner changes tables, the application only works with their rows.

So whoever takes over the application, or its password, can add evidence but not alter or remove any, nor switch a
trigger off. What each table allows is read from its triggers, so that a new append-only table is never forgotten.
"""

from collections.abc import Iterator

from django.db import connection

TABLES = """
SELECT relname,
       EXISTS (SELECT FROM pg_trigger WHERE tgrelid = pg_class.oid AND tgname = 'only_added')
FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
ORDER BY relname
"""
QUEUES = "SELECT tablename FROM pg_tables WHERE schemaname = 'pgmq' ORDER BY tablename"
# A superuser has every role's rights.
OWNS = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'mailer_evidence'::regclass"


def owns_the_tables() -> bool:
    """Whether the role of this connection could switch the triggers off that keep evidence from being changed."""
    with connection.cursor() as cursor:
        cursor.execute(OWNS)
        (answer,) = cursor.fetchone()
    return bool(answer)


def grants(role: str) -> Iterator[str]:
    """The SQL that gives a role what the application needs and takes from it what it must not have."""
    name = _quoted(role)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        (database,) = cursor.fetchone()
        cursor.execute(TABLES)
        tables = cursor.fetchall()
        cursor.execute(QUEUES)
        queues = [queue for (queue,) in cursor]
    yield "BEGIN;"
    yield f"GRANT CONNECT, TEMPORARY ON DATABASE {_quoted(database)} TO {name};"
    yield f"REVOKE CREATE ON SCHEMA public FROM PUBLIC, {name};"
    yield f"GRANT USAGE ON SCHEMA public TO {name};"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {name};"
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name};"
    for table, only_added in tables:
        yield f"GRANT {_rights(table, only_added=only_added)} ON {_quoted(table)} TO {name};"
    if queues:
        yield from _broker(name, queues)
    yield "COMMIT;"


def _rights(table: str, *, only_added: bool) -> str:
    if table == "django_migrations":
        return "SELECT"
    return "SELECT, INSERT" if only_added else "SELECT, INSERT, UPDATE, DELETE"


def _broker(name: str, queues: list[str]) -> Iterator[str]:
    """PostgreSQL as the broker: each worker that starts makes its queue and the queue's trigger, so it owns them."""
    yield f"GRANT USAGE, CREATE ON SCHEMA pgmq TO {name};"
    for queue in queues:
        yield f"ALTER TABLE pgmq.{_quoted(queue)} OWNER TO {name};"


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name.replace('"', '""'))
