"""What the database did for a statement."""

from collections.abc import Iterator
from typing import Any

from django.db import connection


def rows_read(statement: str, values: dict[str, Any]) -> int:
    """Rows of mailer_message that the statement looked at, and the pairs of rows that it compared."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values)
        ((plan,),) = cursor.fetchall()
    return round(sum(map(_looked_at, _nodes(plan[0]["Plan"]))))


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for part in node.get("Plans", []):
        yield from _nodes(part)


def _looked_at(node: dict[str, Any]) -> float:
    # An Update repeats its scan; a bitmap's heap scan repeats its index scan.
    is_scan = node.get("Relation Name") == "mailer_message" and "Scan" in node["Node Type"]
    found = node["Actual Rows"] if is_scan else 0
    dropped = node.get("Rows Removed by Filter", 0) if is_scan else node.get("Rows Removed by Join Filter", 0)
    return (found + dropped) * node["Actual Loops"]
