"""Quoted-printable bodies (RFC 2045 §6.7) with room for values that come later.

A slot stands between two soft line breaks, alone on its line, so that whatever fills it changes no
other line: every line stays within 76 characters, and the text around is encoded once per campaign.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from mailer.rendering.fields import Slot

LONGEST_LINE = 75  # one less than RFC 2045 allows, for the "=" of a soft break
LONGEST_CHUNK = LONGEST_LINE - 2  # a chunk may grow by two when its first character is escaped
SOFT_BREAK = b"=\r\n"
UNSAFE = re.compile(rb"[^ -<>-~\t]")
LINE_END = re.compile(r"\r\n|\r|\n")
# Dots that start a line are lost by relays that unstuff twice, and "From " becomes ">From " in mailboxes.
FRAGILE_START = re.compile(rb"\A(?:\.|F(?=rom ))")


def encode_pieces(pieces: Iterable[str | Slot]) -> list[bytes | Slot]:
    """Encoded text and slots in turn, ready to be joined once the slots are filled."""
    given = list(pieces)
    encoded: list[bytes | Slot] = []
    for index, piece in enumerate(given):
        if isinstance(piece, Slot):
            encoded.append(piece)
            continue
        body = encode(piece)
        if index and not body.startswith(b"\r\n"):
            body = SOFT_BREAK + body
        if index + 1 < len(given) and not body.endswith(b"\r\n"):
            body += SOFT_BREAK
        encoded.append(body)
    return list(_isolated(encoded))


def _isolated(pieces: list[bytes | Slot]) -> Iterator[bytes | Slot]:
    """Slots that follow each other directly get a soft break between them."""
    previous: bytes | Slot = b""
    for piece in pieces:
        if isinstance(piece, Slot) and isinstance(previous, Slot):
            yield SOFT_BREAK
        yield piece
        previous = piece


def encode(text: str) -> bytes:
    """`text` in quoted-printable UTF-8 with CRLF line ends."""
    return b"\r\n".join(_line(line.encode()) for line in LINE_END.split(text))


def _line(raw: bytes) -> bytes:
    safe = UNSAFE.sub(_hex, raw)
    if safe[-1:] in (b" ", b"\t"):
        safe = safe[:-1] + b"=%02X" % safe[-1]
    return SOFT_BREAK.join(_chunks(safe))


def _chunks(safe: bytes) -> Iterator[bytes]:
    """Parts of at most 75 characters, none of which ends within an =XX."""
    start = 0
    while len(safe) - start > LONGEST_CHUNK:
        cut = start + LONGEST_CHUNK
        escape = safe.rfind(b"=", cut - 2, cut)
        if escape != -1:
            cut = escape
        yield FRAGILE_START.sub(_hex, safe[start:cut])
        start = cut
    yield FRAGILE_START.sub(_hex, safe[start:])


def _hex(found: re.Match[bytes]) -> bytes:
    return b"=%02X" % found[0][0]


def encode_value(value: str) -> bytes:
    """A slot's value on lines of its own, without line end. Line breaks in it become spaces before this."""
    if (
        len(value) <= LONGEST_LINE
        and value.isascii()
        and value.isprintable()
        and "=" not in value
        and not value.startswith((".", "From "))
    ):
        return value.encode("ascii")
    return _encoded_value(value)


@lru_cache(maxsize=4096)  # the same few names and reasons return all through a campaign
def _encoded_value(value: str) -> bytes:
    return SOFT_BREAK.join(_chunks(UNSAFE.sub(_hex, value.encode())))
