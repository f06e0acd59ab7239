"""Postal addresses judged for other programs."""

import json
import sys
from typing import Any

from django.core.management import BaseCommand

from mailer.compliance.postal import FIELDS, Parts, judge


class UnreadableLine(ValueError):
    """A line of input that is no address to judge, in words."""

    def __init__(self, message: str, id_: Any = None) -> None:
        super().__init__(message)
        self.id = id_


class Command(BaseCommand):
    """One answer for each line, whatever the line holds. Needs no database."""

    help = (
        'Read one JSON object a line from standard input, {"id", "parts": {organization, line1, line2, city, region, '
        'postal_code, country}}, and print {"id", "valid", "problems", "doubts"} for each; a doubt does not make an '
        "address invalid. Exit 0: all are valid; 1: at least one is not; 2: a line could not be read."
    )
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        code = 0
        for number, line in enumerate(sys.stdin.buffer, 1):
            if not line.strip():
                continue
            try:
                answer = _answer(line)
                code = max(code, 0 if answer["valid"] else 1)
            except UnreadableLine as wrong:
                message = f"Line {number}: {wrong}"
                self.stderr.write(message)
                answer = {"id": wrong.id, "valid": False, "problems": [message], "doubts": []}
                code = 2
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
        if code:
            sys.exit(code)


def _answer(line: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError):
        raise UnreadableLine("This is no JSON. Write one object a line, in UTF-8.") from None
    if not isinstance(asked, dict):
        raise UnreadableLine('This is no JSON object. Write {"id": …, "parts": {…}}.')
    judgement = judge(_parts(asked))
    return {
        "id": asked.get("id"),
        "valid": judgement.valid,
        "problems": [remark.message for remark in judgement.problems],
        "doubts": [remark.message for remark in judgement.doubts],
    }


def _parts(asked: dict[str, Any]) -> Parts:
    given = asked.get("parts")
    if not isinstance(given, dict):
        raise UnreadableLine("“parts” is missing or no object.", asked.get("id"))
    unknown = sorted(set(given) - set(FIELDS))
    if unknown:
        raise UnreadableLine(f"“parts” has fields that are not known: {', '.join(unknown)}.", asked.get("id"))
    values = {name: "" if value is None else value for name, value in given.items()}
    odd = sorted(name for name, value in values.items() if not isinstance(value, str))
    if odd:
        raise UnreadableLine(f"These parts must be text in quotes: {', '.join(odd)}.", asked.get("id"))
    return Parts(**values)
