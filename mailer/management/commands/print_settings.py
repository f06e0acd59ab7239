"""docs/settings.md, from the one table of settings."""

from typing import Any

from django.core.management import BaseCommand

from project.environment import SETTINGS

HEAD = """\
# Settings

Every setting is an environment variable. Each can also be given as `NAME_FILE`, the path of a file that holds
the value, for secrets kept outside the environment. A wrong setting stops the start, with its name and what to
write.

| name | default | meaning |
| --- | --- | --- |"""


class Command(BaseCommand):
    """Prints the page; `make check` compares."""

    help = "Print docs/settings.md from the table of settings."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(HEAD)
        for setting in SETTINGS:
            default = f"`{setting.default}`" if setting.default else "–"
            self.stdout.write(f"| `{setting.name}` | {default} | {setting.meaning} |")
