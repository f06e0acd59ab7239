"""Requests about one's own data, as staff note, watch and answer them."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from mailer import addresses, suppression
from mailer.contacts import people
from mailer.models import Contact, DataRequest, Evidence, Suppression
from mailer.privacy import requests
from tests.mailer.admin_door import HOSTILE, member, new_list, said, signed_in

pytestmark = pytest.mark.django_db

DANA = addresses.parse("dana@example.org")
NOTE = "/admin/mailer/datarequest/add/"


def noted(kind: str = "access", days_ago: float = 0, **also: str) -> DataRequest:
    received_at = timezone.now() - timedelta(days=days_ago)
    return requests.receive(kind, DANA, channel="phone", received_at=received_at, **also)


def url(request: DataRequest, what: str = "") -> str:
    return f"/admin/mailer/datarequest/{request.pk}/{what}"


def press(request: DataRequest, what: str, **form: str):
    return signed_in("Operator").post(url(request, what), form, follow=True)


@pytest.fixture
def dana(data_dir) -> Contact:
    return people.add(DANA, new_list(), source="form", first_name="Dana", last_name="Miler", actor="shell")


def test_a_request_that_came_by_phone_is_noted_with_its_clock(dana):
    answer = signed_in("Operator").post(
        NOTE,
        {
            "kind": "access",
            "address": " DANA@example.org",
            "channel": "phone",
            "received_at": "2026-11-01T10:00",
            "words": HOSTILE,
        },
    )
    request = DataRequest.objects.get()
    assert answer["Location"] == url(request)
    assert (request.kind, request.channel, request.address, request.words, request.entered_by) == (
        "access",
        "phone",
        "DANA@example.org",
        HOSTILE,
        member("Operator"),
    )
    assert (request.received_at, request.due_at) == (
        datetime(2026, 11, 1, 10, tzinfo=UTC),
        datetime(2026, 12, 1, 10, tzinfo=UTC),
    )
    shown = signed_in("Operator").get(url(request)).content.decode()
    assert "They must have an answer by 1 December 2026" in shown
    assert "Miler" in shown
    assert HOSTILE not in shown
    told = Evidence.objects.get(verb="data request received")
    assert (told.actor, told.subject, bytes(told.mailbox_key)) == (
        f"user {request.entered_by_id}",
        f"data request {request.pk}",
        DANA.mailbox_key,
    )
    assert told.details == {"kind": "access", "channel": "phone", "received_at": "2026-11-01T10:00:00+00:00"}


def test_a_contact_s_page_leads_to_the_form_without_an_address_in_the_url(dana):
    page = signed_in("Operator").get(f"/admin/mailer/contact/{dana.pk}/change/").content.decode()
    assert f'href="{NOTE}?contact={dana.pk}"' in page
    assert NOTE not in signed_in("Marketer").get(f"/admin/mailer/contact/{dana.pk}/change/").content.decode()
    form = signed_in("Operator").get(f"{NOTE}?contact={dana.pk}").context["form"]
    assert form["address"].value() == "dana@example.org"
    for other in ("0", "x", "9" * 30, ""):
        assert signed_in("Operator").get(f"{NOTE}?contact={other}").context["form"]["address"].value() == ""


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"address": "dana"}, "address"),
        ({"received_at": "2999-01-01T10:00"}, "received_at"),
        ({"kind": "x"}, "kind"),
        ({"channel": "one_click"}, "channel"),
    ],
)
def test_what_is_wrong_is_told_beside_the_field(wrong, field):
    form = {
        "kind": "access",
        "address": "a@example.org",
        "channel": "phone",
        "received_at": "2026-11-01T10:00",
    }
    answer = signed_in("Operator").post(NOTE, {**form, **wrong})
    assert list(answer.context["form"].errors) == [field]
    assert not DataRequest.objects.exists()


@pytest.mark.parametrize(
    ("days_ago", "clock", "urgent"),
    [
        (0, ("Open", "29 days left"), False),
        (22.9, ("Open", "7 days left"), False),
        (23.1, ("Soon", "6 days left"), True),
        (28.5, ("Soon", "1 day left"), True),
        (29.9, ("Soon", "0 days left"), True),
        (30.5, ("Overdue", "1 day overdue"), True),
    ],
)
def test_the_clock_warns_a_week_ahead_and_the_first_page_says_so(days_ago, clock, urgent):
    request = noted(days_ago=days_ago)
    client = signed_in("Operator")
    assert client.get(url(request)).context["clock"] == clock
    assert clock[1] in client.get("/admin/mailer/datarequest/").content.decode()
    assert ([one.pk for one in client.get("/admin/").context["data_requests"]] == [request.pk]) is urgent
    assert signed_in("Marketer").get("/admin/").context["data_requests"] == []


def test_the_data_is_taken_out_as_a_file_and_that_is_recorded(dana):
    request = noted()
    answer = signed_in("Operator").post(url(request, "export/"))
    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"] == f'attachment; filename="data-of-request-{request.pk}.json"'
    assert "no-store" in answer["Cache-Control"]
    assert json.loads(answer.content)["contact"][0]["address"] == "dana@example.org"
    told = Evidence.objects.get(verb="data exported")
    assert (told.actor, told.subject) == (f"user {member('Operator').pk}", f"data request {request.pk}")


def test_names_are_corrected_and_only_the_fact_is_recorded(dana):
    request = noted("correction")
    assert said(press(request, "names/", first_name="Dana", last_name=" Miller\r\nBcc: x ")) == [
        "The names are as you wrote them. Tell the person, then close the request."
    ]
    dana.refresh_from_db()
    assert (dana.first_name, dana.last_name) == ("Dana", "Miller Bcc: x")
    told = Evidence.objects.get(verb="names corrected")
    assert (told.subject, told.details) == (f"contact {dana.pk}", {"fields": ["last_name"]})


def test_an_answered_request_is_closed_and_forgets_address_and_words(dana):
    request = noted(words="Who told you of me?")
    press(request, "close/")
    request.refresh_from_db()
    assert (request.outcome, request.address, request.words) == ("done", "", "")
    assert request.closed_by == member("Operator")
    assert Evidence.objects.get(verb="data request closed").details == {"kind": "access", "outcome": "done"}
    shown = signed_in("Operator").get(url(request)).content.decode()
    assert "dana@example.org" not in shown
    assert "Download it" not in shown
    assert said(press(request, "close/")) == ["This request has been closed meanwhile."]


def test_a_refusal_says_why_and_holds_no_address(dana):
    request = noted()
    for reason in ("", " ", "Not the owner of dana@example.org"):
        press(request, "refuse/", reason=reason)
        request.refresh_from_db()
        assert request.closed_at is None
    press(request, "refuse/", reason="It was not the owner who asked.")
    request.refresh_from_db()
    assert (request.outcome, request.reason) == ("refused", "It was not the owner who asked.")
    assert "reason" not in Evidence.objects.get(verb="data request closed").details


def test_an_objection_is_an_opt_out_from_when_it_was_received(dana):
    request = noted("objection", days_ago=2)
    press(request, "object/")
    entered = Suppression.objects.get()
    assert (entered.reason, entered.channel, entered.received_at) == ("opt_out", "phone", request.received_at)
    assert not suppression.mailable(DANA)
    assert Contact.objects.filter(pk=dana.pk).exists()
    request.refresh_from_db()
    assert request.outcome == "done"


@pytest.mark.parametrize("what", ["erase/", "object/"])
def test_a_request_is_obeyed_only_as_what_it_is(dana, what):
    (words,) = said(press(noted("access"), what))
    assert words.startswith("Only ")
    assert Contact.objects.exists()
    assert not Suppression.objects.exists()


def test_erasing_closes_the_request_and_the_person_is_gone(dana):
    request = noted("erasure")
    press(request, "erase/")
    request.refresh_from_db()
    assert (request.outcome, Contact.objects.count()) == ("done", 0)
    assert not suppression.mailable(DANA)


@pytest.mark.parametrize(
    "change",
    [
        {"closed_at": timezone.now()},
        {"outcome": "done"},
        {"closed_at": timezone.now(), "outcome": "done"},  # the address is still there
        {"closed_at": timezone.now(), "outcome": "refused", "address": "", "words": ""},
    ],
)
def test_the_database_keeps_no_address_of_a_closed_request_and_no_refusal_without_reason(change):
    request = noted()
    with pytest.raises(IntegrityError), transaction.atomic():
        DataRequest.objects.filter(pk=request.pk).update(**change)


def test_open_requests_stand_above_closed_ones():
    closed = noted(days_ago=9)
    requests.close(closed, user=None)
    late, later = noted(days_ago=3), noted(days_ago=1)
    shown = signed_in("Operator").get("/admin/mailer/datarequest/").context["cl"].result_list
    assert [one.pk for one in shown] == [late.pk, later.pk, closed.pk]
    only_open = signed_in("Operator").get("/admin/mailer/datarequest/?state=open").context["cl"].result_list
    assert [one.pk for one in only_open] == [late.pk, later.pk]
