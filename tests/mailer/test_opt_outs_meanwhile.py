"""Who said no while a campaign went out, told per campaign: on its page, in evidence, never of a notice wrongly."""

from datetime import timedelta

import pytest
from django.db import connection

from mailer import addresses, audience, campaigns, opt_outs, suppression
from mailer.models import Campaign, Evidence
from tests.mailer.admin_door import member, signed_in
from tests.mailer.test_kinds import NOTICE_TEXT
from tests.stories import parts

pytestmark = pytest.mark.django_db

NOW = "clock_timestamp()"


@pytest.fixture
def campaign() -> Campaign:
    """To five people, before any message went out."""
    draft = parts.draft(parts.list_of(5))
    campaigns.launch(draft, parts.staff())
    audience.snapshot(draft)
    return draft


def by_force(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def sent(number: int, *, handed_over: str = NOW, settled: str = NOW) -> None:
    key = addresses.parse(f"person{number}@example.org").address_key.hex()
    by_force(
        f"UPDATE mailer_message SET state = 'accepted', handed_over_at = {handed_over}, settled_at = {settled}"
        f" WHERE address_key = '\\x{key}'"
    )


def says_no(number: int, reason: str = "opt_out") -> None:
    key = addresses.parse(f"person{number}@example.org").mailbox_key
    suppression.suppress(key, reason=reason, channel="page", actor="recipient")


def withheld(*numbers: int) -> None:
    by_force("UPDATE mailer_message SET state = 'withheld', reason = 'opt_out' WHERE state = 'pending'")


def played(campaign: Campaign) -> opt_outs.OptOuts:
    """One said no before their turn, one in flight, one after their message, one did not."""
    sent(1)
    says_no(1)
    says_no(2)
    sent(3, handed_over=f"{NOW} - interval '2 s'", settled=f"{NOW} + interval '80 ms'")
    says_no(3, "complaint")
    by_force("UPDATE mailer_message SET settled_at = (SELECT max(recorded_at) FROM mailer_suppression)"
             " + interval '80 ms' WHERE settled_at > clock_timestamp() - interval '0 s'")  # fmt: skip
    sent(4)
    sent(5)
    withheld(2)
    return opt_outs.said_meanwhile(campaign)


def test_each_who_said_no_is_counted_with_what_became_of_their_message(campaign):
    assert opt_outs.said_meanwhile(campaign) == opt_outs.OptOuts(0, 0, 0, timedelta(0), 0)
    told = played(campaign)
    assert told == opt_outs.OptOuts(3, 1, 1, timedelta(milliseconds=80), 0)


def test_a_hand_over_that_began_after_an_opt_out_is_counted_as_what_must_not_happen(campaign):
    says_no(1)
    sent(1)
    assert opt_outs.said_meanwhile(campaign).breaches == 1
    page = signed_in("Marketer").get(f"/admin/mailer/campaign/{campaign.pk}/").content.decode()
    assert "<strong>1</strong>: tell whoever runs Candor" in page


def test_what_was_said_before_the_launch_or_after_the_end_is_not_of_this_campaign():
    people = parts.list_of(3)
    says_no(1)
    draft = parts.draft(people)
    campaigns.launch(draft, parts.staff())
    audience.snapshot(draft)
    sent(2)
    sent(3)
    withheld(1)
    campaigns.finish(draft.pk)
    says_no(2)
    assert opt_outs.said_meanwhile(draft) == opt_outs.OptOuts(0, 0, 0, timedelta(0), 0)


def test_when_a_message_was_over_that_is_unknown_is_not_made_up(campaign):
    sent(1, handed_over=f"{NOW} - interval '2 s'", settled=f"{NOW} + interval '1 hour'")
    says_no(1)
    by_force("UPDATE mailer_message SET state = 'unknown' WHERE state = 'accepted'")
    assert opt_outs.said_meanwhile(campaign) == opt_outs.OptOuts(1, 0, 1, timedelta(0), 0)


def test_a_mistaken_import_of_opt_outs_that_was_taken_back_and_a_bounce_are_nobodys_word(campaign):
    says_no(1, "hard_bounce")
    assert opt_outs.said_meanwhile(campaign).people == 0


def test_the_end_of_a_campaign_records_it_and_its_page_shows_it(campaign):
    played(campaign)
    assert campaigns.finish(campaign.pk)
    assert Evidence.objects.get(verb="sent").details["opt_outs"] == {
        "people": 3, "kept_back": 1, "in_flight": 1, "longest_in_flight_ms": 80, "handed_over_after": 0,
    }  # fmt: skip
    page = signed_in("Marketer").get(f"/admin/mailer/campaign/{campaign.pk}/").content.decode()
    for line in (
        '<h2 id="opt-outs">Who said no while it went out</h2>',
        "<dt>Opted out or complained</dt><dd>3</dd>",
        "<dt>Their message did not go out</dt><dd>1</dd>",
        "<dt>It was on its way already</dt><dd>1, done at most 80 ms after they had said no</dd>",
        "<dt>Handed over after they had said no</dt><dd>0</dd>",
    ):
        assert line in page


def test_a_notice_that_a_law_requires_is_no_breach():
    draft = parts.draft(
        parts.list_of(1), kind="notice", purpose="breach", subject="Notice of a data breach at Acme Garden",
        preheader="", html="", text=NOTICE_TEXT,
    )  # fmt: skip
    campaigns.approve(draft, member("Approver"), "The authority was told; every customer must be.")
    campaigns.launch(draft, parts.staff())
    audience.snapshot(draft)
    says_no(1)
    sent(1)
    assert opt_outs.said_meanwhile(draft) == opt_outs.OptOuts(1, 0, 0, timedelta(0), 0)
