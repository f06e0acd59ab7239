"""“37 seats left” goes out while 37 are left, and not for a message longer (T3, D26)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailer import audience, campaigns, counters, dispatch
from mailer.models import Campaign, Counter, Evidence, Message, Reading
from tests.mailer.admin_door import member, new_draft, signed_in
from tests.stories import parts

WHAT = "seats for the webinar on 2 December"
SUBJECT = "37 seats left for the rose webinar"
BODY = "<p>There are 37 seats left for the rose webinar. It lasts an hour, and you may ask what you like.</p>"


def draft(**written) -> Campaign:
    return new_draft(**{"subject": SUBJECT, "html": BODY, **written})


def rules_of(campaign: Campaign) -> dict[str, str]:
    return {
        each.rule: str(each.severity) for each in campaigns.findings_of(Campaign.objects.get(pk=campaign.pk))
    }


@pytest.mark.django_db
def test_a_number_that_falls_waits_for_its_counter_and_is_held_against_it():
    campaign = draft()
    assert rules_of(campaign) == {"counter_missing": "hold"}
    counter = counters.record(WHAT, 37, campaign, member("Marketer"))
    assert rules_of(campaign) == {}
    counters.tell(counter, 36, member("Marketer"))
    assert rules_of(campaign) == {"counter_untrue": "block"}
    assert [row.details["value"] for row in Evidence.objects.filter(verb="number told").order_by("id")] == [
        37,
        36,
    ]


@pytest.mark.django_db
def test_a_number_that_nobody_told_for_a_day_is_not_known(monkeypatch):
    campaign = draft()
    counters.record(WHAT, 37, campaign, member("Marketer"))
    later = timezone.now() + counters.GOOD_FOR + timedelta(minutes=1)
    monkeypatch.setattr("mailer.counters.timezone.now", lambda: later)
    [found] = campaigns.findings_of(Campaign.objects.get(pk=campaign.pk))
    assert found.rule == "counter_untrue" and "not known any more" in found.message


@pytest.mark.django_db
def test_an_approval_is_bound_to_what_is_said_of_the_counter():
    campaign = draft()
    counter = counters.record(WHAT, 37, campaign, member("Marketer"))
    campaigns.approve(campaign, member("Operator"))
    counters.say(counter, campaign, 36)
    assert campaigns.approval_of(Campaign.objects.get(pk=campaign.pk)) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("what", "value", "words"), [(" ", 3, "what is counted"), (WHAT, -1, "whole number")]
)
def test_what_can_not_be_is_refused_in_words(what, value, words):
    with pytest.raises(counters.CounterRefused, match=words):
        counters.record(what, value, draft(), member("Marketer"))


@pytest.mark.django_db
def test_two_counters_of_one_name_are_two():
    campaign = draft()
    one, other = (counters.record(WHAT, 37, campaign, member("Marketer")) for _ in range(2))
    assert (one.slug, other.slug) == (
        "seats-for-the-webinar-on-2-december",
        "seats-for-the-webinar-on-2-december-2",
    )


# -- at hand-over --------------------------------------------------------------------------------------


def launched(said: int = 37) -> tuple[Campaign, Counter]:
    campaign = parts.draft(parts.list_of(3))
    counter = counters.record(WHAT, said, campaign, parts.staff())
    campaigns.launch(campaign, parts.staff())
    audience.snapshot(campaign)
    return campaign, counter


def test_when_the_number_has_fallen_nothing_more_goes_out_and_the_campaign_says_why(
    living_database, settings, tmp_path
):
    with parts.mail_server(settings, tmp_path) as inbox:
        campaign, counter = launched()
        counters.tell(counter, 36, parts.staff())
        with pytest.raises(dispatch.CampaignHalted, match=r"says 37 of “seats for .* it stands at 36"):
            dispatch.run_slice(campaign.pk)
        assert inbox.store.count() == 0
        counters.tell(counter, 37, parts.staff())  # somebody gave a seat back
        dispatch.run_slice(campaign.pk)
        assert inbox.store.count() == 3


@pytest.mark.duty("D26")
def test_it_is_asked_in_the_moment_of_hand_over_and_not_only_before(
    living_database, settings, tmp_path, monkeypatch
):
    """The worker looked a second ago; a seat was sold since."""
    with parts.mail_server(settings, tmp_path) as inbox:
        campaign, counter = launched()
        monkeypatch.setattr("mailer.dispatch.run._untrue_count", lambda _: None)
        counters.tell(counter, 36, parts.staff())
        dispatch.run_slice(campaign.pk)
        assert inbox.store.count() == 0
        assert set(Message.objects.values_list("state", flat=True)) == {"pending"}


def test_at_hand_over_a_number_that_nobody_told_for_a_day_is_not_true(
    living_database, settings, tmp_path, monkeypatch
):
    with parts.mail_server(settings, tmp_path) as inbox:
        campaign, counter = launched()
        monkeypatch.setattr("mailer.dispatch.run._untrue_count", lambda _: None)
        Reading.objects.create(
            counter=counter, value=37, actor="user 1", read_at=timezone.now() - counters.GOOD_FOR
        )
        dispatch.run_slice(campaign.pk)
        assert inbox.store.count() == 0


# -- by hand -------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_from_the_finding_to_the_record_the_fields_are_filled_from_the_subject():
    campaign = draft()
    browser = signed_in("Marketer")
    page = browser.get(f"/admin/mailer/campaign/{campaign.pk}/counter/").text
    assert 'value="37"' in page and "seats" in page
    browser.post(f"/admin/mailer/campaign/{campaign.pk}/counter/", {"what": WHAT, "value": "37"})
    counter = Counter.objects.get()
    browser.post(f"/admin/mailer/campaign/{campaign.pk}/counter/{counter.pk}/tell/", {"value": "35"})
    assert [each.value for each in Reading.objects.order_by("id")] == [37, 35]
    assert "35" in browser.get(f"/admin/mailer/campaign/{campaign.pk}/").text
