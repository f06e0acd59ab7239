"""`audit_message --sender`: subject and From are those that were frozen for the campaign which the link names."""

from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.utils import timezone

from mailer import campaigns
from mailer.management.example import put_list, put_sender
from mailer.models import Campaign, Sender
from mailer.rendering import Skeleton, fill
from tests.mailer.damages import TO_ADA

pytestmark = pytest.mark.django_db
SUBJECT = 'Winter, {{ first_name|default:"dear friend" }}: covers for roses'


@pytest.fixture
def launched(db) -> Campaign:
    user = get_user_model().objects.create_superuser("op", "op@example.org", "x")
    campaign = Campaign.objects.create(
        name="Roses",
        sender=put_sender(user),
        subject=SUBJECT,
        html="<p>Winter is here, and roses want covers.</p>",
    )
    campaign.lists.add(put_list())
    campaigns.launch(campaign, user)
    return campaign


def told(raw: bytes, campaign: Campaign, tmp_path) -> list[str]:
    eml, out = tmp_path / "received.eml", StringIO()
    eml.write_bytes(raw)
    try:
        call_command("audit_message", str(eml), "--sender", str(campaign.sender_id), stdout=out)
    except SystemExit as ended:
        assert ended.code == 1
    return [line.partition(": ")[2] for line in out.getvalue().splitlines()]


def message(campaign: Campaign) -> bytes:
    skeleton = Skeleton.from_bytes(bytes(campaign.revision.skeleton))
    return fill(skeleton, TO_ADA, at=timezone.now()).data


def test_what_was_approved_has_no_findings_with_a_name_or_without(launched, tmp_path):
    raw = message(launched)
    assert told(raw, launched, tmp_path) == []
    assert b"Subject: Winter, Dana: covers for roses\r\n" in raw
    nameless = raw.replace(b"Subject: Winter, Dana", b"Subject: Winter, dear friend")
    assert told(nameless, launched, tmp_path) == []


def test_a_subject_that_nobody_approved_is_told(launched, tmp_path):
    raw = message(launched)
    for old, new in [
        (b"Winter, ", b"Spring, "),
        (b"covers for", b"coverings of"),
        (b"roses\r\n", b"roses today\r\n"),
    ]:
        found = told(raw.replace(b"Subject: " + old if old == b"Winter, " else old, b"Subject: " + new
                                 if old == b"Winter, " else new, 1), launched, tmp_path)  # fmt: skip
        assert found == [
            "header_fields (Subject): The subject is not the one that was approved for this campaign."
        ]


def test_from_is_held_against_what_was_approved_and_not_against_today(launched, tmp_path):
    raw = message(launched)
    Sender.objects.filter(pk=launched.sender_id).update(from_email="spring@example.org")
    assert told(raw, launched, tmp_path) == []
    found = told(raw.replace(b"<news@example.org>", b"<other@example.org>"), launched, tmp_path)
    assert found == ["header_fields (From): From is not the sender’s trade name and address."]
