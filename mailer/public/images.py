"""Pictures in messages, from our own host: whoever opens a message tells nobody so (D113, D114).

The address is the picture's and the same for every reader, nothing is recorded, no cookie is set or looked at.
"""

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

from mailer.models import Image
from mailer.models.images import FILE_NAME
from mailer.public import pages

METHODS = ("GET", "HEAD", "OPTIONS")
TYPES = {Image.Kind.PNG: "image/png", Image.Kind.JPEG: "image/jpeg", Image.Kind.GIF: "image/gif"}
HEADERS = {
    # named by its content, so it never changes: a mail program or a proxy asks once
    "Cache-Control": "public, max-age=31536000, immutable",
    # opened by itself it is a picture and nothing else, whatever is in it
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    # webmail of any host shows it
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def picture(request: HttpRequest, file: str) -> HttpResponse:
    """The picture behind /i/<name>.<kind>. Reads its bytes only if they are asked for."""
    named = FILE_NAME.fullmatch(file)
    found = Image.objects.filter(**named.groupdict()) if named else Image.objects.none()
    if (number := found.values_list("pk", flat=True).first()) is None or named is None:
        return pages.plain("There is no such picture.", status=404)
    etag = f'"{named["name"]}"'
    unchanged = get_conditional_response(request, etag=etag)
    response = unchanged or HttpResponse(
        bytes(Image.objects.values_list("data", flat=True).get(pk=number)),
        content_type=TYPES[Image.Kind(named["kind"])],
    )
    for name, value in {**HEADERS, "ETag": etag}.items():
        response[name] = value
    return response
