"""A second reader of header fields, stricter than Python's: what it can't read by the letter of the RFCs, it refuses.

RFC 5322 §3.2.3–3.4 (atoms, quoted strings, one mailbox), RFC 2047 (encoded words), without their obsolete forms.
"""

import base64
import binascii
import quopri
import re

ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-"
ENCODED = re.compile(r"=\?([A-Za-z0-9-]+)\?([BbQq])\?([^? ]*)\?=")
TOKEN = re.compile(
    r"""(?P<space>[ \t]+)|(?P<quoted>"(?:[^"\\\r\n]|\\[ -~])*")|(?P<word>[^\s"(),:;<>@\[\\\]]+)""", re.VERBOSE
)
ADDRESS = re.compile(rf"[{ATEXT}]+(?:\.[{ATEXT}]+)*@[A-Za-z0-9.-]+")
LONGEST_ENCODED, LONGEST_LINE = 75, 78


class NotStrict(ValueError):
    """Some receiver may read it otherwise."""


def fields(raw: bytes) -> list[tuple[str, str]]:
    """Name and value of each field of the header, unfolded."""
    header = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    if "\n" in header.replace("\r\n", "") or "\r" in header.replace("\r\n", ""):
        raise NotStrict("a bare line end")
    # what can't be broken may be longer, up to 998 (RFC 5322 §2.1.1)
    if any(
        len(line) > LONGEST_LINE and (" " in line.strip() or len(line) > 998) for line in header.split("\r\n")
    ):
        raise NotStrict("a line over 78 characters that could be folded")
    found = []
    for line in re.sub(r"\r\n(?=[ \t])", "", header).split("\r\n"):
        name, colon, value = line.partition(":")
        if not colon or not re.fullmatch(r"[!-9;-~]+", name):
            raise NotStrict(f"no field: {line!r}")
        found.append((name, value.strip(" \t")))
    return found


def field(raw: bytes, name: str) -> str:
    (value,) = (value for each, value in fields(raw) if each.lower() == name.lower())
    return value


def unstructured(value: str) -> str:
    """Text, with encoded words in it; white space between two of them is no part of it (RFC 2047 §6.2)."""
    out, was_encoded, gap = "", False, ""
    for piece in re.split(r"([ \t]+)", value):
        if not piece.strip(" \t"):
            gap = piece
            continue
        is_encoded = bool(ENCODED.fullmatch(piece))
        out += ("" if is_encoded and was_encoded else gap) + (_decoded(piece) if is_encoded else piece)
        was_encoded, gap = is_encoded, ""
    return out + gap


def mailbox(value: str) -> tuple[str, str]:
    """Name and address of the one mailbox there is."""
    if ADDRESS.fullmatch(value):
        return "", value
    name, address = named(value)
    if not ADDRESS.fullmatch(address):
        raise NotStrict(f"not one mailbox: {value!r}")
    return name, address


def named(value: str) -> tuple[str, str]:
    """A name and what stands behind it in angle brackets, as in From and List-Id."""
    found = re.fullmatch(r"(.*?)[ \t]*<([^<>\s]+)>", value, re.DOTALL)
    if not found:
        raise NotStrict(f"nothing in angle brackets: {value!r}")
    return phrase(found[1]), found[2]


def phrase(value: str) -> str:
    """A display name: atoms, quoted strings and encoded words. A list's or group's syntax is none."""
    out, was_encoded, gap, position = "", False, "", 0
    while position < len(value):
        token = TOKEN.match(value, position)
        if token is None:
            raise NotStrict(f"{value[position]!r} in a name outside of quotes: {value!r}")
        position = token.end()
        if token["space"]:
            gap = token["space"]
            continue
        is_encoded = bool(token["word"] and ENCODED.fullmatch(token["word"]))
        out += ("" if is_encoded and was_encoded else gap) + _piece(token, is_encoded)
        was_encoded, gap = is_encoded, ""
    return out


def _piece(token: re.Match[str], is_encoded: bool) -> str:
    if token["quoted"]:
        return re.sub(r"\\(.)", r"\1", token["quoted"][1:-1])
    return _decoded(token["word"]) if is_encoded else token["word"]


def _decoded(word: str) -> str:
    if len(word) > LONGEST_ENCODED:
        raise NotStrict("an encoded word over 75 characters")
    charset, kind, text = ENCODED.fullmatch(word).groups()
    try:
        if kind in "Bb":
            return base64.b64decode(text, validate=True).decode(charset)
        return quopri.decodestring(text.replace("_", " ").encode()).decode(charset)
    except (binascii.Error, UnicodeDecodeError, LookupError) as wrong:
        raise NotStrict(f"an encoded word that no one can decode: {word}") from wrong
