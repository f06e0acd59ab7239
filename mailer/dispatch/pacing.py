"""A sender's pace: so many a second, so many a day, fewer while an address warms up; one budget for all workers.

Before a worker claims, it takes from the sender's row as many as may go out now, and gives back what it did not hand
over. Nobody sleeps: who gets nothing is told when to ask again, and serves another campaign meanwhile. The day is
counted in UTC. Limits are read from the sender in the same statement, so that a change counts at once.
"""

from dataclasses import dataclass

from django.db import connection

# Seconds of the pace. A bucket that nobody asked for longer than IDLE begins nearly empty, so that no burst follows a
# rest; workers that were only too busy make up for what they missed, by SURGE times the pace and no faster. At least
# PORTION is taken at once, since each taking costs a claim and three commits, and at most MOST.
IDLE, SURGE, PORTION, MOST = 2.0, 1.2, 0.05, 0.1

# What one day allows: the sender's limit, and what the warm-up has grown to by then (clamped before it overflows).
A_DAY = """LEAST(
    sender.per_day,
    CASE WHEN sender.warm_up_first IS NOT NULL
         THEN LEAST(2000000000, floor(sender.warm_up_first::float * power(
                    1 + sender.warm_up_growth / 100.0,
                    LEAST(60, GREATEST(0, moment.today - sender.warm_up_from))))) END)"""

# The row lock comes first, in a part of its own: the time is then asked after the wait for it. A clock that was set
# back gives nothing for the time that it repeats. LEAST passes over NULL, which is “no limit”. Before its
# first day a warm-up allows as much as on it.
TAKE = f"""
WITH held AS MATERIALIZED (
    SELECT * FROM mailer_pace WHERE sender_id = %(sender)s FOR UPDATE),
moment AS MATERIALIZED (
    SELECT clock_timestamp() AS at, (clock_timestamp() AT TIME ZONE 'UTC')::date AS today FROM held),
elapsed AS MATERIALIZED (
    SELECT held.*, moment.*, sender.per_second AS rate, {A_DAY} AS a_day,
           CASE WHEN held.day = moment.today THEN held.used ELSE 0 END AS used_today,
           GREATEST(0, extract(epoch FROM moment.at - held.counted_at))::float AS seconds
    FROM held CROSS JOIN moment JOIN mailer_sender AS sender ON sender.id = held.sender_id),
filled AS MATERIALIZED (
    SELECT elapsed.*,
           CASE WHEN a_day IS NOT NULL THEN GREATEST(0, a_day - used_today) END AS left_today,
           CASE WHEN rate IS NOT NULL THEN LEAST(%(want)s, GREATEST(1, ceil(rate * {PORTION}))) END AS portion,
           CASE WHEN rate IS NULL THEN NULL
                WHEN seconds > {IDLE} THEN GREATEST(1, rate * {PORTION})
                ELSE LEAST(rate * {IDLE}, elapsed.tokens + rate * seconds) END AS ready,
           CASE WHEN rate IS NOT NULL AND next_at < at + interval '10 s'
                THEN GREATEST(0, extract(epoch FROM next_at - at)) END AS pause
    FROM elapsed),
given AS MATERIALIZED (
    SELECT filled.*,
           CASE WHEN ready < portion OR pause > 0 THEN 0
                ELSE floor(LEAST(%(want)s, ready, left_today,
                                 CASE WHEN rate IS NOT NULL THEN GREATEST(1, rate * {MOST}) END)) END::int AS number
    FROM filled)
UPDATE mailer_pace AS pace
SET tokens = COALESCE(given.ready - given.number, 0), counted_at = given.at, day = given.today,
    used = given.used_today + given.number,
    next_at = CASE WHEN given.number > 0 THEN given.at + given.number * interval '1 s' / ({SURGE} * given.rate)
                   ELSE given.next_at END
FROM given WHERE pace.sender_id = given.sender_id
RETURNING given.number,
          COALESCE(given.left_today < 1, false),
          CASE WHEN given.left_today < 1
               THEN extract(epoch FROM (given.today + 1)::timestamp AT TIME ZONE 'UTC' - given.at)
               ELSE GREATEST(0, (given.portion - given.ready) / given.rate, given.pause) END::float
"""
BEGIN = "INSERT INTO mailer_pace (sender_id, tokens) VALUES (%(sender)s, 1) ON CONFLICT DO NOTHING"
GIVE_BACK = """
UPDATE mailer_pace SET tokens = tokens + %(number)s, used = GREATEST(0, used - %(number)s)
WHERE sender_id = %(sender)s
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """How many may go out now; if none, why and after how many seconds to ask again."""

    number: int
    is_day_over: bool = False  # the day's messages are used up
    wait: float = 0.0


def take(sender: int, want: int) -> Taken:
    """Up to `want` messages of this sender's pace, for the caller alone. Costs one statement."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, {"sender": sender, "want": want})
        if (row := cursor.fetchone()) is None:
            cursor.execute(BEGIN, {"sender": sender})
            cursor.execute(TAKE, {"sender": sender, "want": want})
            row = cursor.fetchone()
    return Taken(*row)


def give_back(sender: int, number: int) -> None:
    """What was taken and not handed over, for the next who asks."""
    if number > 0:
        with connection.cursor() as cursor:
            cursor.execute(GIVE_BACK, {"sender": sender, "number": number})


TODAY = f"""
WITH moment AS (SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date AS today)
SELECT {A_DAY}::bigint, COALESCE(CASE WHEN pace.day = moment.today THEN pace.used END, 0)
FROM mailer_sender AS sender CROSS JOIN moment LEFT JOIN mailer_pace AS pace ON pace.sender_id = sender.id
WHERE sender.id = %s
"""


def today(sender: int) -> tuple[int | None, int]:
    """What the sender may send today in all (None: as many as they like), and how many of it are used."""
    with connection.cursor() as cursor:
        cursor.execute(TODAY, [sender])
        row = cursor.fetchone()
    return row if row else (None, 0)
