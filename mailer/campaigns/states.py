"""In which state a campaign must be."""

from mailer.campaigns.refusal import CampaignRefused
from mailer.models import Campaign

State = Campaign.State


def locked(campaign: Campaign, state: str, otherwise: str) -> Campaign:
    """The campaign, locked until the transaction ends. Raises CampaignRefused unless it is in that state."""
    found = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if found.state != state:
        raise CampaignRefused(f"{otherwise}; this one is {found.get_state_display().lower()}.")
    return found
