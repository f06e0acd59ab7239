"""The installation that stories play in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import LivingDatabase
from tests.stories.parts import Installation, installed


@pytest.fixture
def installation(living_database: LivingDatabase, tmp_path: Path, settings) -> Iterator[Installation]:
    with installed(living_database, tmp_path, settings) as ready:
        yield ready
