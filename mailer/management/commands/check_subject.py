"""Hold subjects against their messages, for other programs."""

import json
import sys
from typing import Any

from django.core.management import BaseCommand

from mailer.compliance.rules import SUBJECT_RULES
from mailer.compliance.subjects import Judgement, Letter, judge


class Command(BaseCommand):
    """Needs no database. A line that can't be read is answered too, and the others still are."""

    help = (
        "Read JSON objects from standard input, one a line: id, subject, from_name, from_email, body, and optionally "
        'content_type ("text" or "html"), preheader, purpose (commercial, relationship, sexually_explicit), now '
        "(RFC 3339), offers. Print one JSON object for each: id, verdict (ok, warn, hold, block) and findings (rule, "
        "severity, message, span, source); a span counts code points of the subject as given and is [0, 0] for what "
        "is not in it. Without offers, claims are held against the body alone; [] means that none exists. Exit 0: "
        "nothing is held or blocked; 1: at least one is; 2: a line could not be read."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        code = 0
        for line in sys.stdin:
            if line.strip():
                answer = answered(line)
                self.stdout.write(json.dumps(answer, ensure_ascii=False))
                code = max(code, _code(answer))
        if code:
            sys.exit(code)


def answered(line: str) -> dict[str, Any]:
    """The answer to one line; with "error" in words if it can't be read."""
    identity = None
    try:
        given = json.loads(line)
        identity = given.get("id") if isinstance(given, dict) else None
        return {"id": identity, **_as_json(judge(Letter.from_json(given), SUBJECT_RULES))}
    except (ValueError, RecursionError) as wrong:
        return {"id": identity, "error": f"This line can’t be read: {wrong}."}


def _as_json(judgement: Judgement) -> dict[str, Any]:
    findings = [
        {
            "rule": finding.rule,
            "severity": finding.severity,
            "message": finding.message,
            "span": list(finding.span or (0, 0)),
            "source": finding.source,
        }
        for finding in judgement.findings
    ]
    return {"verdict": judgement.verdict, "findings": findings}


def _code(answer: dict[str, Any]) -> int:
    if "error" in answer:
        return 2
    return int(answer["verdict"] in ("hold", "block"))
