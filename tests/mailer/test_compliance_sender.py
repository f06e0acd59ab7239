"""Who may send: complete, attested, at a plausible postal address."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailer.compliance import check
from mailer.models import Sender
from tests.mailer.messages import CAMPAIGN, FRIENDS, content, sender

Kind = Sender.AddressKind


def found(**facts: object) -> list[tuple[str, str, str]]:
    findings = check(content(), sender(**facts), [FRIENDS], CAMPAIGN)
    return [(each.rule, each.severity.value, each.where) for each in findings]


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"trade_name": "Acme, Inc."},
        {"trade_name": "Gärtnerei Müller & Söhne"},
        {"trade_name": "Dana at Acme Garden"},
        {"legal_name": "Last Chance Ranch LLC", "trade_name": "Last Chance Ranch"},
        {"from_email": "news@mail.example.org"},
        {"region": "Oregon"},
        {"postal_code": "97201-1234"},
        {"line1": "Gartenweg 5", "city": "München", "region": "", "postal_code": "80331", "country": "DE"},
        {
            "line1": "京都市中京区1-2",
            "city": "京都",
            "region": "",
            "postal_code": "604-0000",
            "country": "JP",
        },
        {"address_kind": Kind.PO_BOX, "line1": "PO Box 1450"},
        {"address_kind": Kind.PO_BOX, "line1": "P.O. Box 1450"},
        {"address_kind": Kind.PRIVATE_MAILBOX, "line1": "1450 Rose Street", "line2": "PMB 12"},
        {"address_kind": Kind.PRIVATE_MAILBOX, "line1": "1450 Rose Street #12"},
        {"line1": "123 Mainstreet Plaza"},
    ],
)
def test_a_real_sender_passes(facts):
    assert found(**facts) == []


@pytest.mark.duty("D14", "D16", "D40", "D41")
@pytest.mark.parametrize(
    ("facts", "rule", "where"),
    [
        ({"legal_name": ""}, "sender_complete", "legal_name"),
        ({"trade_name": " "}, "sender_complete", "trade_name"),
        ({"from_email": ""}, "sender_complete", "from_email"),
        ({"reply_to": ""}, "sender_complete", "reply_to"),
        ({"contact": ""}, "sender_complete", "contact"),
        ({"from_email": "acme@gmail.com"}, "sender_complete", "from_email"),
        ({"from_email": "a@example.org.evil.example"}, "sender_complete", "from_email"),
        ({"from_email": "a@notexample.org"}, "sender_complete", "from_email"),
        ({"reply_to": "a@elsewhere.example"}, "sender_complete", "reply_to"),
        ({"from_email": "noreply@example.org"}, "sender_complete", "from_email"),
        ({"reply_to": "do-not-reply@example.org"}, "sender_complete", "reply_to"),
        ({"reply_to": "No_Reply+x@example.org"}, "sender_complete", "reply_to"),
        ({"identity_attested_at": None}, "sender_attested", "identity"),
        ({"address_attested_at": None}, "sender_attested", "address"),
        ({"trade_name": "Re: Acme"}, "display_name", "trade_name"),
        ({"trade_name": "Acme (2)"}, "display_name", "trade_name"),
        ({"trade_name": "[1] New Message"}, "display_name", "trade_name"),
        ({"trade_name": "Acme 🌹"}, "display_name", "trade_name"),
        ({"trade_name": "✔ Acme"}, "display_name", "trade_name"),
        ({"trade_name": "news@example.org"}, "display_name", "trade_name"),
        ({"trade_name": "Ac\u200bme"}, "display_name", "trade_name"),
        ({"trade_name": "TIME IS RUNNING OUT (SALE)"}, "display_name", "trade_name"),
        ({"trade_name": "URGENT REQUEST"}, "display_name", "trade_name"),
        ({"trade_name": "Last Chance"}, "display_name", "trade_name"),
        ({"trade_name": "Important Update ---------- From X"}, "display_name", "trade_name"),
        ({"line1": ""}, "postal_address", "line1"),
        ({"city": ""}, "postal_address", "city"),
        ({"country": ""}, "postal_address", "country"),
        ({"country": "usa"}, "postal_address", "country"),
        ({"country": "us"}, "postal_address", "country"),
        ({"region": ""}, "postal_address", "region"),
        ({"region": "XX"}, "postal_address", "region"),
        ({"postal_code": "9720"}, "postal_address", "postal_code"),
        ({"postal_code": "00000"}, "postal_address", "postal_code"),
        ({"line1": "123 Main St", "city": "Anytown"}, "postal_address", "city"),
        ({"line1": "123 Main St", "legal_name": "Acme Corp"}, "postal_address", "line1"),
        ({"legal_name": "Your Company"}, "postal_address", "legal_name"),
        ({"postal_code": "10001"}, "postal_address", "postal_code"),
        ({"country": "ZZ"}, "postal_address", "country"),
        ({"line2": "PMB 12"}, "postal_address", "address_kind"),
        ({"line1": "1 Your Street"}, "postal_address", "line1"),
        ({"line1": "Lorem ipsum 5"}, "postal_address", "line1"),
        ({"line1": "xxx 5"}, "postal_address", "line1"),
        ({"line1": "Your Company 1"}, "postal_address", "line1"),
        ({"line2": "Address line 2"}, "postal_address", "line2"),
        ({"line1": "---"}, "postal_address", "line1"),
        ({"line1": "11111 11111"}, "postal_address", "line1"),
        ({"city": "Anytown"}, "postal_address", "city"),
        ({"city": "TBD"}, "postal_address", "city"),
        ({"line1": "PO Box 1450"}, "postal_address", "address_kind"),
        ({"address_kind": Kind.PO_BOX}, "postal_address", "line1"),
        ({"address_kind": Kind.PO_BOX, "line1": "PO Box"}, "postal_address", "line1"),
        ({"address_kind": Kind.PRIVATE_MAILBOX}, "postal_address", "line2"),
        (
            {"address_kind": Kind.PRIVATE_MAILBOX, "line1": "PO Box 12", "line2": "PMB 12"},
            "postal_address",
            "line1",
        ),
    ],
)
def test_what_is_missing_or_false_blocks_where_it_stands(facts, rule, where):
    assert (rule, "block", where) in found(**facts)


def test_a_street_without_a_number_is_only_a_doubt():
    assert found(line1="Rose Cottage") == [("postal_address", "warn", "line1")]


def test_a_street_that_is_often_an_example_is_only_a_doubt_where_all_else_fits():
    assert found(line1="123 Main St") == [("postal_address", "warn", "line1")]


def test_an_old_attestation_warns_and_stops_nothing():
    old = timezone.now() - timedelta(days=306)
    assert found(identity_attested_at=old) == [("sender_attested", "warn", "identity")]
    assert found(address_attested_at=old - timedelta(days=400)) == [("sender_attested", "warn", "address")]
    assert found(identity_attested_at=timezone.now() - timedelta(days=300)) == []
