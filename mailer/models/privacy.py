"""What persons ask about their own data, and what may keep us from deleting it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from mailer.models.suppressions import Suppression

# One month (GDPR 12(3)), in days that are a month wherever it is counted.
ANSWER_WITHIN = timedelta(days=30)
SOON = timedelta(days=7)


class DataRequest(models.Model):
    """A person's request about their own data, with the day by which it must have been answered.

    While it is open, staff need the address and the person's words; closed rows hold keys only (constraint).
    """

    class Kind(models.TextChoices):
        """Which right is asked for: GDPR 15, 16, 17 and 21."""

        ACCESS = "access", "See their data"
        CORRECTION = "correction", "Correct their data"
        ERASURE = "erasure", "Erase their data"
        OBJECTION = "objection", "Object to the use of their data"

    class Outcome(models.TextChoices):
        OPEN = "", "Open"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused, with a reason"

    kind = models.CharField(max_length=10, choices=Kind)
    channel = models.CharField("how it came", max_length=14, choices=Suppression.Channel)
    mailbox_key = models.BinaryField(max_length=16)
    address = models.EmailField(max_length=254, blank=True)
    words = models.TextField(blank=True)
    received_at = models.DateTimeField()
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    entered_at = models.DateTimeField(db_default=Now())
    # an erasure that is to be done as soon as nothing stands in its way
    ordered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    outcome = models.CharField(max_length=7, choices=Outcome, blank=True, default=Outcome.OPEN)
    reason = models.TextField(blank=True)  # of a refusal; the person is told it

    class Meta:
        ordering = ["received_at"]
        indexes = [
            models.Index("mailbox_key", name="data_request_of_mailbox"),
            # the first page and the sweep ask what is still to be answered
            models.Index("received_at", name="data_request_open", condition=models.Q(closed_at__isnull=True)),
        ]
        constraints = [
            models.CheckConstraint(
                name="data_request_closed_has_outcome",
                condition=models.Q(closed_at__isnull=True, outcome="")
                | models.Q(closed_at__isnull=False, outcome__in=["done", "refused"]),
            ),
            models.CheckConstraint(
                name="data_request_closed_holds_keys_only",
                condition=models.Q(closed_at__isnull=True) | models.Q(address="", words=""),
            ),
            models.CheckConstraint(
                name="data_request_refused_says_why",
                condition=~models.Q(outcome="refused") | ~models.Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"data request {self.pk}"

    @property
    def due_at(self) -> datetime:
        return self.received_at + ANSWER_WITHIN

    @property
    def days_left(self) -> int:
        """Whole days until the last moment; below zero when that has passed."""
        return (self.due_at - timezone.now()).days

    @property
    def is_soon(self) -> bool:
        """Whether somebody has to hurry."""
        return self.closed_at is None and self.due_at - timezone.now() <= SOON


class DataLink(models.Model):
    """A person's wish for the one mail that leads to their data, or that confirms a new address.

    The mail goes to the mailbox of `mailbox_key`, since only who reads it may see what is behind it.
    """

    class Purpose(models.TextChoices):
        DATA = "data", "See, correct and erase"
        ADDRESS = "address", "Confirm a new address"

    purpose = models.CharField(max_length=7, choices=Purpose, default=Purpose.DATA)
    mailbox_key = models.BinaryField(max_length=16)
    contact_id = models.BigIntegerField()
    campaign_number = models.BigIntegerField(null=True)  # whose sender answers
    new_address = models.EmailField(max_length=254, blank=True)
    requested_at = models.DateTimeField(db_default=Now())
    handed_over_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index("mailbox_key", "requested_at", name="data_link_of_mailbox"),
            models.Index("contact_id", name="data_link_of_contact"),
            # the sweep sends what waits
            models.Index("id", name="data_link_waiting", condition=models.Q(handed_over_at__isnull=True)),
        ]
        constraints = [
            models.CheckConstraint(
                name="data_link_new_address_until_confirmed",
                condition=models.Q(new_address="") | models.Q(purpose="address", confirmed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"data link {self.pk}"


class LegalHold(models.Model):
    """While one stands, nothing is deleted because of its age, and erasures wait: it may be needed as proof.

    Rows stay: who set it and why, who lifted it and why (trigger).
    """

    reason = models.TextField()
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_at = models.DateTimeField(db_default=Now())
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lifted_because = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="legal_hold_has_a_reason", condition=~models.Q(reason="")),
            models.CheckConstraint(
                name="legal_hold_lifted_by_someone_for_a_reason",
                condition=models.Q(lifted_by__isnull=True, lifted_at__isnull=True, lifted_because="")
                | models.Q(lifted_by__isnull=False, lifted_at__isnull=False) & ~models.Q(lifted_because=""),
            ),
        ]

    def __str__(self) -> str:
        return f"legal hold {self.pk}"


class PrivacyPolicy(models.Model):
    """One version of the operator's privacy policy. It is never changed; before its day it can be taken back (trigger).

    Who agreed to something, or was told something, can so be shown the very words of that day (D118).
    """

    text = models.TextField()
    change_notice = models.TextField(blank=True)  # what is different, for people who know the earlier one
    effective_from = models.DateField()  # in UTC
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    published_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-effective_from", "-id"]
        verbose_name_plural = "privacy policies"
        constraints = [
            models.CheckConstraint(name="privacy_policy_says_something", condition=~models.Q(text=""))
        ]

    def __str__(self) -> str:
        return f"privacy policy {self.pk}"


class PrivacyStatement(models.Model):
    """What only the operator can know, said in public because a named person vouches for it.

    Rows are attested once and withdrawn once, and stay (trigger): what was said when, by whom, can be shown.
    """

    class What(models.TextChoices):
        """The sentence is the label; it is kept in the row as it was attested."""

        NO_SALE = "no_sale", "We do not sell personal data, and we do not share it for advertising."
        GPC = "gpc", "We honour Global Privacy Control and Do Not Track in all our systems."
        OTHER_SYSTEMS = "other_systems", "Whoever opts out here is not mailed from our other systems either."

    what = models.CharField(max_length=14, choices=What)
    sentence = models.TextField()
    attested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    attested_at = models.DateTimeField(db_default=Now())
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        permissions = [("attest_privacystatement", "Can attest and withdraw what the privacy page says")]
        constraints = [
            models.UniqueConstraint(
                fields=["what"], condition=models.Q(withdrawn_at__isnull=True), name="statement_attested_once"
            ),
            models.CheckConstraint(
                name="statement_withdrawn_by_someone",
                condition=models.Q(withdrawn_by__isnull=True, withdrawn_at__isnull=True)
                | models.Q(withdrawn_by__isnull=False, withdrawn_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"privacy statement {self.pk}"
