"""Tests of a campaign: to oneself, or to a test address that an operator has registered."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from mailer import addresses, campaigns, tasks
from mailer.admin.pages import changes, fragment, reads, staff
from mailer.models import Campaign, TestAddress, TestSend

SHOWN = 5
# A state that something still happens to is asked again.
OPEN = (TestSend.State.WAITING, TestSend.State.HANDED_OVER)


def test_context(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    """What the campaign's page needs to offer tests and to tell of earlier ones."""
    own = staff(request).email
    others = TestAddress.objects.exclude(email=own)
    return {
        "test_choices": [
            *([("own", f"{own} (yours)")] if own else []),
            *((str(other.pk), f"{other.email} ({other.whose})") for other in others),
        ],
        **_tests(campaign),
    }


def _tests(campaign: Campaign) -> dict[str, Any]:
    tests = list(campaign.test_sends.select_related("asked_by").defer("skeleton")[:SHOWN])
    return {"tests": tests, "tests_open": any(test.state in OPEN for test in tests), "campaign": campaign}


@reads("mailer.view_campaign")
def outcomes(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    campaign = get_object_or_404(Campaign, pk=number)
    return fragment(request, "parts/tests.html", **_tests(campaign))


@changes("mailer.testsend_campaign")
def send_test(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """Ask a worker for it. The choice comes as a number, so that no address travels where it need not."""
    campaign = get_object_or_404(Campaign.objects.select_related("sender"), pk=number)
    chosen = request.POST.get("to", "")
    try:
        with transaction.atomic():
            campaigns.request_test(campaign, _chosen_address(request, chosen), request.user)
            tasks.nudge_tests()
    except campaigns.CampaignRefused as refused:
        messages.error(request, str(refused))
        for finding in refused.findings:
            messages.error(request, finding.message)
    except addresses.AddressRefused as wrong:
        messages.error(request, f"This test address can't be used: {wrong}")
    else:
        messages.success(request, "The test is on its way. Its outcome appears below.")
    return redirect("admin:mailer_campaign_page", number)


def _chosen_address(request: HttpRequest, chosen: str) -> str:
    if chosen == "own":
        return request.user.email  # type: ignore[union-attr]
    number = int(chosen) if chosen.isdecimal() else 0
    return get_object_or_404(TestAddress, pk=number).email


URLS = (
    ("<int:number>/test/", "mailer_campaign_test", send_test),
    ("<int:number>/tests/", "mailer_campaign_tests", outcomes),
)
