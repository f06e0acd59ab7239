"""Four worker processes share one sender's pace of 100 messages a second."""

from collections.abc import Iterator

from django.db import connection

from bench import dispatch, letter, round_trip, scratch
from mailer.models import Sender

A_SECOND = 100
MESSAGES = 2_000
WORKERS = 4
AWAY = 0.005  # seconds to the server and back

# The first portion begins the time, so it is not counted in it.
PACE = """
SELECT (count(*) - count(*) FILTER (WHERE at < first + interval '20 ms')) / extract(epoch FROM max(at) - min(first)),
       (SELECT max(messages) FROM (
           SELECT count(*) OVER (ORDER BY handed_over_at RANGE BETWEEN CURRENT ROW AND interval '1 s' FOLLOWING)
                  AS messages
           FROM mailer_message WHERE campaign_id = %(campaign)s) AS windows)
FROM (SELECT handed_over_at AS at, min(handed_over_at) OVER () AS first
      FROM mailer_message WHERE campaign_id = %(campaign)s) AS sent
"""


def run(messages: int = MESSAGES) -> Iterator[dict[str, object]]:
    with scratch.database("pace"), round_trip.server(AWAY) as port:
        sender, user = letter.sender_and_user()
        Sender.objects.filter(pk=sender.pk).update(per_second=A_SECOND)
        campaign = dispatch.audience_of(sender, user, dispatch.list_of(messages))
        dispatch.candor(port, campaign, WORKERS, SENDING_WORKERS=str(WORKERS))
        with connection.cursor() as cursor:
            cursor.execute(PACE, {"campaign": campaign.pk})
            rate, fullest = cursor.fetchone()
    for what, value in (("in all", float(rate)), ("fullest second", float(fullest))):
        yield {
            "bench": f"pace, {WORKERS} workers: {what}",
            "value": round(value, 1),
            "unit": "messages/s",
            "against": f"the cap of {A_SECOND}",
            "ratio": round(value / A_SECOND, 3),
        }
