"""A second pair of eyes: what a rule holds goes out only when somebody answers for it, in their own words.

An approval is bound to the hash of everything that will be sent; whatever changes of it, a word, the sender's
address, a list, makes another hash, so there is nothing to remember to void. What is blocked can't be approved.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from mailer import evidence
from mailer.compliance import Finding, Severity
from mailer.models import Approval, Campaign

TWO_PERSON, SELF_WITH_REASON = "two_person", "self_with_reason"
LEAST_REASON = 10  # characters


class ApprovalRefused(Exception):
    """It can't be approved so; the message says why and what to do."""


def held(findings: Sequence[Finding]) -> list[Finding]:
    """What needs somebody's decision."""
    return [finding for finding in findings if finding.severity is Severity.HOLD]


def standing(campaign: Campaign, sha256: bytes) -> Approval | None:
    """The last approval of exactly this, if there is one."""
    return Approval.objects.filter(campaign_number=campaign.pk, sha256=sha256).order_by("-id").first()


@dataclass(frozen=True, slots=True)
class Grounds:
    """On what a campaign's claims rest: offers and files by their numbers, counters with what is said of them."""

    offers: Sequence[int] = ()
    proofs: Sequence[int] = ()
    counts: Sequence[tuple[int, int]] = ()

    @classmethod
    def of(cls, campaign: Campaign, until: datetime | None = None) -> "Grounds":
        """As they stand; or without offers recorded after `until`, since an extension joins what has gone out."""
        offers = campaign.offers.filter(recorded_at__lte=until) if until else campaign.offers.all()
        return cls(
            list(offers.values_list("pk", flat=True)),
            list(campaign.proofs.values_list("pk", flat=True)),
            list(campaign.counts.values_list("counter_id", "said")),
        )


def covered(skeleton: bytes, lists: Sequence[int], grounds: Grounds) -> bytes:
    """What an approval is bound to: every byte that goes out, to whom it goes, and on what its claims rest."""
    told: list[tuple[str, Sequence[int | str]]] = [
        ("lists", sorted(lists)),
        ("offers", sorted(grounds.offers)),
    ]
    if grounds.proofs:
        told.append(("proofs", sorted(grounds.proofs)))
    if grounds.counts:
        told.append(("counts", [f"{counter}={said}" for counter, said in sorted(grounds.counts)]))
    parts = [f"\0{name}:{','.join(map(str, numbers))}".encode() for name, numbers in told]
    return b"".join([skeleton, *parts])


def hash_of(skeleton: bytes, lists: Sequence[int], grounds: Grounds) -> bytes:
    return hashlib.sha256(covered(skeleton, lists, grounds)).digest()


def refusal(campaign: Campaign, user: Any, findings: Sequence[Finding]) -> str:
    """Why `user` can't approve this now; empty if they can. Whether they may at all is the door's question."""
    if any(finding.severity is Severity.BLOCK for finding in findings):
        return "What must be changed can't be approved. Change it first."
    if not held(findings) or settings.APPROVAL == SELF_WITH_REASON:
        return ""
    if user is None or not user.pk:
        return "What is held is released by a person with an account."
    if user.pk in {campaign.author_id, campaign.last_writer_id}:
        return "You wrote it, so somebody else has to release what is held. Ask for a review."
    return ""


def approve(
    campaign: Campaign, sha256: bytes, findings: Sequence[Finding], user: Any, reason: str = ""
) -> Approval:
    """`user` answers for it that this goes out; the reason is kept where something was held. Raises ApprovalRefused.

    In the caller's transaction, which holds the campaign's row, so nothing changes between looking and saying yes, and
    which records the evidence.
    """
    if refused := refusal(campaign, user, findings):
        raise ApprovalRefused(refused)
    released, reason = held(findings), reason.strip()
    if released and len(reason) < LEAST_REASON:
        raise ApprovalRefused("Write why it may go out as it is. The reason is kept as evidence.")
    return Approval.objects.create(
        campaign_number=campaign.pk,
        sha256=sha256,
        actor=evidence.by(user),
        policy=settings.APPROVAL,
        reason=reason,
        releases=[_as_json(finding) for finding in released],
    )


def is_released(finding: Finding, approval: Approval | None) -> bool:
    """Whether somebody decided about exactly this finding, words and place included."""
    return approval is not None and _as_json(finding) in approval.releases


def ask_for_review(campaign: Campaign, user: Any) -> None:
    """Show a draft to those who may approve. It stays a draft."""
    with transaction.atomic():
        drafts = Campaign.objects.filter(pk=campaign.pk, state=Campaign.State.DRAFT)
        if not drafts.update(review_asked_at=timezone.now(), review_asked_by=user):
            raise ApprovalRefused("Only a draft can be reviewed.")
        evidence.record("asked for review", actor=evidence.by(user), subject=f"campaign {campaign.pk}")


def waiting_for_review() -> list[Campaign]:
    """Drafts that somebody asked to have looked at, oldest first."""
    asked = Campaign.objects.filter(state=Campaign.State.DRAFT, review_asked_at__isnull=False)
    return list(asked.select_related("review_asked_by").order_by("review_asked_at"))


def _as_json(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "message": finding.message,
        "where": finding.where,
        "span": list(finding.span) if finding.span else None,
        "source": finding.source,
    }
