"""How many rows the statements of a group read, whatever the planner knows of the campaign."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from mailer.dispatch.hand_over import HAND_OVER
from mailer.dispatch.settle import SETTLE
from tests.mailer.plans import rows_read

OLD, NEW = 1, 2  # campaigns
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
        "campaign": NEW, "claim": CLAIM, "keys": " ".join(keys[:GROUP]), "slugs": slugs, "journal_mark": 0
    }  # fmt: skip


def test_handing_a_group_over_reads_its_own_rows_and_not_the_campaign(group):
    assert 0 < rows_read(HAND_OVER, group) <= A_FEW


def test_settling_a_group_reads_its_own_rows_and_not_the_campaign(group):
    words = {"reason": "", "detail": "250 OK", "transport_id": "", "sha256": "00" * 32, "wait": 0}
    results = [{"key": key, "state": "accepted", **words} for key in group["keys"].split(" ")]
    assert 0 < rows_read(SETTLE, {**group, "results": json.dumps(results)}) <= A_FEW
