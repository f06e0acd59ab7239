"""Sign-up forms, what people asked for on them, and the proof of what they agreed to.

`mailer.contacts.joining` writes these tables, and `mailer.dispatch` how far a request's mail has come.
"""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now

from mailer.models.contacts import MailingList
from mailer.models.senders import Sender


class SignUpForm(models.Model):
    """A form by which people join one list: a page of ours, and HTML to put on other pages."""

    list = models.ForeignKey(
        MailingList, models.CASCADE, related_name="sign_up_forms", help_text="It can't be changed later."
    )
    sender = models.ForeignKey(
        Sender,
        models.PROTECT,
        related_name="sign_up_forms",
        help_text="In whose name the form asks and the confirmation mail is sent.",
    )
    slug = models.SlugField(
        "address of the page",
        max_length=40,
        unique=True,
        validators=[
            RegexValidator(
                r"^(?!confirm$)[a-z0-9]+(-[a-z0-9]+)*$",
                "Use small letters, digits and single dashes, such as “garden-letter”; “confirm” is taken.",
            )
        ],
        help_text="The last part of the link, such as “garden-letter”. It can't be changed later.",
    )
    title = models.CharField(
        max_length=80, help_text="The heading above the form, such as “The garden letter”."
    )
    asks_name = models.BooleanField(
        "asks for the first name", default=False, help_text="Nobody has to fill it in."
    )
    is_open = models.BooleanField(
        "open",
        default=True,
        help_text="A closed form takes no new requests; links already mailed still work.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["title"]
        verbose_name = "sign-up form"

    def __str__(self) -> str:
        return self.title

    @property
    def takes_requests(self) -> bool:
        """Only in the name of somebody who has attested who they are and where."""
        attested = self.sender.identity_attested_at and self.sender.address_attested_at
        return bool(self.is_open and attested)

    @property
    def wording(self) -> "SignUpWording | None":
        """What people agree to today."""
        return self.wordings.order_by("-version").first()


class SignUpWording(models.Model):
    """What stands beside a form's box. A new text is a new version; rows are never changed (trigger, D95)."""

    form = models.ForeignKey(SignUpForm, models.CASCADE, related_name="wordings")
    version = models.PositiveIntegerField()
    text = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["form", "version"], name="wording_version_once")]

    def __str__(self) -> str:
        return f"wording {self.version} of sign-up form {self.form_id}"


class SignUp(models.Model):
    """Somebody gave an address to a form. Nothing counts until the mailbox's owner confirms it (D97).

    The address and the name go as soon as it is confirmed, since the contact then has them, and the row goes
    seven days after it was made.
    """

    class Outcome(models.TextChoices):
        """What became of the confirmation mail."""

        ACCEPTED = "accepted", "Accepted by the mail server"
        REFUSED = "refused", "Refused by the mail server"
        UNKNOWN = "unknown", "Unknown: may or may not have gone out"
        GAVE_UP = "gave_up", "Put off too often"
        WITHHELD = "withheld", "Withheld: opted out after asking"

    form = models.ForeignKey(SignUpForm, models.CASCADE, related_name="requests")
    wording = models.ForeignKey(SignUpWording, models.CASCADE, related_name="+")
    email = models.CharField(max_length=254, blank=True)
    first_name = models.CharField(max_length=80, blank=True)
    address_key = models.BinaryField(max_length=16)
    mailbox_key = models.BinaryField(max_length=16)
    network_key = models.BinaryField(
        max_length=16
    )  # of the network that asked: tells it apart, names it to nobody
    page_url = models.CharField("page", max_length=300)
    # the newest entry against the mailbox, and the last time it left the list, when this was asked: what came later is
    # not lifted by it
    ledger_entry = models.BigIntegerField(default=0)
    list_leaving = models.BigIntegerField(default=0)
    requested_at = models.DateTimeField(db_default=Now())

    attempts = models.SmallIntegerField(default=0)
    next_at = models.DateTimeField(db_default=Now())
    handed_over_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=8, choices=Outcome, blank=True)
    message_id = models.CharField(max_length=200, blank=True)  # of the confirmation mail, for the proof
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "sign-up request"
        indexes = [
            # one mail a day and mailbox
            models.Index("mailbox_key", "requested_at", name="sign_up_of_mailbox"),
            # so many an hour of one network, and of one form
            models.Index("network_key", "requested_at", name="sign_up_of_network"),
            models.Index("form", "requested_at", name="sign_up_of_form"),
            # the sweep sends what waits, and forgets what is old
            models.Index("next_at", name="sign_up_waiting", condition=models.Q(settled_at__isnull=True)),
            models.Index("requested_at", name="sign_up_by_age"),
        ]
        constraints = [
            models.CheckConstraint(
                name="sign_up_keeps_no_address_once_confirmed",
                condition=models.Q(confirmed_at__isnull=True) & ~models.Q(email="")
                | models.Q(confirmed_at__isnull=False, email="", first_name=""),
            ),
        ]

    def __str__(self) -> str:
        return f"sign-up {self.pk}"


class Consent(models.Model):
    """The proof that a mailbox's owner agreed to be mailed: to which words, where and when (GDPR 7(1), D95).

    Rows are only ever added (trigger), hold no address, and outlive the form, the list and the person.
    """

    form_number = models.BigIntegerField()
    list_number = models.BigIntegerField()
    list_name = models.CharField("list", max_length=80)
    wording_version = models.PositiveIntegerField()
    wording = models.TextField()
    wording_sha256 = models.BinaryField(max_length=32)
    page_url = models.CharField("page", max_length=300)  # where the form stood, as the browser told it
    network_key = models.BinaryField(max_length=16)  # of the network that asked
    place = models.CharField(
        "confirmed from the network", max_length=50
    )  # the network that confirmed, cut to /24 or /48: no person's address
    message_id = models.CharField("confirmation mail", max_length=200)  # the confirmation mail's
    sign_up_number = models.BigIntegerField(unique=True)  # one request, one consent
    address_key = models.BinaryField(max_length=16)
    mailbox_key = models.BinaryField(max_length=16)
    requested_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index("mailbox_key", name="consent_of_mailbox")]
        constraints = [models.CheckConstraint(name="consent_has_words", condition=~models.Q(wording=""))]

    def __str__(self) -> str:
        return f"consent {self.pk}"
