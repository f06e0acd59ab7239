"""What a campaign says: its bytes, what the rules find in them, and the approval of exactly these."""

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from mailer import approvals, counters, own_time
from mailer.compliance import Count, Finding, Grounds, Severity, check, check_audience
from mailer.contacts.origins import origins
from mailer.hours import stretch
from mailer.models import Approval, Campaign, MailingList
from mailer.rendering import (
    Brand,
    Content,
    ContentRefused,
    KindFacts,
    ListFacts,
    SenderFacts,
    Skeleton,
    compile_content,
)


def findings_of(campaign: Campaign, lists: Sequence[MailingList] | None = None) -> list[Finding]:
    """What the rules say of the campaign as it stands; with `lists` also of one that nobody has saved.

    What it claims must be true when its first and when its last message are planned to go out (D26, D60).
    """
    lists = list(campaign.lists.order_by("slug")) if lists is None else lists
    findings = [] if lists else [_no_list()]
    kind = KindFacts.of(campaign)
    for at in dict.fromkeys(planned(campaign, timezone.now())):
        findings += check(
            content_of(campaign),
            campaign.sender,
            lists or [MailingList(name="–", slug="none")],
            campaign.pk or 0,
            _grounds(campaign) if campaign.pk else Grounds(),
            kind,
            at,
        )
    return [*dict.fromkeys(findings), *check_audience(origins(lists), kind)]


def planned(campaign: Campaign, now: datetime) -> tuple[datetime, datetime]:
    """When the first and the last message are to go out, as far as a plan can tell."""
    if campaign.own_zones:
        return own_time.span(campaign, now)
    begins = max(now, campaign.begins_at or now)
    if campaign.hours is not None:
        begins = max(begins, campaign.hours.next(begins).opens)
    if not campaign.spread:
        return begins, begins
    return begins, stretch(begins, campaign.spread, campaign.hours)[-1].closes


def _grounds(campaign: Campaign) -> Grounds:
    """On what its claims rest, as it stands now."""
    spoken = counters.standings(campaign)
    return Grounds(
        list(campaign.offers.all()),
        list(campaign.proofs.defer("data")),
        [Count(each.counter.what, each.said, each.value) for each in spoken],
    )


def _no_list() -> Finding:
    return Finding("lists", Severity.BLOCK, "Choose at least one list that the campaign goes to.", "")


def content_of(campaign: Campaign) -> Content:
    return Content(
        campaign.subject,
        campaign.preheader,
        campaign.html,
        campaign.text,
        campaign.layout,
        Brand.of(campaign.sender),
    )


def compiled(campaign: Campaign) -> Skeleton:
    """The campaign's bytes. List-Id names its first list by slug."""
    first = campaign.lists.order_by("slug")[0]
    return compile_content(
        content_of(campaign),
        SenderFacts.of(campaign.sender),
        ListFacts(first.name, first.slug),
        campaign.pk,
        KindFacts.of(campaign),
    )


def hash_of(campaign: Campaign, skeleton: Skeleton) -> bytes:
    """What an approval is bound to: every byte that goes out, the lists, and on what its claims rest."""
    return approvals.hash_of(
        skeleton.to_bytes(),
        list(campaign.lists.values_list("pk", flat=True)),
        approvals.Grounds.of(campaign),
    )


def approval_of(campaign: Campaign) -> Approval | None:
    """The approval of a draft as it stands, or the one that it went out under."""
    if campaign.revision is not None:
        return campaign.revision.approval
    try:
        return approvals.standing(campaign, hash_of(campaign, compiled(campaign)))
    except (ContentRefused, IndexError):
        return None
