"""Keys by which other programs use the API: what each may do, and until when."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


class ApiKey(models.Model):
    """One program's key. Only its digest is here: whoever reads the database can't use it.

    Never deleted, since evidence names it for ever; it ends by being revoked, which triggers make final.
    `mailer.api_keys` writes it.
    """

    class Scope(models.TextChoices):
        """What a key may do. None lifts a suppression, and none reads who has opted out."""

        CONTACTS_READ = "contacts:read", "Read lists, and people who may be mailed"
        CONTACTS_WRITE = "contacts:write", "Put people on lists, and take them off"
        SUPPRESSIONS_WRITE = "suppressions:write", "Record opt-outs"
        MAILABLE_READ = "mailable:read", "Ask whether given addresses may be mailed"
        COUNTERS_WRITE = "counters:write", "Read counters, and tell what they stand at"
        IMPORTS_WRITE = "imports:write", "Bring in files, and see what became of them"

    name = models.CharField(max_length=80, help_text="The program that uses it, such as “Web shop”.")
    prefix = models.CharField(
        max_length=8, unique=True, editable=False
    )  # shown, so that people can tell keys apart
    digest = models.BinaryField(max_length=32, editable=False)  # SHA-256 of the whole key
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_on = models.DateField(null=True, editable=False)  # to the day: enough to find keys nobody uses
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-id"]
        verbose_name = "API key"
        default_permissions = ("add", "view")
        permissions = [("revoke_apikey", "Can revoke an API key")]
        constraints = [
            models.CheckConstraint(
                name="api_key_scopes_known",
                condition=models.Q(
                    scopes__contained_by=[
                        "contacts:read",
                        "contacts:write",
                        "suppressions:write",
                        "mailable:read",
                        "counters:write",
                        "imports:write",
                    ]
                )
                & models.Q(scopes__len__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ApiMinute(models.Model):
    """How many requests a key has made in the minute of its last one. Unlogged: after a crash it counts anew."""

    key = models.OneToOneField(ApiKey, models.CASCADE, primary_key=True, related_name="+")
    minute = models.DateTimeField()
    requests = models.IntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"requests of API key {self.key_id}"
