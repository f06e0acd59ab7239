"""Why mail waits although nobody paused it, in sentences for people."""

from mailer.dispatch import domains, pacing
from mailer.models import Sender, Trouble

NAMED = 3  # domains, before the rest is only counted


def warnings() -> list[str]:
    """What keeps mail from going out by itself now, for the first page and `status`."""
    return [trouble.words for trouble in Trouble.objects.order_by("about")] + _held()


def _held() -> list[str]:
    found = domains.held()
    if not found:
        return []
    named = "; ".join(f"{domain} said “{words}”" for domain, words in found[:NAMED])
    more = f"; and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return [
        f"Mail to some domains goes slower, because their servers keep putting it off: {named}{more}. It is tried "
        "again by itself; each message that is put off too often is counted as withheld."
    ]


def pace_of(sender: Sender) -> str:
    """What the sender's pace is, and how much of today is used; "" where it has none."""
    if not sender.is_paced:
        return ""
    a_second = f"At most {sender.per_second:,} messages a second. " if sender.per_second else ""
    a_day, used = pacing.today(sender.pk)
    if a_day is None:
        return a_second.strip()
    if used >= a_day:
        return f"{a_second}Today's {a_day:,} messages of this sender are used; the rest goes out after midnight UTC."
    return f"{a_second}{used:,} of today's {a_day:,} messages of this sender are used."
