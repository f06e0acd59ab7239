"""Why somebody gets a message: one sentence, from stored facts only (GDPR 13 and 14; DUTIES D46)."""

import calendar
from datetime import datetime
from functools import lru_cache

from mailer.models import Subscription

Source = Subscription.Source
AS_WHOM = {
    Source.FORM: "as somebody who signed up on a form of {trade_name}",
    Source.CUSTOMER: "as a customer of {trade_name}",
    Source.EVENT: "as somebody {trade_name} met at an event",
    Source.PARTNER: "through a partner of {trade_name}",
    Source.MIGRATION: "from the earlier mailing system of {trade_name}",
}


@lru_cache(maxsize=1024)  # an import's people share it: a third of a fill's time (measured)
def reason_for(list_name: str, source: str, subscribed_at: datetime, trade_name: str) -> str:
    """The rest of “You received it at … because …”.

    Raises ValueError for a source that is none of ours: a message that can't say where it has an
    address from is not sent.
    """
    as_whom = AS_WHOM[Source(source)].format(trade_name=trade_name)
    day = f"{subscribed_at.day} {calendar.month_name[subscribed_at.month]} {subscribed_at.year}"
    return f"you are on the list “{list_name}” {as_whom} since {day}"
