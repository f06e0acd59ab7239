"""Who sends: a legal person with a name, an address in the mail system and one in the world."""

from django.conf import settings
from django.db import models


class Sender(models.Model):
    """The sender of 15 U.S.C. 7702(16): whose mail it is, and where the law finds them.

    From and Reply-To, and the postal address, each count only once a named operator has attested
    them; any change of what was attested takes the attestation away (`mailer.admin` does that).
    """

    class AddressKind(models.TextChoices):
        """What 16 CFR 316.2(p) accepts as a valid physical postal address."""

        STREET = "street", "Street address"
        PO_BOX = "po_box", "PO box registered with the postal service"
        PRIVATE_MAILBOX = "pmb", "Private mailbox registered with a mail receiving agency"

    legal_name = models.CharField(
        max_length=120, help_text="The full name of the company or person responsible for the mail."
    )
    trade_name = models.CharField(
        max_length=80,
        help_text="The name readers know. It stands in From and in the label “Advertisement · …”.",
    )
    from_email = models.EmailField("From address", help_text="In one of the domains of SENDER_DOMAINS.")
    reply_to = models.EmailField("Reply-To address", help_text="A mailbox that somebody reads.")
    contact = models.CharField(
        max_length=120,
        help_text="Another way to reach you, shown in the footer: a phone number, address or page.",
    )
    dkim_selectors = models.CharField(
        "DKIM selectors",
        max_length=200,
        blank=True,
        help_text="The names of the keys by which your mail service signs, such as “s1, s2”. It shows them where it "
        "asks you to verify the domain.",
    )
    address_kind = models.CharField(max_length=8, choices=AddressKind, default=AddressKind.STREET)
    line1 = models.CharField("address line 1", max_length=100, help_text="Such as “12 Garden Street”.")
    line2 = models.CharField("address line 2", max_length=100, blank=True)
    city = models.CharField(max_length=60)
    region = models.CharField("state or region", max_length=60, blank=True)
    postal_code = models.CharField(max_length=16)
    country = models.CharField(max_length=2, default="US", help_text="Two letters, such as US, DE or JP.")

    # Empty means without limit; 0 is refused, since who wants to stop pauses or cancels.
    per_second = models.PositiveIntegerField(
        "messages a second",
        null=True,
        blank=True,
        help_text="At most so many, all campaigns and workers together. Empty: as fast as the mail server takes them.",
    )
    per_day = models.PositiveIntegerField(
        "messages a day",
        null=True,
        blank=True,
        help_text="At most so many from midnight to midnight UTC. What is left goes out on the next days by itself.",
    )
    warm_up_from = models.DateField(
        "warm-up begins on",
        null=True,
        blank=True,
        help_text="A new address or server is trusted little by little: on this day the first messages go out.",
    )
    warm_up_first = models.PositiveIntegerField(
        "messages on its first day", null=True, blank=True, help_text="Such as 200."
    )
    warm_up_growth = models.PositiveIntegerField(
        "more each day, in percent",
        default=50,
        db_default=50,
        help_text="50 makes 200, 300, 450 … of 200, until the messages a day are reached.",
    )

    identity_attested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    identity_attested_at = models.DateTimeField(null=True, blank=True, editable=False)
    address_attested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    address_attested_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["trade_name"]
        permissions = [("attest_sender", "Can attest a sender's names and address")]
        constraints = [
            models.CheckConstraint(
                name="sender_identity_attested_by_someone",
                condition=models.Q(identity_attested_by__isnull=True, identity_attested_at__isnull=True)
                | models.Q(identity_attested_by__isnull=False, identity_attested_at__isnull=False),
            ),
            models.CheckConstraint(
                name="sender_pace_is_not_nothing",
                condition=(models.Q(per_second__isnull=True) | models.Q(per_second__gt=0))
                & (models.Q(per_day__isnull=True) | models.Q(per_day__gt=0))
                & (models.Q(warm_up_first__isnull=True) | models.Q(warm_up_first__gt=0))
                & models.Q(warm_up_growth__gt=0, warm_up_growth__lte=1000),
            ),
            models.CheckConstraint(
                name="sender_warm_up_is_whole",
                condition=models.Q(warm_up_from__isnull=True, warm_up_first__isnull=True)
                | models.Q(warm_up_from__isnull=False, warm_up_first__isnull=False),
            ),
            models.CheckConstraint(
                name="sender_address_attested_by_someone",
                condition=models.Q(address_attested_by__isnull=True, address_attested_at__isnull=True)
                | models.Q(address_attested_by__isnull=False, address_attested_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.trade_name

    @property
    def selectors(self) -> tuple[str, ...]:
        return tuple(name.strip().lower() for name in self.dkim_selectors.split(",") if name.strip())

    @property
    def is_paced(self) -> bool:
        return any(limit is not None for limit in (self.per_second, self.per_day, self.warm_up_first))

    @property
    def address_lines(self) -> tuple[str, ...]:
        """The postal address as it is printed, legal name first, one line each."""
        town = " ".join(
            filter(None, [f"{self.city}," if self.region else self.city, self.region, self.postal_code])
        )
        return tuple(filter(None, [self.legal_name, self.line1, self.line2, town, self.country]))


class DnsAnswer(models.Model):
    """What DNS said last of a sender's domains: one row a check. A failure to answer leaves what it said before."""

    class Check(models.TextChoices):
        SPF = "spf", "SPF: which servers may send"
        DKIM = "dkim", "DKIM: keys of the signature"
        DMARC = "dmarc", "DMARC: what receivers are asked to do"
        ALIGNMENT = "alignment", "Alignment: who vouches for From"
        REPLIES = "replies", "MX: who takes replies"

    class State(models.TextChoices):
        OK = "ok", "In order"
        WARN = "warn", "Look at it"
        BAD = "bad", "Mend it"
        OPEN = "open", "Not known"

    sender = models.ForeignKey(Sender, models.CASCADE, related_name="dns_answers")
    check_name = models.CharField(max_length=9, choices=Check)  # `check` is a method of every model
    about = models.CharField(max_length=800)  # domains and selectors that were asked about
    state = models.CharField(max_length=4, choices=State)
    words = models.TextField(blank=True)
    found = models.TextField(blank=True)
    record_name = models.CharField(max_length=300, blank=True)
    record_kind = models.CharField(max_length=12, blank=True)
    record_value = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField()
    failure = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("sender", "check_name", name="one_dns_answer_a_check")]

    def __str__(self) -> str:
        return f"{self.check_name} of sender {self.sender_id}"
