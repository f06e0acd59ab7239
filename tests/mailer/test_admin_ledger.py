"""The ledger, as staff ask it and enter into it; and that nothing there lifts an opt-out."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from mailer import addresses, suppression
from mailer.models import Evidence, Suppression
from tests.mailer.admin_door import said, signed_in

pytestmark = pytest.mark.django_db

ADA = addresses.parse("ada@example.org")


def test_the_ledger_tells_every_reason_and_leaves_no_address_in_a_url():
    suppression.suppress(
        ADA.mailbox_key,
        reason="opt_out",
        channel="one_click",
        actor="recipient",
        address_key=ADA.address_key,
        campaign=77,
    )
    suppression.suppress(ADA.mailbox_key, reason="complaint", channel="feedback_loop", actor="worker")
    answer = signed_in("Marketer").post("/admin/mailer/suppression/", {"address": "ADA+x@example.org"})
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert "Is not mailed." in shown
    rows = re.findall(
        r'data-label="Reason">([^<]+)</td><td data-label="How we were told">([^<]+)</td>', shown
    )
    assert rows == [
        ("Complaint", "Mailbox provider&#x27;s feedback loop"),
        ("Opt-out", "One click in the mail program"),
    ]
    assert '<td data-label="Campaign">77</td>' in shown
    assert not re.findall(r'(?:href|action|src)="[^"]*(?:@|%40|ada)[^"]*"', shown, re.I)
    assert 'method="get"' not in shown
    assert "no-store" in answer["Cache-Control"]


def test_the_ledger_does_not_take_an_address_from_a_url():
    suppression.suppress(ADA.mailbox_key, reason="opt_out", channel="page", actor="recipient")
    shown = signed_in().get("/admin/mailer/suppression/", {"address": ADA.text}).content.decode()
    assert "Is not mailed." not in shown
    assert ADA.text not in shown


def test_what_its_owner_lifted_is_shown_as_lifted():
    suppression.suppress(ADA.mailbox_key, reason="opt_out", channel="page", actor="recipient")
    suppression.reinstate(ADA, requested_at=timezone.now())
    client = signed_in()
    mine = client.post("/admin/mailer/suppression/", {"address": ADA.text}).content.decode()
    assert "May be mailed." in mine
    assert "Lifted by its owner" in mine
    other = client.post("/admin/mailer/suppression/", {"address": "ada+2@example.org"}).content.decode()
    assert "Is not mailed." in other
    assert "at another address of this mailbox" in other


def test_evidence_about_a_mailbox_is_for_those_who_may_see_evidence():
    suppression.suppress(ADA.mailbox_key, reason="opt_out", channel="page", actor="recipient")
    for group, sees in (("Marketer", 0), ("Operator", 1)):
        answer = signed_in(group).post("/admin/mailer/suppression/", {"address": ADA.text})
        assert len(answer.context["acts"]) == sees


@pytest.mark.duty("D56")
def test_an_opt_out_by_phone_counts_from_now_and_says_when_it_arrived():
    arrived = (timezone.now() - timedelta(days=2)).replace(second=0, microsecond=0)
    form = {"address": ADA.text, "channel": "phone", "received_at": f"{arrived:%Y-%m-%dT%H:%M}"}
    client = signed_in("Operator")
    answer = client.post("/admin/mailer/suppression/record/", form, follow=True)
    entry = Suppression.objects.get()
    assert (entry.reason, entry.channel, entry.received_at) == ("opt_out", "phone", arrived)
    assert not suppression.mailable(ADA)
    assert said(answer) == ["Recorded. From now on nothing more goes to this mailbox."]
    assert Evidence.objects.get(verb="suppressed").actor.startswith("user ")
    again = client.post("/admin/mailer/suppression/record/", form, follow=True)
    assert said(again) == ["This mailbox had opted out before. That stands; nothing goes to it."]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"received_at": "2999-01-01T10:00"}, "received_at"),
        ({"channel": "one_click"}, "channel"),
        ({"address": "nobody"}, "address"),
    ],
)
def test_an_opt_out_from_the_future_or_by_a_machine_s_channel_is_not_recorded(wrong, field):
    form = {"address": ADA.text, "channel": "phone", "received_at": "2026-01-01T10:00", **wrong}
    answer = signed_in("Operator").post("/admin/mailer/suppression/record/", form)
    assert list(answer.context["form"].errors) == [field]
    assert not Suppression.objects.exists()


@pytest.mark.duty("D63")
def test_nothing_in_the_admin_lifts_an_opt_out():
    suppression.suppress(ADA.mailbox_key, reason="opt_out", channel="page", actor="recipient")
    entry = Suppression.objects.get()
    client = signed_in()
    for path in ("change/", "delete/", ""):
        assert client.post(f"/admin/mailer/suppression/{entry.pk}/{path}", {"post": "yes"}).status_code == 404
    assert not suppression.mailable(ADA)
