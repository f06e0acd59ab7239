"""`status` tells what an operator would ask, and warns by its exit code."""

import json
import uuid
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from mailer import addresses
from mailer.management.commands import status
from mailer.models import Campaign, Heartbeat, KillSwitch, Message, Sender, Trouble
from mailer.privacy import requests
from tests.mailer.plans import rows_read


@pytest.fixture
def campaign(db) -> Campaign:
    sender = Sender.objects.create(trade_name="Acme Garden", legal_name="Acme Garden LLC")
    campaign = Campaign.objects.create(name="Winter", sender=sender, subject="Winter")
    revision = campaign.revisions.create(number=1, sender_facts={}, skeleton=b"-", sha256=b"-" * 32)
    Campaign.objects.filter(pk=campaign.pk).update(state="sending", revision=revision)
    return campaign


def put(campaign: Campaign, number: int, state: str, **fields) -> None:
    key = bytes([number]) * 16
    Message.objects.create(
        campaign_id=campaign.pk, address_key=key, mailbox_key=key, contact_id=number, state=state, **fields
    )


def figures_of(capsys) -> tuple[dict, int]:
    with pytest.raises(SystemExit) as ended:
        call_command("status", "--json")
    return json.loads(capsys.readouterr().out), ended.value.code


def test_status_counts_what_is_due_in_flight_and_unknown_and_is_silent_when_all_is_well(campaign, capsys):
    Heartbeat.objects.create(name="worker", at=timezone.now())
    put(campaign, 1, "pending", due_at=timezone.now() - timedelta(seconds=90))
    put(campaign, 2, "pending", due_at=timezone.now() + timedelta(hours=1))
    put(campaign, 3, "claimed", claim=uuid.uuid4(), worker=1)
    put(campaign, 4, "handed_over", claim=uuid.uuid4(), worker=1)
    put(campaign, 5, "unknown")
    put(campaign, 6, "accepted", settled_at=timezone.now())

    figures, code = figures_of(capsys)

    assert code == 0
    assert 85 <= figures.pop("oldest") < 100  # the database counts from when its transaction began
    assert figures == {
        "workers": 1, "due": 1, "in_flight": 2, "unknown": 1, "rate": 0.1, "journal": 0, "warnings": []
    }  # fmt: skip


OLD = """
INSERT INTO mailer_message (campaign_id, address_key, mailbox_key, contact_id, state, settled_at)
SELECT %s - number %% 20, decode(md5(number::text), 'hex'), decode(md5(number::text), 'hex'), number, 'accepted',
       now() - interval '1 d'
FROM generate_series(1, 5000) AS number
"""


def test_status_does_not_read_through_the_messages_of_campaigns_that_are_over(campaign, capsys):
    ended = Campaign.objects.create(name="Old", sender=campaign.sender, subject="Old")
    revision = Campaign.objects.values_list("revision", flat=True).get(pk=campaign.pk)
    Campaign.objects.filter(pk=ended.pk).update(
        state="sent", revision=revision, finished_at=timezone.now() - timedelta(days=1)
    )
    with connection.cursor() as cursor:
        cursor.execute(OLD, [ended.pk])
        cursor.execute("ANALYZE mailer_message")
    put(campaign, 1, "accepted", settled_at=timezone.now())
    put(ended, 2, "unknown")

    assert rows_read(status.FIGURES, None) < 500
    figures, _ = figures_of(capsys)
    assert (figures["unknown"], figures["rate"]) == (1, 0.1)


def test_status_warns_of_requests_about_data_a_week_ahead(campaign, capsys):
    Heartbeat.objects.create(name="worker", at=timezone.now())
    for days in (2, 24, 31):
        requests.receive(
            "access",
            addresses.parse("dana@example.org"),
            channel="phone",
            received_at=timezone.now() - timedelta(days=days),
        )
    assert figures_of(capsys)[0]["warnings"] == [
        "2 of the requests about personal data must be answered within seven days, or should have been."
    ]


def test_status_warns_of_a_silent_worker_the_kill_switch_and_an_unreachable_server(campaign, capsys):
    KillSwitch.objects.update(is_on=True)
    Trouble.objects.create(about="transport", words="The mail server can't be used.", since=timezone.now())

    figures, code = figures_of(capsys)

    assert code == 1
    assert figures["workers"] == 0
    assert figures["warnings"] == [
        "The mail server can't be used.",
        "All sending is stopped by the kill switch.",
        "No worker has shown life for a minute: nothing is sent or imported. Start one with `manage.py run`.",
    ]


def test_what_waits_for_its_sending_hours_is_not_due_and_waits_since_they_began(campaign, capsys):
    put(campaign, 1, "pending", due_at=timezone.now() - timedelta(hours=9))
    for opens, due, waited in ((1, 0, 0), (-1, 1, 3_000)):
        begins = timezone.now() + timedelta(hours=opens)
        Campaign.objects.update(
            zone="UTC", hours_from="08:00", hours_until="20:00", opens_at=begins, closes_at=begins + timedelta(hours=5)
        )  # fmt: skip
        figures, _ = figures_of(capsys)
        assert figures["due"] == due
        assert waited <= figures["oldest"] < waited + 1_200
