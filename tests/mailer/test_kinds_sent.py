"""Who gets mail of each kind, on the bytes that a server got."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from mailer import audience, campaigns, dispatch, suppression
from mailer.addresses import parse
from mailer.contacts import leaving
from mailer.models import Campaign, Consent, Contact, Evidence, MailingList, Revision, Subscription
from mailer.rendering import SenderFacts
from mailer.rendering.kinds import KindFacts, notice_subject
from mailer.suppression import Channel, Reason
from project.inbox.server import InboxServer
from tests.mailer.test_kinds import LETTER, NOTICE_TEXT
from tests.stories import parts

OUT, COMPLAINED, BOUNCED, BOTH, LEFT, FINE = (f"person{n}@example.org" for n in range(1, 7))


@pytest.fixture
def server(living_database, settings, tmp_path) -> Iterator[InboxServer]:
    with parts.mail_server(settings, tmp_path) as inbox:
        yield inbox


@pytest.fixture
def friends(server) -> MailingList:
    """One who opted out, one who complained, a dead mailbox, an opt-out with one, one who left, one of no trouble."""
    there = parts.list_of(6)
    for raw, reason in (
        (OUT, Reason.OPT_OUT), (COMPLAINED, Reason.COMPLAINT), (BOUNCED, Reason.HARD_BOUNCE),
        (BOTH, Reason.OPT_OUT), (BOTH, Reason.HARD_BOUNCE),
    ):  # fmt: skip
        against(raw, reason)
    leaving.leave(parse(LEFT).mailbox_key, [there], actor="recipient")
    # as an import leaves it that ran while its owner left
    Subscription.objects.create(list=there, contact=Contact.objects.get(email=LEFT), source="event")
    return there


def against(raw: str, reason: str) -> None:
    suppression.suppress(parse(raw).mailbox_key, reason=reason, channel=Channel.STAFF, actor="user 1")


def draft(to: MailingList, kind: str, purpose: str = "", **written) -> Campaign:
    words = {"subject": "What we did at the brook", "html": LETTER, "preheader": ""}
    if kind == "notice":
        facts = SenderFacts.of(parts.Sender.objects.first() or parts.attested_sender())
        words |= {"html": "", "text": NOTICE_TEXT, "subject": notice_subject(facts, KindFacts(kind, purpose))}
    return parts.draft(to, kind=kind, purpose=purpose, **{**words, **written})


def sent(campaign: Campaign) -> None:
    campaigns.approve(campaign, parts.staff("kim"), "Looked at it, and at those whom it concerns.")
    campaigns.launch(campaign, parts.staff())
    audience.snapshot(campaign)
    dispatch.run_slice(campaign.pk)


@pytest.mark.duty("D66", "D112")
@pytest.mark.parametrize("purpose", ["breach", "rights"])
def test_a_notice_that_a_law_requires_reaches_all_but_dead_mailboxes(friends, server, purpose):
    notice = draft(friends, "notice", purpose)
    assert audience.estimate([friends], notice).mailable == 4
    sent(notice)
    assert set(parts.recipients(server)) == {OUT, COMPLAINED, LEFT, FINE}
    assert parts.emails(notice, "withheld") == {BOUNCED, BOTH}
    got = parts.parsed(next(server.store.iterate()))
    assert got["Subject"] == notice.subject and got["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    words = got.get_body(("plain",)).get_content()
    assert "which the law requires of Acme Garden LLC" in words and "1450 Rose Street" in words
    assert Evidence.objects.get(verb="audience fixed").details["kind"] == "notice"
    assert not suppression.mailable(parse(OUT)), "a notice lifts nothing"


@pytest.mark.duty("D59", "D66")
@pytest.mark.parametrize(
    ("kind", "purpose"),
    [
        ("commercial", ""),
        ("mixed", ""),
        ("editorial", ""),
        ("relationship", "account"),
        ("relationship", "safety"),
    ],
)
def test_no_other_kind_reaches_anybody_who_opted_out_complained_or_left(friends, server, kind, purpose):
    letter = draft(friends, kind, purpose)
    sent(letter)
    assert set(parts.recipients(server)) == {FINE}
    assert parts.emails(letter, "withheld") == {OUT, COMPLAINED, BOUNCED, BOTH, LEFT}


@pytest.mark.duty("D66")
def test_who_opts_out_while_a_notice_goes_out_still_gets_it_and_no_other_mail(friends, server):
    notice, letter = draft(friends, "notice", "breach"), draft(friends, "editorial")
    for campaign in (notice, letter):
        campaigns.approve(campaign, parts.staff("kim"), "Looked at it, and at those whom it concerns.")
        campaigns.launch(campaign, parts.staff())
        audience.snapshot(campaign)
    against(FINE, Reason.OPT_OUT)
    for campaign in (notice, letter):
        dispatch.run_slice(campaign.pk)
    assert set(parts.recipients(server, notice)) == {OUT, COMPLAINED, LEFT, FINE}
    assert not parts.recipients(server, letter)


@pytest.mark.duty("D66")
def test_a_campaign_that_calls_itself_a_notice_after_its_launch_reaches_nobody_by_that(friends, server):
    """The row may be changed by hand; what was frozen may not, and it alone is asked."""
    letter = draft(friends, "editorial")
    campaigns.approve(letter, parts.staff("kim"), "Looked at it, and at those whom it concerns.")
    campaigns.launch(letter, parts.staff())
    Campaign.objects.filter(pk=letter.pk).update(kind="notice", purpose="breach", html="", preheader="")
    letter.refresh_from_db()
    audience.snapshot(letter)
    dispatch.run_slice(letter.pk)
    assert set(parts.recipients(server)) == {FINE}


@pytest.mark.duty("D66")
def test_bytes_of_another_kind_than_was_frozen_are_not_sent(friends, server):
    letter, notice = draft(friends, "editorial"), draft(friends, "notice", "breach")
    for campaign in (letter, notice):
        campaigns.approve(campaign, parts.staff("kim"), "Looked at it, and at those whom it concerns.")
        campaigns.launch(campaign, parts.staff())
    frozen = Revision.objects.get(campaign=notice)
    forged = Revision.objects.create(
        campaign=letter, number=2, subject="x", sender_facts=frozen.sender_facts, skeleton=letter.revision.skeleton,
        sha256=letter.revision.sha256, kind="notice",
    )  # fmt: skip
    Campaign.objects.filter(pk=letter.pk).update(revision=forged)
    audience.snapshot(letter)
    with pytest.raises(dispatch.CampaignHalted, match="another kind"):
        dispatch.run_slice(letter.pk)
    assert not parts.recipients(server)


def consent(raw: str, to: MailingList, number: int) -> None:
    address = parse(raw)
    Consent.objects.create(
        form_number=1, list_number=to.pk, list_name=to.name, wording_version=1, wording="Yes, films for adults.",
        wording_sha256=b"0" * 32, page_url="https://example.org/join", network_key=b"n" * 16, place="192.0.2.0/24",
        message_id="<1@example.org>", sign_up_number=number, address_key=address.address_key,
        mailbox_key=address.mailbox_key, requested_at=timezone.now(),
    )  # fmt: skip


@pytest.mark.duty("D36")
def test_sexually_explicit_mail_reaches_only_those_who_confirmed_a_sign_up_to_its_list(server):
    films, other = parts.list_of(4), MailingList.objects.create(name="Other", slug="other")
    consent("person1@example.org", films, 1)
    consent("person2@example.org", other, 2)
    consent("Person3+films@example.org", films, 3)
    consent("person4@example.org", films, 4)
    against("person4@example.org", Reason.OPT_OUT)
    letter = draft(films, "commercial", subject="SEXUALLY-EXPLICIT: New releases", is_explicit=True)
    assert audience.estimate([films], letter).mailable == 1
    sent(letter)
    assert set(parts.recipients(server)) == {"person1@example.org"}
    assert campaigns.progress(letter).withheld == {"no_consent": 2, "opt_out": 1}
    assert b"\r\nSubject: SEXUALLY-EXPLICIT: New releases\r\n" in next(server.store.iterate()).raw
    assert Contact.objects.count() == 4
