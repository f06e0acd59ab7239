"""draft → sending, now or at its time: what the rules hold is approved, and what goes out is frozen."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.utils import timezone

from mailer import approvals, evidence, images, rendering
from mailer.campaigns.content import compiled, findings_of, hash_of
from mailer.campaigns.refusal import CampaignRefused
from mailer.campaigns.states import State, locked
from mailer.compliance import Finding, blocks, catalogue
from mailer.models import Approval, Campaign, Revision
from mailer.rendering import Brand, KindFacts, SenderFacts, Skeleton


def launch(campaign: Campaign, user: Any) -> Revision:
    """draft → sending: freeze what will be sent, if the gate and an approval let it. A worker fixes the audience.

    What no rule holds is approved by whoever launches it; what is held waits for `approve`. What the rules stop is
    recorded too: it shows that they do.
    """
    try:
        with transaction.atomic():
            revision = _launched(campaign, user)
    except CampaignRefused as refused:
        if refused.findings:
            record("launch refused", campaign, evidence.by(user), refused.findings)
        raise
    campaign.refresh_from_db()
    return revision


def _launched(campaign: Campaign, user: Any) -> Revision:
    draft = locked(campaign, State.DRAFT, "Only a draft can be launched")
    draft.begins_at = None  # now, whatever was planned; own clocks then count for the sending hours only
    skeleton, findings = passed(draft)
    approval = approved(draft, skeleton, findings, user)
    return going_out(draft, skeleton, approval, findings, launched_by=user, actor=evidence.by(user))


def passed(campaign: Campaign) -> tuple[Skeleton, list[Finding]]:
    """The bytes that would go out, and what the rules find that a person may release. Raises CampaignRefused."""
    findings = findings_of(campaign)
    _assert_nothing_blocks(findings)
    return compiled(campaign), findings


def going_out(
    campaign: Campaign,
    skeleton: Skeleton,
    approval: Approval,
    findings: Sequence[Finding],
    *,
    launched_by: Any,
    actor: str,
) -> Revision:
    """Freeze it and let it go, in the caller's transaction, which holds the campaign's row."""
    now = timezone.now()
    campaign.revision = revision = _frozen(campaign, skeleton, approval, launched_by)
    campaign.state, campaign.launched_at, campaign.asks = State.SENDING, now, ""
    if campaign.hours is not None:
        opening = campaign.hours.next(now)
        campaign.opens_at, campaign.closes_at = opening.opens, opening.closes
    campaign.save(
        update_fields=["state", "revision", "launched_at", "begins_at", "asks", "opens_at", "closes_at"]
    )
    record(
        "launched",
        campaign,
        actor,
        findings,
        revision=revision.number,
        sha256=bytes(revision.sha256).hex(),
        approval=revision.approval_id,
        **plan_of(campaign),
    )
    return revision


def plan_of(campaign: Campaign) -> dict[str, Any]:
    """When it is to go out, as evidence tells it; nothing of what was not planned.

    With own zones, time and hours are meant on each recipient's clocks, and it starts with the easternmost.
    """
    told = {
        "begins_at": campaign.begins_at.isoformat() if campaign.begins_at else None,
        "zone": campaign.zone if campaign.begins_at or campaign.hours else None,
        "hours": str(campaign.hours) if campaign.hours else None,
        "spread_minutes": campaign.spread_minutes,
        "own_zones": campaign.own_zones or None,
        "starts_at": campaign.starts_at.isoformat() if campaign.starts_at else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def record(verb: str, campaign: Campaign, actor: str, findings: Sequence[Finding], **details: Any) -> None:
    """With what the rules found, and which version of them: a dossier tells it years later."""
    with transaction.atomic():
        evidence.record(
            verb,
            actor=actor,
            subject=f"campaign {campaign.pk}",
            **details,
            kind=KindFacts.of(campaign).as_json(),
            findings=[{"rule": f.rule, "severity": str(f.severity)} for f in findings],
            rules=catalogue.versions(),
        )


def approve(campaign: Campaign, user: Any, reason: str = "") -> Approval:
    """`user` answers for it that the draft goes out exactly as it is now, held findings included."""
    with transaction.atomic():
        draft = locked(campaign, State.DRAFT, "Only a draft can be approved")
        findings = findings_of(draft)
        _assert_nothing_blocks(findings)
        try:
            approval = approvals.approve(draft, hash_of(draft, compiled(draft)), findings, user, reason)
        except approvals.ApprovalRefused as refused:
            raise CampaignRefused(str(refused), approvals.held(findings)) from refused
        evidence.record(
            "approved",
            actor=evidence.by(user),
            subject=f"campaign {draft.pk}",
            approval=approval.pk,
            sha256=bytes(approval.sha256).hex(),
            policy=approval.policy,
            kind=draft.kind,
            released=[released["rule"] for released in approval.releases],
            rules=catalogue.versions(),
        )
    return approval


def _assert_nothing_blocks(findings: Sequence[Finding]) -> None:
    if blocks(findings, is_released=lambda _: True):
        raise CampaignRefused("The campaign can't go out as it is.", findings)


def approved(draft: Campaign, skeleton: Skeleton, findings: Sequence[Finding], user: Any) -> Approval:
    """The approval of exactly this, by `user` if nothing is held. Raises CampaignRefused while something is held."""
    standing = released(draft, skeleton, findings)
    return standing or approvals.approve(draft, hash_of(draft, skeleton), findings, user)


def released(campaign: Campaign, skeleton: Skeleton, findings: Sequence[Finding]) -> Approval | None:
    """The standing approval of exactly this, if there is one. Raises CampaignRefused while something is held."""
    standing = approvals.standing(campaign, hash_of(campaign, skeleton))
    if blocks(findings, is_released=lambda finding: approvals.is_released(finding, standing)):
        raise CampaignRefused(
            "Something in it needs a decision before it can go out. Change it, or have it released by somebody who "
            "may approve.",
            findings,
        )
    return standing


def _frozen(campaign: Campaign, skeleton: Skeleton, approval: Approval, user: Any) -> Revision:
    raw = skeleton.to_bytes()
    revision = Revision.objects.create(
        campaign=campaign,
        number=campaign.revisions.count() + 1,
        subject=campaign.subject,
        preheader=campaign.preheader,
        layout=campaign.layout,
        html=campaign.html,
        text=campaign.text,
        kind=campaign.kind,
        sender_facts=SenderFacts.of(campaign.sender).as_json(),
        brand=asdict(Brand.of(campaign.sender)),
        skeleton=raw,
        sha256=hashlib.sha256(raw).digest(),
        approval=approval,
        created_by=user,
    )
    try:
        images.keep(rendering.image_names(skeleton), revision)
    except images.ImageRefused as gone:
        raise CampaignRefused(str(gone)) from gone
    return revision
