"""A campaign's own page: what the rules say, how it looks, who gets it, where it is; and its buttons."""

import hashlib
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin

from mailer import (
    approvals,
    audience,
    campaigns,
    counters,
    evidence,
    offers,
    opt_outs,
    proofs,
    rendering,
    tasks,
)
from mailer.admin import (
    campaign_approval,
    campaign_grounds,
    campaign_kinds,
    campaign_offers,
    campaign_plan,
    campaign_progress,
)
from mailer.admin.campaign_tests import test_context
from mailer.admin.operations import worker_is_silent
from mailer.admin.pages import changes, fragment, needs, page, reads, staff
from mailer.admin.previews import PREVIEW_POLICY, as_preview
from mailer.compliance import Finding, Severity, blocks
from mailer.contacts.origins import origins
from mailer.models import Campaign, KillSwitch

State = Campaign.State
# What has no preview: content that the rules refuse, and bytes that an older Candor froze in another form.
NOT_SHOWN = (rendering.ContentRefused, rendering.Unfillable, rendering.DamagedSkeleton)


def _campaign(number: int) -> Campaign:
    return get_object_or_404(Campaign.objects.select_related("sender", "author", "revision"), pk=number)


@reads("mailer.view_campaign")
def campaign_page(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """The hub."""
    campaign = _campaign(number)
    is_draft = campaign.state == State.DRAFT
    is_to_begin = campaign.state in {State.DRAFT, State.SCHEDULED}
    findings = campaigns.findings_of(campaign) if is_to_begin else []
    return page(
        request,
        model_admin,
        "campaign.html",
        campaign.name,
        lists=campaign.lists.all(),
        kind=campaign_kinds.told(campaign),
        is_draft=is_draft,
        is_to_begin=is_to_begin,
        plan=campaign_plan.told(campaign) if is_to_begin else {},
        will_not_begin=campaign.state == State.SCHEDULED and _stands_against(campaign, findings),
        findings=sorted(findings, key=lambda finding: tuple(Severity).index(finding.severity)),
        is_blocked=_is_blocked(campaign, findings),
        preview=_preview(campaign),
        offers=campaign_offers.told(campaign),
        said=None if is_draft else opt_outs.said_meanwhile(campaign),
        **campaign_grounds.told(campaign),
        **campaign_approval.told(request, campaign, findings),
        **_of_state(request, campaign),
    )


def _of_state(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    """What only a draft's page shows, or only that of what has begun."""
    if campaign.state == State.DRAFT:
        return test_context(request, campaign)
    return {"campaign": campaign} if campaign.state == State.SCHEDULED else campaign_progress.told(campaign)


def _stands_against(campaign: Campaign, findings: list[Finding]) -> bool:
    """Whether a scheduled campaign would not begin as things are now."""
    return campaigns.approval_of(campaign) is None or _is_blocked(campaign, findings)


def _is_blocked(campaign: Campaign, findings: list[Finding]) -> bool:
    approval = campaigns.approval_of(campaign)
    return blocks(findings, is_released=lambda finding: approvals.is_released(finding, approval))


def _skeleton(campaign: Campaign) -> rendering.Skeleton:
    """What went out, or what would go out now. Raises ContentRefused."""
    if campaign.revision is not None:
        return rendering.Skeleton.from_bytes(bytes(campaign.revision.skeleton))
    if not campaign.lists.exists():
        raise rendering.ContentRefused([])
    return campaigns.compiled(campaign)


def _preview(campaign: Campaign) -> rendering.Preview | None:
    try:
        return rendering.preview(_skeleton(campaign), rendering.SAMPLE_RECIPIENT)
    except NOT_SHOWN:
        return None


@xframe_options_sameorigin
@reads("mailer.view_campaign")
def preview_html(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """The HTML part of one message to the sample recipient, for the frame on the campaign's page."""
    shown = _preview(_campaign(number))
    if shown is None:
        raise Http404
    return as_preview(shown.html)


@xframe_options_sameorigin
@reads("mailer.view_campaign")
def source(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """The bytes of that message as a mail server would get them."""
    try:
        envelope = rendering.fill(
            _skeleton(_campaign(number)), rendering.SAMPLE_RECIPIENT, at=timezone.now(), is_test=True
        )
    except NOT_SHOWN:
        raise Http404 from None
    return HttpResponse(
        envelope.data,
        content_type="text/plain; charset=utf-8",
        headers={"Content-Security-Policy": PREVIEW_POLICY},
    )


@reads("mailer.view_campaign")
def estimate(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """Who would get it now: counted, so it may take seconds with a million people."""
    campaign = _campaign(number)
    lists = list(campaign.lists.all())
    counted = audience.estimate(lists, campaign)
    asks = campaign.kind not in {Campaign.Kind.RELATIONSHIP, Campaign.Kind.NOTICE}
    unproven = [each for each in origins(lists) if not each.is_proven] if asks else []
    unknown = sum(each.people for each in unproven if not each.country)
    return fragment(request, "parts/estimate.html", estimate=counted, campaign=campaign, unknown=unknown)


# -- launch -------------------------------------------------------------------------------------------


@needs("mailer.launch_campaign")
def launch(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """The last look, with the numbers once more; POST launches exactly what was looked at, now or at its time."""
    campaign = _campaign(number)
    if request.method == "POST":
        return _launched(request, campaign)
    if campaign.state != State.DRAFT:
        return redirect("admin:mailer_campaign_page", number)
    findings = campaigns.findings_of(campaign)
    if _is_blocked(campaign, findings):
        messages.error(request, "It can't go out as it is; the page says what to change.")
        return redirect("admin:mailer_campaign_page", number)
    if campaign.begins_at is not None and campaign.begins_at <= timezone.now():
        messages.error(request, "Its time to begin has passed. Choose another, or none to launch it at once.")
        return redirect("admin:mailer_campaign_when", number)
    return page(
        request,
        model_admin,
        "launch.html",
        f"{'Schedule' if campaign.begins_at else 'Launch'} {campaign.name}",
        campaign=campaign,
        lists=campaign.lists.all(),
        kind=campaign_kinds.told(campaign),
        findings=findings,
        plan=campaign_plan.told(campaign),
        estimate=audience.estimate(list(campaign.lists.all()), campaign),
        fingerprint=_fingerprint(campaign),
        worker_is_silent=worker_is_silent(),
        switch_is_on=KillSwitch.objects.filter(is_on=True).exists(),
    )


def _fingerprint(campaign: Campaign) -> str:
    """Of all that is looked at before a launch: words, sender, lists, and when it goes out."""
    lists = list(campaign.lists.order_by("pk").values_list("pk", flat=True))
    facts = (rendering.SenderFacts.of(campaign.sender), rendering.KindFacts.of(campaign))
    when = (campaign.begins_at, campaign.zone, str(campaign.hours), campaign.spread, campaign.own_zones)
    looked_at = (campaigns.content_of(campaign), facts, lists, approvals.Grounds.of(campaign), when)
    return hashlib.sha256(repr(looked_at).encode()).hexdigest()


def _launched(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    with transaction.atomic():
        Campaign.objects.select_for_update().get(pk=campaign.pk)
        campaign = _campaign(campaign.pk)  # as it is now that nobody can change it
        if campaign.state == State.DRAFT and request.POST.get("fingerprint") != _fingerprint(campaign):
            messages.error(request, "It was changed since you looked at it. Look once more, then launch.")
            return redirect("admin:mailer_campaign_launch", campaign.pk)
        is_later = campaign.state == State.DRAFT and campaign.begins_at is not None
        if not _done(request, campaigns.schedule if is_later else campaigns.launch, campaign):
            return redirect("admin:mailer_campaign_page", campaign.pk)
        if not is_later:
            tasks.nudge_campaign(campaign.pk)
    messages.success(request, "It is scheduled." if is_later else "It is on its way.")
    return redirect("admin:mailer_campaign_page", campaign.pk)


def _done(request: HttpRequest, verb: Callable[..., Any], campaign: Campaign) -> bool:
    """Run a verb; what it refuses is told in words, with what to change."""
    try:
        verb(campaign, request.user)
    except campaigns.CampaignRefused as refused:
        messages.error(request, str(refused))
        for finding in refused.findings:
            messages.error(request, finding.message)
        return False
    return True


# -- pause, resume, cancel, copy ----------------------------------------------------------------------


def _button(verb: Callable[..., Any], said: str) -> Callable[..., HttpResponseBase]:
    @changes("mailer.launch_campaign")
    def press(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
        if _done(request, verb, _campaign(number)):
            tasks.nudge_campaign(number)
            messages.success(request, said)
        return redirect("admin:mailer_campaign_page", number)

    return press


@changes("mailer.add_campaign")
def copy(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """The same words as a new draft."""
    original = _campaign(number)
    with transaction.atomic():
        draft = Campaign.objects.create(
            name=f"{original.name[:112]} (copy)",
            sender=original.sender,
            subject=original.subject,
            preheader=original.preheader,
            layout=original.layout,
            html=original.html,
            text=original.text,
            **campaign_kinds.copied(original, request),
            **campaign_plan.copied(original),
            author=staff(request),
            last_writer=staff(request),
        )
        draft.lists.set(original.lists.all())
        ended = offers.carry_over(original, draft)
        proofs.carry_over(original, draft)
        counters.carry_over(original, draft)
        evidence.record(
            "wrote", actor=evidence.by(request.user), subject=f"campaign {draft.pk}", copied_from=number
        )
    messages.success(request, "This is the new draft.")
    for offer in ended:
        messages.warning(
            request, f"The offer “{offer.what}” is over and was not taken along. Say nothing of it any more."
        )
    return redirect("admin:mailer_campaign_change", draft.pk)


URLS = (
    ("<int:number>/", "mailer_campaign_page", campaign_page),
    ("<int:number>/preview/", "mailer_campaign_preview", preview_html),
    ("<int:number>/source/", "mailer_campaign_source", source),
    ("<int:number>/estimate/", "mailer_campaign_estimate", estimate),
    ("<int:number>/launch/", "mailer_campaign_launch", launch),
    ("<int:number>/copy/", "mailer_campaign_copy", copy),
    (
        "<int:number>/pause/",
        "mailer_campaign_pause",
        _button(campaigns.pause, "Paused. What a worker had in its hands has gone out; nothing new does."),
    ),
    (
        "<int:number>/resume/",
        "mailer_campaign_resume",
        _button(campaigns.resume, "It goes on from where it was."),
    ),
    (
        "<int:number>/cancel/",
        "mailer_campaign_cancel",
        _button(campaigns.cancel, "Cancelled for good. What had not gone out is withheld."),
    ),
)
