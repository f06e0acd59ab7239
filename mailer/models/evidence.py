"""What we could show a court: who did what, when. Rows are only ever added (triggers refuse the rest)."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Evidence(models.Model):
    """One act. Rows hold keys and numbers, never addresses, so that erasure leaves them whole."""

    at = models.DateTimeField(db_default=Now())
    verb = models.CharField(max_length=40)
    actor = models.CharField(max_length=60)  # “user 3”, “recipient”, “worker”, “shell”
    subject = models.CharField(max_length=60)  # “campaign 12”, “sender 1”; empty for a mailbox
    mailbox_key = models.BinaryField(max_length=16, null=True)
    details = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "evidence"
        indexes = [
            models.Index("subject", "id", name="evidence_of_subject", condition=~models.Q(subject="")),
            models.Index(
                "mailbox_key", name="evidence_of_mailbox", condition=models.Q(mailbox_key__isnull=False)
            ),
        ]
        permissions = [
            ("verify_evidence", "Can have the evidence verified"),
            ("make_dossier", "Can make dossiers of campaigns and recipients"),
        ]

    def __str__(self) -> str:
        return f"evidence {self.pk}"


class Seal(models.Model):
    """The place of one row of evidence in the chain. Each seal is made over the one before and the row.

    `evidence_id` is no foreign key: its check would lock a row of evidence for each seal.
    """

    position = models.BigIntegerField(primary_key=True)  # 1, 2, 3 … without a gap
    evidence_id = models.BigIntegerField(
        unique=True
    )  # each row has one place; asked for by the sealer's look
    seal = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"seal {self.position}"


class Verification(models.Model):
    """A look over all evidence and all seals that somebody asked for; a worker does it piece by piece."""

    asked_at = models.DateTimeField(db_default=Now())
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    reached = models.BigIntegerField(default=0)  # the seal up to which it has come
    newest = models.FloatField(null=True)  # the latest time of a row so far, in seconds since 1970
    broken = models.IntegerField(default=0)
    words = models.JSONField(default=list)  # the first broken places, in words
    unsealed = models.BigIntegerField(null=True)
    heads = models.IntegerField(null=True)  # how many recorded heads the chain was held against
    finished_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        ordering = ["-id"]
        indexes = [
            # the sweep carries on with what is not finished
            models.Index("id", name="verification_waiting", condition=models.Q(finished_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"verification {self.pk}"
