"""What a person is shown of themselves: everything, and nothing of anybody else (D108)."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.db import connection, models
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from mailer import addresses, suppression
from mailer.contacts import joining, leaving, people
from mailer.models import (
    Campaign,
    Contact,
    DataLink,
    HashedOptOut,
    Import,
    MailingList,
    Message,
    RefusedRow,
    SignUp,
    Subscription,
    TestAddress,
    TestSend,
    WayBack,
)
from mailer.privacy import access, requests
from mailer.privacy.persons import Traces, person_of
from mailer.privacy.register import KEPT
from tests.mailer.admin_door import new_list, new_sender
from tests.mailer.joining_forms import WORDING, new_form, wish

pytestmark = pytest.mark.django_db

DANA = addresses.parse("Dana@example.org")
ERIN = addresses.parse("erin@example.org")
AT = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def friends():
    return new_list()


@pytest.fixture
def dana(friends) -> Contact:
    """Something of her in every table, and the same of Erin."""
    campaign = Campaign.objects.create(name="Inner name", sender=new_sender(), subject="Tomatoes")
    brought = Import.objects.create(
        list=friends, source="event", filename="fair.csv", path="x", state="done", notice="May we write?",
        collected_by="Lee", collected_from=date(2026, 5, 1), collected_to=date(2026, 5, 2),
    )  # fmt: skip
    found = None
    form = new_form()
    for address, first_name in ((ERIN, "Erin"), (DANA, "Dana")):
        found = people.add(address, friends, source="event", first_name=first_name, actor="shell")
        # one that became a consent, and one that waits
        confirmed = joining.ask(form, wish(address.text, first_name=first_name))
        joining.confirm(confirmed.pk, network="203.0.113.0/24")
        SignUp.objects.update(requested_at=F("requested_at") - timedelta(days=2))
        joining.ask(form, wish(address.text, first_name=first_name))
        Subscription.objects.filter(contact=found).update(import_id=brought.pk)
        Message.objects.create(
            campaign_id=campaign.pk, address_key=address.address_key, mailbox_key=address.mailbox_key,
            contact_id=found.pk, state="refused", detail="550 no", handed_over_at=AT, settled_at=AT,
        )  # fmt: skip
        suppression.suppress(
            address.mailbox_key, reason="opt_out", channel="phone", actor="user 3", received_at=AT
        )
        suppression.reinstate(address, requested_at=AT)
        suppression.suppress(address.mailbox_key, reason="complaint", channel="feedback_loop", actor="worker")
        news = MailingList.objects.get_or_create(name="News", slug="news")[0]
        leaving.leave(address.mailbox_key, [news], actor="recipient", campaign=campaign.pk, received_at=AT)
        leaving.come_back(found, [news], requested_at=AT)
        leaving.leave(address.mailbox_key, [news], actor="recipient", received_at=AT)
        HashedOptOut.objects.create(
            digest=hashlib.sha256(address.text.lower().encode()).digest(), import_id=brought.pk
        )
        requests.receive(
            "correction", address, channel="post", received_at=AT - timedelta(days=1), words="My name!"
        )
        WayBack.objects.create(mailbox_key=address.mailbox_key, contact_id=found.pk, requested_at=AT)
        DataLink.objects.create(mailbox_key=address.mailbox_key, contact_id=found.pk, requested_at=AT)
        RefusedRow.objects.create(
            of=brought, line=7, reason="too_long", words="Too long.", row=f"{address.text},x"
        )
        TestAddress.objects.create(email=address.text, whose="the desk")
        TestSend.objects.create(campaign=campaign, skeleton=b"", email=address.text)
        Contact.objects.filter(pk=found.pk).update(zone="Asia/Tokyo")
    return found


def sections(*given: addresses.Address) -> dict[str, list[dict]]:
    held = access.gather(person_of(DANA.mailbox_key, *given), AT)
    return {part.name: list(part.rows) for part in held.sections}


@pytest.mark.duty("D108")
def test_everything_held_is_told_and_nobody_elses(dana, friends):
    told = sections()
    assert told["contact"] == [
        {
            "address": "Dana@example.org",
            "first name": "Dana",
            "last name": "",
            "time zone": "Asia/Tokyo",
            "on our books since": dana.created_at,
        }
    ]
    (place,) = told["lists"]
    assert place == {
        "list": friends.name,
        "address": "Dana@example.org",
        "since": dana.subscriptions.get().subscribed_at,
        "source": "Event",
        "came with a file on": Import.objects.get().created_at,
        "collected by": "Lee",
        "collected from": date(2026, 5, 1),
        "collected to": date(2026, 5, 2),
        "what you were told": "May we write?",
    }
    (consent,) = told["consents"]
    assert (consent["words"], consent["version of the words"], consent["page"]) == (
        WORDING,
        1,
        "https://acme.example/garden",
    )
    assert consent["confirmed from the network"] == "203.0.113.0/24"
    assert [(row["address"], row["first name"], row["confirmed at"] is None) for row in told["sign_ups"]] == [
        ("", "", False),
        ("Dana@example.org", "Dana", True),
    ]
    assert told["messages"] == [
        {
            "campaign": Campaign.objects.get().pk,
            "subject": None,  # it never was launched: nothing is known of what it said
            "sender": "Garden and Grain Trading LLC",
            "state": "Refused by the mail server",
            "why": None,
            "handed over at": AT,
            "settled at": AT,
        }
    ]
    assert [(row["list"], row.get("left at"), row.get("asked back at")) for row in told["left_lists"]] == [
        ("news", AT, None),
        ("news", AT, None),
        ("news", None, AT),
    ]
    assert [(row["reason"], row["told by"], row["in force"]) for row in told["opt_outs"]] == [
        ("Opt-out", "Phone", False),
        ("Complaint", "Mailbox provider's feedback loop", True),
    ]
    assert [row["asked at"] for row in told["returns"]] == [AT]
    assert [row["import"] for row in told["digests"]] == [Import.objects.get().pk]
    assert [(row["request"], row["your words"]) for row in told["requests"]] == [
        ("Correct their data", "My name!")
    ]
    assert [row["for"] for row in told["mails_asked_for"]] == [
        "The way back after an opt-out",
        "See, correct and erase",
    ]
    assert told["refused_rows"] == [
        {"import": Import.objects.get().pk, "line": 7, "row": "Dana@example.org,x", "why": "Too long."}
    ]
    assert [set(row) for row in told["tests"]] == [
        {"address", "whose", "since"},
        {"address", "campaign", "asked at"},
    ]
    assert [(row["what"], row["by"]) for row in told["record"]] == [
        ("added to list", "this installation"),
        ("sign-up asked", "this installation"),
        ("added to list", "you"),
        ("sign-up confirmed", "you"),
        ("sign-up asked", "this installation"),
        ("suppressed", "staff"),
        ("reinstated", "you"),
        ("suppressed", "this installation"),
        ("left lists", "you"),
        ("came back to lists", "you"),
        ("left lists", "you"),
        ("data request received", "this installation"),
    ]
    assert told["passed_on_to"][0]["who"] == "The mail server that we hand our mail to"
    assert {row["what"] for row in told["kept"]} == {table.holds for table in KEPT.values() if table.holds}
    assert "erin" not in json.dumps(told, default=str).lower()
    assert "Inner name" not in json.dumps(told, default=str)


def test_the_file_for_programs_holds_the_same(dana):
    held = access.gather(person_of(DANA.mailbox_key), AT)
    read = json.loads(held.as_json())
    assert read.pop("gathered at") == "2026-11-30T12:00:00+00:00"
    assert list(read) == [part.name for part in held.sections]
    assert read["messages"][0]["handed over at"] == "2026-11-30T12:00:00+00:00"
    assert read["lists"][0]["collected from"] == "2026-05-01"
    assert {name: len(rows) for name, rows in read.items()} == {
        part.name: len(part.rows) for part in held.sections
    }


def test_who_is_not_on_the_books_is_still_told_what_the_keys_tell():
    suppression.suppress(DANA.mailbox_key, reason="opt_out", channel="page", actor="recipient")
    told = sections()
    assert [row["in force"] for row in told["opt_outs"]] == [True]
    assert told["contact"] == told["refused_rows"] == []


def test_the_address_named_to_staff_finds_refused_rows_without_a_contact(friends):
    brought = Import.objects.create(list=friends, source="event", filename="a.csv", path="x", state="done")
    RefusedRow.objects.create(
        of=brought, line=2, reason="broken_row", words="Broken.", row="dana @example.org,Dana"
    )
    assert sections()["refused_rows"] == []
    assert [row["line"] for row in sections(DANA)["refused_rows"]] == [2]


@pytest.mark.parametrize(
    ("row", "theirs"),
    [
        ("dana@example.org", True),
        ("DANA+shop@Example.Org;x", True),
        ("dana@@example.org", True),
        ("dana @ example . org", True),
        ("dana@example,org", True),
        ("dana%40example.org", True),
        ("mailto:dana@example.org?x", True),
        ("<dana@example.org>", True),
        ("jordana@example.org", False),
        ("jor.dana@example.org", False),
        ("dana@example.organic", False),
        ("dana@example.org.uk", False),
        ("dana@example.com", False),
        ("Dana", False),
        ("", False),
    ],
)
def test_an_address_is_found_however_it_is_written_and_no_other(row, theirs):
    traces = Traces(person_of(DANA.mailbox_key, DANA))
    assert traces.name_an_address_in(row) is theirs
    assert ("dana" in traces.blotted(row).lower()) is (not theirs and "dana" in row.lower())


@pytest.mark.parametrize(
    ("address", "rows"),
    [
        (
            "d.a.na+x@gmail.com",
            ["dana@gmail.com", "D.A.N.A+shop@googlemail.com", "dana@@gmail.com", "da.na @gmail.com x"],
        ),
        (
            "o'hara_1-x@münchen.example",
            ["O'Hara_1-X+y@xn--mnchen-3ya.example", "o'hara_1-x @münchen,example"],
        ),
        ('"a b+c"@example.org', ['"a b+c"@example.org']),
        ("+tag@example.org", ["+tag@example.org"]),
    ],
)
def test_postgresql_finds_every_row_in_which_somebody_is(friends, address, rows):
    owner = addresses.parse(address)
    brought = Import.objects.create(list=friends, source="event", filename="a.csv", path="x", state="done")
    for line, row in enumerate([*rows, "else@gmail.com", "else@example.org", "dan@example.org"]):
        RefusedRow.objects.create(of=brought, line=line, reason="x", words="x", row=row)
    found = RefusedRow.objects.filter(Traces(person_of(owner.mailbox_key, owner)).maybe("row", "words"))
    assert set(range(len(rows))) <= set(found.values_list("line", flat=True))
    assert found.count() < len(rows) + 2


def test_every_table_that_knows_a_mailbox_is_asked(dana):
    """A new table with a mailbox's key or an address must be shown to its owner too."""
    with CaptureQueriesContext(connection) as asked:
        access.gather(person_of(DANA.mailbox_key), AT)
    queries = " ".join(query["sql"] for query in asked.captured_queries)
    for model in apps.get_app_config("mailer").get_models():
        fields = {field.name for field in model._meta.concrete_fields}
        knows = fields & {"mailbox_key", "address_key", "contact_id", "email"}
        if knows and model._meta.db_table not in queries:
            raise AssertionError(f"{model._meta.label} has {knows}, but nobody is shown it.")


@pytest.mark.duty("D108", "D111")
def test_every_table_is_in_the_register():
    assert run_checks() == []
    named = {model._meta.label for model in apps.get_app_config("mailer").get_models()} | {
        "admin.LogEntry",
        "sessions.Session",
    }
    assert named == KEPT.keys()


def test_a_table_that_is_not_in_the_register_stops_the_start(monkeypatch):
    monkeypatch.delitem(KEPT, "mailer.Message")
    (wrong,) = run_checks()
    assert (wrong.id, "mailer.Message is not in the register" in wrong.msg) == ("candor.E003", True)


# Text that no recipient's address or name can be in by its nature, or that goes with the row.
NO_TRACES = {
    "mailer.Contact": {"email", "first_name", "last_name", "zone"},  # deleted whole
    "mailer.DataRequest": {"address", "words"},  # empty once it is closed
    "mailer.DataLink": {"new_address"},
    "mailer.SignUp": {"email", "first_name", "page_url", "message_id"},  # deleted whole
    # without what could name a person when it is written; rows are only added
    "mailer.Consent": {"list_name", "wording", "page_url", "place", "message_id"},
    "mailer.SignUpForm": {"slug", "title"},
    "mailer.SignUpWording": {"text"},
    "mailer.TestAddress": {"email", "whose"},  # deleted whole
    "mailer.TestSend": {"email"},
    "mailer.ApiKey": {"prefix"},  # random letters
    "mailer.Message": {"transport_id"},  # emptied by key
    # the author's and the business's own words, frozen as they were sent and approved
    "mailer.MailingList": {"name", "slug"},
    "mailer.Campaign": {
        "name", "subject", "preheader", "html", "text", "advertisers", "final_counts", "zone", "hours_days",
    },
    "mailer.Revision": {"subject", "preheader", "layout", "html", "text", "sender_facts", "brand"},
    "mailer.Image": {"name", "alt"},
    "mailer.Sender": {
        "legal_name", "trade_name", "from_email", "reply_to", "contact",
        "line1", "line2", "city", "region", "postal_code", "country", "dkim_selectors",
    },
    "mailer.SenderBrand": {"ink", "accent", "ground"},
    "mailer.DnsAnswer": {"about", "record_name", "record_kind"},  # of the operator's own domains
    "mailer.Approval": {"actor", "policy", "reason", "releases"},  # only added to: staff's answers for a campaign
    "mailer.Offer": {"what", "value", "scope", "conditions", "zone", "reason", "actor"},
    "mailer.Proof": {"claim", "proves", "source", "file_name", "actor"},  # of studies and tests, by the business
    "mailer.Counter": {"slug", "what", "actor"},
    "mailer.Reading": {"actor"},
    # words of the program's own
    "mailer.ListLeaving": {"list_slug"},
    "mailer.ListReturn": {"list_slug"},
    "mailer.WayBack": {"joins", "leaves"},  # deleted whole
    "mailer.Import": {"path", "holds", "rejected", "flagged"},
    "mailer.LegalHold": {"reason", "lifted_because"},  # proof; no address is taken
    "mailer.PrivacyPolicy": {"text", "change_notice"},  # the operator's own words in public
    "mailer.PrivacyStatement": {"sentence"},
    "sessions.Session": {"session_key", "session_data"},  # of staff who are signed in
    "mailer.VoidedImport": {"reason", "actor"},  # only added to; staff are told to write no addresses
    "mailer.ColumnMapping": {"shape", "meanings"},
    "mailer.RefusedRow": {"reason"},
    "mailer.Report": {"status"},  # digits and dots
    "mailer.Evidence": {"verb", "actor", "subject", "details"},
    "mailer.Verification": {"words"},
    "mailer.JournalFile": {"name"},  # host and process
    "mailer.Heartbeat": {"name"},
    "mailer.Trouble": {"about"},
    "mailer.DomainPace": {"domain"},  # of mail systems; those that only put us off are gone after a day
    "admin.LogEntry": {"object_id"},
}  # fmt: skip


def test_every_column_of_text_is_searched_on_erasure_or_has_its_reason():
    for label, kept in KEPT.items():
        texts = {
            field.name
            for field in apps.get_model(label)._meta.concrete_fields
            if isinstance(field, models.CharField | models.TextField | models.JSONField) and not field.choices
        }
        assert texts - NO_TRACES.get(label, set()) == set(kept.text), label
