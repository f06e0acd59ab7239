"""API keys by hand: made by operators, shown once, revoked."""

import re

import pytest

from mailer.models import ApiKey, Evidence
from tests.mailer.admin_door import member, signed_in
from tests.mailer.api_door import Program

pytestmark = pytest.mark.django_db
FORM = {"name": "<b>Web</b> shop", "scopes": ["contacts:read", "mailable:read"], "days": "90"}


def test_an_operator_makes_a_key_that_opens_what_it_was_made_for_and_is_shown_once():
    client = signed_in("Operator")
    made = client.post("/admin/mailer/apikey/add/", FORM)
    text = re.search(r'value="(candor_[^"]+)"', made.content.decode())[1]
    assert "no-store" in made["Cache-Control"]
    key = ApiKey.objects.get()
    assert (key.name, key.scopes, key.created_by) == (FORM["name"], FORM["scopes"], member("Operator"))
    assert (key.expires_at - key.created_at).days in (89, 90)
    program = Program()
    program.bearer = f"Bearer {text}"
    assert program.get("/lists").status == 200
    assert program.post("/opt-outs", address="ann@example.org").status == 403
    secret = text.rpartition("_")[2]
    for path in (
        "/admin/mailer/apikey/",
        f"/admin/mailer/apikey/{key.pk}/",
        "/admin/mailer/evidence/",
        "/admin/",
    ):
        shown = client.get(path).content.decode()
        assert secret not in shown
        assert "<b>Web</b>" not in shown
    assert secret not in str(client.session.items())
    assert (
        Evidence.objects.get(verb="API key created", subject=f"API key {key.pk}").actor
        == f"user {key.created_by_id}"
    )


def test_a_revoked_key_opens_nothing_from_the_next_request_on():
    program = Program("contacts:read")
    client = signed_in("Operator")
    assert program.get("/lists").status == 200
    answer = client.post(f"/admin/mailer/apikey/{program.key.pk}/revoke/", follow=True)
    assert [str(message) for message in answer.context["messages"]] == [
        "Revoked. From now on the key of Web shop opens nothing."
    ]
    assert program.get("/lists").status == 401
    shown = client.get(f"/admin/mailer/apikey/{program.key.pk}/").content.decode()
    assert "Revoke this key" not in shown
    again = client.post(f"/admin/mailer/apikey/{program.key.pk}/revoke/", follow=True)
    assert [str(message) for message in again.context["messages"]] == ["It was revoked before."]
    assert Evidence.objects.filter(verb="API key revoked").count() == 1


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["suppressions:lift"]}, "scopes"),
        ({"days": "100000"}, "days"),
    ],
)
def test_what_is_wrong_with_a_key_is_told_beside_the_field(form, field):
    answer = signed_in("Operator").post("/admin/mailer/apikey/add/", {**FORM, **form})
    assert list(answer.context["form"].errors) == [field]
    assert not ApiKey.objects.exists()


def test_a_key_may_be_valid_until_it_is_revoked():
    signed_in("Operator").post("/admin/mailer/apikey/add/", {**FORM, "days": ""})
    assert ApiKey.objects.get().expires_at is None


def test_an_account_that_goes_leaves_its_keys_to_be_seen_and_revoked():
    olga = member("Operator")
    signed_in("Operator").post("/admin/mailer/apikey/add/", FORM)
    key = ApiKey.objects.get()
    olga.delete()
    client = signed_in("")
    assert "an account that is gone" in client.get(f"/admin/mailer/apikey/{key.pk}/").content.decode()
    client.post(f"/admin/mailer/apikey/{key.pk}/revoke/")
    key.refresh_from_db()
    assert key.revoked_at
