"""“View this email in your browser”: what was frozen of a message, for whoever has the link, and about nobody."""

from django.conf import settings
from django.db.models import BinaryField, Func, Value
from django.http import HttpRequest, HttpResponse

from mailer import rendering, tokens
from mailer.models import Campaign, Revision, TestSend
from mailer.public import pages
from mailer.rendering.web_copy import OPT_OUT
from mailer.tokens import DamagedToken, ViewToken

__all__ = ["METHODS", "OPT_OUT", "copy", "opt_out"]

METHODS = ("GET", "HEAD", "OPTIONS")
# A stranger's document on our host: without script, forms, cookies and frames, and with pictures of ours only, since a
# page of ours tells no other host who reads it. A link in it opens as any link does.
POLICY = (
    "default-src 'none'; img-src {}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


def copy(request: HttpRequest, text: str) -> HttpResponse:
    """The message behind /v/<text>. It needs no contact, and lives as long as the campaign."""
    try:
        token = tokens.read_view(text)
    except DamagedToken:
        return pages.page("view_damaged", status=400)
    try:
        skeleton = _frozen(token)
    except rendering.DamagedSkeleton:  # by an older Candor, in another form
        skeleton = None
    if skeleton is None:
        return pages.page("view_gone", status=404, is_test=token.is_test)
    response = HttpResponse(rendering.web_copy(skeleton, is_test=token.is_test))
    response["Content-Security-Policy"] = POLICY.format(settings.PUBLIC_URL)
    return response


def opt_out(request: HttpRequest, text: str) -> HttpResponse:
    """What stands in the copy instead of the opt-out link: that link is somebody's own, and the copy is nobody's."""
    try:
        token = tokens.read_view(text)
    except DamagedToken:
        return pages.page("view_damaged", status=400)
    campaign = Campaign.objects.select_related("sender").filter(pk=token.campaign).first()
    return pages.page("view_opt_out", sender=campaign.sender if campaign else None)


def _frozen(token: ViewToken) -> rendering.Skeleton | None:
    """The very bytes that the link names: of the campaign, or of one of its tests while that is kept."""
    kept = [Revision.objects.filter(campaign_id=token.campaign)]
    if token.is_test:
        kept.append(TestSend.objects.filter(campaign_id=token.campaign))  # type: ignore[arg-type]
    begins = Func(_sha256(), Value(1), Value(8), function="substring", output_field=BinaryField())
    for rows in kept:
        found = (
            rows.annotate(begins=begins)
            .filter(begins=token.digest)
            .values_list("skeleton", flat=True)
            .first()
        )
        if found is not None:
            return rendering.Skeleton.from_bytes(found)
    return None


def _sha256() -> Func:
    return Func("skeleton", function="sha256", output_field=BinaryField())
