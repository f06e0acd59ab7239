"""The same installation as the stories have, at length."""

from tests.stories.conftest import installation

__all__ = ["installation"]
