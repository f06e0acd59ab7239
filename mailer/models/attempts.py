"""What is known of attempts to send whose end nobody saw: what was said of them later, and what an operator did."""

from django.db import models
from django.db.models.functions import Now


class Report(models.Model):
    """What came of a message, as a mail server or an ESP told it later; kept only while we did not know ourselves.

    `mailer.feedback` writes it, dispatch's sweep enters it. No foreign key, for the reasons of `Message`.
    """

    class Kind(models.TextChoices):
        DELIVERED = "delivered", "It was delivered"
        BOUNCED = "bounced", "It could not be delivered"

    class Source(models.TextChoices):
        DSN = "dsn", "A delivery report by mail (RFC 3464)"
        ESP = "esp", "The mail service"

    campaign_id = models.BigIntegerField()
    address_key = models.BinaryField(max_length=16)
    kind = models.CharField(max_length=9, choices=Kind)
    source = models.CharField(max_length=3, choices=Source)
    status = models.CharField(max_length=11, blank=True)  # RFC 3463: digits and dots
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            # ESPs tell everything several times
            models.UniqueConstraint(
                fields=["campaign_id", "address_key", "kind"], name="report_of_a_kind_once"
            )
        ]

    def __str__(self) -> str:
        return f"report {self.pk}"


class EarlierAttempt(models.Model):
    """What stood in a message's row, unknown, when an operator had it sent again. `evidence` says who and why.

    `mailer.campaigns` writes it. Rows go with their messages, when those are kept no longer.
    """

    campaign_id = models.BigIntegerField()
    address_key = models.BinaryField(max_length=16)
    attempts = models.SmallIntegerField()
    handed_over_at = models.DateTimeField(null=True)
    unknown_since = models.DateTimeField(null=True)
    sha256 = models.BinaryField(max_length=32, null=True)
    evidence = models.BigIntegerField()
    sent_again_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            # what was there before this message?
            models.Index("campaign_id", "address_key", name="earlier_attempt_of")
        ]

    def __str__(self) -> str:
        return f"earlier attempt {self.pk}"
