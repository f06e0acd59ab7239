"""The privacy page: the policy in versions, whom to ask, where to complain, and what is kept how long (GDPR 13, 14)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from mailer.models import PrivacyPolicy, PrivacyStatement
from mailer.privacy import policy
from mailer.privacy.register import KEPT
from mailer.public import names, pages

METHODS = ("GET", "HEAD", "OPTIONS")


def current(request: HttpRequest) -> HttpResponse:
    """The version in force, with what changed lately or will change."""
    return _shown(request, policy.in_force(timezone.now().date()))


def version(request: HttpRequest, number: str) -> HttpResponse:
    """A version by its number: an earlier one, or one that is announced."""
    found = (
        PrivacyPolicy.objects.filter(pk=number).first() if number.isdecimal() and len(number) < 10 else None
    )
    if found is None:
        return pages.page("no_policy", status=404)
    return _shown(request, found)


def _shown(request: HttpRequest, shown: PrivacyPolicy | None) -> HttpResponse:
    today = timezone.now().date()
    held = policy.in_force(today)
    return pages.page(
        "privacy",
        shown=shown,
        blocks=policy.blocks(shown.text) if shown else [],
        is_in_force=shown == held,
        is_coming=bool(shown and shown.effective_from > today),
        is_new=bool(shown and policy.is_new(shown, today)),
        coming=policy.coming(today),
        earlier=[one for one in PrivacyPolicy.objects.filter(effective_from__lte=today) if one != held],
        statements=policy.statements(),
        contact=settings.PRIVACY_CONTACT,
        sender=names.only_sender(),
        complaints=settings.COMPLAINT_BODIES,
        mail_service=settings.ANYMAIL_ESP,
        kept=[table for table in KEPT.values() if table.holds],
    )


def gpc(request: HttpRequest) -> HttpResponse:
    """/.well-known/gpc.json, for browsers that ask; there only while somebody vouches for it."""
    statement = policy.attested(PrivacyStatement.What.GPC)
    if statement is None:
        return pages.plain("Nothing is stated here.", status=404)
    return JsonResponse({"gpc": True, "lastUpdate": statement.attested_at.date().isoformat()})
