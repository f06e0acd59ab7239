"""When a campaign goes out, through its pages: chosen, scheduled, changed, taken back, missed, told while it goes."""

import json
from datetime import UTC, datetime, time, timedelta
from io import StringIO
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.utils import timezone

from mailer import audience, campaigns, hours
from mailer.campaigns import Plan
from mailer.hours import Hours
from mailer.images.uses import uses_of
from mailer.models import Campaign, Contact, Sender
from tests.mailer.admin_door import new_draft, said, signed_in
from tests.mailer.pictures import stored
from tests.mailer.test_admin_campaigns import at, launch, written

pytestmark = pytest.mark.django_db
BERLIN = "Europe/Berlin"
DAY = timedelta(days=1)


def form(**changed: object) -> dict[str, object]:
    return {
        "begins": "", "zone": BERLIN, "hours_from": "", "hours_until": "", "days": [1, 2, 3, 4, 5, 6, 7], "spread": 0,
        **changed,
    }  # fmt: skip


def tomorrow_at_nine() -> str:
    return f"{timezone.now() + DAY:%Y-%m-%d}T09:00"


def next_changes_of_the_clocks() -> list[datetime]:
    """The two days of the year to come on which Berlin's clocks are put forward or back, at half past two."""
    noons = [(timezone.now() + n * DAY).astimezone(ZoneInfo(BERLIN)).replace(hour=12) for n in range(366)]
    changes = [after for before, after in pairwise(noons) if before.utcoffset() != after.utcoffset()]
    return [day.replace(tzinfo=None, hour=2, minute=30) for day in changes]


def scheduled(number: int = 3) -> Campaign:
    draft = new_draft(number)
    campaigns.plan(draft, Plan(BERLIN, timezone.now() + DAY), None)
    campaigns.schedule(draft, None)
    return draft


def text(campaign: Campaign, page: str = "") -> str:
    return signed_in("Marketer").get(at(campaign, page)).content.decode()


def test_a_time_is_chosen_looked_at_and_scheduled_and_shown_wherever_one_looks():
    draft, client = new_draft(), signed_in("Marketer")
    chosen = form(begins=tomorrow_at_nine(), hours_from="08:00", hours_until="20:00", spread=2)
    answer = client.post(at(draft, "when/"), chosen, follow=True)
    assert said(answer) == ["Kept. It goes out so once it is scheduled."]
    draft.refresh_from_db()
    begins = hours.told(draft.begins_at, BERLIN)
    assert begins.endswith(", 09:00 Europe/Berlin")
    page = answer.content.decode()
    assert begins in page and "Schedule…" in page and "Spread over 2 hours" in page
    look = text(draft, "launch/")
    assert begins in look and "Schedule it</button>" in look and "now</button>" not in look
    answer = launch(draft, client)
    assert said(answer) == ["It is scheduled."]
    draft.refresh_from_db()
    assert (draft.state, draft.revision) == ("scheduled", None)
    assert f"Begins {begins}" in answer.content.decode()
    for page in ("/admin/mailer/campaign/", "/admin/"):
        assert f"begins {begins}" in client.get(page).content.decode()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"begins": "2020-01-01T09:00"}, "Its time to begin has passed."),
        ({"begins": "2126-01-01T09:00"}, "more than a year ahead"),
        ({"begins": "soon"}, "Enter a valid date/time"),
        ({"hours_from": "08:00"}, "Say both from when and until when"),
        ({"hours_from": "20:00", "hours_until": "08:00"}, "end before they begin"),
        ({"hours_from": "08:00", "hours_until": "20:00", "days": []}, "at least one day"),
        ({"zone": "Mars/Base"}, "Select a valid choice"),
        ({"own_zones": "on"}, "which time or which sending hours are meant on each recipient"),
    ],
)
def test_what_can_not_be_is_said_in_words_and_nothing_is_kept(wrong, words):
    draft = new_draft()
    answer = signed_in("Marketer").post(at(draft, "when/"), form(**wrong))
    assert words in answer.content.decode()
    draft.refresh_from_db()
    assert (draft.zone, draft.begins_at) == ("", None)


def test_a_time_that_the_clocks_skip_or_repeat_is_asked_about():
    draft = new_draft()
    told = set()
    for change in next_changes_of_the_clocks():
        answer = signed_in("Marketer").post(at(draft, "when/"), form(begins=f"{change:%Y-%m-%dT%H:%M}"))
        told |= {
            words for words in ("There is no 02:30 on", "It is 02:30 on") if words in answer.content.decode()
        }
    assert told == {"There is no 02:30 on", "It is 02:30 on"}
    draft.refresh_from_db()
    assert draft.begins_at is None


def test_what_was_looked_at_is_what_is_scheduled():
    draft, client = new_draft(), signed_in("Marketer")
    campaigns.plan(draft, Plan(BERLIN, timezone.now() + DAY), None)
    fingerprint = client.get(at(draft, "launch/")).context["fingerprint"]
    campaigns.plan(draft, Plan(BERLIN, timezone.now() + 2 * DAY), None)
    answer = client.post(at(draft, "launch/"), {"fingerprint": fingerprint}, follow=True)
    assert said(answer)[0].startswith("It was changed since you looked at it.")
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_a_scheduled_campaign_gets_another_time_or_is_a_draft_again_and_its_words_stay():
    campaign, client = scheduled(), signed_in("Marketer")
    answer = client.post(at(campaign, "change/"), written(campaign, subject="Other"), follow=True)
    assert said(answer)[0].startswith("It is no longer a draft")
    answer = client.post(
        at(campaign, "when/"), form(begins=tomorrow_at_nine(), zone="Asia/Tokyo"), follow=True
    )
    campaign.refresh_from_db()
    assert said(answer) == [f"It begins on {hours.told(campaign.begins_at, 'Asia/Tokyo')}."]
    answer = client.post(at(campaign, "when/"), form())
    assert "It is scheduled, so it needs a time." in answer.content.decode()
    answer = client.post(at(campaign, "unschedule/"), follow=True)
    assert said(answer) == ["It is a draft again, and does not begin by itself."]
    campaign.refresh_from_db()
    assert (campaign.state, campaign.subject) == ("draft", "The first tomatoes are here")
    answer = client.post(at(campaign, "unschedule/"), follow=True)
    assert said(answer) == ["Only a scheduled campaign can be taken back; this one is draft."]


def test_only_who_may_launch_may_say_when():
    campaign, operator = scheduled(), signed_in("Nobody")
    for page in ("when/", "unschedule/"):
        assert operator.post(at(campaign, page), form()).status_code == 403
    assert signed_in("Marketer").get(at(campaign, "unschedule/")).status_code == 405


def test_a_scheduled_campaign_that_would_not_begin_says_so_beforehand():
    campaign = scheduled()
    assert "As it stands it will not begin." not in text(campaign)
    Sender.objects.update(line1="1 New Street")
    assert "As it stands it will not begin." in text(campaign)


def test_what_was_missed_waits_for_a_decision_on_the_first_page_and_in_status(settings):
    campaign = scheduled()
    Campaign.objects.update(begins_at=timezone.now() - settings.SCHEDULE_GRACE - DAY)
    campaigns.begin(campaign.pk)
    campaign.refresh_from_db()
    assert "but Candor was not running then." in campaign.asks
    for page in (text(campaign), signed_in("Marketer").get("/admin/").content.decode()):
        assert "waits for your decision" in page and campaign.asks in page
    assert "waits for your decision" in signed_in("Marketer").get("/admin/mailer/campaign/").content.decode()
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("status", "--json", stdout=out)
    assert f"Campaign {campaign.pk}: {campaign.asks}" in json.loads(out.getvalue())["warnings"]
    launch(campaign, signed_in("Marketer"))
    campaign.refresh_from_db()
    assert (campaign.state, campaign.asks) == ("sending", "")


def test_while_it_waits_for_its_hours_it_says_until_when():
    draft = new_draft()
    now = timezone.now().astimezone(UTC)
    other_days = frozenset({(now + 2 * DAY).isoweekday()})
    wanted = Hours("UTC", time(8), time(20), other_days)
    campaigns.plan(draft, Plan("UTC", hours=wanted, spread=timedelta(hours=2)), None)
    campaigns.launch(draft, None)
    audience.snapshot(draft)
    page = text(draft)
    opens = hours.told(wanted.next(now).opens, "UTC")
    assert f"Waits until {opens}: it goes out between 08:00 and 20:00 UTC, on " in page
    assert "Spread over 2 hours; the last is planned for" in page
    Campaign.objects.update(hours_from=time(0), hours_until=time(23, 59, 59), hours_days="1234567")
    assert "Goes out between 00:00 and 23:59 UTC." in text(draft)


def test_a_copy_keeps_the_hours_and_not_the_time_and_a_new_draft_the_zone_of_the_last():
    campaign, client = scheduled(), signed_in("Marketer")
    assert client.get(at(campaign, "when/")).context["form"].initial["zone"] == BERLIN
    Campaign.objects.update(hours_from=time(8), hours_until=time(20), hours_days="12345", spread_minutes=120)
    client.post(at(campaign, "copy/"))
    copied = Campaign.objects.first()
    assert copied.begins_at is None
    assert str(copied.hours) == "between 08:00 and 20:00 Europe/Berlin, Monday to Friday"
    assert copied.spread == timedelta(hours=2)
    shown = client.get(at(copied, "when/")).context["form"].initial
    assert (shown["hours_from"], shown["days"], shown["spread"]) == ("08:00", [1, 2, 3, 4, 5], 2)


def test_own_time_is_chosen_with_a_switch_told_with_first_and_last_and_copied():
    draft, client = new_draft(), signed_in("Marketer")
    Contact.objects.filter(email="person1@example.org").update(zone="Asia/Tokyo")
    nine = f"{timezone.now() + 2 * DAY:%Y-%m-%d}T09:00"
    client.post(
        at(draft, "when/"), form(begins=nine, hours_from="08:00", hours_until="20:00", own_zones="on")
    )
    draft.refresh_from_db()
    assert draft.own_zones
    assert client.get(at(draft, "when/")).context["form"].initial["own_zones"]
    first, last = campaigns.planned(draft, timezone.now())
    assert first < last == draft.begins_at
    for page in ("", "launch/"):
        look = text(draft, page)
        for words in (
            f"The first get it on {hours.told(first, BERLIN)}, the last on {hours.told(last, BERLIN)}.",
            "Only between 08:00 and 20:00, on each recipient's own clocks.",
            "Candor knows the time zone of 1 of its 3 people; the others get it by that of Europe/Berlin.",
        ):
            assert words in look
    launch(draft, client)
    draft.refresh_from_db()
    assert draft.starts_at == first
    client.post(at(draft, "copy/"))
    assert Campaign.objects.first().own_zones
    Campaign.objects.filter(pk=draft.pk).update(starts_at=timezone.now())
    campaigns.begin(draft.pk)
    draft.refresh_from_db()
    audience.snapshot(draft)
    under_way = text(draft)
    assert "Goes out at each recipient&#x27;s own time, between 08:00 and 20:00." in under_way
    assert f"The next are due on {hours.told(first, BERLIN)}." in under_way
    assert f"The last are due on {hours.told(last, BERLIN)}." in under_way


def test_own_time_that_is_past_where_somebody_lives_is_refused_in_words_when_it_is_to_be_scheduled():
    draft, client = new_draft(), signed_in("Marketer")
    Contact.objects.filter(email="person1@example.org").update(zone="Pacific/Kiritimati")
    soon = (timezone.now() + timedelta(hours=1)).astimezone(ZoneInfo(BERLIN))
    client.post(at(draft, "when/"), form(begins=f"{soon:%Y-%m-%dT%H:%M}", own_zones="on"))
    answer = launch(draft, client)
    assert said(answer)[0].startswith(
        "In Pacific/Kiritimati, where 1 of its people live, it is past that time"
    )
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_a_list_with_a_scheduled_campaign_is_not_deleted():
    campaign = scheduled()
    page = signed_in().get(f"/admin/mailer/mailinglist/{campaign.lists.get().pk}/delete/").content.decode()
    assert "is scheduled to go out to it. Make it a draft again first." in page


def test_a_time_that_passed_before_anybody_scheduled_is_asked_for_again():
    draft, client = new_draft(), signed_in("Marketer")
    campaigns.plan(draft, Plan(BERLIN, timezone.now() + DAY), None)
    Campaign.objects.update(begins_at=timezone.now() - DAY)
    answer = client.get(at(draft, "launch/"), follow=True)
    assert answer.redirect_chain == [(at(draft, "when/"), 302)]
    assert said(answer) == ["Its time to begin has passed. Choose another, or none to launch it at once."]
    client.post(at(draft, "when/"), form())
    launch(draft, client)
    draft.refresh_from_db()
    assert (draft.state, draft.begins_at) == ("sending", None)


def test_a_picture_of_a_scheduled_campaign_stays():
    campaign, picture = scheduled(), stored()
    Campaign.objects.update(html=f'<img src="/i/{picture.name}.{picture.kind}" alt="Roses">')
    assert list(uses_of(picture).drafts) == [campaign]
