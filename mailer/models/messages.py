"""One row per recipient and campaign: where each message is, without an address and without a body."""

from django.db import models
from django.db.models.functions import Now


class Message(models.Model):
    """One campaign to one recipient.

    pending → claimed → handed_over → accepted | refused, with two marks so that recovery is honest: a
    worker that dies before the second mark has sent nothing (back to pending); one that dies after it may
    have sent (unknown, and never sent again by itself).

    `audience` inserts, `dispatch` alone changes state; but an operator's act takes a message from unknown back to
    pending (`campaigns.send_again`). What is told of an unknown one later makes it accepted or refused.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        CLAIMED = "claimed", "Claimed by a worker"
        HANDED_OVER = "handed_over", "Being handed over"
        ACCEPTED = "accepted", "Accepted by the mail server"
        REFUSED = "refused", "Refused by the mail server"
        WITHHELD = "withheld", "Withheld"
        UNKNOWN = "unknown", "Unknown: may or may not have gone out"

    class Reason(models.TextChoices):
        """Why we withheld it; the snapshot's sums add up only because these are counted too."""

        # the ledger's reasons, by its own names
        OPT_OUT = "opt_out", "Opted out"
        COMPLAINT = "complaint", "Complained"
        HARD_BOUNCE = "hard_bounce", "Bounced before"
        SOFT_BOUNCE = "soft_bounce", "Bounced too often"
        SAME_MAILBOX = "same_mailbox", "Another address of the same mailbox gets it"
        NO_CONTACT = "no_contact", "Contact deleted meanwhile"
        LEFT_LIST = "left_list", "No longer on the list"
        NO_CONSENT = "no_consent", "No stored consent to mail of this kind"
        NOT_CARRIED = "not_carried", "The mail server can't carry this address"
        NOT_FILLED = "not_filled", "Could not be filled in safely"
        CANCELLED = "cancelled", "Campaign cancelled"
        GAVE_UP = "gave_up", "Put off too often"

    # (campaign, address key): nobody is twice in one campaign, by constraint. No foreign keys: the rows
    # outlive contact and campaign, and the snapshot of a million is 2.5 times faster (measured).
    pk = models.CompositePrimaryKey("campaign_id", "address_key")
    campaign_id = models.BigIntegerField()
    address_key = models.BinaryField(max_length=16)
    mailbox_key = models.BinaryField(max_length=16)
    contact_id = models.BigIntegerField()
    state = models.CharField(max_length=11, choices=State, default=State.PENDING, db_default=State.PENDING)
    reason = models.CharField(max_length=12, choices=Reason, blank=True, db_default="")
    detail = models.TextField(blank=True, db_default="")  # the server's last words
    attempts = models.SmallIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(db_default=Now())  # a deferred message waits until then
    # the claim that every later UPDATE asks for, and the number of the worker whose mark it stands under
    claim = models.UUIDField(null=True)
    worker = models.IntegerField(null=True)
    handed_over_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    sha256 = models.BinaryField(
        max_length=32, null=True
    )  # of the bytes without DKIM signatures, written at settle
    transport_id = models.TextField(blank=True, db_default="")  # the ESP's number for it

    class Meta:
        indexes = [
            # claim: what is due of one campaign
            models.Index("campaign_id", "due_at", name="message_due", condition=models.Q(state="pending")),
            # recover: what a worker holds
            models.Index(
                "worker", name="message_in_flight", condition=models.Q(state__in=["claimed", "handed_over"])
            ),
            # the first page and `status` ask whether there are any; they are rare, so it costs no write
            models.Index("campaign_id", name="message_unknown", condition=models.Q(state="unknown")),
        ]
        constraints = [
            models.CheckConstraint(
                name="message_in_flight_is_claimed",
                condition=~models.Q(state__in=["claimed", "handed_over"])
                | models.Q(claim__isnull=False, worker__isnull=False),
            ),
            models.CheckConstraint(
                name="message_withheld_says_why", condition=~models.Q(state="withheld") | ~models.Q(reason="")
            ),
        ]

    def __str__(self) -> str:
        return f"message of campaign {self.campaign_id}"
