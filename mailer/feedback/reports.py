"""What became of a message, told later by a mail server or an ESP: kept while we don't know it ourselves.

Of a message whose end is known nothing is kept here. Dispatch's next sweep enters what is: it alone changes states.
"""

from mailer.models import Message, Report

OPEN = (Message.State.HANDED_OVER, Message.State.UNKNOWN)


def report(
    campaign: int, address_key: bytes, kind: Report.Kind, source: Report.Source, *, status: str = ""
) -> bool:
    """Keep that a message was delivered, or bounced for good; returns whether it was one that we know nothing of.

    Also while it is being handed over: the worker may die before it writes down what it heard. Repeats are harmless.
    `status` is a code of RFC 3463, or nothing.
    """
    if not Message.objects.filter(campaign_id=campaign, address_key=address_key, state__in=OPEN).exists():
        return False
    told = Report(campaign_id=campaign, address_key=address_key, kind=kind, source=source, status=status)
    Report.objects.bulk_create([told], ignore_conflicts=True)
    return True
