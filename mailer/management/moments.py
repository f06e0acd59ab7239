"""Times as operators write them."""

from argparse import ArgumentTypeError
from datetime import datetime

from django.utils import timezone


def moment(text: str) -> datetime:
    """An ISO 8601 date or time, aware; without an offset it is in the installation's zone."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(
            f"“{text}” is not a time; write 2026-11-20 or 2026-11-20T15:30+01:00."
        ) from None
    return given if timezone.is_aware(given) else timezone.make_aware(given)
