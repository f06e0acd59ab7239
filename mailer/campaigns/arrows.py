"""sending ⇄ paused, → cancelled, → sent: one verb per arrow."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from mailer import evidence, locks, opt_outs
from mailer.campaigns.progress import progress
from mailer.campaigns.refusal import CampaignRefused
from mailer.campaigns.states import State, locked
from mailer.models import Campaign


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
        paused = locked(campaign, State.PAUSED, "Only a paused campaign can be resumed")
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
            "sent",
            actor="worker",
            subject=f"campaign {campaign_id}",
            counts=progress(campaign).counts,
            opt_outs=_said_meanwhile(campaign),
        )
    return True


def _said_meanwhile(campaign: Campaign) -> dict[str, int]:
    """For whoever must prove that no hand-over began after an opt-out: recorded while everything is still there."""
    said = opt_outs.said_meanwhile(campaign)
    return {
        "people": said.people,
        "kept_back": said.kept_back,
        "in_flight": said.in_flight,
        "longest_in_flight_ms": said.longest_in_ms,
        "handed_over_after": said.breaches,
    }


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


def _has_open_messages(campaign_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM mailer_message WHERE campaign_id = %s AND state = 'pending')"
            " OR EXISTS (SELECT FROM mailer_message WHERE campaign_id = %s AND state IN ('claimed', 'handed_over'))",
            [campaign_id, campaign_id],
        )
        return bool(cursor.fetchone()[0])
