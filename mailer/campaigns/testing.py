"""Tests to staff: they pass the same gate, and wait for the same releases."""

from typing import Any

from django.db import transaction

from mailer import addresses, approvals, evidence
from mailer.campaigns.content import approval_of, compiled, findings_of
from mailer.campaigns.refusal import CampaignRefused
from mailer.compliance import blocks
from mailer.models import Campaign, TestAddress, TestSend


def request_test(campaign: Campaign, email: str, user: Any) -> TestSend:
    """Ask for a test to one's own address or a registered test address; a worker sends it."""
    address = addresses.parse(email)
    if not _may_get_tests(address, user):
        raise CampaignRefused(
            "Tests go to your own address or to a registered test address. An operator can add one."
        )
    findings, approval = findings_of(campaign), approval_of(campaign)
    if blocks(findings, is_released=lambda finding: approvals.is_released(finding, approval)):
        raise CampaignRefused("The test can't go out as the campaign is.", findings)
    with transaction.atomic():
        test = TestSend.objects.create(
            campaign=campaign, skeleton=compiled(campaign).to_bytes(), email=address.text, asked_by=user
        )
        evidence.record(
            "asked for a test",
            actor=evidence.by(user),
            subject=f"campaign {campaign.pk}",
            mailbox_key=address.mailbox_key,
            test=test.pk,
        )
    return test


def _may_get_tests(address: addresses.Address, user: Any) -> bool:
    known = [*TestAddress.objects.values_list("email", flat=True), getattr(user, "email", "") or ""]
    return any(addresses.parse(other).exact == address.exact for other in known if other)
