"""What an author writes, and what was frozen of it when it went out."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from mailer.models.contacts import MailingList
from mailer.models.offers import Offer
from mailer.models.proofs import Proof
from mailer.models.senders import Sender


class Campaign(models.Model):
    """One advertisement to the people of one or more lists. `mailer.campaigns` has a verb per arrow:

    draft → sending ⇄ paused → sent, and from sending or paused → cancelled. A sent one is sending again while what may
    or may not have gone out is sent once more, by an operator's act.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SENDING = "sending", "Sending"
        PAUSED = "paused", "Paused"
        SENT = "sent", "Sent"
        CANCELLED = "cancelled", "Cancelled"

    class Kind(models.TextChoices):
        """Commercial by default and in doubt (D1–D3); `mailer.rendering.kinds` has the words of each."""

        COMMERCIAL = "commercial", "Commercial"
        MIXED = "mixed", "Contains advertising"
        EDITORIAL = "editorial", "Editorial"
        RELATIONSHIP = "relationship", "Relationship"
        NOTICE = "notice", "Notice required by law"

    class Purpose(models.TextChoices):
        """Of relationship mail the five of 15 U.S.C. 7702(17)(A); of notices the two that a law asks for (D66)."""

        TRANSACTION = "transaction", "An order or agreement: to complete or confirm it"
        SAFETY = "safety", "Warranty, recall or safety of something they bought"
        ACCOUNT = "account", "Account, subscription or membership: terms, standing, statement"
        EMPLOYMENT = "employment", "Employment and the benefits that go with it"
        DELIVERY = "delivery", "Delivery of what is due to them, updates included"
        BREACH = "breach", "Notice of a breach of personal data"
        RIGHTS = "rights", "Notice about their rights in personal data"

    class Layout(models.TextChoices):
        """What is drawn around the body, or what the body is. `rendering.layouts` has one way for each."""

        NEWSLETTER = "newsletter", "Newsletter"
        ANNOUNCEMENT = "announcement", "Announcement"
        LETTER = "letter", "Letter"
        OWN_HTML = "", "My own HTML"
        MJML = "mjml", "My own MJML"

    name = models.CharField(max_length=120, help_text="For yourself; recipients don't see it.")
    sender = models.ForeignKey(Sender, models.PROTECT, related_name="campaigns")
    lists = models.ManyToManyField(MailingList, related_name="campaigns")
    offers = models.ManyToManyField(Offer, related_name="campaigns", editable=False, db_constraint=False)
    proofs = models.ManyToManyField(Proof, related_name="campaigns", editable=False, db_constraint=False)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.COMMERCIAL)
    purpose = models.CharField(max_length=12, choices=Purpose, blank=True)
    # who else is promoted in it, a name a line; the sender alone answers for it (16 CFR 316.2(m), D7)
    advertisers = models.TextField("other advertisers", max_length=800, blank=True)
    is_explicit = models.BooleanField("sexually oriented", default=False)
    subject = models.CharField(max_length=200)
    preheader = models.CharField(
        max_length=140, blank=True, help_text="The line that many mail programs show beside the subject."
    )
    layout = models.CharField(max_length=12, choices=Layout, blank=True, default=Layout.OWN_HTML)
    html = models.TextField(
        "body (HTML)",
        blank=True,
        help_text="Label, postal address and opt-out are put around it. Merge fields: "
        '{{ first_name|default:"friend" }}, {{ last_name|default:"" }}.',
    )
    text = models.TextField(
        "body (plain text)", blank=True, help_text="Leave it empty to have it made from the HTML."
    )
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT, editable=False)
    revision = models.ForeignKey(
        "Revision", models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    # why Candor paused it by itself; empty when a person did
    pause_reason = models.TextField(blank=True, editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    # who changed it last: they don't release what a rule holds of it, where two persons are asked for
    last_writer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    review_asked_at = models.DateTimeField(null=True, editable=False)
    review_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    launched_at = models.DateTimeField(null=True, editable=False)
    snapshot_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    # how many messages ended how, once none of them can change any more: [[state, reason, number], …]
    final_counts = models.JSONField(null=True, editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="campaign_goes_out_as_a_revision",
                condition=models.Q(state="draft") | models.Q(revision__isnull=False),
            ),
            models.CheckConstraint(
                name="campaign_purpose_is_of_its_kind",
                condition=models.Q(
                    kind="relationship",
                    purpose__in=["transaction", "safety", "account", "employment", "delivery"],
                )
                | models.Q(kind="notice", purpose__in=["breach", "rights"])
                | models.Q(kind__in=["commercial", "mixed", "editorial"], purpose=""),
            ),
            models.CheckConstraint(
                name="campaign_promotes_only_as_advertising",
                condition=models.Q(kind__in=["commercial", "mixed"])
                | models.Q(advertisers="", is_explicit=False),
            ),
            models.CheckConstraint(
                name="campaign_notice_is_plain_text",
                condition=~models.Q(kind="notice") | models.Q(html="", preheader=""),
            ),
        ]
        indexes = [
            # the sweep asks every few seconds which campaigns are going out
            models.Index("id", name="campaign_sending", condition=models.Q(state="sending")),
            # and which are over but not counted for good
            models.Index(
                "id",
                name="campaign_uncounted",
                condition=models.Q(
                    finished_at__isnull=False, snapshot_at__isnull=False, final_counts__isnull=True
                ),
            ),
        ]
        permissions = [
            ("launch_campaign", "Can launch, pause, resume and cancel campaigns"),
            ("testsend_campaign", "Can send tests"),
            ("approve_campaign", "Can release what a rule holds"),
            ("resend_unknown", "Can send again what may or may not have gone out"),
            ("choose_kind", "Can choose relationship mail and notices required by law"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def other_advertisers(self) -> tuple[str, ...]:
        names = (" ".join(name.split()) for name in self.advertisers.splitlines())
        return tuple(dict.fromkeys(name for name in names if name))


class Revision(models.Model):
    """A campaign's content, sender and list facts, compiled and frozen. Rows are never changed (trigger).

    `skeleton` are the bytes that the gate checked and that every message is filled from.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    subject = models.CharField(max_length=200)
    preheader = models.CharField(max_length=140, blank=True)
    layout = models.CharField(max_length=12, blank=True, default="")
    html = models.TextField(blank=True)
    text = models.TextField(blank=True)
    kind = models.CharField(
        max_length=12,
        choices=Campaign.Kind,
        default=Campaign.Kind.COMMERCIAL,
        db_default=Campaign.Kind.COMMERCIAL,
    )
    sender_facts = models.JSONField()
    brand = models.JSONField(default=dict)
    skeleton = models.BinaryField()
    sha256 = models.BinaryField(max_length=32)
    approval = models.ForeignKey(
        # no constraint: approvals can't be deleted, and a referenced table could be emptied by CASCADE
        "Approval",
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "number"], name="revision_number_once")]

    def __str__(self) -> str:
        return f"revision {self.number} of campaign {self.campaign_id}"


class TestAddress(models.Model):
    """A mailbox that staff may send tests to, besides their own."""

    __test__ = False  # pytest collects classes by their name

    email = models.EmailField(unique=True)
    whose = models.CharField(max_length=80, help_text="Whose mailbox this is.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["email"]
        verbose_name_plural = "test addresses"

    def __str__(self) -> str:
        return f"test address {self.pk}"


class TestSend(models.Model):
    """A test of a campaign to one staff mailbox. It passes the same gate, ledger and hand-over."""

    __test__ = False

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        HANDED_OVER = "handed_over", "Handed over"
        ACCEPTED = "accepted", "Accepted by the mail server"
        REFUSED = "refused", "Refused by the mail server"
        WITHHELD = "withheld", "Withheld"
        UNKNOWN = "unknown", "Unknown"

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="test_sends")
    skeleton = models.BinaryField()
    email = models.EmailField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    detail = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"test {self.pk} of campaign {self.campaign_id}"
