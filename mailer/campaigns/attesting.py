"""What somebody answers for with their name before a sender's mail may go out."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from mailer import evidence
from mailer.campaigns.refusal import CampaignRefused
from mailer.models import Sender


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
