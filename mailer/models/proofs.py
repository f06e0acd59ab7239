"""What bears a claim out beside an offer: files that prove it, and numbers that are asked before each message."""

from django.db import models
from django.db.models.functions import Now


class Proof(models.Model):
    """One file that bears out a claim: a study, a test, a permission (DUTIES D26, T14). Rows are only ever added.

    The bytes are in the database, so that one dump has all that a court may ask for; `sha256` is theirs, by constraint.
    """

    claim = models.CharField(max_length=200)  # the words that it proves: “clinically tested”
    proves = models.TextField(max_length=1_000)  # what it says of them, in plain words
    source = models.CharField(max_length=200)  # who found it
    found_on = models.DateField()
    file_name = models.CharField(max_length=200)
    size = models.PositiveIntegerField()  # bytes
    data = models.BinaryField()
    sha256 = models.BinaryField(max_length=32)
    actor = models.CharField(max_length=60)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        default_permissions = ("add", "view")

    def __str__(self) -> str:
        return self.claim


class Counter(models.Model):
    """A number that falls, such as seats that are left. Its readings are only ever added."""

    slug = models.SlugField(max_length=60, unique=True)
    what = models.CharField(max_length=200)
    actor = models.CharField(max_length=60)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        default_permissions = ("add", "view")

    def __str__(self) -> str:
        return self.what


class Reading(models.Model):
    """What a counter stood at, and since when; the last one counts."""

    counter = models.ForeignKey(Counter, models.DO_NOTHING, related_name="readings", db_constraint=False)
    value = models.PositiveIntegerField()
    actor = models.CharField(max_length=60)
    read_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        default_permissions = ("add", "view")
        indexes = [models.Index(fields=["counter", "-id"], name="reading_last")]  # asked at each hand-over

    def __str__(self) -> str:
        return f"{self.value}"


class SpokenCount(models.Model):
    """A campaign says that a counter stands at this number; where it does not, nothing of it goes out."""

    campaign = models.ForeignKey("Campaign", models.CASCADE, related_name="counts")
    counter = models.ForeignKey(Counter, models.DO_NOTHING, related_name="spoken", db_constraint=False)
    said = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["campaign", "counter"], name="counter_spoken_of_once")]

    def __str__(self) -> str:
        return f"{self.said}"
