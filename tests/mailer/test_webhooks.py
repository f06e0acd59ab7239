"""What a mail service tells over real HTTP requests, as Postmark sends them: believed only with the secret."""

import base64
import json
import runpy

import pytest
from django.test import Client
from django.urls import include, path
from django.utils import timezone

from mailer import addresses, audience, campaigns, dispatch, suppression
from mailer.models import Campaign, Contact, Message, Report, Suppression
from project import urls
from tests.stories import parts

PERSON = "person2@example.org"
SECRET = "candor:kP3vJ9sYw2Lq8RtZ"
urlpatterns = [path("anymail/", include("anymail.urls"))]  # as project.urls has it, once there is a secret


@pytest.fixture(autouse=True)
def connected(settings):
    settings.ROOT_URLCONF = __name__
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}


@pytest.fixture
def campaign(db) -> Campaign:
    """Of person2's message nobody knows whether it came in."""
    draft = parts.draft(parts.list_of(2))
    campaigns.launch(draft, parts.staff())
    audience.snapshot(draft)
    messages = Message.objects.filter(campaign_id=draft.pk)
    messages.update(state="accepted", attempts=1, handed_over_at=timezone.now(), settled_at=timezone.now())
    messages.filter(contact_id=Contact.objects.get(email=PERSON).pk).update(state="unknown")
    return draft


def number_of(campaign: Campaign) -> str:
    """As the message was given along."""
    return f"{campaign.pk}.{addresses.parse(PERSON).address_key.hex()}"


def post(event: dict, *, secret: str = SECRET) -> int:
    """Postmark's request (https://postmarkapp.com/developer/webhooks/webhooks-overview)."""
    told = {
        "MessageID": "00000000-0000-0000-0000-000000000000",
        "Recipient": PERSON,
        "Email": PERSON,
        **event,
    }
    client = Client(enforce_csrf_checks=True)
    return client.post(
        "/anymail/postmark/tracking/",
        json.dumps(told),
        content_type="application/json",
        headers={"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"},
    ).status_code


def state_of(campaign: Campaign) -> str:
    key = addresses.parse(PERSON).address_key
    return Message.objects.values_list("state", flat=True).get(campaign_id=campaign.pk, address_key=key)


DELIVERED = {"RecordType": "Delivery", "DeliveredAt": "2026-11-30T12:00:00Z"}
BOUNCED = {"RecordType": "Bounce", "Type": "HardBounce", "TypeCode": 1, "BouncedAt": "2026-11-30T12:00:00Z"}
COMPLAINED = {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "BouncedAt": "2026-11-30T12:00:00Z"}


@pytest.mark.parametrize(("event", "state"), [(DELIVERED, "accepted"), (BOUNCED, "refused")])
def test_delivered_and_bounced_end_the_doubt(campaign, event, state):
    assert post({**event, "Metadata": {"delivery": number_of(campaign)}}) == 200
    assert dispatch.enter_reports() == 1
    assert state_of(campaign) == state
    (detail,) = (
        Message.objects.filter(campaign_id=campaign.pk).exclude(detail="").values_list("detail", flat=True)
    )
    assert detail == "The mail service told it later."


@pytest.mark.duty("D67")
def test_a_complaint_stops_all_mail_to_that_mailbox(campaign):
    assert post({**COMPLAINED, "Metadata": {"delivery": number_of(campaign)}}) == 200
    entry = Suppression.objects.get()
    assert bytes(entry.mailbox_key) == addresses.parse(PERSON).mailbox_key
    assert (entry.reason, entry.channel, entry.campaign_number) == ("complaint", "esp", campaign.pk)


@pytest.mark.duty("D128")
@pytest.mark.parametrize(
    "order", [(COMPLAINED, DELIVERED), (DELIVERED, COMPLAINED), (COMPLAINED, COMPLAINED)]
)
def test_in_any_order_and_however_often_events_come_none_brings_anybody_back(campaign, order):
    for event in (*order, *order):
        assert post({**event, "Metadata": {"delivery": number_of(campaign)}}) == 200
    assert suppression.mailable(addresses.parse(PERSON)).reasons == ("complaint",)


@pytest.mark.duty("D128")
@pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailInsecureWebhookWarning")
def test_without_the_secret_nothing_is_believed(campaign):
    assert post({**DELIVERED, "Metadata": {"delivery": number_of(campaign)}}, secret="candor:guessed") == 400
    assert not Report.objects.exists()


@pytest.mark.parametrize(
    "number", ["", "1", "1.zz", "9.{key}", "{number}.t5", "{number}' OR 1=1", "x" * 10_000]
)
def test_what_is_not_of_a_message_of_ours_is_passed_over(campaign, number):
    written = number.format(key="0" * 32, number=number_of(campaign))
    for event in (DELIVERED, BOUNCED, COMPLAINED):
        assert post({**event, "Metadata": {"delivery": written}}) == 200
    assert not Report.objects.exists()
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(("given", "is_there"), [({}, False), ({"WEBHOOK_SECRET": SECRET}, True)])
def test_the_door_is_there_only_with_a_secret(settings, given, is_there):
    settings.ANYMAIL = given
    doors = [str(each.pattern) for each in runpy.run_path(urls.__file__)["urlpatterns"]]
    assert ("anymail/" in doors) is is_there
