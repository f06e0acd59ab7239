"""A second pair of eyes on a draft: asking for it, and saying yes with a reason."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from mailer import approvals, campaigns
from mailer.admin.pages import changes
from mailer.compliance import Finding
from mailer.models import Campaign


def told(request: HttpRequest, campaign: Campaign, findings: list[Finding]) -> dict[str, Any]:
    """What a draft's page says of its approval, to this person."""
    approval = campaigns.approval_of(campaign)
    open_ = [finding for finding in approvals.held(findings) if not approvals.is_released(finding, approval)]
    may = request.user.has_perm("mailer.approve_campaign")
    return {
        "approval": approval,
        "held": open_,
        "is_to_decide": bool(open_),
        "may_approve": may,
        "not_by_you": approvals.refusal(campaign, request.user, findings) if may else "",
    }


@changes("mailer.approve_campaign")
def approve(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """Release what is held, for the reason given."""
    campaign = get_object_or_404(Campaign, pk=number)
    try:
        campaigns.approve(campaign, request.user, request.POST.get("reason", "")[:1_000])
    except campaigns.CampaignRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "Approved. It counts for exactly this: any change asks for it again.")
    return redirect("admin:mailer_campaign_page", number)


@changes("mailer.change_campaign")
def ask_for_review(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """Put the draft before those who may approve."""
    try:
        approvals.ask_for_review(get_object_or_404(Campaign, pk=number), request.user)
    except approvals.ApprovalRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "Those who may approve see it on their first page.")
    return redirect("admin:mailer_campaign_page", number)


URLS = (
    ("<int:number>/approve/", "mailer_campaign_approve", approve),
    ("<int:number>/ask-for-review/", "mailer_campaign_review", ask_for_review),
)
