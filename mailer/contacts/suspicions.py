"""Whether the addresses of a file look made up by a program rather than given by people (15 U.S.C. 7704(b)(1)(A)(ii)).

Asked of the staged people, in sets. Small numbers prove nothing, so each sign has a least size; names that
can't be anybody's (RFC 2606: example.org, .test and the like) make nobody suspicious.
"""

from django.db import connection

LEAST = 50  # addresses that show a pattern, before it counts as one

# Names that can't be anybody's. LIKE and no regular expression: this is asked of every row of a million.
RESERVED = ("example.com", "example.net", "example.org", "example", "test", "invalid", "localhost")
SOMEBODYS = " AND ".join(f"domain <> '{name}' AND domain NOT LIKE '%%.{name}'" for name in RESERVED)
NAMES = f"""
SELECT * FROM (
    SELECT split_part(email, '@', 1) AS local, split_part(email, '@', 2) AS domain FROM people) AS every
WHERE {SOMEBODYS}
"""

# The local part ends in a number, and the numbers of one stem at one domain leave few gaps: a1@, a2@, a3@ …
SEQUENCES = f"""
SELECT domain, stem, count(*) FROM (
    SELECT domain, stem, right(substr(local, length(stem) + 1), 15)::bigint AS number FROM (
        SELECT domain, local, rtrim(local, '0123456789') AS stem FROM ({NAMES}) AS names) AS stems
    WHERE length(stem) < length(local)) AS numbered
GROUP BY domain, stem
HAVING count(*) >= %(least)s AND max(number) - min(number) < 1.5 * count(*)
ORDER BY count(*) DESC LIMIT 3
"""

# Every first name with every last name at one domain. A firm's real list fills a small part of that grid.
GRIDS = f"""
SELECT domain, count(*) FROM (
    SELECT domain, split_part(local, '.', 1) AS first, split_part(local, '.', 2) AS last
    FROM ({NAMES}) AS names WHERE local ~ '^[^.0-9]+[.][^.0-9]+$') AS named
GROUP BY domain
HAVING count(*) >= %(least)s AND count(DISTINCT first) >= 5 AND count(DISTINCT last) >= 5
   AND count(*) >= 0.5 * count(DISTINCT first) * count(DISTINCT last)
ORDER BY count(*) DESC LIMIT 3
"""

# The same name before the @-sign at one domain after another. An address is there once, so a name's addresses are
# its domains; counting them so needs no sorting.
REPEATED = f"""
SELECT lower(local), count(*) FROM ({NAMES}) AS names
GROUP BY lower(local)
HAVING count(*) >= %(least)s AND count(*) > 0.1 * (SELECT count(*) FROM people)
ORDER BY count(*) DESC LIMIT 3
"""


def of_people(role_accounts: int) -> list[str]:
    """What is suspicious of the staged people, in words; `role_accounts` of them are offices' mailboxes."""
    numbers = {"least": LEAST}
    words = []
    with connection.cursor() as cursor:
        cursor.execute(SEQUENCES, numbers)
        words += [f"{n:,} numbered addresses in a row at {domain}" for domain, _, n in cursor.fetchall()]
        cursor.execute(GRIDS, numbers)
        words += [f"{n:,} combinations of the same names at {domain}" for domain, n in cursor.fetchall()]
        cursor.execute(REPEATED, numbers)
        words += [f"“{local}@” at {n:,} different domains" for local, n in cursor.fetchall()]
        cursor.execute("SELECT count(*) FROM people")
        people = cursor.fetchone()[0]
    if role_accounts >= LEAST and role_accounts > 0.3 * people:
        words.append(f"{role_accounts:,} mailboxes of offices, such as info@, among {people:,} addresses")
    return words
