"""A picture as an author puts it into HTML."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

from mailer.models import Image


def tag(image: Image) -> SafeString:
    """Its tag, as wide as messages show it. Without alt while nobody has said what it shows: a rule then asks."""
    alt = format_html(' alt="{}"', image.alt) if image.is_described else ""
    return format_html(
        '<img src="{}"{} width="{}" height="{}">', image.path, alt, image.shown_width, image.shown_height
    )
