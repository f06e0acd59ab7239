"""Pictures in messages: taken in, described, and kept as long as any mailbox may show them."""

from mailer.images.reading import MOST_BYTES
from mailer.images.storing import Added, ImageRefused, add, describe, keep, remove
from mailer.images.tags import tag
from mailer.images.uses import Uses, uses_of

__all__ = [
    "MOST_BYTES",
    "Added",
    "ImageRefused",
    "Uses",
    "add",
    "describe",
    "keep",
    "remove",
    "tag",
    "uses_of",
]
