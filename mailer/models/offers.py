"""What a sender really offers, and until when: what a subject's claims are held against. Rows are only ever added."""

from django.db import models
from django.db.models.functions import Now


class Offer(models.Model):
    """One offer as it was recorded. Its end is never rewritten: an extension is a new row that supersedes it (D28)."""

    class Kind(models.TextChoices):
        PERCENT = "percent", "Percent off"
        AMOUNT = "amount", "Amount off"
        PRICE = "price", "A price"
        FREE = "free", "Something free"
        EVENT = "event", "An event or a date"

    what = models.CharField(max_length=200)
    kind = models.CharField(max_length=8, choices=Kind)
    value = models.CharField(max_length=40, blank=True)  # “20”, “12.50”
    scope = models.CharField(max_length=200)  # what it is good for: “everything”, “all roses”
    conditions = models.TextField(blank=True)
    starts = models.DateTimeField(null=True)
    ends = models.DateTimeField(null=True)
    zone = models.CharField(max_length=64)
    supersedes = models.OneToOneField(
        "self", models.DO_NOTHING, null=True, related_name="extension", db_constraint=False
    )
    reason = models.TextField(blank=True)  # of an extension
    actor = models.CharField(max_length=60)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        default_permissions = ("add", "view")
        constraints = [
            models.CheckConstraint(
                name="offer_starts_before_its_end",
                condition=models.Q(starts__isnull=True)
                | models.Q(ends__isnull=True)
                | models.Q(starts__lt=models.F("ends")),
            ),
            models.CheckConstraint(
                name="extended_with_a_reason",
                condition=models.Q(supersedes__isnull=True) | ~models.Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return self.what
