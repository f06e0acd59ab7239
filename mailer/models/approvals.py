"""Who answered for it that a campaign goes out as it is. Rows are only ever added."""

from django.db import models
from django.db.models.functions import Now


class Approval(models.Model):
    """One person's yes to exactly what would be sent: any change to that makes another hash, and it counts no more."""

    campaign_number = models.BigIntegerField()  # no constraint: proof outlives a deleted draft
    sha256 = models.BinaryField(max_length=32)  # of everything that goes out, and to which lists
    actor = models.CharField(max_length=60)
    policy = models.CharField(max_length=16)  # APPROVAL as it was then
    reason = models.TextField(blank=True)
    # what was held and let go: rule, words, place, law
    releases = models.JSONField(default=list)
    approved_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="released_with_a_reason", condition=models.Q(releases=[]) | ~models.Q(reason="")
            ),
        ]
        indexes = [
            # the campaign's page and its launch ask for the last one
            models.Index("campaign_number", "sha256", name="approval_of_campaign"),
        ]

    def __str__(self) -> str:
        return f"approval {self.pk} of campaign {self.campaign_number}"
