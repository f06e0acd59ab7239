#!/usr/bin/env python
"""Candor's shell. `manage.py help` lists the commands."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    from django.core.management import execute_from_command_line

    from project import environment

    with environment.stops_in_words():
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
