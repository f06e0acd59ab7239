"""The rights of the application's role, as SQL to look at and run."""

import re
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management import BaseCommand

from mailer import evidence


def role(text: str) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", text):
        raise ArgumentTypeError("write a role's name of lower-case letters, digits and _, such as candor_app")
    return text


class Command(BaseCommand):
    """Prints only: who runs it is the owner's decision."""

    help = (
        "Print the SQL that lets ROLE do all that Candor does, but never change or remove evidence, opt-outs or seals, "
        "nor switch off what guards them. Run it as a superuser after each upgrade: "
        "manage.py print_roles candor_app | psql …"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "role", type=role, metavar="ROLE", help="the application's role, which must exist"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for statement in evidence.grants(options["role"]):
            self.stdout.write(statement)
