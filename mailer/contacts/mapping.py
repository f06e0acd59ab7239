"""What the columns of a file say: shown to a person, corrected by them, and kept for the next file of that shape."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mailer.contacts import reading
from mailer.models import ColumnMapping, Import

GONE = "The file is gone from the upload folder. Bring it in again."


class ImportRefused(ValueError):
    """A file is not brought in, or not so; the message says why and what to do."""


def name_columns(import_: Import, columns: Mapping[str, str], user: Any) -> None:
    """Say of the headings of a file what stands below them. Raises ImportRefused if one is not there."""
    tables = looks(import_)
    named = {heading for table in tables for heading in table.headings}
    if missing := sorted(columns.keys() - named):
        raise ImportRefused(f"The file has no column “{missing[0]}”, but {', '.join(sorted(named)[:12])}.")
    for table in tables:
        said = [
            columns.get(heading, guess) for heading, guess in zip(table.headings, table.meanings, strict=True)
        ]
        if said != table.meanings:
            keep(import_, table.shape, said, user)


def keep(import_: Import, shape: str, said: list[str], user: Any) -> None:
    """Keep what somebody said of the columns of a shape, if the file has it and it can be read so."""
    look = next((table for table in looks(import_) if table.shape == shape), None)
    if look is None or len(said) != len(look.headings):
        raise ImportRefused("The columns are not those of this file. Load the page again.")
    try:
        reading.assert_nothing_lost(look.guessed, said, look.headings)
        reading.Columns.from_meanings(said)
    except reading.FileRefused as refused:
        raise ImportRefused(f"{look.name}: {refused}") from refused
    if said != look.meanings:
        ColumnMapping.objects.update_or_create(
            shape=shape, defaults={"headings": look.headings, "meanings": said, "said_by": user}
        )


def looks(import_: Import) -> list[reading.Look]:
    """What the beginning of a file shows that waits for an answer. Raises ImportRefused."""
    try:
        return reading.look(Path(import_.path), import_.filename, kept())
    except reading.FileRefused as refused:
        raise ImportRefused(str(refused)) from refused
    except FileNotFoundError as gone:
        raise ImportRefused(GONE) from gone


def kept() -> dict[str, list[str]]:
    """What was said of columns so far, by the shape of the table."""
    return dict(ColumnMapping.objects.values_list("shape", "meanings"))
