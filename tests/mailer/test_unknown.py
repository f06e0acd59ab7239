"""What may or may not have gone out: told later by others, or sent again by an operator who says why."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from mailer import addresses, audience, campaigns, dispatch, feedback, suppression
from mailer.dispatch.claim import claim, worker_mark
from mailer.dispatch.hand_over import hand_over
from mailer.dispatch.recover import ENDED_BEFORE
from mailer.dispatch.settle import Result, settle
from mailer.models import Campaign, Contact, EarlierAttempt, Evidence, Message, Report
from mailer.rendering import Recipient, Skeleton, fill
from project.inbox.server import InboxServer
from tests.mailer.admin_door import said, signed_in
from tests.stories import parts

PERSON = "person2@example.org"
WHY = "The mail server's log shows that none of them came in."


@pytest.fixture
def campaign(db) -> Campaign:
    """Sent to three people; of person2's message nobody knows whether it came in."""
    draft = parts.draft(parts.list_of(3))
    campaigns.launch(draft, parts.staff())
    audience.snapshot(draft)
    messages = Message.objects.filter(campaign_id=draft.pk)
    now = timezone.now()
    messages.update(state="accepted", attempts=1, handed_over_at=now, settled_at=now)
    in_doubt = messages.filter(contact_id=Contact.objects.get(email=PERSON).pk)
    in_doubt.update(state="unknown", claim=uuid4(), detail=ENDED_BEFORE)
    assert campaigns.finish(draft.pk)
    draft.refresh_from_db()
    return draft


@pytest.fixture
def server(living_database, settings, tmp_path) -> Iterator[InboxServer]:
    with parts.mail_server(settings, tmp_path) as inbox:
        yield inbox


def message_to(campaign: Campaign, email: str = PERSON) -> Message:
    return Message.objects.get(campaign_id=campaign.pk, contact_id=Contact.objects.get(email=email).pk)


def key_of(campaign: Campaign) -> bytes:
    return bytes(message_to(campaign).address_key)


# -- sent again ----------------------------------------------------------------------------------------


def test_an_operator_s_act_sends_them_once_more_but_not_to_who_has_opted_out_meanwhile(server):
    """On the bytes that a server got: two messages were in doubt, one of these people has left since."""
    friends = parts.list_of(3)
    campaign = parts.draft(friends)
    campaigns.launch(campaign, parts.staff())
    audience.snapshot(campaign)
    messages = Message.objects.filter(campaign_id=campaign.pk)
    with worker_mark() as worker:
        taken = claim(campaign, [friends.pk], worker)
        hand_over(
            campaign.pk, taken.number, [one for one in taken.messages if one.email != "person1@example.org"]
        )
    parts.on_its_own_connection(dispatch.recover)
    dispatch.run_slice(campaign.pk)
    assert campaigns.finish(campaign.pk)
    assert parts.states(campaign) == {"accepted": 1, "unknown": 2}
    before = message_to(campaign)
    gone = addresses.parse("person3@example.org")
    suppression.suppress(gone.mailbox_key, reason="opt_out", channel="page", actor="recipient")

    assert campaigns.send_again(campaign, parts.staff(), WHY) == 2
    assert (campaign.state, campaign.finished_at) == ("sending", None)
    dispatch.run_slice(campaign.pk)
    assert parts.recipients(server, campaign) == {"person1@example.org": 1, PERSON: 1}
    assert campaigns.finish(campaign.pk)
    assert parts.states(campaign) == {"accepted": 2, "withheld": 1}
    assert message_to(campaign, "person3@example.org").reason == "opt_out"
    assert message_to(campaign).attempts == 2
    act = Evidence.objects.get(verb="sent again")
    assert (act.actor, act.subject) == (f"user {parts.staff().pk}", f"campaign {campaign.pk}")
    assert act.details == {"reason": WHY, "messages": 2}
    assert messages.filter(address_key__in=EarlierAttempt.objects.values("address_key")).count() == 2
    earlier = EarlierAttempt.objects.get(address_key=before.address_key)
    assert (earlier.campaign_id, earlier.attempts, earlier.evidence) == (campaign.pk, 1, act.pk)
    assert (earlier.handed_over_at, earlier.unknown_since) == (before.handed_over_at, before.settled_at)


def test_a_late_word_on_the_earlier_attempt_changes_nothing_of_the_new_one(campaign):
    claim = message_to(campaign).claim
    campaigns.send_again(campaign, parts.staff(), WHY)
    assert isinstance(claim, UUID)
    assert settle(campaign.pk, claim, [Result(key_of(campaign), "refused", detail="550 no")]) == 0
    assert message_to(campaign).state == "pending"


def test_only_those_that_were_chosen_are_sent_again_and_only_if_they_are_unknown(campaign):
    accepted = bytes(message_to(campaign, "person1@example.org").address_key)
    with pytest.raises(campaigns.CampaignRefused, match="nothing to send again"):
        campaigns.send_again(campaign, parts.staff(), WHY, [accepted])
    assert campaigns.send_again(campaign, parts.staff(), WHY, [accepted, key_of(campaign)]) == 1
    assert parts.states(campaign) == {"accepted": 2, "pending": 1}
    with pytest.raises(campaigns.CampaignRefused, match="nothing to send again"):
        campaigns.send_again(campaign, parts.staff(), WHY)


def test_without_a_reason_or_of_a_cancelled_campaign_nothing_is_sent_again(campaign):
    with pytest.raises(campaigns.CampaignRefused, match="Say why"):
        campaigns.send_again(campaign, parts.staff(), "  ")
    Campaign.objects.filter(pk=campaign.pk).update(state="cancelled")
    with pytest.raises(campaigns.CampaignRefused, match="the campaign is cancelled"):
        campaigns.send_again(campaign, parts.staff(), WHY)
    assert parts.states(campaign) == {"accepted": 2, "unknown": 1}
    assert not EarlierAttempt.objects.exists()
    assert not Evidence.objects.filter(verb="sent again").exists()


def test_of_a_paused_campaign_it_waits_until_that_is_resumed(campaign):
    Campaign.objects.filter(pk=campaign.pk).update(state="paused")
    campaigns.send_again(campaign, parts.staff(), WHY)
    assert campaign.state == "paused"
    dispatch.run_slice(campaign.pk)
    assert message_to(campaign).state == "pending"


# -- told later ----------------------------------------------------------------------------------------


def delivery_report(campaign: Campaign, action: str, status: str, *, headers: bytes = b"") -> bytes:
    """As a mail server writes it (RFC 3464), with the header of the message that it is about."""
    return (
        b"From: postmaster@example.net\r\nTo: bounces@in.example.com\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\nAbout your message.\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n"
        + f"Final-Recipient: rfc822; {PERSON}\r\nAction: {action}\r\nStatus: {status}\r\n\r\n".encode()
        + b"--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        + (headers or header_of_what_was_sent(campaign))
        + b"\r\n--b--\r\n"
    )


def header_of_what_was_sent(campaign: Campaign) -> bytes:
    """Of the message to person2, as Candor fills it."""
    address = addresses.parse(PERSON)
    recipient = Recipient(
        address=PERSON,
        address_key=address.address_key,
        mailbox_key=address.mailbox_key,
        first_name="Ada",
        last_name="",
        reason="You are a customer.",
    )
    skeleton = Skeleton.from_bytes(bytes(campaign.revision.skeleton))
    return fill(skeleton, recipient, at=campaign.launched_at).data.partition(b"\r\n\r\n")[0] + b"\r\n"


@pytest.mark.parametrize(
    ("action", "status", "state", "words"),
    [
        ("delivered", "2.0.0", "accepted", "A delivery report told it later (2.0.0)."),
        ("relayed", "2.1.9", "accepted", "A delivery report told it later (2.1.9)."),
        ("failed", "5.1.1", "refused", "A delivery report told it later (5.1.1)."),
        ("failed", "4.4.7", "refused", "A delivery report told it later (4.4.7)."),
    ],
)
def test_a_delivery_report_ends_the_doubt(campaign, action, status, state, words):
    feedback.receive(delivery_report(campaign, action, status))
    assert message_to(campaign).state == "unknown", "dispatch alone changes states"
    assert dispatch.enter_reports() == 1
    message = message_to(campaign)
    assert (message.state, message.detail, message.claim) == (state, words, None)
    act = Evidence.objects.get(verb="learned")
    assert (act.subject, act.details[state]) == (f"campaign {campaign.pk}", 1)
    assert dispatch.enter_reports() == 0


def test_a_report_that_comes_before_the_doubt_counts_when_the_worker_has_died(campaign):
    Message.objects.filter(campaign_id=campaign.pk, state="unknown").update(state="handed_over", worker=10**6)
    feedback.receive(delivery_report(campaign, "delivered", "2.0.0"))
    assert dispatch.enter_reports() == 0
    assert dispatch.recover() == dispatch.Recovered(0, 1)
    assert dispatch.enter_reports() == 1
    assert message_to(campaign).state == "accepted"


def test_delivered_outweighs_returned_and_repeats_are_harmless(campaign):
    for action in ("failed", "delivered", "failed", "delivered"):
        feedback.receive(delivery_report(campaign, action, "5.0.0"))
    assert Report.objects.count() == 2
    assert dispatch.enter_reports() == 1
    assert message_to(campaign).state == "accepted"


def test_a_delay_and_a_message_whose_end_is_known_leave_nothing(campaign):
    feedback.receive(delivery_report(campaign, "delayed", "4.4.1"))
    key = bytes(message_to(campaign, "person1@example.org").address_key)
    assert not feedback.report(campaign.pk, key, Report.Kind.BOUNCED, Report.Source.ESP)
    assert not Report.objects.exists()


def test_a_report_that_anybody_could_have_written_changes_nothing(campaign):
    """The Message-ID alone can be guessed by whoever knows the pattern and got one; the link is signed."""
    header = header_of_what_was_sent(campaign)
    message_id = next(line for line in header.split(b"\r\n") if line.startswith(b"Message-ID:"))
    other = header.replace(key_of(campaign).hex().encode(), bytes(16).hex().encode())
    for headers in (message_id + b"\r\n", other):
        feedback.receive(delivery_report(campaign, "failed", "5.1.1", headers=headers))
    assert not Report.objects.exists()


# -- the page ------------------------------------------------------------------------------------------


def page_of(campaign: Campaign) -> str:
    return f"/admin/mailer/campaign/{campaign.pk}/unknown/"


def test_the_page_lists_and_explains_them_and_the_campaign_leads_there(campaign):
    client = signed_in("Marketer")
    assert page_of(campaign) in client.get(f"/admin/mailer/campaign/{campaign.pk}/").content.decode()
    shown = client.get(page_of(campaign)).content.decode()
    assert "1 message of which nobody knows whether it went out" in shown
    assert f"contact {message_to(campaign).contact_id}" in shown
    assert "before the mail server&#x27;s answer was written down" in shown
    assert "Delivery reports by mail reach Candor only once inbound mail is connected" in shown
    assert "An operator can have them sent again, with a reason." in shown
    assert "Send them again" not in shown


def test_a_marketer_can_not_send_again(campaign):
    answer = signed_in("Marketer").post(page_of(campaign), {"reason": WHY, "sure": "on", "all": "on"})
    assert answer.status_code == 403
    assert parts.states(campaign) == {"accepted": 2, "unknown": 1}


@pytest.mark.parametrize("which", [{"all": "on"}, {"message": "its key"}])
def test_an_operator_sends_again_with_a_reason_and_is_told_what_it_means(campaign, which):
    client = signed_in("Operator")
    shown = client.get(page_of(campaign)).content.decode()
    assert "Some of these people may then get the same message twice." in shown
    chosen = {"message": key_of(campaign).hex()} if "message" in which else which
    answer = client.post(page_of(campaign), {"reason": WHY, "sure": "on", **chosen}, follow=True)
    assert said(answer) == ["1 message will be sent again."]
    assert parts.states(campaign) == {"accepted": 2, "pending": 1}
    told = client.get(page_of(campaign)).content.decode()
    assert "What became of every message is known" in told
    assert "The mail server&#x27;s log shows that none of them came in." in told


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"sure": "on", "all": "on"}, "This field is required"),
        ({"reason": WHY, "all": "on"}, "Tick this box if you accept that some people get it twice."),
        ({"reason": WHY, "sure": "on"}, "Choose which messages to send again, or all of them."),
        ({"reason": WHY, "sure": "on", "message": "'; --"}, "Choose which messages to send again"),
        ({"reason": WHY, "sure": "on", "message": "0" * 32}, "There is nothing to send again"),
    ],
)
def test_what_is_missing_is_told_and_nothing_is_sent(campaign, written, words):
    answer = signed_in("Operator").post(page_of(campaign), written)
    assert words in answer.content.decode()
    assert parts.states(campaign) == {"accepted": 2, "unknown": 1}
    assert not Evidence.objects.filter(verb="sent again").exists()
