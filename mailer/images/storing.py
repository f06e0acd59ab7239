"""Taking pictures in, saying what they show, and taking them out again."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.db import transaction
from django.db.models import ProtectedError

from mailer import evidence
from mailer.images import reading
from mailer.images.uses import uses_of
from mailer.models import Image, ImageShown, Revision

# The child is stopped by its own limit of processor time; this is for one that waits instead.
SECONDS = 2 * reading.SECONDS
LONGEST_TITLE = 120
TOO_HARD = (
    "The picture takes too much time or memory to be read. Save it anew in another program, and smaller."
)


class ImageRefused(Exception):
    """It can't be done; the text says why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Added:
    """A stored picture; `is_new` is false if it was there before."""

    image: Image
    is_new: bool


def add(file: IO[bytes], filename: str, user: Any) -> Added:
    """Store the picture in `file`, once however often it comes. Raises ImageRefused.

    The file is never opened in this process: a program of its own reads it, and ends with what a hostile one does.
    """
    picture = _read_apart(file)
    name = hashlib.sha256(picture.data).hexdigest()[:32]
    with transaction.atomic():
        image, is_new = Image.objects.get_or_create(
            name=name,
            defaults={
                "kind": picture.kind,
                "width": picture.width,
                "height": picture.height,
                "size": len(picture.data),
                "data": picture.data,
                "title": _title(filename),
                "added_by": user,
            },
        )
        if is_new:
            evidence.record(
                "stored an image", actor=evidence.by(user), subject=f"image {image.pk}", name=name
            )
    return Added(image, is_new)


def describe(image: Image, alt: str, *, is_decorative: bool, title: str = "") -> None:
    """What readers are told who don't see it. What has gone out keeps the words that it went out with."""
    image.alt, image.is_decorative = ("" if is_decorative else " ".join(alt.split())), is_decorative
    image.title = title or image.title
    image.save(update_fields=["alt", "is_decorative", "title"])


def keep(names: Collection[str], revision: Revision) -> None:
    """Note that a launched campaign shows these: none of them is deleted from here on. Raises ImageRefused."""
    held = list(Image.objects.select_for_update(no_key=True).filter(name__in=names).defer("data"))
    if len(held) < len(names):
        raise ImageRefused("A picture in it was deleted just now. Look at the campaign once more.")
    ImageShown.objects.bulk_create(ImageShown(image=image, revision=revision) for image in held)


def remove(image: Image, user: Any) -> None:
    """Delete it, if no message shows it. Raises ImageRefused."""
    uses = uses_of(image)
    if uses:
        raise ImageRefused(uses.in_words())
    number, name = image.pk, image.name
    try:
        with transaction.atomic():
            image.delete()
            evidence.record("deleted an image", actor=evidence.by(user), subject=f"image {number}", name=name)
    except ProtectedError:  # a campaign was launched with it meanwhile
        raise ImageRefused(uses_of(image).in_words()) from None


def _read_apart(file: IO[bytes]) -> reading.Picture:
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(Path(reading.__file__))],
            stdin=file,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ImageRefused(TOO_HARD) from None
    head, _, data = done.stdout.partition(b"\n")
    if done.returncode or not head:
        raise ImageRefused(TOO_HARD)
    facts = json.loads(head)
    if "refused" in facts:
        raise ImageRefused(facts["refused"])
    return reading.Picture(facts["kind"], facts["width"], facts["height"], data)


def _title(filename: str) -> str:
    """The file's own name without its ending, as far as it can be shown."""
    shown = "".join(character for character in Path(filename).stem if character.isprintable())
    return shown[:LONGEST_TITLE].strip() or "Picture"
