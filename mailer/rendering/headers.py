"""Header fields as exact bytes: folded within 76 characters, 7-bit, one field per call.

Candor writes them itself. Python's and Django's policies turn an unbroken element of 78 characters
into an encoded word, which ends one-click, and take `Acme, Inc.` for two mailboxes (DUTIES D15, D73).
"""

import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterable, Iterator

LONGEST_LINE = 76
ENCODED_WORD = "=?utf-8?b?{}?="
LONGEST_PAYLOAD = 45  # bytes; 60 characters of base64, so that an encoded word stays under 75 (RFC 2047 §2)
ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+")
PRINTABLE = re.compile(r"[ -~]*")
LONGEST_QUOTED = 64


def is_safe(value: str) -> bool:
    """Whether it can stand in a header: nothing in it ends a line or steers a terminal (D18).

    CR, LF, NEL, U+2028 and U+2029 among others; Django 5.2 lets U+2028 pass into a subject.
    """
    return not any(unicodedata.category(character) in {"Cc", "Zl", "Zp", "Cs"} for character in value)


def folded(name: str, tokens: Iterable[str]) -> bytes:
    """`Name: token token`, with a line break before each token that would end beyond column 76.

    A first line without a token keeps its space after the colon: so do Python's own policies, and what
    they read and write again then stays the same (measured with 3.11, 3.12 and 3.13).
    """
    lines, line = [], f"{name}:"
    for index, token in enumerate(tokens):
        if len(line) + 1 + len(token) > LONGEST_LINE:
            lines.append(line if index else f"{line} ")
            line = ""
        line += f" {token}"
    return "\r\n".join([*lines, line]).encode("ascii")


def unstructured(name: str, value: str) -> bytes:
    """A field that is read as text, such as Subject (RFC 5322 §2.2.1, RFC 2047)."""
    words = value.split(" ")
    plain = (
        PRINTABLE.fullmatch(value)
        and "=?" not in value
        and all(words)
        and all(len(word) < LONGEST_LINE for word in words)
    )
    return folded(name, words if plain else _encoded_words(name, value))


def mailbox(name: str, display: str, address: str) -> bytes:
    """A field that names one mailbox: `From: Acme Garden <news@example.com>`."""
    return folded(name, [*_phrase(name, display), f"<{address}>"])


def _phrase(name: str, display: str) -> list[str]:
    """A display name (RFC 5322 §3.2.5): atoms, else a quoted string, else encoded words."""
    words = display.split(" ")
    if "=?" not in display and all(ATOM.fullmatch(word) and len(word) <= LONGEST_QUOTED for word in words):
        return words
    if "=?" not in display and PRINTABLE.fullmatch(display) and len(display) <= LONGEST_QUOTED:
        escaped = display.replace("\\", "\\\\").replace('"', '\\"')
        return [f'"{escaped}"']
    return list(_encoded_words(name, display))


def _encoded_words(name: str, value: str) -> Iterator[str]:
    """Base64 words, each cut between characters; white space between them is no part of the value."""
    room = min(LONGEST_PAYLOAD, (LONGEST_LINE - len(name) - 2 - len(ENCODED_WORD) + 2) // 4 * 3)
    chunk = b""
    for character in value:
        encoded = character.encode()
        if len(chunk) + len(encoded) > room:
            yield ENCODED_WORD.format(b64encode(chunk).decode())
            chunk, room = b"", LONGEST_PAYLOAD
        chunk += encoded
    yield ENCODED_WORD.format(b64encode(chunk).decode())
