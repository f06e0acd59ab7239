"""What an author writes, and what was frozen of it when it went out."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from mailer.hours import Hours
from mailer.models.contacts import MailingList
from mailer.models.offers import Offer
from mailer.models.proofs import Proof
from mailer.models.senders import Sender


class Campaign(models.Model):
    """One advertisement to the people of one or more lists. `mailer.campaigns` has a verb per arrow:

    draft → sending ⇄ paused → sent, and from sending or paused → cancelled; or draft ⇄ scheduled → sending. A sent one
    is sending again while what may or may not have gone out is sent once more, by an operator's act.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SCHEDULED = "scheduled", "Scheduled"
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
    # its plan: when it begins (null: when it is launched), within which hours it goes out, over how long
    begins_at = models.DateTimeField(null=True, editable=False)
    zone = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)
    hours_from = models.TimeField(null=True, editable=False)
    hours_until = models.TimeField(null=True, editable=False)
    hours_days = models.CharField(max_length=7, default="1234567", db_default="1234567", editable=False)
    spread_minutes = models.PositiveIntegerField(null=True, editable=False)
    # whether its time and its hours are meant on each recipient's own clocks; `zone` then holds where they are unknown
    own_zones = models.BooleanField(default=False, db_default=False, editable=False)
    # when it is that time for the easternmost of its people, while it is scheduled so
    starts_at = models.DateTimeField(null=True, editable=False)
    scheduled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    # the moments of its sending hours that are now or next, for the claim, which knows no zones
    opens_at = models.DateTimeField(null=True, editable=False)
    closes_at = models.DateTimeField(null=True, editable=False)
    # why a scheduled campaign did not begin and waits for a person's decision
    asks = models.TextField(blank=True, default="", db_default="", editable=False)
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
                condition=models.Q(state__in=["draft", "scheduled"]) | models.Q(revision__isnull=False),
            ),
            models.CheckConstraint(
                name="campaign_scheduled_has_its_time",
                condition=~models.Q(state="scheduled")
                | (models.Q(begins_at__isnull=False) & ~models.Q(zone="")),
            ),
            models.CheckConstraint(
                name="campaign_by_own_clocks_has_a_start",
                condition=models.Q(own_zones=False)
                | (~models.Q(zone="") & (~models.Q(state="scheduled") | models.Q(starts_at__isnull=False))),
            ),
            models.CheckConstraint(
                name="campaign_hours_are_whole",
                condition=models.Q(hours_from__isnull=True, hours_until__isnull=True)
                | (
                    models.Q(
                        hours_from__isnull=False,
                        hours_until__isnull=False,
                        hours_from__lt=models.F("hours_until"),
                        hours_days__regex="^[1-7]{1,7}$",
                    )
                    & ~models.Q(zone="")
                ),
            ),
            models.CheckConstraint(
                name="campaign_going_out_knows_its_hours",
                condition=~models.Q(state__in=["sending", "paused"])
                | models.Q(hours_from__isnull=True)
                | models.Q(opens_at__isnull=False, closes_at__isnull=False),
            ),
            models.CheckConstraint(
                name="campaign_that_asks_is_a_draft", condition=models.Q(asks="") | models.Q(state="draft")
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
            # and which begin
            models.Index("begins_at", name="campaign_scheduled", condition=models.Q(state="scheduled")),
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
    def hours(self) -> Hours | None:
        """The hours in which it goes out; None: at any."""
        if self.hours_from is None or self.hours_until is None:
            return None
        return Hours(
            self.zone, self.hours_from, self.hours_until, frozenset(int(day) for day in self.hours_days)
        )

    @property
    def spread(self) -> timedelta:
        """Over how long its messages are spread; zero: as fast as they go."""
        return timedelta(minutes=self.spread_minutes or 0)

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
