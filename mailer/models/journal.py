"""How far the ledger holds what the journal's files say. A restored dump brings back how far it was then."""

from django.db import models


class JournalFile(models.Model):
    """Up to which byte the lines of one file are in the ledger."""

    name = models.CharField(max_length=200, primary_key=True)
    position = models.BigIntegerField()
    damaged = models.IntegerField(default=0)  # lines before it that nobody can read

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class JournalMark(models.Model):
    """One row: how many bytes were ever entered. The journal keeps the same number, and notices an older one."""

    replayed = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(name="one_journal_mark", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return "journal mark"
