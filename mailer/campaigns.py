"""What may be done with a campaign: one verb per arrow, each one transaction and one row of evidence.

draft → sending ⇄ paused → sent; sending or paused → cancelled. Also the kill switch, tests, and what a
sender attests, since all of these decide whether anything goes out.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from mailer import addresses, approvals, counters, evidence, images, locks, rendering
from mailer.compliance import Count, Finding, Grounds, Severity, blocks, catalogue, check, check_audience
from mailer.contacts.origins import origins
from mailer.models import Approval, Campaign, KillSwitch, MailingList, Revision, Sender, TestAddress, TestSend
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

State = Campaign.State


class CampaignRefused(Exception):
    """It can't be done now; the message says why, and `findings` what to change."""

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.findings = list(findings)


# -- the arrows ---------------------------------------------------------------------------------------


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
    draft = _locked(campaign, State.DRAFT, "Only a draft can be launched")
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
        draft = _locked(campaign, State.DRAFT, "Only a draft can be approved")
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


def pause(campaign: Campaign, user: Any) -> None:
    """sending → paused: when this returns, no new hand-over of the campaign begins."""
    _stop(campaign, State.PAUSED, "paused", evidence.by(user), (State.SENDING,))


def pause_because(campaign_id: int, reason: str) -> None:
    """The worker's own pause, with the reason shown to people. Nothing happens unless it is sending."""
    with transaction.atomic():
        locks.forbid(locks.CAMPAIGN, campaign_id)
        sending = Campaign.objects.filter(pk=campaign_id, state=State.SENDING)
        if sending.update(state=State.PAUSED, pause_reason=reason):
            evidence.record("paused", actor="worker", subject=f"campaign {campaign_id}", reason=reason)


def resume(campaign: Campaign, user: Any) -> None:
    """paused → sending, from where it was."""
    with transaction.atomic():
        paused = _locked(campaign, State.PAUSED, "Only a paused campaign can be resumed")
        paused.state, paused.pause_reason = State.SENDING, ""
        paused.save(update_fields=["state", "pause_reason"])
        evidence.record("resumed", actor=evidence.by(user), subject=f"campaign {paused.pk}")
    campaign.refresh_from_db()


def cancel(campaign: Campaign, user: Any) -> None:
    """sending or paused → cancelled, for good: what has not been handed over is withheld."""
    _stop(campaign, State.CANCELLED, "cancelled", evidence.by(user), (State.SENDING, State.PAUSED))


def finish(campaign_id: int) -> bool:
    """sending → sent, once every message is final. Returns whether this call did it."""
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update().filter(pk=campaign_id, state=State.SENDING).first()
        if campaign is None or campaign.snapshot_at is None or _has_open_messages(campaign_id):
            return False
        campaign.state, campaign.finished_at = State.SENT, timezone.now()
        campaign.save(update_fields=["state", "finished_at"])
        evidence.record(
            "sent", actor="worker", subject=f"campaign {campaign_id}", counts=progress(campaign).counts
        )
    return True


def _stop(campaign: Campaign, state: str, verb: str, actor: str, sources: Sequence[str]) -> None:
    with transaction.atomic():
        locks.forbid(locks.CAMPAIGN, campaign.pk)
        stopped = Campaign.objects.filter(pk=campaign.pk, state__in=sources)
        finished = {"finished_at": timezone.now()} if state == State.CANCELLED else {}
        if not stopped.update(state=state, pause_reason="", **finished):
            campaign.refresh_from_db()
            raise CampaignRefused(
                f"The campaign can't be {verb}: it is {campaign.get_state_display().lower()}."
            )
        evidence.record(verb, actor=actor, subject=f"campaign {campaign.pk}")
    campaign.refresh_from_db()


def _locked(campaign: Campaign, state: str, otherwise: str) -> Campaign:
    found = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if found.state != state:
        raise CampaignRefused(f"{otherwise}; this one is {found.get_state_display().lower()}.")
    return found


def _has_open_messages(campaign_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM mailer_message WHERE campaign_id = %s AND state = 'pending')"
            " OR EXISTS (SELECT FROM mailer_message WHERE campaign_id = %s AND state IN ('claimed', 'handed_over'))",
            [campaign_id, campaign_id],
        )
        return bool(cursor.fetchone()[0])


# -- content ------------------------------------------------------------------------------------------


def findings_of(campaign: Campaign, lists: Sequence[MailingList] | None = None) -> list[Finding]:
    """What the rules say of the campaign as it stands; with `lists` also of one that nobody has saved."""
    lists = list(campaign.lists.order_by("slug")) if lists is None else lists
    findings = [] if lists else [_no_list()]
    kind = KindFacts.of(campaign)
    findings += check(
        content_of(campaign),
        campaign.sender,
        lists or [MailingList(name="–", slug="none")],
        campaign.pk or 0,
        _grounds(campaign) if campaign.pk else Grounds(),
        kind,
    )
    return [*findings, *check_audience(origins(lists), kind)]


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


# -- tests --------------------------------------------------------------------------------------------


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


# -- kill switch --------------------------------------------------------------------------------------


def stop_all(user: Any, reason: str) -> None:
    """When this returns, no new hand-over begins, of any campaign or test."""
    _turn(user, is_on=True, reason=reason)


def allow_all(user: Any) -> None:
    """Sending goes on where it was."""
    _turn(user, is_on=False, reason="")


def _turn(user: Any, *, is_on: bool, reason: str) -> None:
    with transaction.atomic():
        locks.forbid(locks.SWITCH)
        KillSwitch.objects.update_or_create(
            pk=1,
            defaults={"is_on": is_on, "reason": reason, "changed_by": user, "changed_at": timezone.now()},
        )
        evidence.record(
            "stopped all sending" if is_on else "allowed sending",
            actor=evidence.by(user),
            subject="kill switch",
            reason=reason,
        )


# -- senders ------------------------------------------------------------------------------------------


def attest_identity(sender: Sender, user: Any) -> None:
    """`user` answers for it that names, From and Reply-To are the sender's own."""
    own = set(settings.SENDER_DOMAINS)
    foreign = {_domain_of(sender.from_email)} - own
    foreign |= {_domain_of(sender.reply_to)} - own - {settings.INBOUND_DOMAIN}
    if foreign:
        raise CampaignRefused(
            f"{', '.join(sorted(foreign))} is not among the domains of this installation "
            f"({', '.join(settings.SENDER_DOMAINS)}). The operator sets them in SENDER_DOMAINS."
        )
    _attest(sender, user, "identity")


def _domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


def attest_address(sender: Sender, user: Any) -> None:
    """`user` answers for it that mail to the postal address reaches the sender."""
    _attest(sender, user, "address")


def _attest(sender: Sender, user: Any, what: str) -> None:
    with transaction.atomic():
        setattr(sender, f"{what}_attested_by", user)
        setattr(sender, f"{what}_attested_at", timezone.now())
        sender.save(update_fields=[f"{what}_attested_by", f"{what}_attested_at"])
        evidence.record(f"attested {what}", actor=evidence.by(user), subject=f"sender {sender.pk}")


# -- progress -----------------------------------------------------------------------------------------

RATE_SECONDS = 10

PROGRESS = """
SELECT state, reason, count(*),
       count(*) FILTER (WHERE settled_at > clock_timestamp() - make_interval(secs => %s))
FROM mailer_message WHERE campaign_id = %s GROUP BY state, reason
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a campaign's messages are. `rate` is messages a second of late; `seconds_left` at that rate."""

    counts: dict[str, int]
    withheld: dict[str, int]
    rate: float

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def open(self) -> int:
        return sum(self.counts.get(state, 0) for state in ("pending", "claimed", "handed_over"))

    @property
    def seconds_left(self) -> float | None:
        return self.open / self.rate if self.rate else None


def progress(campaign: Campaign) -> Progress:
    """Counted from the messages themselves, so it is never wrong."""
    counts: dict[str, int] = {}
    withheld: dict[str, int] = {}
    recent = 0
    with connection.cursor() as cursor:
        cursor.execute(PROGRESS, [RATE_SECONDS, campaign.pk])
        for state, reason, number, lately in cursor.fetchall():
            counts[state] = counts.get(state, 0) + number
            recent += lately if state != "withheld" else 0
            if state == "withheld":
                withheld[reason] = number
    return Progress(counts, withheld, recent / RATE_SECONDS)
