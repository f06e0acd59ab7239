"""How one seal follows from the seal before it and one row: the bytes, and the key.

docs/evidence.md describes the same for whoever recomputes a seal without Candor; a test holds the two together.
"""

import hmac
from hashlib import sha256

from django.conf import settings

FORMAT = "candor seal 1"
PURPOSE = b"candor evidence seals"

# One row as texts that PostgreSQL writes the same in every version, time zone and locale: times as seconds since
# 1970 with six decimals (`timestamptz` is exact to the microsecond), bytes in hex, `jsonb` as it prints itself.
ROW = """
row.id::text, extract(epoch FROM row.at)::text, row.verb, row.actor, row.subject,
encode(row.mailbox_key, 'hex'), row.details::text
"""
COLUMNS = ("id", "at", "verb", "actor", "subject", "mailbox_key", "details")

Row = tuple[str | None, ...]  # the texts of ROW, in the order of COLUMNS


def sealing_key() -> bytes:
    """The key of the seals: made from ADDRESS_KEY, which never changes, and which it does not betray.

    So it outlives every rotation of SECRET_KEY, needs no care of its own, and can be given to an expert.
    """
    return hmac.digest(settings.ADDRESS_KEY, PURPOSE, "sha256")


def seal_of(key: bytes, before: bytes, sealed_at: str, row: Row) -> bytes:
    """HMAC-SHA256 over the format's name, the seal before (empty for the first), the time of sealing and the row."""
    return hmac.digest(key, netstrings(FORMAT, before.hex(), sealed_at, *row), sha256)


def netstrings(*values: str | None) -> bytes:
    """Each value as its length in bytes, a colon, its UTF-8 bytes and a comma; NULL as a hyphen and a comma.

    No value can be taken for two, or for its neighbour's end.
    """
    return b"".join(b"-," if value is None else _netstring(value.encode()) for value in values)


def _netstring(value: bytes) -> bytes:
    return b"%d:%b," % (len(value), value)
