"""Pictures for tests, drawn here, and the hostile ones."""

import struct
import zlib
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, Any

from PIL import Image as Pillow

from mailer import images
from mailer.models import Image

BERLIN = {0x010F: "Candor Phones Inc", 0x8825: {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)}}


def drawn(width: int = 40, height: int = 30, mode: str = "RGB") -> Pillow.Image:
    """A slope from dark above to light below."""
    slope = Pillow.linear_gradient("L").resize((width, height))
    return slope.convert(mode)


def encoded(image: Pillow.Image, kind: str, **options: Any) -> bytes:
    written = BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def photo(width: int = 40, height: int = 30, orientation: int = 1, **options: Any) -> bytes:
    """As a telephone takes it: with its place, its maker, and which way up it was held."""
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    for tag, value in BERLIN.items():
        exif[tag] = value
    return encoded(drawn(width, height), "JPEG", exif=exif, comment=b"Dana's garden", **options)


def moving(frames: int = 3, width: int = 40, height: int = 30, **options: Any) -> bytes:
    drawings = [Pillow.new("P", (width, height), number) for number in range(frames)]
    for number, drawing in enumerate(drawings):
        drawing.putpalette([number * 20 % 256, number % 251, 0] * 256)
    return encoded(drawings[0], "GIF", save_all=True, append_images=drawings[1:], loop=0, **options)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bomb(width: int, height: int, rows: int) -> bytes:
    """A small file that says it has `height` rows, and has `rows` of them, all zero."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    pressed = zlib.compressobj(9)
    row = bytes(width * 4 + 1)
    body = b"".join(pressed.compress(row) for _ in range(rows)) + pressed.flush()
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def said_to_be(width: int, height: int, raw: bytes) -> bytes:
    """A JPEG whose frame header (SOF0) tells other measures."""
    at = raw.index(b"\xff\xc0") + 5
    return raw[:at] + struct.pack(">HH", height, width) + raw[at + 4 :]


def webp_of(width: int, height: int) -> bytes:
    """The head of a WebP with a canvas as large as this (VP8X)."""
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF\x30\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0" + canvas + bytes(24)


def stored(raw: bytes | None = None, filename: str = "roses.png", **described: Any) -> Image:
    """One that a marketer uploaded."""
    image = _added(raw or encoded(drawn(), "PNG"), filename)
    if described:
        images.describe(image, described.get("alt", ""), is_decorative=described.get("is_decorative", False))
    return image


def _added(raw: bytes, filename: str) -> Image:
    with on_disk(raw) as file:
        return images.add(file, filename, None).image


def on_disk(raw: bytes) -> IO[bytes]:
    """A real file, since another program reads it."""
    file = TemporaryFile()  # noqa: SIM115  closed by whoever takes it
    file.write(raw)
    file.seek(0)
    return file
