"""Pictures in messages: stored once by what they are, and served for as long as a mailbox may show them."""

import re

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from mailer.models.campaigns import Revision

# Messages are laid out 600 px wide; what is stored has up to twice as many for sharp screens.
SHOWN_WIDTH = 600
FOLDER = "/i/"
FILE_NAME = re.compile(r"(?P<name>[0-9a-f]{32})\.(?P<kind>png|jpg|gif)")


class Image(models.Model):
    """One picture as it is served. Its name is its content's, so the bytes behind an address never change (trigger).

    The bytes are in the database and not in a folder: one dump then has all that mailboxes show, and every web
    process on every machine has the same. They are read by name only.
    """

    class Kind(models.TextChoices):
        """What every mail program shows. The value is the file's ending."""

        PNG = "png", "PNG"
        JPEG = "jpg", "JPEG"
        GIF = "gif", "GIF"

    # the first 128 bits of the SHA-256 of `data`, by constraint
    name = models.CharField(max_length=32, unique=True, editable=False)
    kind = models.CharField(max_length=3, choices=Kind, editable=False)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    size = models.PositiveIntegerField(editable=False)  # bytes
    data = models.BinaryField()
    title = models.CharField(
        "name", max_length=120, help_text="For yourself, to find it again; recipients don’t see it."
    )
    alt = models.CharField("what it shows", max_length=300, blank=True)
    is_decorative = models.BooleanField("It is decoration only", default=False)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    added_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="decoration_says_nothing", condition=models.Q(is_decorative=False) | models.Q(alt="")
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def path(self) -> str:
        return f"{FOLDER}{self.name}.{self.kind}"

    @property
    def is_described(self) -> bool:
        """Whether somebody has said what readers who don't see it are told, or that there is nothing to tell."""
        return self.is_decorative or bool(self.alt)

    @property
    def shown_width(self) -> int:
        return min(self.width, SHOWN_WIDTH)

    @property
    def shown_height(self) -> int:
        return max(1, round(self.height * self.shown_width / self.width))


class ImageShown(models.Model):
    """A picture that a launched campaign shows: as long as this row is there, it can't be deleted."""

    image = models.ForeignKey(Image, models.PROTECT, related_name="shown")
    revision = models.ForeignKey(Revision, models.CASCADE, related_name="images_shown")

    class Meta:
        constraints = [
            # deleting a picture asks for it by picture
            models.UniqueConstraint(fields=["image", "revision"], name="image_shown_once")
        ]

    def __str__(self) -> str:
        return f"image {self.image_id} in revision {self.revision_id}"
