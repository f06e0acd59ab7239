"""A table of messages in partitions keeps every promise, and is made from one that is in use."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from mailer import audience, campaigns, dispatch
from mailer.management.commands.print_partition import PARTITION
from mailer.models import Campaign, Message
from mailer.privacy import retention
from tests.stories import parts

CONSTRAINTS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'mailer_message'::regclass
"""
INDEXES = """
SELECT indexrelid::regclass::text, replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON '), indisvalid
FROM pg_index WHERE indrelid = 'mailer_message'::regclass
"""
INDEXES_OF_THE_OLD = """
SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid = 'mailer_message_from_0'::regclass
"""
TRIGGERS = "SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'mailer_message'::regclass"
COLUMNS = """
SELECT attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)
FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attrelid = 'mailer_message'::regclass AND attnum > 0
"""
PARTS = """
SELECT inhrelid::regclass::text, pg_get_expr(relpartbound, oid)
FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'mailer_message'::regclass ORDER BY oid
"""
KNOWN = """
SELECT oid::regclass::text, reltuples::int FROM pg_class JOIN pg_inherits ON inhrelid = oid
WHERE inhparent = 'mailer_message'::regclass ORDER BY oid
"""
BY_PART = "SELECT tableoid::regclass::text, count(*) FROM mailer_message GROUP BY 1 ORDER BY 1"


def asked(statement: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def begin_a_partition(capsys) -> None:
    call_command("print_partition")
    printed = capsys.readouterr().out
    assert printed.strip() == PARTITION.strip()
    with connection.cursor() as cursor:
        cursor.execute(printed)


def sent(server, friends) -> Campaign:
    campaign = parts.draft(friends)
    campaigns.launch(campaign, parts.staff())
    audience.snapshot(campaign)
    dispatch.run_slice(campaign.pk)
    assert campaigns.finish(campaign.pk)
    return campaign


def test_campaigns_go_out_before_between_and_after_and_the_table_promises_what_it_did(
    living_database, settings, tmp_path, capsys
):
    promised = {each: sorted(asked(each)) for each in (CONSTRAINTS, INDEXES, TRIGGERS, COLUMNS)}
    friends = parts.list_of(3)
    numbers = []
    with parts.mail_server(settings, tmp_path) as server:
        for _ in range(3):
            numbers.append(sent(server, friends).pk)
            begin_a_partition(capsys)
        numbers.append(sent(server, friends).pk)
        assert server.store.count() == 12
    first, second, third, _ = (number + 1 for number in numbers)
    assert asked(PARTS) == [
        ("mailer_message_from_0", f"FOR VALUES FROM (MINVALUE) TO ('{first}')"),
        (f"mailer_message_from_{first}", f"FOR VALUES FROM ('{first}') TO ('{second}')"),
        (f"mailer_message_from_{second}", f"FOR VALUES FROM ('{second}') TO ('{third}')"),
        (f"mailer_message_from_{third}", f"FOR VALUES FROM ('{third}') TO (MAXVALUE)"),
    ]
    assert [count for _, count in asked(BY_PART)] == [3, 3, 3, 3]
    for each, before in promised.items():
        assert sorted(asked(each)) == before
    names = [name for name, *_ in promised[INDEXES]]
    assert sorted(asked(INDEXES_OF_THE_OLD)) == sorted((f"{name}_from_0", True) for name in names)
    assert set(Message.objects.values_list("state", flat=True)) == {"accepted"}
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(campaign_id=numbers[-1]).update(state="withheld", reason="")
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(campaign_id=numbers[-1]).update(address_key=b"k" * 16)

    long_ago = timezone.now() - retention.limit_of("mailer.Message") - timedelta(days=1)
    Campaign.objects.filter(pk=numbers[0]).update(finished_at=long_ago)
    list(retention.run(timezone.now()))
    assert [count for _, count in asked(BY_PART)] == [3, 3, 3]


def test_after_a_snapshot_only_the_newest_parts_are_analysed(living_database, settings, tmp_path, capsys):
    friends = parts.list_of(3)
    with parts.mail_server(settings, tmp_path) as server:
        for _ in range(3):
            sent(server, friends)
            begin_a_partition(capsys)
        Message.objects.filter(campaign_id=Message.objects.earliest("pk").campaign_id).delete()
        sent(server, friends)
    known = [rows for _, rows in asked(KNOWN)]
    assert known == [3, 3, 3, 3], "nobody has looked again at the first, which is empty now"


def test_a_partition_without_a_campaign_is_not_followed_by_another(living_database, capsys):
    begin_a_partition(capsys)
    before = asked(PARTS)
    with pytest.raises(DatabaseError, match="no campaign yet"):
        begin_a_partition(capsys)
    assert asked(PARTS) == before
