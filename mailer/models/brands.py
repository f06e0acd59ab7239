"""How a sender's mail looks. It decides nothing about what may be sent, so it is not attested."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from mailer.colours import HEX, LEAST_CONTRAST, contrast
from mailer.models.images import Image
from mailer.models.senders import Sender

WHITE = "#ffffff"
is_colour = RegexValidator(
    rf"\A{HEX.pattern}\Z", "Write the colour as # and six digits or letters a to f, such as #0b3d91."
)


class SenderBrand(models.Model):
    """Colours, letters and logo of one sender, for layouts and for Candor's label and footer."""

    class Font(models.TextChoices):
        """Letters that every machine has; `rendering.brands.FONTS` has what stands in where one is missing."""

        SANS = "sans", "Arial: plain and known everywhere"
        SYSTEM = "system", "The reader's own: what their machine uses"
        VERDANA = "verdana", "Verdana: wide, legible when small"
        TREBUCHET = "trebuchet", "Trebuchet: friendly"
        GEORGIA = "georgia", "Georgia: with serifs, made for screens"
        PALATINO = "palatino", "Palatino: with serifs, like a book"

    sender = models.OneToOneField(Sender, models.CASCADE, related_name="brand")
    ink = models.CharField(
        "text",
        max_length=7,
        default="#1a1a1a",
        validators=[is_colour],
        help_text="What is read: words of all sizes.",
    )
    accent = models.CharField(
        "links and buttons", max_length=7, default="#0b3d91", validators=[is_colour],
        help_text="Your colour. Words in it stand on white, and white words stand on it.",
    )  # fmt: skip
    ground = models.CharField(
        "page", max_length=7, default="#f4f2ed", validators=[is_colour],
        help_text="Behind everything, in layouts that have a sheet of white. A light one.",
    )  # fmt: skip
    font = models.CharField("letters", max_length=9, choices=Font, default=Font.SANS)
    logo = models.ForeignKey(
        Image, models.PROTECT, null=True, blank=True, related_name="+",
        help_text="One of the pictures here. Without one, the trade name stands in its place, in your colour.",
    )  # fmt: skip
    logo_width = models.PositiveSmallIntegerField(
        default=160,
        validators=[MinValueValidator(24), MaxValueValidator(400)],
        help_text="In pixels, as it is shown, at most what the picture has. Twice that looks sharp everywhere.",
    )

    class Meta:
        default_permissions = ("change",)

    def __str__(self) -> str:
        return f"look of sender {self.sender_id}"

    def clean(self) -> None:
        """Whatever is written in these colours must be legible, the label and the opt-out first of all (D42)."""
        colours = {"ink": self.ink, "accent": self.accent, "ground": self.ground}
        if not all(HEX.fullmatch(colour) for colour in colours.values()):
            return  # each field says so itself
        wrong = {
            "ink": _too_pale("Words", self.ink, WHITE, "white"),
            "accent": _too_pale("Links and buttons", self.accent, WHITE, "white"),
            "ground": _too_pale("Words", self.ink, self.ground, "this page")
            or _too_pale("Links", self.accent, self.ground, "this page"),
        }
        if any(wrong.values()):
            raise ValidationError({field: words for field, words in wrong.items() if words})


def _too_pale(what: str, colour: str, behind: str, name: str) -> str:
    ratio = contrast(colour, behind)
    if ratio >= LEAST_CONTRAST:
        return ""
    return (
        f"{what} in {colour} on {name} would be hard to read: their contrast is {int(ratio * 10) / 10}:1, and "
        f"{LEAST_CONTRAST}:1 is the least that the law’s “clear and conspicuous” can be read as. Take a darker colour"
        + (" for them or a lighter one here." if name != "white" else ".")
    )
