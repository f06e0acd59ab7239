"""What may or may not have gone out, sent once more: never by itself, only by an operator who says why."""

from collections.abc import Collection
from typing import Any

from django.db import connection, transaction

from mailer import evidence
from mailer.campaigns.refusal import CampaignRefused
from mailer.campaigns.states import State
from mailer.models import Campaign

# Nobody else changes them until we have: what is told of one meanwhile waits, and then finds it no longer unknown.
LOCK = """
SELECT address_key FROM mailer_message
WHERE campaign_id = %(campaign)s AND state = 'unknown' AND (%(all)s OR address_key = ANY (%(keys)s::bytea[]))
ORDER BY address_key FOR UPDATE
"""
# What stood there is kept, and the row is as one that was never claimed. The number of attempts goes on; with the claim
# gone, a late word on the earlier attempt changes nothing any more.
SEND_AGAIN = """
WITH kept AS (
    INSERT INTO mailer_earlierattempt
        (campaign_id, address_key, attempts, handed_over_at, unknown_since, sha256, evidence)
    SELECT campaign_id, address_key, attempts, handed_over_at, settled_at, sha256, %(evidence)s
    FROM mailer_message WHERE campaign_id = %(campaign)s AND address_key = ANY (%(keys)s::bytea[]))
UPDATE mailer_message
SET state = 'pending', claim = NULL, worker = NULL, settled_at = NULL, detail = '', sha256 = NULL,
    due_at = clock_timestamp()
WHERE campaign_id = %(campaign)s AND address_key = ANY (%(keys)s::bytea[])
"""


def send_again(campaign: Campaign, user: Any, reason: str, only: Collection[bytes] | None = None) -> int:
    """Have messages of which nobody knows whether they went out sent once more; returns how many.

    `only` are address keys; without it all of the campaign. Some of these people may get the message twice: whoever
    calls this has been told so, and `reason` says why it is worth that. Each is a message like any other from then on:
    the ledger, the lists, the switch and the gate are asked again at its hand-over. A campaign that was sent is sending
    again until they are settled; a paused one stays paused. Raises CampaignRefused without a reason, if it is no
    campaign that has gone out, and if nothing is unknown (any more).
    """
    if not reason.strip():
        raise CampaignRefused("Say why it is to be sent again: some people may get it twice.")
    with transaction.atomic(), connection.cursor() as cursor:
        found = _that_went_out(campaign)
        cursor.execute(LOCK, {"campaign": found.pk, "all": only is None, "keys": list(only or ())})
        keys = [key for (key,) in cursor.fetchall()]
        if not keys:
            raise CampaignRefused(
                "There is nothing to send again: what became of these messages is known by now."
            )
        act = evidence.record(
            "sent again",
            actor=evidence.by(user),
            subject=f"campaign {found.pk}",
            reason=reason.strip(),
            messages=len(keys),
        )
        cursor.execute(SEND_AGAIN, {"campaign": found.pk, "keys": keys, "evidence": act.pk})
        if found.state == State.SENT:
            found.state, found.finished_at = State.SENDING, None
            found.save(update_fields=["state", "finished_at"])
    campaign.refresh_from_db()
    return len(keys)


def _that_went_out(campaign: Campaign) -> Campaign:
    """The campaign, locked until the transaction ends."""
    found = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if found.state not in {State.SENT, State.SENDING, State.PAUSED}:
        raise CampaignRefused(
            f"Nothing of it can be sent again: the campaign is {found.get_state_display().lower()}."
        )
    return found
