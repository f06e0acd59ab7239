"""An offer is recorded once, extended in the open, never rewritten; and mail about it ends with it (D26–D28)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from mailer import audience, campaigns, dispatch, offers
from mailer.compliance import Severity
from mailer.models import Approval, Campaign, Evidence, Message, Offer
from tests.mailer.admin_door import member, new_draft, signed_in
from tests.stories import parts

REASON = "The delivery came three days late."
BODY = "<p>20% off everything in our shop, until {}. Come and see the roses, the figs and the old barn with us.</p>"


def day(moment) -> str:
    return f"{moment:%B} {moment.day}"


def sale_draft(ends, **written) -> Campaign:
    return new_draft(
        **{"subject": f"20% off everything until {day(ends)}", "html": BODY.format(day(ends)), **written}
    )


def terms(ends=None, **said) -> offers.Terms:
    return offers.Terms(
        **{"what": "Autumn sale", "kind": "percent", "value": "20", "scope": "everything", "zone": "UTC", "ends": ends,
           **said}
    )  # fmt: skip


def rules_of(draft) -> dict[str, str]:
    draft = Campaign.objects.get(pk=draft.pk)
    return {finding.rule: str(finding.severity) for finding in campaigns.findings_of(draft)}


@pytest.fixture
def saturday():
    """The end of the sale, far enough from now that no midnight comes between."""
    return (timezone.now() + timedelta(days=3)).replace(hour=23, minute=59, second=0, microsecond=0)


@pytest.mark.duty("D26", "D27")
@pytest.mark.django_db
def test_a_deadline_waits_for_its_offer_and_goes_out_with_it(saturday):
    draft = sale_draft(saturday)
    assert rules_of(draft)["offer_missing"] == "hold"
    with pytest.raises(campaigns.CampaignRefused, match="needs a decision"):
        campaigns.launch(draft, member("Marketer"))
    offer = offers.record(terms(saturday), draft, member("Marketer"))
    assert rules_of(draft) == {}
    campaigns.launch(draft, member("Marketer"))
    proof = Evidence.objects.get(verb="offer recorded")
    assert (proof.actor, proof.subject) == (f"user {member('Marketer').pk}", f"offer {offer.pk}")
    assert proof.details == {"ends": saturday.isoformat(), "campaign": draft.pk}


@pytest.mark.django_db
def test_a_deadline_that_is_not_the_offers_end_is_blocked(saturday):
    draft = sale_draft(saturday)
    offers.record(terms(saturday + timedelta(days=4)), draft, member("Marketer"))
    assert rules_of(draft)["subject_deadline"] == "block"


@pytest.mark.duty("D27", "D28")
@pytest.mark.django_db
def test_extended_it_keeps_its_old_end_and_no_subject_may_name_a_deadline_any_more(saturday):
    draft = sale_draft(saturday)
    offer = offers.record(terms(saturday), draft, member("Marketer"))
    campaigns.approve(draft, member("Operator"))
    later = saturday + timedelta(days=2)
    extended = offers.extend(offer, later, REASON, member("Operator"))
    offer.refresh_from_db()
    assert (offer.ends, extended.ends, extended.supersedes, extended.reason) == (
        saturday,
        later,
        offer,
        REASON,
    )
    assert rules_of(draft)["offer_extended"] == "block"
    assert campaigns.approval_of(Campaign.objects.get(pk=draft.pk)) is None
    assert Approval.objects.count() == 1
    Campaign.objects.update(subject="20% off everything")
    assert Severity.BLOCK not in rules_of(draft).values()
    with pytest.raises(offers.OfferRefused, match="extended already"):
        offers.extend(offer, later + timedelta(days=1), REASON, member("Operator"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("hours", "reason", "words"),
    [(1, "", "Write why"), (1, "short", "Write why"), (0, REASON, "ends later"), (-5, REASON, "ends later")],
)
def test_an_extension_needs_a_reason_and_a_later_end(saturday, hours, reason, words):
    offer = offers.record(terms(saturday), sale_draft(saturday), None)
    with pytest.raises(offers.OfferRefused, match=words):
        offers.extend(offer, saturday + timedelta(hours=hours), reason, None)
    assert Offer.objects.count() == 1


@pytest.mark.duty("D28")
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("days_since", "is_refused"), [(0, True), (1, True), (6, True), (7, False), (30, False)]
)
def test_an_equal_offer_soon_after_the_last_is_refused(saturday, days_since, is_refused):
    draft = sale_draft(saturday)
    now = timezone.now()
    Offer.objects.create(
        what="Sale", kind="percent", value="20", scope="Everything", zone="UTC", actor="user 1",
        ends=now - timedelta(days=days_since, minutes=1),
    )  # fmt: skip
    if is_refused:
        with pytest.raises(offers.OfferRefused, match="equal offer ended"):
            offers.record(terms(saturday), draft, None)
        offers.record(terms(saturday, value="15"), draft, None)  # another one is another one
    else:
        offers.record(terms(saturday), draft, None)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"zone": "Mars/Olympus"}, "no time zone"),
        (
            {"starts": datetime(2030, 1, 2, tzinfo=UTC), "ends": datetime(2030, 1, 1, tzinfo=UTC)},
            "ends before",
        ),
        ({"what": "  "}, "Say what"),
        ({"scope": ""}, "Say what"),
    ],
)
def test_what_can_not_be_is_refused_in_words(saturday, said, words):
    draft = new_draft()
    with pytest.raises(offers.OfferRefused, match=words):
        offers.record(terms(**said), draft, None)
    assert not Offer.objects.exists()


@pytest.mark.duty("D129")
@given(st.text(max_size=60))
def test_any_zone_is_a_zone_or_refused(zone):
    try:
        terms(zone=zone).assert_possible()
    except offers.OfferRefused as refused:
        assert "time zone" in str(refused)


@pytest.mark.django_db
def test_the_database_wants_a_reason_for_an_extension_and_one_extension_each():
    made = {"what": "Sale", "kind": "event", "scope": "all", "zone": "UTC", "actor": "user 1"}
    first = Offer.objects.create(**made)
    with pytest.raises(IntegrityError), transaction.atomic():
        Offer.objects.create(**made, supersedes=first)
    Offer.objects.create(**made, supersedes=first, reason=REASON)
    with pytest.raises(IntegrityError), transaction.atomic():
        Offer.objects.create(**made, supersedes=first, reason=REASON)


# -- at hand-over --------------------------------------------------------------------------------------


def test_when_the_offer_is_over_nothing_more_goes_out_and_the_campaign_is_paused_in_words(
    living_database, settings, tmp_path
):
    with parts.mail_server(settings, tmp_path) as inbox:
        campaign = parts.draft(parts.list_of(3))
        offer = offers.record(terms(timezone.now() + timedelta(hours=1)), campaign, parts.staff())
        campaigns.launch(campaign, parts.staff())
        audience.snapshot(campaign)
        ended = Offer.objects.create(
            what="Flash sale", kind="event", scope="all", zone="UTC", actor="user 1",
            ends=timezone.now() - timedelta(seconds=1),
        )  # fmt: skip
        campaign.offers.set([offer, ended])
        with pytest.raises(dispatch.CampaignHalted, match="“Flash sale” is over"):
            dispatch.run_slice(campaign.pk)
        assert inbox.store.count() == 0
        assert set(Message.objects.values_list("state", flat=True)) == {"pending"}
        campaign.offers.set([offer])
        dispatch.run_slice(campaign.pk)
        assert inbox.store.count() == 3


@pytest.mark.duty("D26")
def test_it_is_asked_in_the_moment_of_hand_over_and_not_only_before(
    living_database, settings, tmp_path, monkeypatch
):
    """The worker looked a second ago; the offer has ended since."""
    with parts.mail_server(settings, tmp_path) as inbox:
        campaign = parts.draft(parts.list_of(3))
        offers.record(terms(timezone.now() + timedelta(seconds=3)), campaign, parts.staff())
        campaigns.launch(campaign, parts.staff())
        audience.snapshot(campaign)
        monkeypatch.setattr("mailer.dispatch.run._ended_offer", lambda _: None)
        while Offer.objects.filter(ends__gt=timezone.now()).exists():
            pass
        dispatch.run_slice(campaign.pk)
        assert inbox.store.count() == 0
        assert set(Message.objects.values_list("state", flat=True)) == {"pending"}


def test_extended_in_time_it_goes_on(living_database, settings, tmp_path):
    with parts.mail_server(settings, tmp_path) as inbox:
        campaign = parts.draft(parts.list_of(2))
        offer = offers.record(terms(timezone.now() + timedelta(seconds=3)), campaign, parts.staff())
        campaigns.launch(campaign, parts.staff())
        audience.snapshot(campaign)
        offers.extend(offer, timezone.now() + timedelta(hours=1), REASON, parts.staff())
        while Offer.objects.get(pk=offer.pk).ends > timezone.now():
            pass
        dispatch.run_slice(campaign.pk)
        assert inbox.store.count() == 2


# -- by hand -------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_from_the_finding_to_the_record_the_fields_are_filled_from_the_subject(saturday):
    draft = sale_draft(saturday)
    client = signed_in("Marketer")
    page = f"/admin/mailer/campaign/{draft.pk}/"
    assert "Record an offer" in client.get(page).content.decode()
    form = client.get(f"{page}offer/").content.decode()
    assert 'name="value" value="20"' in form
    assert 'name="scope" value="everything"' in form
    said = {
        "what": "<b>Sale", "kind": "percent", "value": "20", "scope": "everything", "conditions": "", "starts": "",
        "ends": f"{saturday:%Y-%m-%dT%H:%M}", "zone": "America/New_York",
    }  # fmt: skip
    assert client.post(f"{page}offer/", {**said, "value": "twenty"}).status_code == 200
    assert not Offer.objects.exists()
    assert client.post(f"{page}offer/", said)["Location"] == page
    offer = Offer.objects.get()
    assert offer.ends.isoformat() == (saturday + (offer.ends - saturday)).isoformat()
    assert f"{saturday:%H:%M}" in client.get(page).content.decode()
    assert "&lt;b&gt;Sale" in client.get(page).content.decode()
    later = {"ends": f"{saturday + timedelta(days=1):%Y-%m-%dT%H:%M}", "reason": REASON}
    assert client.post(f"{page}offer/{offer.pk}/extend/", later)["Location"] == page
    assert "was extended" in client.get(page).content.decode()
    assert signed_in("Auditor").post(f"{page}offer/", said).status_code == 403


@pytest.mark.django_db
def test_what_a_launched_campaign_speaks_of_can_not_be_changed(saturday):
    draft = sale_draft(saturday)
    offer = offers.record(terms(saturday), draft, None)
    campaigns.launch(draft, member("Marketer"))
    for verb in (lambda: offers.unlink(offer, draft), lambda: offers.link(offer, draft)):
        with pytest.raises(offers.OfferRefused, match="no longer a draft"):
            verb()
    assert list(draft.offers.all()) == [offer]


@pytest.mark.django_db
def test_a_copy_takes_offers_along_and_tells_of_those_that_are_over(saturday):
    draft = sale_draft(saturday)
    running = offers.record(terms(saturday), draft, member("Marketer"))
    over = Offer.objects.create(
        what="Flash sale", kind="event", scope="all", zone="UTC", actor="user 1",
        ends=timezone.now() - timedelta(seconds=1),
    )  # fmt: skip
    draft.offers.add(over)
    browser = signed_in("Marketer")
    answer = browser.post(f"/admin/mailer/campaign/{draft.pk}/copy/", follow=True)
    copy = Campaign.objects.latest("id")
    assert copy.pk != draft.pk and list(copy.offers.all()) == [running]
    assert "The offer “Flash sale” is over and was not taken along." in answer.text
