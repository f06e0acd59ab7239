"""In which encoding a file is: told by its bytes, since nothing else does.

UTF-8 and UTF-16 say it themselves. Of the others, Shift_JIS and Windows-1252 are what spreadsheets on
Japanese and western machines write; a file that could be either is taken for what its letters look like.
"""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

BLOCK = 1 << 20
SAMPLE = 1 << 18  # bytes of lines beyond ASCII, by which encodings other than UTF-8 are told apart
HEAD = 65_536

# Shift_JIS as it occurs in names: kana and the kanji of everyday use have lead bytes 0x81–0x98, half-width kana
# are single bytes. Western letters beyond ASCII lie at 0xC0–0xFF, next to ASCII letters and seldom three in a row.
_JAPANESE_RUN = re.compile(rb"(?:[\x81-\x98][\x40-\x7e\x80-\xfc]){2,}|[\xa6-\xdf]{3,}")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")


def encoding_of(file: BinaryIO) -> str:
    """The name of the codec that reads the file; memory does not grow with it. Leaves it anywhere."""
    head = file.read(HEAD)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if wide := _wide(head):
        return wide
    file.seek(0)
    if _is_utf_8(file):
        return "utf-8-sig"
    file.seek(0)
    return _of_doubtful(b"".join(_doubtful_lines(file)))


def _wide(head: bytes) -> str:
    """UTF-16 without its mark: of mostly western text every second byte is zero."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd * 2 > len(head) / 2 and not even:
        return "utf-16-le"
    if even * 2 > len(head) / 2 and not odd:
        return "utf-16-be"
    return ""


def _is_utf_8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := file.read(BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _doubtful_lines(file: BinaryIO) -> Iterator[bytes]:
    taken = 0
    while taken < SAMPLE and (line := file.readline(HEAD)):
        if not line.isascii():
            taken += len(line)
            yield line


def _of_doubtful(sample: bytes) -> str:
    text = sample.decode("utf-8", "surrogateescape")
    beyond = [character for character in text if character > "\x7f"]
    broken = sum("\ud800" <= character <= "\udfff" for character in beyond)
    if broken <= len(beyond) - broken:
        return "utf-8-sig"  # stray bytes in a UTF-8 file cost only their rows
    return "cp932" if _looks_japanese(sample) else "cp1252"


def _looks_japanese(sample: bytes) -> bool:
    japanese = sum(len(run) for run in _JAPANESE_RUN.findall(sample))
    beyond = sum(len(run) for run in _BEYOND_ASCII.findall(sample))
    if japanese * 2 < beyond:
        return False
    try:
        sample.decode("cp932")
    except UnicodeDecodeError as wrong:
        return wrong.start > len(sample) - 3  # cut in the middle of a character
    return True
