"""The ledger: whose mailbox is not to be mailed, for every reason we were given. Rows hold no address.

Rows are only ever added (triggers refuse the rest). `mailer.suppression` writes them.
"""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now


class Suppression(models.Model):
    """One reason not to mail one mailbox. Every reason is kept: one that goes leaves the others."""

    class Reason(models.TextChoices):
        OPT_OUT = "opt_out", "Opt-out"
        COMPLAINT = "complaint", "Complaint"
        HARD_BOUNCE = "hard_bounce", "Hard bounce"
        SOFT_BOUNCE = "soft_bounce", "Repeated soft bounces"

    class Channel(models.TextChoices):
        """Where we were told."""

        ONE_CLICK = "one_click", "One click in the mail program"
        PAGE = "page", "Page behind the link"
        REPLY = "reply", "Reply"
        MAILTO = "mailto", "Mail to the opt-out address"
        FEEDBACK_LOOP = "feedback_loop", "Mailbox provider's feedback loop"
        ESP = "esp", "Mail service's event"
        PHONE = "phone", "Phone"
        POST = "post", "Post"
        IN_PERSON = "in_person", "In person"
        WEB_FORM = "web_form", "Web form or chat"
        STAFF = "staff", "Told to staff in another way"
        IMPORT = "import", "Status in an imported file"
        DATA_PAGE = "data_page", "The person's own data page"
        API = "api", "Another program, which did not say where it was told"

    mailbox_key = models.BinaryField(max_length=16)
    address_key = models.BinaryField(max_length=16, null=True)  # where the exact address is known
    reason = models.CharField(max_length=12, choices=Reason)
    channel = models.CharField(max_length=14, choices=Channel)
    campaign_number = models.BigIntegerField(null=True)  # the campaign whose link it was
    import_id = models.BigIntegerField(null=True)
    received_at = models.DateTimeField()  # when we were told, which may be before it was recorded
    recorded_at = models.DateTimeField(db_default=Now())
    journalled_at = models.DateTimeField(null=True)  # the time of its line, where that was written first

    class Meta:
        indexes = [
            # hand-over, snapshot and look-up: is anything against this mailbox?
            models.Index("mailbox_key", name="suppression_of_mailbox"),
            # who said no while a campaign went out; rows come in the order of time, so it is tiny
            BrinIndex(fields=["recorded_at"], name="suppression_recorded"),
        ]
        constraints = [
            models.CheckConstraint(
                name="suppression_reason_known",
                condition=models.Q(reason__in=["opt_out", "complaint", "hard_bounce", "soft_bounce"]),
            ),
        ]

    def __str__(self) -> str:
        return f"suppression {self.pk}"


class HashedOptOut(models.Model):
    """An address that must not be mailed, of which only a digest was given to us: MD5, SHA-1 or SHA-256.

    Suppression lists are exchanged so, to show nobody the addresses. Who turns out to be behind a digest is entered
    in the ledger; until then the digest waits here. Its length tells its kind.
    """

    digest = models.BinaryField(max_length=32)
    import_id = models.BigIntegerField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            # asked for by digest; each import's word is kept, so that voiding one leaves the others
            models.UniqueConstraint(fields=["digest", "import_id"], name="digest_once_an_import"),
        ]

    def __str__(self) -> str:
        return f"hashed opt-out {self.pk}"


class VoidedImport(models.Model):
    """An import that was a mistake: what it, and nobody else, said against mailboxes no longer counts."""

    import_id = models.BigIntegerField(unique=True)
    reason = models.TextField()
    actor = models.CharField(max_length=60)
    voided_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(name="voided_with_a_reason", condition=~models.Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"voided import {self.import_id}"


class Reinstatement(models.Model):
    """The person's own later, confirmed opt-in: it lifts what was recorded up to an entry, for one address.

    Nothing else lifts an opt-out (15 U.S.C. 7704(a)(4)(B); D63). Order is by entry number, written under
    the mailbox's lock, so that a clock that jumps can't undo an opt-out.
    """

    mailbox_key = models.BinaryField(max_length=16)
    address_key = models.BinaryField(max_length=16)
    up_to = models.BigIntegerField()  # Suppression.id
    requested_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index("mailbox_key", name="reinstatement_of_mailbox")]

    def __str__(self) -> str:
        return f"reinstatement {self.pk}"


class WayBack(models.Model):
    """A person's request for the one mail by which they can come back: after opting out, or to a list they left.

    One a day and mailbox at most (A18); its page's POST alone lifts anything.
    """

    mailbox_key = models.BinaryField(max_length=16)
    contact_id = models.BigIntegerField()
    campaign_number = models.BigIntegerField(null=True)  # the campaign whose link it was
    # False: it was asked by somebody who only left lists, so it lifts no opt-out that came after it
    lifts_opt_out = models.BooleanField(default=True, db_default=True)
    # slugs of the lists that they chose; none chosen means all that they were on
    joins = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    leaves = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    requested_at = models.DateTimeField(db_default=Now())
    handed_over_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index("mailbox_key", "requested_at", name="way_back_of_mailbox"),
            # the sweep sends what waits
            models.Index("id", name="way_back_waiting", condition=models.Q(handed_over_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"way back {self.pk}"


class KeyCanary(models.Model):
    """A known word under ADDRESS_KEY: another key would find nobody's opt-out, so it must be noticed."""

    mac = models.BinaryField(max_length=16)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.CheckConstraint(name="one_key_canary", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return "key canary"
