"""Files that brought people in: what was asked, how far it is, what was refused and why."""

from django.conf import settings
from django.db import models

from mailer.models.contacts import MailingList, Subscription


def _nothing() -> list[object]:
    return []


class Import(models.Model):
    """One file on its way into one list. It comes in whole or not at all."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for a worker"
        RUNNING = "running", "Running"
        ASKING = "asking", "Waiting for your answer"
        TRIED = "tried", "Tried out, nothing was changed"
        DONE = "done", "Done"
        FAILED = "failed", "Failed, nothing was changed"
        VOIDED = "voided", "Taken back"

    class Asks(models.TextChoices):
        """What only a person can say before the file comes in."""

        COLUMNS = "columns", "Which column holds the addresses?"
        HOLDS = "holds", "Are these people to mail, or people who must not be mailed?"
        VOUCHED = "vouched", "How do you know that people gave you these addresses?"

    list = models.ForeignKey(MailingList, models.PROTECT, related_name="imports")
    source = models.CharField(
        max_length=12, choices=Subscription.Source, help_text="How did these people come to you?"
    )
    # what people were told when they gave the address, who took it, and when (D92, D95)
    notice = models.TextField(blank=True, default="", editable=False)
    collected_by = models.CharField(max_length=120, blank=True, default="", editable=False)
    collected_from = models.DateField(null=True, editable=False)
    collected_to = models.DateField(null=True, editable=False)
    # “people” or “opt-outs”, where whoever brought the file had to say it
    holds = models.CharField(max_length=8, blank=True, default="", editable=False)
    # how somebody knows that people gave these addresses, although they look generated
    vouched = models.TextField(blank=True, default="", editable=False)
    is_trial = models.BooleanField(default=False, editable=False)
    asks = models.CharField(max_length=8, choices=Asks, blank=True, default="", editable=False)
    # how each table of the file was read: its name, system, encoding, headings and what each column was taken for
    understood = models.JSONField(default=_nothing, editable=False)
    filename = models.CharField(max_length=200)
    path = models.CharField(max_length=500, editable=False)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    # or the program that did; it alone may ask for it by the API
    started_by_key = models.ForeignKey(
        "mailer.ApiKey", models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    error = models.TextField(blank=True, editable=False)
    header = models.TextField(blank=True, editable=False)  # its column names as CSV, above the refused rows

    deaths = models.PositiveSmallIntegerField(default=0, editable=False)  # of workers that were at it

    # progress while it runs, in bytes of the file; the sums when it is done
    bytes_total = models.BigIntegerField(default=0, editable=False)
    bytes_read = models.BigIntegerField(default=0, editable=False)
    rows = models.BigIntegerField(default=0, editable=False)
    accepted = models.BigIntegerField(default=0, editable=False)
    duplicates = models.BigIntegerField(default=0, editable=False)
    rejected = models.JSONField(default=dict, editable=False)  # {reason: number}
    flagged = models.JSONField(default=dict, editable=False)  # {flag: number}
    suppressed = models.BigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["-id"]
        permissions = [("void_import", "Can take an import back")]
        constraints = [
            models.CheckConstraint(
                name="collected_from_before_to",
                condition=models.Q(collected_to__gte=models.F("collected_from"))
                | models.Q(collected_from__isnull=True)
                | models.Q(collected_to__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"import {self.pk}"


class ColumnMapping(models.Model):
    """What a person said the columns of a shape of table are; the next file of that shape is read so."""

    shape = models.CharField(max_length=64, unique=True)  # SHA-256 of its column names
    headings = models.JSONField()
    meanings = models.JSONField()
    said_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    said_at = models.DateTimeField(auto_now=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"column mapping {self.pk}"


class RefusedRow(models.Model):
    """A row that did not come in, or only in part: its line, the reason in words, and the row itself to correct."""

    of = models.ForeignKey(Import, models.CASCADE, related_name="refused_rows")
    line = models.BigIntegerField()
    reason = models.CharField(max_length=40)
    words = models.TextField()
    row = models.TextField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"line {self.line} of import {self.of_id}"
