"""The HTML of a message shown as what it is: a stranger's document, at an address of its own."""

from django.conf import settings
from django.http import HttpResponse

# `sandbox` keeps it from script, forms and our cookies; pictures may be loaded from where the message has them.
PREVIEW_POLICY = (
    f"default-src 'none'; img-src https: {settings.PUBLIC_URL}; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


def as_preview(html: str) -> HttpResponse:
    """For a frame on one of our pages. A click opens beside the admin, not inside the frame."""
    return HttpResponse('<base target="_blank">' + html, headers={"Content-Security-Policy": PREVIEW_POLICY})
