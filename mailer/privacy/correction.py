"""What is wrong about a person is put right by the person, or by staff at their word (GDPR 16)."""

from django.db import transaction

from mailer import evidence
from mailer.models import Contact

LONGEST_NAME = 80


def correct_names(contact: Contact, *, first_name: str, last_name: str, actor: str) -> bool:
    """Write the names as the person writes them; empty is a name too. Returns whether anything changed."""
    names = {"first_name": cleaned(first_name), "last_name": cleaned(last_name)}
    with transaction.atomic():
        known = Contact.objects.select_for_update().filter(pk=contact.pk).first()
        changed = [name for name, value in names.items() if known and getattr(known, name) != value]
        if known is None or not changed:
            return False
        for name in changed:
            setattr(known, name, names[name])
        known.save(update_fields=changed)
        evidence.record(
            "names corrected",
            actor=actor,
            subject=f"contact {known.pk}",
            mailbox_key=bytes(known.mailbox_key),
            fields=changed,
        )
    return True


def cleaned(name: str) -> str:
    """A name on one line, as long as the books take it: nothing in it can start a header of its own."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())[:LONGEST_NAME]
