"""People on our books, and their places on lists."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now

from mailer import hours


class MailingList(models.Model):
    """A list people are on. Its slug is its name in List-Id (RFC 2919) and never changes."""

    name = models.CharField(max_length=80)
    slug = models.SlugField(
        max_length=40,
        unique=True,
        validators=[
            RegexValidator(
                r"^[a-z0-9]+(-[a-z0-9]+)*$", "Use small letters, digits and single dashes, such as “news”."
            )
        ],
        help_text="A short name for headers and commands. It can't be changed later.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        verbose_name = "list"

    def __str__(self) -> str:
        return self.name


def assert_zone(name: str) -> None:
    """Raises ValidationError unless this machine knows a time zone of exactly this name."""
    try:
        known = hours.zone_named(name)
    except hours.NotOnTheClock as wrong:
        raise ValidationError(str(wrong)) from None
    if known != name:
        raise ValidationError(f"Write it as {known}.")


class Contact(models.Model):
    """A person on our books. One per exact address; `mailbox_key` ties addresses of one mailbox."""

    email = models.EmailField(max_length=254, editable=False)
    address_key = models.BinaryField(max_length=16, unique=True)
    mailbox_key = models.BinaryField(max_length=16)
    first_name = models.CharField(max_length=80, blank=True)
    last_name = models.CharField(max_length=80, blank=True)
    # by which clocks they live, as an IANA name; empty where nobody has told us
    zone = models.CharField(
        "time zone", max_length=64, blank=True, default="", db_default="", validators=[assert_zone]
    )
    created_at = models.DateTimeField(auto_now_add=True, db_default=Now())

    class Meta:
        indexes = [
            # public pages and the ledger's look-up find the contacts of a mailbox
            models.Index("mailbox_key", name="contact_of_mailbox"),
            # the admin lists people by address
            models.Index("email", name="contact_by_email"),
        ]
        constraints = [
            models.CheckConstraint(
                name="contact_zone_looks_like_one",
                condition=models.Q(zone="") | models.Q(zone__regex="^[A-Za-z][A-Za-z0-9_+/-]*$"),
            )
        ]

    def __str__(self) -> str:
        # A number: Django's LogEntry keeps this text for ever, and erasure must not leave an address in it.
        return f"contact {self.pk}"


class Subscription(models.Model):
    """A place on a list, with where it came from (DUTIES D46, D92: the footer says it)."""

    class Source(models.TextChoices):
        """How the address came to us. Bought, scraped, appended and generated ones are not among them."""

        FORM = "form", "Our own sign-up form"
        CUSTOMER = "customer", "Customer"
        EVENT = "event", "Event"
        PARTNER = "partner", "Partner under contract"
        MIGRATION = "migration", "Moved from another mailing system"

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="subscriptions")
    list = models.ForeignKey(MailingList, models.CASCADE, related_name="subscriptions")
    source = models.CharField(max_length=12, choices=Source)
    # which import brought it, without a constraint: imports may be tidied away, the source stays
    import_id = models.BigIntegerField(null=True, editable=False)
    subscribed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["list", "contact"], name="once_on_a_list"),
            models.CheckConstraint(
                name="subscription_source_known",
                condition=models.Q(source__in=["form", "customer", "event", "partner", "migration"]),
            ),
        ]

    def __str__(self) -> str:
        return f"contact {self.contact_id} on list {self.list_id}"
