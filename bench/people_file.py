"""A file of people as a small shop would export it."""

import csv
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FIRST = ("Ann", "Ben", "Clara", "David", "Eva", "Frank", "Greta", "José", "Müller", "O'Neil", "")
DOMAINS = ("example.com", "example.org", "mail.example.net", "gmail.com")
ONE_IN = 100  # of so many rows one has left, one is no address, one is there twice


@contextmanager
def people_file(rows: int) -> Iterator[Path]:
    """The path of a CSV file of so many rows, the same ones each time; it is removed at the end."""
    chance = random.Random(7)
    with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["email", "first_name", "last_name", "status"])
        for number in range(rows):
            writer.writerow(_row(number, chance))
        file.flush()
        yield Path(file.name)


def _row(number: int, chance: random.Random) -> tuple[str, str, str, str]:
    kind = number % ONE_IN
    email = f"{chance.choice('abcdefghij')}.{chance.randrange(10**8)}.{number}@{chance.choice(DOMAINS)}"
    if kind == 1:
        email = "no address"
    if kind == 2:
        email = "again@example.org"
    return email, chance.choice(FIRST), f"{chance.choice(FIRST)}son", "unsubscribed" if kind == 0 else ""
