"""The matrix of duties as Markdown, for docs/compliance.md."""

from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from mailer.compliance import matrix


class Command(BaseCommand):
    """Needs the sources with their tests, so it is for whoever works on Candor."""

    help = (
        "Print docs/compliance.md: each duty, its law, where it is enforced, which tests keep it, and what is left to "
        "the operator. Exit 2 if something is named that is not there."
    )
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            told = matrix.duties(settings.BASE_DIR)
        except (matrix.MatrixRefused, OSError) as wrong:
            raise CommandError(str(wrong), returncode=2) from wrong
        self.stdout.write(matrix.page(told), ending="")
