"""The state of the machine room: the kill switch, and who is alive."""

from django.conf import settings
from django.db import models


class KillSwitch(models.Model):
    """One row. While it is on, nothing is handed over, whatever the campaign (D125)."""

    is_on = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(name="one_kill_switch", condition=models.Q(id=1))]
        permissions = [("turn_killswitch", "Can stop and allow all sending")]

    def __str__(self) -> str:
        return "kill switch"


class Heartbeat(models.Model):
    """When a process last showed that it lives. Replaces the broker's ping, which pgmq has not."""

    name = models.CharField(max_length=60, primary_key=True)  # “worker”, “beat”
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Trouble(models.Model):
    """Something outside that keeps mail from going out, in words for a person. Gone when it is over.

    About the transport it is the breaker too: until `again_at` nobody connects, then one worker tries.
    """

    about = models.CharField(max_length=20, primary_key=True)  # “transport”
    words = models.TextField()
    since = models.DateTimeField()
    again_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(db_default=0)

    def __str__(self) -> str:
        return f"trouble with the {self.about}"
