"""How a sender's mail looks: its colours, letters and logo, and what they make of label and footer."""

from dataclasses import dataclass, replace

from django.conf import settings

from mailer.colours import HEX, LEAST_CONTRAST, contrast
from mailer.models import Sender, SenderBrand

# Letters that every machine has: a font that is fetched is a stranger who sees each reader.
FONTS = {
    "sans": "Arial,Helvetica,sans-serif",
    "system": "-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif",
    "verdana": "Verdana,Geneva,sans-serif",
    "trebuchet": "'Trebuchet MS',Helvetica,sans-serif",
    "georgia": "Georgia,'Times New Roman',serif",
    "palatino": "'Palatino Linotype',Palatino,Georgia,serif",
}
WHITE = "#ffffff"
WIDTH = 600  # pixels: what mail programs show beside their list of messages


@dataclass(frozen=True, slots=True)
class Brand:
    """What a sender chose. On white and on `ground`, `ink` and `accent` are legible: the model asks for it."""

    # contrast on white and on the ground: ink 17.4 and 15.7, accent 10.0 and 9.1 (needed: 4.5, D42)
    ink: str = "#1a1a1a"
    accent: str = "#0b3d91"
    ground: str = "#f4f2ed"
    font: str = "sans"
    logo: str = ""  # an absolute address, or none: then the trade name stands in its place
    logo_width: int = 160

    @classmethod
    def of(cls, sender: Sender) -> "Brand":
        """How `sender` looks; plain, if nobody has chosen."""
        known = SenderBrand.objects.filter(sender=sender.pk).select_related("logo").defer("logo__data")
        chosen = known.first() if sender.pk else None
        if chosen is None:
            return PLAIN
        return cls(
            ink=chosen.ink,
            accent=chosen.accent,
            ground=chosen.ground,
            font=chosen.font,
            logo=f"{settings.PUBLIC_URL}{chosen.logo.path}" if chosen.logo else "",
            logo_width=min(chosen.logo_width, chosen.logo.width) if chosen.logo else chosen.logo_width,
        )

    @property
    def letters(self) -> str:
        return FONTS.get(self.font, FONTS["sans"])

    @property
    def line(self) -> str:
        """A hairline: a fifth of ink on white. Decoration, so no contrast is asked of it."""
        mixed = (round(int(self.ink[at : at + 2], 16) * 0.16 + 255 * 0.84) for at in (1, 3, 5))
        return "#" + "".join(f"{part:02x}" for part in mixed)


PLAIN = Brand()


@dataclass(frozen=True, slots=True)
class Look:
    """How Candor's own parts of a message look, so that they belong to what they stand around."""

    paper: str = WHITE
    ink: str = PLAIN.ink
    link: str = PLAIN.accent
    letters: str = PLAIN.letters
    width: int = 0  # of what is centred, in pixels; 0 is the whole width
    inset: int = 16
    is_ruled: bool = True  # lines between Candor's parts and the author's, which nothing else sets apart


def look_of(brand: Brand) -> Look:
    """Around an author's own HTML, on white."""
    return Look(WHITE, brand.ink, brand.accent, brand.letters)


def look_on(brand: Brand, paper: str, *, is_ruled: bool = False) -> Look:
    """Around a layout, on its paper; on white, where the brand's colours could not be read on that."""
    legible = HEX.fullmatch(paper) and all(
        contrast(paper, colour) >= LEAST_CONTRAST for colour in (brand.ink, brand.accent)
    )
    look = replace(look_of(brand), width=WIDTH, inset=24, is_ruled=is_ruled)
    return replace(look, paper=paper.lower()) if legible else replace(look, is_ruled=True)
