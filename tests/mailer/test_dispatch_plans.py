"""How many rows the statements of a group read, whatever the planner knows of the campaign."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from mailer.dispatch.claim import CLAIM as CLAIM_DUE
from mailer.dispatch.hand_over import HAND_OVER, hand_over
from mailer.dispatch.settle import SETTLE
from tests.mailer.plans import rows_read
from tests.stories import parts

OLD, NEW = 1_000_001, 1_000_002  # campaigns, whose numbers no draft gets
MESSAGES, CLAIMED, GROUP = 20_000, 500, 200
A_FEW = 2 * CLAIMED + 2 * GROUP
CLAIM = uuid4()

AUDIENCE = """
INSERT INTO mailer_message (campaign_id, address_key, mailbox_key, contact_id, state)
SELECT %s, decode(md5(number::text), 'hex'), decode(md5(number::text), 'hex'), number, %s
FROM generate_series(1, %s) AS number
"""
TAKE = """
UPDATE mailer_message SET state = 'claimed', claim = %s, worker = 1
WHERE campaign_id = %s AND contact_id <= %s RETURNING address_key
"""
DUE = "UPDATE mailer_message SET campaign_id = %s, due_at = now() WHERE campaign_id = %s"
WITH_HOURS = """
UPDATE mailer_campaign
SET zone = 'UTC', hours_from = '08:00', hours_until = '20:00', opens_at = now() + %(opens)s * interval '1 s',
    closes_at = now() + (%(opens)s + 7200) * interval '1 s'
WHERE id = %(campaign)s
"""


@pytest.fixture(params=["before the campaign", "after the campaign"])
def group(request, db) -> dict[str, Any]:
    """A group of a campaign whose table was analysed before or after its audience was fixed."""
    with connection.cursor() as cursor:
        cursor.execute(AUDIENCE, [OLD, "accepted", MESSAGES])
        if request.param == "before the campaign":
            cursor.execute("ANALYZE mailer_message")
        cursor.execute(AUDIENCE, [NEW, "pending", MESSAGES])
        if request.param == "after the campaign":
            cursor.execute("ANALYZE mailer_message")
        cursor.execute(TAKE, [CLAIM, NEW, CLAIMED])
        keys = [bytes(key).hex() for (key,) in cursor.fetchall()]
    slugs = " ".join(["friends"] * GROUP)
    return {
        "campaign": NEW, "claim": CLAIM, "keys": " ".join(keys[:GROUP]), "slugs": slugs, "untils": "", "journal_mark": 0
    }  # fmt: skip


def test_handing_a_group_over_reads_its_own_rows_and_not_the_campaign(group):
    assert 0 < rows_read(HAND_OVER.here(), group) <= A_FEW


def test_a_session_plans_a_hand_over_once_and_then_no_more(living_database):
    campaign = parts.launch(parts.draft(parts.list_of(3)))
    for _ in range(2):
        hand_over(campaign.pk, CLAIM, [])
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, generic_plans, custom_plans FROM pg_prepared_statements")
        assert cursor.fetchall() == [("hand_over", 2, 0)]


def test_settling_a_group_reads_its_own_rows_and_not_the_campaign(group):
    assert 0 < rows_read(SETTLE, told(group["keys"].split(" "))) <= A_FEW


def test_settling_the_few_of_a_far_server_reads_no_more_of_a_small_table(db):
    with connection.cursor() as cursor:
        cursor.execute(AUDIENCE, [NEW, "pending", 4_000])
        cursor.execute("ANALYZE mailer_message")
        cursor.execute(TAKE, [CLAIM, NEW, 3])
        keys = [bytes(key).hex() for (key,) in cursor.fetchall()]
    assert 0 < rows_read(SETTLE, told(keys)) <= 2 * 3


def told(keys: list[str]) -> dict[str, Any]:
    """That these messages were accepted, as it is written down."""
    words = {"reason": "", "detail": "250 OK", "transport_id": "", "sha256": "00" * 32, "wait": 0}
    results = [{"key": key, "state": "accepted", **words} for key in keys]
    return {"campaign": NEW, "claim": CLAIM, "results": json.dumps(results), "number": len(results)}


@pytest.mark.parametrize(("opens", "read"), [(-3600, CLAIMED), (3600, 0)])
def test_claiming_reads_what_it_takes_and_outside_of_sending_hours_nothing(group, opens, read):
    draft = parts.draft(parts.list_of(1))
    with connection.cursor() as cursor:
        cursor.execute(DUE, [draft.pk, NEW])
        cursor.execute(WITH_HOURS, {"opens": opens, "campaign": draft.pk})
    lists = [draft.lists.get().pk]
    asked = {
        "campaign": draft.pk,
        "limit": CLAIMED,
        "claim": uuid4(),
        "worker": 1,
        "lists": lists,
        "lawful": False,
    }
    # Found, then looked up to be changed, then compared with the only contact, if the planner knows it is the only one.
    assert read <= rows_read(CLAIM_DUE, asked) <= 3 * read


def test_no_session_of_ours_has_its_plans_compiled_however_it_began(living_database):
    for _ in range(2):
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute("SHOW jit")
            assert cursor.fetchone() == ("off",)
