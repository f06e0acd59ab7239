"""A picture is taken for what it is; whatever else a file holds or wants ends here."""

import subprocess
import sys
import time
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from mailer.images import reading
from tests.mailer.pictures import chunk, drawn, encoded, moving, photo, png_bomb, said_to_be, webp_of

SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PNG = encoded(drawn(), "PNG")
WHOLE = {
    "png": PNG,
    "jpeg": photo(),
    "gif": encoded(drawn(mode="L"), "GIF"),
    "moving gif": moving(),
    "webp": encoded(drawn(), "WEBP"),
    "webp, lossless": encoded(drawn(mode="RGBA"), "WEBP", lossless=True),
}


def opened(picture: reading.Picture) -> Pillow.Image:
    image = Pillow.open(BytesIO(picture.data))
    image.load()
    return image


@pytest.mark.parametrize(
    ("raw", "kind", "size"),
    [
        (photo(), "jpg", (40, 30)),
        (photo(3000, 2000), "jpg", (1200, 800)),
        (photo(3000, 2000, orientation=6), "jpg", (1200, 1800)),
        (photo(1300, 50, progressive=True), "jpg", (1200, 46)),
        (encoded(drawn(mode="CMYK"), "JPEG"), "jpg", (40, 30)),
        (PNG, "png", (40, 30)),
        (encoded(drawn(2400, 800), "PNG"), "png", (1200, 400)),
        (encoded(Pillow.new("1", (2400, 800)), "PNG"), "png", (1200, 400)),
        (encoded(drawn(2400, 800, "LA"), "PNG"), "png", (1200, 400)),
        (encoded(drawn(2400, 800).quantize(9), "PNG"), "png", (1200, 400)),
        (encoded(Pillow.new("I;16", (40, 30), 0x7FFF), "PNG"), "png", (40, 30)),
        (encoded(drawn(), "WEBP"), "png", (40, 30)),
        (encoded(drawn(mode="RGBA"), "WEBP", lossless=True), "png", (40, 30)),
        (encoded(drawn(mode="L"), "GIF"), "png", (40, 30)),
        (moving(), "gif", (40, 30)),
    ],
)
def test_what_marketers_have_becomes_what_mail_programs_show(raw, kind, size):
    picture = reading.read(raw)
    assert (picture.kind, (picture.width, picture.height)) == (kind, size)
    image = opened(picture)
    assert (image.format, image.size) == ({"jpg": "JPEG"}.get(kind, kind.upper()), size)
    assert reading.read(picture.data).kind == kind


def test_nothing_is_left_of_where_and_with_what_a_photo_was_taken():
    raw = photo(orientation=3, icc_profile=b"\0" * 128)
    assert b"Candor Phones" in raw
    assert b"garden" in raw
    data = reading.read(raw).data
    for secret in (b"Candor", b"garden", b"Exif", b"ICC_PROFILE", b"\xff\xe1", b"\xff\xfe"):
        assert secret not in data


def test_a_photo_stands_upright_without_its_mark():
    upright, turned = (opened(reading.read(photo(64, 48, way))) for way in (1, 3))
    corner = upright.getpixel((2, 2)), turned.getpixel((61, 45))
    assert all(abs(one - other) < 8 for one, other in zip(*corner, strict=True))
    assert sum(turned.getpixel((2, 2))) > sum(turned.getpixel((61, 45))) + 60


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_stays_so(mode):
    image = drawn(mode="RGBA")
    image.putalpha(Pillow.linear_gradient("L").resize(image.size).point(lambda value: 255 * (value > 99)))
    raw = encoded(image.convert(mode), "PNG") if mode != "P" else encoded(image.quantize(16), "PNG")
    kept = opened(reading.read(raw)).convert("RGBA")
    assert kept.getpixel((5, 2))[3] == 0
    assert kept.getpixel((5, 28))[3] == 255


def test_sixteen_bits_of_grey_are_not_washed_out():
    assert opened(reading.read(encoded(Pillow.new("I;16", (4, 4), 0x7FFF), "PNG"))).getpixel((1, 1)) == 127


@pytest.mark.parametrize(("size", "is_whole"), [(79, True), (78, False), (5_000_000, True)])
def test_an_interlaced_png_needs_all_its_passes_and_more_is_not_unpacked(size, is_whole):
    """8 × 8 in seven passes: (1+1)+(1+1)+(1+2)+2(1+2)+2(1+4)+4(1+4)+4(1+8) bytes."""
    head = chunk(b"IHDR", bytes([0, 0, 0, 8, 0, 0, 0, 8, 8, 0, 0, 0, 1]))
    data = chunk(b"IDAT", zlib.compress(bytes(size)))
    raw = b"\x89PNG\r\n\x1a\n" + head + data + chunk(b"IEND", b"")
    if is_whole:
        assert reading.read(raw).width == 8
    else:
        with pytest.raises(reading.Refused, match="damaged"):
            reading.read(raw)


def test_a_photo_saved_as_png_becomes_a_jpeg_and_a_drawing_does_not():
    noisy = Pillow.effect_noise((400, 400), 60).convert("RGB")
    assert reading.read(encoded(noisy, "PNG")).kind == "jpg"
    assert reading.read(encoded(Pillow.new("RGB", (1200, 1200), "teal"), "PNG")).kind == "png"


def test_a_moving_gif_keeps_its_frames_and_loses_everything_else():
    raw = moving(4, comment=b"by Dana") + b"PK\x03\x04 a ZIP behind it"
    data = reading.read(raw).data
    assert b"Dana" not in data
    assert b"PK" not in data
    image = Pillow.open(BytesIO(data))
    assert (image.n_frames, image.info["loop"]) == (4, 0)


# -- what is refused, in words ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "The file is empty"),
        (SVG, "This is an SVG drawing"),
        (b"\xef\xbb\xbf \n<svg onload=alert(1)>", "This is an SVG drawing"),
        (b"\0\0\0\x18ftypheic", "HEIC"),
        (b"\0\0\0\x18ftypavif", "AVIF"),
        (b"PK\x03\x04" + bytes(100), "an archive"),
        (b"\x1f\x8b" + bytes(100), "an archive"),
        (b"%PDF-1.7", "no picture that Candor can use"),
        (b"BM" + bytes(100), "no picture that Candor can use"),
        (b"<script>alert(1)</script>", "no picture that Candor can use"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"\xff\xd8\xff\xe0" + bytes(200), "damaged"),
        (b"GIF89a", "damaged"),
        (b"RIFF\x04\0\0\0WEBP", "damaged"),
        (b"\xff" * 20_000_001, "more than 20 MB"),
        (png_bomb(50_000, 50_000, 1), "too large"),
        (png_bomb(10_000, 10_000, 1), "too large"),
        (png_bomb(2_000, 2_000, 10), "damaged"),
        (said_to_be(50_001, 1_000, photo()), "too large"),
        (encoded(Pillow.new("L", (100, 5_000)), "PNG"), "too tall"),
        (webp_of(16_383, 16_383), "too large"),
        (encoded(drawn(), "PNG", save_all=True, append_images=[drawn(mode="L").convert("RGB").rotate(90)]), "moves"),
        (moving(3, 1201, 2), "at most 1,200 pixels wide"),
        (moving(401, 2, 2), "moves for too long"),
        (moving()[:-1], "damaged"),
    ],
)  # fmt: skip
def test_what_can_not_be_used_is_refused_in_words(raw, words):
    with pytest.raises(reading.Refused, match=words):
        reading.read(raw)


def test_text_that_swells_inside_a_png_is_refused_or_dropped():
    swollen = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(50_000_000)))
    raw = PNG[:33] + swollen + PNG[33:]
    try:
        assert b"Comment" not in reading.read(raw).data
    except reading.Refused:
        pass


@pytest.mark.parametrize("name", WHOLE)
def test_a_picture_that_breaks_off_is_never_taken(name):
    """At whatever byte: but for the end marks, which show nothing."""
    raw = WHOLE[name]
    for cut in range(0, len(raw) - 20, max(1, len(raw) // 60)):
        with pytest.raises(reading.Refused):
            reading.read(raw[:cut])


@hypothesis_settings(deadline=None, max_examples=150)
@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_whatever_is_changed_in_a_file_it_is_a_picture_or_refused(name, data):
    raw = bytearray(WHOLE[name])
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    _is_sound(bytes(raw))


@hypothesis_settings(deadline=None, max_examples=150)
@given(st.sampled_from([raw[:12] for raw in WHOLE.values()]), st.binary(max_size=400))
def test_whatever_follows_a_signature_it_is_a_picture_or_refused(signature, rest):
    _is_sound(signature + rest)


def _is_sound(raw: bytes) -> None:
    try:
        picture = reading.read(raw)
    except reading.Refused:
        return
    image = opened(picture)
    assert image.size == (picture.width, picture.height)
    assert picture.width <= reading.WIDEST
    assert picture.height <= reading.TALLEST
    assert len(picture.data) <= reading.MOST_STORED


# -- the program that reads ---------------------------------------------------------------------------------


def run(raw: bytes, tmp_path: Path) -> tuple[subprocess.CompletedProcess[bytes], float]:
    (tmp_path / "upload").write_bytes(raw)
    started = time.monotonic()
    with (tmp_path / "upload").open("rb") as file:
        done = subprocess.run(
            [sys.executable, "-I", str(Path(reading.__file__))],
            stdin=file, capture_output=True, timeout=60, check=False,
        )  # fmt: skip
    return done, time.monotonic() - started


def test_the_program_answers_with_facts_and_bytes(tmp_path):
    done, _ = run(PNG, tmp_path)
    head, _, data = done.stdout.partition(b"\n")
    assert head == b'{"kind": "png", "width": 40, "height": 30}'
    assert data == reading.read(PNG).data


@pytest.mark.long
@pytest.mark.parametrize(
    "make",
    [
        lambda: png_bomb(4_400, 4_400, 4_400),
        lambda: encoded(Pillow.new("RGB", (8_000, 6_200)), "JPEG", progressive=True, subsampling=0),
        lambda: encoded(Pillow.new("RGBA", (4_400, 4_400)), "WEBP", lossless=True, method=0),
    ],
    ids=["png", "jpeg", "webp"],
)
def test_the_largest_that_are_taken_stay_within_memory_and_time(make, tmp_path):
    done, seconds = run(make(), tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b'"width": 1200' in done.stdout[:100]
    assert seconds < 20
