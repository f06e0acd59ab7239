"""draft → sending: what the rules hold is approved, and what goes out is frozen."""

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
            _record("launch refused", campaign, user, refused.findings)
        raise
    campaign.refresh_from_db()
    return revision


def _launched(campaign: Campaign, user: Any) -> Revision:
    draft = locked(campaign, State.DRAFT, "Only a draft can be launched")
    findings = findings_of(draft)
    _assert_nothing_blocks(findings)
    skeleton = compiled(draft)
    revision = _frozen(draft, skeleton, _approval(draft, skeleton, findings, user), user)
    draft.state, draft.revision, draft.launched_at = State.SENDING, revision, timezone.now()
    draft.save(update_fields=["state", "revision", "launched_at"])
    _record(
        "launched",
        draft,
        user,
        findings,
        revision=revision.number,
        sha256=bytes(revision.sha256).hex(),
        approval=revision.approval_id,
    )
    return revision


def _record(verb: str, campaign: Campaign, user: Any, findings: Sequence[Finding], **details: Any) -> None:
    """With what the rules found, and which version of them: a dossier tells it years later."""
    with transaction.atomic():
        evidence.record(
            verb,
            actor=evidence.by(user),
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


def _approval(draft: Campaign, skeleton: Skeleton, findings: Sequence[Finding], user: Any) -> Approval:
    """The approval of exactly this. Raises CampaignRefused while something held waits for one."""
    sha256 = hash_of(draft, skeleton)
    standing = approvals.standing(draft, sha256)
    if blocks(findings, is_released=lambda finding: approvals.is_released(finding, standing)):
        raise CampaignRefused(
            "Something in it needs a decision before it can go out. Change it, or have it released by somebody who "
            "may approve.",
            findings,
        )
    return standing or approvals.approve(draft, sha256, findings, user)


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
