"""The kill switch, the first page, test addresses, evidence, and signing in."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from mailer import campaigns
from mailer.admin import operations
from mailer.models import Campaign, Evidence, Heartbeat, Import, KillSwitch, TestAddress
from tests.mailer.admin_door import HOSTILE, member, new_draft, new_list, new_sender, said, signed_in

pytestmark = pytest.mark.django_db


# -- kill switch -----------------------------------------------------------------------------------------


def test_a_stop_is_told_on_every_page_with_who_and_why():
    draft = new_draft()
    client = signed_in("Operator")
    answer = client.post("/admin/mailer/killswitch/", {"reason": HOSTILE}, follow=True)
    assert said(answer) == ["Stopped. Nothing new is handed over until somebody allows it again."]
    assert KillSwitch.objects.get().is_on
    for group in ("Nobody", "Marketer", "Operator"):
        own = signed_in(group)
        paths = ["/admin/", "/admin/password_change/"]
        if group != "Nobody":
            paths += [f"/admin/mailer/campaign/{draft.pk}/", f"/admin/mailer/campaign/{draft.pk}/change/"]
            paths += [
                f"/admin/mailer/campaign/{draft.pk}/launch/",
                "/admin/mailer/contact/",
                "/admin/mailer/import/add/",
            ]
        for path in paths:
            page = own.get(path).content.decode()
            assert "All sending is stopped." in page, path
            assert "&lt;script&gt;alert(" in page, path
            assert HOSTILE not in page, path
            assert ("Allow it again…" in page) == (group == "Operator"), path


def test_allowing_again_takes_the_banner_away():
    campaigns.stop_all(member("Operator"), "A wrong price")
    client = signed_in("Operator")
    client.post("/admin/mailer/killswitch/allow/")
    assert not KillSwitch.objects.get().is_on
    assert "All sending is stopped" not in client.get("/admin/mailer/campaign/").content.decode()
    assert list(
        Evidence.objects.filter(subject="kill switch").order_by("id").values_list("verb", flat=True)
    ) == [
        "stopped all sending",
        "allowed sending",
    ]


def test_a_stop_needs_a_reason():
    answer = signed_in("Operator").post("/admin/mailer/killswitch/", {"reason": " "})
    assert list(answer.context["form"].errors) == ["reason"]
    assert not KillSwitch.objects.get().is_on


def test_strangers_learn_nothing_of_a_stop():
    campaigns.stop_all(member("Operator"), "A wrong price")
    page = Client(HTTP_HOST="127.0.0.1").get("/admin/login/").content.decode()
    assert "stopped" not in page


# -- the first page --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ages", "silent"),
    [
        ({"worker": 5, "beat": 5}, []),
        ({"worker": 61, "beat": 5}, ["worker"]),
        ({"worker": 5, "beat": 61}, ["beat"]),
        ({"worker": 5}, ["beat"]),
        ({}, ["yet"]),
    ],
)
def test_who_has_not_shown_life_for_a_minute_is_told(ages, silent):
    for name, seconds in ages.items():
        Heartbeat.objects.create(name=name, at=timezone.now() - timedelta(seconds=seconds))
    words = {**operations.PARTS, "yet": operations.NOT_YET}
    shown = signed_in("Marketer").get("/admin/")
    assert shown.context["silences"] == [words[name] for name in silent]
    assert shown.content.decode().count('role="alert"') == len(silent)


def test_the_first_steps_are_ticked_off_one_by_one_and_then_go():
    client = signed_in("Marketer")

    def done() -> list[bool]:
        return [step.done for step in client.get("/admin/").context["steps"]]

    assert done() == [False, False, False, False]
    sender = new_sender()
    assert done() == [True, False, False, False]
    friends = new_list(number=1)
    assert done() == [True, True, True, False]
    draft = Campaign.objects.create(name="x", sender=sender, subject="Tomatoes", text="Here they are.")
    draft.lists.add(friends)
    campaigns.launch(draft, None)
    assert done() == []


def test_an_import_under_way_is_on_the_first_page():
    import_ = Import.objects.create(
        list=new_list(), source="form", filename=HOSTILE, state="running", rows=1234
    )
    page = signed_in("Marketer").get("/admin/").content.decode()
    assert f"/admin/mailer/import/{import_.pk}/" in page
    assert "1,234 rows" in page
    assert HOSTILE not in page


def test_staff_without_rights_see_no_campaigns_on_the_first_page():
    new_draft(name="Secret spring sale")
    page = signed_in("Nobody").get("/admin/").content.decode()
    assert "Secret spring sale" not in page


# -- the rest --------------------------------------------------------------------------------------------


def test_a_test_address_is_an_address_that_candor_can_mail():
    client = signed_in("Operator")
    assert (
        client.post("/admin/mailer/testaddress/add/", {"email": "QA@Example.com", "whose": "QA"}).status_code
        == 302
    )
    assert TestAddress.objects.get().email == "QA@example.com"
    answer = client.post("/admin/mailer/testaddress/add/", {"email": "qa@localhost", "whose": "QA"})
    assert list(answer.context["errors"])
    assert TestAddress.objects.count() == 1


def test_evidence_is_found_by_what_it_is_about_and_by_verb():
    draft = new_draft()
    campaigns.launch(draft, None)
    client = signed_in("Operator")
    about = client.get("/admin/mailer/evidence/", {"q": f" Campaign  {draft.pk} "})
    assert [row.verb for row in about.context["cl"].result_list] == ["launched"]
    by_verb = client.get("/admin/mailer/evidence/", {"verb": "attested address"})
    assert [row.subject for row in by_verb.context["cl"].result_list] == [f"sender {draft.sender_id}"]
    act = Evidence.objects.get(verb="launched")
    assert (
        "<dt>revision</dt><dd>1</dd>"
        in client.get(f"/admin/mailer/evidence/{act.pk}/change/").content.decode()
    )
    assert client.post(f"/admin/mailer/evidence/{act.pk}/change/", {"verb": "x"}).status_code == 403


def test_signing_in_leads_to_the_first_page():
    user = member("Marketer")
    user.set_password("correct horse battery")
    user.save()
    answer = Client(HTTP_HOST="127.0.0.1").post(
        "/admin/login/", {"username": "marketer", "password": "correct horse battery"}
    )
    assert answer["Location"] == "/admin/"


def test_users_and_groups_have_their_pages_for_a_superuser():
    client = signed_in()
    user = member("Marketer")
    for path in (
        "user/",
        "user/add/",
        f"user/{user.pk}/change/",
        f"user/{user.pk}/password/",
        "group/",
        "group/add/",
    ):
        assert client.get(f"/admin/auth/{path}").status_code == 200, path
