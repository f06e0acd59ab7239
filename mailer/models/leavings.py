"""Which lists people left, and to which they came back. Rows hold no address and are only ever added.

Like the ledger they name the mailbox by its key, and the list by its slug, which never changes: so they outlive the
contact, its place on the list, and the list itself. `mailer.contacts.leaving` writes them.
"""

from django.db import models
from django.db.models.functions import Now


class ListLeaving(models.Model):
    """A person's word that they want to be off one list. It is no opt-out: other lists may still write."""

    mailbox_key = models.BinaryField(max_length=16)
    list_slug = models.CharField(max_length=40)
    campaign_number = models.BigIntegerField(null=True)  # the campaign whose link it was
    received_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            # hand-over, claim and page: which lists has this mailbox left?
            models.Index("mailbox_key", "list_slug", name="leaving_of_mailbox"),
            # snapshot and import: who has left these lists?
            models.Index("list_slug", "mailbox_key", name="leaving_of_list"),
        ]

    def __str__(self) -> str:
        return f"leaving {self.pk}"


class ListReturn(models.Model):
    """The person's own later, confirmed wish to be on the list again: it lifts leavings up to one, for one address.

    Order is by number, written under the mailbox's lock, as with reinstatements.
    """

    mailbox_key = models.BinaryField(max_length=16)
    address_key = models.BinaryField(max_length=16)
    list_slug = models.CharField(max_length=40)
    up_to = models.BigIntegerField()  # ListLeaving.id
    requested_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index("mailbox_key", "list_slug", name="return_of_mailbox")]

    def __str__(self) -> str:
        return f"return {self.pk}"
