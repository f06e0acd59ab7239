"""Reading what is said to be a picture: by its content, in bounded memory and time, without trusting a byte of it.

`mailer.images.storing` runs this file as a program of its own: the decoders are C code that meets strangers' files,
and what a file makes them do ends with that process. It gets the file on stdin, and answers with a line of JSON and
the bytes to store. It knows nothing of Django or the database.

What comes out has been drawn anew: no place and time where a photo was taken, no name of its owner (EXIF, XMP, IPTC,
comments), no second file behind the first one.
"""

import json
import resource
import struct
import sys
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageCms, ImageOps

MOST_BYTES = 20_000_000
# Of a JPEG only as much is decoded as is kept, so a telephone's 50 megapixels are no trouble; the others are decoded
# whole, at four bytes a pixel.
MOST_PIXELS = {"jpg": 50_000_000, "png": 20_000_000, "gif": 20_000_000, "webp": 20_000_000}
WIDEST = 1200  # twice the 600 px that a message is wide: sharp on screens with two pixels for one
TALLEST = 4000
MOST_STORED = 2_000_000  # readers on the road wait for it, and pay for it
MOST_FRAMES = 400
MOST_MOVING_PIXELS = 120_000_000  # of all frames together
WORTH_COMPARING = 60_000  # bytes of PNG from which on a JPEG may be much smaller

PIECE = 2**20
# Adam7: where each pass of an interlaced PNG begins, and its steps
PASSES = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
)  # fmt: skip

SECONDS = 10  # of processor time
MEMORY = 1_200_000_000

SIGNATURES = {
    "jpg": lambda raw: raw.startswith(b"\xff\xd8\xff"),
    "png": lambda raw: raw.startswith(b"\x89PNG\r\n\x1a\n"),
    "gif": lambda raw: raw[:6] in {b"GIF87a", b"GIF89a"},
    "webp": lambda raw: raw[:4] == b"RIFF" and raw[8:12] == b"WEBP",
}
PILLOW = {"jpg": "JPEG", "png": "PNG", "gif": "GIF", "webp": "WEBP"}
DAMAGED = "The picture is damaged or breaks off in the middle. Save or send it anew, and upload that."
TOO_LARGE = "The picture is too large to be read. Save it smaller: 1,200 pixels wide are enough."


class Refused(ValueError):
    """It can't be used; the text says why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is stored and served."""

    kind: str  # jpg, png or gif: what every mail program shows
    width: int
    height: int
    data: bytes


def read(raw: bytes) -> Picture:
    """The picture in `raw`, ready for a message. Raises Refused, whatever `raw` is."""
    kind = _kind(raw)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _picture(kind, raw)
    except Refused:
        raise
    except (MemoryError, Image.DecompressionBombError):
        raise Refused(TOO_LARGE) from None
    except Exception:  # decoders fail in a hundred ways, and each means the same to its owner
        raise Refused(DAMAGED) from None


# -- what it is, by its first bytes -------------------------------------------------------------------------


def _kind(raw: bytes) -> str:
    if not raw:
        raise Refused("The file is empty.")
    if len(raw) > MOST_BYTES:
        raise Refused(f"The file has more than {MOST_BYTES // 10**6} MB. Save the picture smaller.")
    for kind, fits in SIGNATURES.items():
        if fits(raw):
            return kind
    raise Refused(_something_else(raw))


def _something_else(raw: bytes) -> str:
    start = raw[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in start or start.startswith(b"<?xml"):
        return (
            "This is an SVG drawing. Mail programs don’t show those, and they can hold programs: export it as PNG, "
            "1,200 pixels wide."
        )
    if raw[4:8] == b"ftyp" and raw[8:12] in {b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis", b"hevc"}:
        return "This is a HEIC or AVIF picture, which mail programs don’t show. Save or send it as JPEG."
    if raw[:4] in {b"PK\x03\x04", b"\x1f\x8b\x08\x00", b"Rar!", b"7z\xbc\xaf"} or raw[:2] == b"\x1f\x8b":
        return "This is an archive, no picture. Unpack it, and upload the pictures in it."
    return "This is no picture that Candor can use. Upload JPEG, PNG, GIF or WebP."


def _assert_measures(kind: str, width: int, height: int) -> None:
    if width * height > MOST_PIXELS[kind]:
        raise Refused(TOO_LARGE)


def _assert_whole(raw: bytes) -> None:
    """All rows of a PNG are there: Pillow would paint missing ones black (PNG specification, sections 5 and 8)."""
    width, height, depth, colours, _, _, interlaced = struct.unpack(">IIBBBBB", raw[16:29])
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colours]
    wanted = sum(
        rows * (1 + (columns * bits + 7) // 8)
        for x, y, across, down in (PASSES if interlaced else ((0, 0, 1, 1),))
        if (columns := -(-(width - x) // across)) > 0 and (rows := -(-(height - y) // down)) > 0
    )
    unpacker = zlib.decompressobj()
    for piece in _image_data(raw):
        while piece and wanted > 0:
            wanted -= len(unpacker.decompress(piece, PIECE))
            piece = unpacker.unconsumed_tail
    if wanted > 0:
        raise Refused(DAMAGED)


def _image_data(raw: bytes) -> Iterator[bytes]:
    position, kind = 8, b""
    while kind != b"IEND":
        length, kind = struct.unpack(">I4s", raw[position : position + 8])
        if kind == b"IDAT":
            yield raw[position + 8 : position + 8 + length]
        position += 12 + length


def _webp_measures(raw: bytes) -> tuple[int, int]:
    """Asked before the decoder is, which takes memory for all of it at once."""
    chunk, start = raw[12:16], raw[20:]
    if chunk == b"VP8X":
        return int.from_bytes(start[4:7], "little") + 1, int.from_bytes(start[7:10], "little") + 1
    if chunk == b"VP8L":
        bits = int.from_bytes(start[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack("<HH", start[6:10])
    return width & 0x3FFF, height & 0x3FFF


# -- from the file to the pixels ----------------------------------------------------------------------------


def _picture(kind: str, raw: bytes) -> Picture:
    if kind == "webp":
        _assert_measures(kind, *_webp_measures(raw))
    with Image.open(BytesIO(raw), formats=(PILLOW[kind],)) as opened:
        _assert_measures(kind, *opened.size)
        if kind == "png":
            _assert_whole(raw)
        if kind != "jpg" and getattr(opened, "n_frames", 1) > 1:
            return _moving(kind, raw, opened)
        if kind == "jpg":
            opened.draft(None, (WIDEST, WIDEST))  # decodes at ½, ¼ or ⅛, never below what is kept
        drawn = _fitted(_in_plain_colours(ImageOps.exif_transpose(opened)))
    return _encoded(kind, drawn)


def _in_plain_colours(image: Image.Image) -> Image.Image:
    """In sRGB, 8 bits each, as mail programs show it; transparency stays."""
    if image.mode.startswith("I"):  # 16 bits of grey
        return image.point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in {"1", "L", "P"} and "transparency" not in image.info:
        return image
    if image.mode == "P" or image.has_transparency_data:
        return image if image.mode == "P" and image.width <= WIDEST else image.convert("RGBA")
    return _managed(image) or image.convert("RGB")


def _managed(image: Image.Image) -> Image.Image | None:
    """By its own colour profile, so that a print shop's blue stays blue; None if it has none that can be read."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in {"RGB", "CMYK"}:
        return None
    try:
        return ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _fitted(image: Image.Image) -> Image.Image:
    """No wider than messages need; never made larger."""
    width, height = image.size
    if width > WIDEST:
        width, height = WIDEST, max(1, round(height * WIDEST / width))
    if height > TALLEST:
        raise Refused(
            f"The picture is too tall for a message: {height:,} pixels at a width of {width:,}. Cut it into pieces "
            f"of at most {TALLEST:,}."
        )
    if (width, height) == image.size:
        return image
    smooth = image.convert("RGBA" if image.has_transparency_data else "RGB") if image.mode in "1P" else image
    return smooth.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)


# -- from the pixels to a file ------------------------------------------------------------------------------


def _encoded(kind: str, image: Image.Image) -> Picture:
    # Pillow would write the rest beside the pixels: comments, profiles, places
    image.info = {key: value for key, value in image.info.items() if key == "transparency"}
    if kind == "jpg":
        return _stored("jpg", image, _as_jpeg(image))
    drawn = _as_png(image)
    if len(drawn) > WORTH_COMPARING and not image.has_transparency_data:
        photo = _as_jpeg(image)
        if len(photo) * 2 < len(drawn):  # a photo; of drawings JPEG blurs the edges, and saves little
            return _stored("jpg", image, photo)
    return _stored("png", image, drawn)


def _as_jpeg(image: Image.Image) -> bytes:
    plain = image if image.mode in {"L", "RGB"} else image.convert("RGB")
    written = BytesIO()
    plain.save(written, "JPEG", quality=84, optimize=True, progressive=True)
    return written.getvalue()


def _as_png(image: Image.Image) -> bytes:
    written = BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()


def _stored(kind: str, image: Image.Image, data: bytes) -> Picture:
    if len(data) > MOST_STORED:
        raise Refused(
            f"Even at {image.width:,} pixels width it has {len(data) / 10**6:.1f} MB; messages load slowly with more "
            f"than {MOST_STORED // 10**6}. Save it with fewer colours, or without transparency as JPEG."
        )
    return Picture(kind, *image.size, data)


# -- GIFs that move -----------------------------------------------------------------------------------------


def _moving(kind: str, raw: bytes, image: Image.Image) -> Picture:
    """An animated GIF as it is, less what does not draw. Each frame is decoded once, so that none is broken."""
    if kind != "gif":
        raise Refused("This picture moves. Mail programs show only GIFs move: save it as GIF.")
    width, height, frames = *image.size, getattr(image, "n_frames", 1)
    if width > WIDEST or height > TALLEST or len(raw) > MOST_STORED:
        raise Refused(
            f"A GIF that moves stays as it is, so it has to be small enough: at most {WIDEST:,} pixels wide and "
            f"{MOST_STORED // 10**6} MB. This one is {width:,} pixels wide and has {len(raw) / 10**6:.1f} MB."
        )
    if frames > MOST_FRAMES or frames * width * height > MOST_MOVING_PIXELS:
        raise Refused("This GIF moves for too long. Take frames out.")
    for frame in range(frames):
        image.seek(frame)
        image.load()
        _assert_measures(kind, *image.size)
    if image.size != (width, height):
        raise Refused(DAMAGED)
    return Picture("gif", width, height, bare_gif(raw))


def bare_gif(raw: bytes) -> bytes:
    """The blocks of a GIF that draw, and how often it repeats: no comment, no XMP, nothing behind its end.

    GIF89a specification, sections 17 to 27. Raises IndexError or Refused where it breaks off.
    """
    kept, position = [raw[:6]], 6
    position = 13 + _table(raw[10])
    kept.append(raw[6:position])
    while (introducer := raw[position]) != 0x3B:
        start = position
        if introducer == 0x21:
            draws, position = raw[position + 1] == 0xF9, position + 2
        elif introducer == 0x2C:
            draws, position = True, position + 11 + _table(raw[position + 9])
        else:
            raise Refused(DAMAGED)
        while raw[position]:
            position += raw[position] + 1
        position += 1
        block = raw[start:position]
        if draws or (block[:14] == b"\x21\xff\x0bNETSCAPE2.0" and len(block) == 19):
            kept.append(block)
    return b"".join([*kept, b";"])


def _table(flags: int) -> int:
    """How many bytes a colour table takes, if its flags announce one."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


# -- as a program of its own --------------------------------------------------------------------------------


def main() -> None:
    """One file on stdin; on stdout a line of JSON, and the picture's bytes if it has one."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # elsewhere the limit counts what is only reserved
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        picture = read(sys.stdin.buffer.read(MOST_BYTES + 1))
    except Refused as refused:
        sys.stdout.buffer.write(json.dumps({"refused": str(refused)}).encode())
        return
    facts = {"kind": picture.kind, "width": picture.width, "height": picture.height}
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + picture.data)


if __name__ == "__main__":
    main()
