"""How fast mail may go: what is left of a sender's pace, and which mail domains have asked us to slow down."""

from django.db import models
from django.db.models.functions import Now

from mailer.models.senders import Sender


class Pace(models.Model):
    """What a sender may still send now and today: one row that all workers take from.

    A bucket that fills as time passes (`tokens`, counted at `counted_at`), no taking before `next_at`, and the count of
    one day (UTC).
    """

    sender = models.OneToOneField(Sender, models.CASCADE, primary_key=True, related_name="pace")
    tokens = models.FloatField(db_default=0)
    counted_at = models.DateTimeField(db_default=Now())
    next_at = models.DateTimeField(null=True)
    day = models.DateField(null=True)
    used = models.PositiveIntegerField(db_default=0)

    def __str__(self) -> str:
        return f"pace of sender {self.sender_id}"


class DomainPace(models.Model):
    """A mail domain with a pace of its own: an operator's cap, or one that puts our mail off and is left in peace.

    `queued_until` is the end of the queue of those who wait for the cap. `deferrals` are answers of “later” in a row;
    from HELD_AFTER on (`mailer.dispatch.domains`) the domain is held, for longer each time, until one message gets
    through. Nothing is kept of a domain without a cap that is no longer held.
    """

    domain = models.CharField(
        max_length=253, unique=True, help_text="What stands after the @, such as example.com."
    )
    per_second = models.PositiveIntegerField(
        "messages a second", null=True, blank=True, help_text="All senders together. At least 1."
    )
    tokens = models.FloatField(db_default=0, editable=False)
    counted_at = models.DateTimeField(db_default=Now(), editable=False)
    queued_until = models.DateTimeField(null=True, editable=False)
    deferrals = models.PositiveIntegerField(db_default=0, editable=False)
    holds = models.PositiveSmallIntegerField(db_default=0, editable=False)
    held_until = models.DateTimeField(null=True, editable=False)
    words = models.TextField(blank=True, db_default="", editable=False)  # the server's last words

    class Meta:
        ordering = ["domain"]
        verbose_name = "mail domain"
        verbose_name_plural = "mail domains"
        constraints = [
            models.CheckConstraint(
                name="domain_pace_is_not_nothing",
                condition=models.Q(per_second__isnull=True) | models.Q(per_second__gt=0),
            )
        ]

    def __str__(self) -> str:
        return self.domain
