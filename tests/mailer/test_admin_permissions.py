"""Who may open and press what, with the exact answers."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from mailer import addresses, api_keys
from mailer.contacts import joining
from mailer.models import (
    ApiKey,
    Campaign,
    Consent,
    Contact,
    DataRequest,
    Evidence,
    KillSwitch,
    LegalHold,
    Message,
    PrivacyPolicy,
    PrivacyStatement,
    Sender,
    SignUpForm,
    Suppression,
)
from mailer.privacy import holds, requests
from tests.mailer.admin_door import member, new_draft, signed_in
from tests.mailer.joining_forms import new_form, wish
from tests.mailer.pictures import stored

pytestmark = pytest.mark.django_db

WHO = ("Nobody", "Marketer", "Operator", "")
# path: what Nobody, Marketer, Operator and a superuser get
PAGES = {
    "/admin/": (200, 200, 200, 200),
    "/admin/mailer/campaign/": (403, 200, 200, 200),
    "/admin/mailer/campaign/add/": (403, 200, 200, 200),
    "/admin/mailer/campaign/rules/": (403, 200, 200, 200),
    "/admin/mailer/campaign/{c}/": (403, 200, 200, 200),
    "/admin/mailer/campaign/{c}/change/": (403, 200, 200, 200),
    "/admin/mailer/campaign/{c}/delete/": (403, 200, 200, 200),
    "/admin/mailer/campaign/{c}/preview/": (403, 200, 200, 200),
    "/admin/mailer/campaign/{c}/source/": (403, 200, 200, 200),
    "/admin/mailer/campaign/{c}/launch/": (403, 200, 200, 200),
    "/admin/mailer/campaign/{c}/messages/": (403, 200, 200, 200),
    "/admin/mailer/campaign/{c}/unknown/": (403, 200, 200, 200),
    "/admin/mailer/campaign/{c}/progress/": (403, 200, 200, 200),
    "/admin/mailer/campaign/{c}/brief/": (403, 200, 200, 200),
    "/admin/mailer/campaign/{c}/tests/": (403, 200, 200, 200),
    "/admin/mailer/campaign/{c}/estimate/": (403, 200, 200, 200),
    "/admin/mailer/image/": (403, 200, 200, 200),
    "/admin/mailer/image/add/": (403, 200, 200, 200),
    "/admin/mailer/image/describe/": (403, 200, 200, 200),
    "/admin/mailer/image/picker/": (403, 200, 200, 200),
    "/admin/mailer/image/{i}/change/": (403, 200, 200, 200),
    "/admin/mailer/image/{i}/delete/": (403, 200, 200, 200),
    "/admin/mailer/mailinglist/": (403, 200, 200, 200),
    "/admin/mailer/mailinglist/{l}/change/": (403, 200, 200, 200),
    "/admin/mailer/mailinglist/{l}/delete/": (403, 403, 200, 200),
    "/admin/mailer/mailinglist/{l}/add-person/": (403, 200, 200, 200),
    "/admin/mailer/mailinglist/{l}/count/": (403, 200, 200, 200),
    "/admin/mailer/signupform/": (403, 200, 200, 200),
    "/admin/mailer/signupform/add/": (403, 200, 200, 200),
    "/admin/mailer/signupform/{f}/change/": (403, 200, 200, 200),
    "/admin/mailer/signupform/{f}/delete/": (403, 403, 200, 200),
    "/admin/mailer/signup/": (403, 200, 200, 200),
    "/admin/mailer/signup/add/": (403, 403, 403, 403),
    "/admin/mailer/signup/{r}/change/": (403, 200, 200, 200),
    "/admin/mailer/signup/{r}/delete/": (403, 403, 403, 403),
    "/admin/mailer/consent/": (403, 200, 200, 200),
    "/admin/mailer/consent/add/": (403, 403, 403, 403),
    "/admin/mailer/consent/{y}/change/": (403, 200, 200, 200),
    "/admin/mailer/consent/{y}/delete/": (403, 403, 403, 403),
    "/admin/mailer/contact/": (403, 200, 200, 200),
    "/admin/mailer/contact/add/": (403, 403, 403, 403),
    "/admin/mailer/contact/{p}/change/": (403, 200, 200, 200),
    "/admin/mailer/contact/{p}/delete/": (403, 403, 200, 200),
    "/admin/mailer/import/": (403, 200, 200, 200),
    "/admin/mailer/import/add/": (403, 200, 200, 200),
    "/admin/mailer/sender/": (403, 200, 200, 200),
    "/admin/mailer/sender/add/": (403, 403, 200, 200),
    "/admin/mailer/sender/{s}/change/": (403, 200, 200, 200),
    "/admin/mailer/sender/{s}/delete/": (403, 403, 403, 403),  # a campaign has it
    "/admin/mailer/sender/{s}/look/": (403, 200, 200, 200),
    "/admin/mailer/sender/{s}/look/letter/": (403, 200, 200, 200),
    "/admin/mailer/sender/{s}/attest/identity/": (403, 403, 200, 200),
    "/admin/mailer/sender/{s}/attest/address/": (403, 403, 200, 200),
    "/admin/mailer/suppression/": (403, 200, 200, 200),
    "/admin/mailer/suppression/record/": (403, 403, 200, 200),
    "/admin/mailer/datarequest/": (403, 403, 200, 200),
    "/admin/mailer/datarequest/add/": (403, 403, 200, 200),
    "/admin/mailer/datarequest/{d}/": (403, 403, 200, 200),
    "/admin/mailer/datarequest/{d}/delete/": (403, 403, 403, 403),
    "/admin/mailer/privacypolicy/": (403, 403, 200, 200),
    "/admin/mailer/legalhold/": (403, 403, 200, 200),
    "/admin/mailer/legalhold/{h}/lift/": (403, 403, 200, 200),
    "/admin/mailer/evidence/": (403, 403, 200, 200),
    "/admin/mailer/evidence/{e}/change/": (403, 403, 200, 200),
    "/admin/mailer/evidence/{e}/delete/": (403, 403, 403, 403),
    "/admin/mailer/evidence/add/": (403, 403, 403, 403),
    "/admin/mailer/evidence/dossiers/": (403, 403, 200, 200),
    "/admin/mailer/evidence/verification/": (403, 403, 200, 200),
    "/admin/mailer/evidence/verification/progress/": (403, 403, 200, 200),
    "/admin/mailer/killswitch/": (403, 403, 200, 200),
    "/admin/mailer/testaddress/": (403, 200, 200, 200),
    "/admin/mailer/testaddress/add/": (403, 403, 200, 200),
    "/admin/mailer/apikey/": (403, 403, 200, 200),
    "/admin/mailer/apikey/add/": (403, 403, 200, 200),
    "/admin/mailer/apikey/{k}/": (403, 403, 200, 200),
    "/admin/mailer/apikey/{k}/delete/": (403, 403, 403, 403),
    "/admin/auth/user/": (403, 403, 403, 200),
    "/admin/auth/group/": (403, 403, 403, 200),
}
# Buttons: a GET is refused to those who may press, and 403 to the others.
BUTTONS = {
    "/admin/mailer/campaign/{c}/test/": "Marketer",
    "/admin/mailer/campaign/{c}/pause/": "Marketer",
    "/admin/mailer/campaign/{c}/resume/": "Marketer",
    "/admin/mailer/campaign/{c}/cancel/": "Marketer",
    "/admin/mailer/campaign/{c}/copy/": "Marketer",
    "/admin/mailer/campaign/{c}/check/": "Marketer",
    "/admin/mailer/campaign/check/": "Marketer",
    "/admin/mailer/contact/find/": "Marketer",
    "/admin/mailer/killswitch/allow/": "Operator",
    "/admin/mailer/privacypolicy/1/take-back/": "Operator",
    "/admin/mailer/privacypolicy/attest/gpc/": "Operator",
    "/admin/mailer/privacypolicy/withdraw/gpc/": "Operator",
    "/admin/mailer/evidence/verification/now/": "Operator",
    "/admin/mailer/evidence/dossiers/campaign/{c}/": "Operator",
    "/admin/mailer/datarequest/{d}/export/": "Operator",
    "/admin/mailer/datarequest/{d}/names/": "Operator",
    "/admin/mailer/datarequest/{d}/erase/": "Operator",
    "/admin/mailer/datarequest/{d}/object/": "Operator",
    "/admin/mailer/datarequest/{d}/close/": "Operator",
    "/admin/mailer/datarequest/{d}/refuse/": "Operator",
    "/admin/mailer/apikey/{k}/revoke/": "Operator",
}


@pytest.fixture
def numbers() -> dict[str, int]:
    draft = new_draft()
    form = new_form()
    request = joining.ask(form, wish())
    joining.confirm(request.pk, network="")
    return {
        "f": form.pk,
        "r": request.pk,
        "y": Consent.objects.get().pk,
        "c": draft.pk,
        "i": stored().pk,
        "l": draft.lists.get().pk,
        "s": draft.sender.pk,
        "p": Contact.objects.first().pk,
        "e": Evidence.objects.first().pk,
        "h": holds.set_hold("File 12/26", user=member("Operator")).pk,
        "d": requests.receive(
            "erasure", addresses.parse("person0@example.org"), channel="phone", received_at=timezone.now()
        ).pk,
        "k": api_keys.create("Web shop", ["mailable:read"], expires_at=None, user=None)[0].pk,
    }


def everything() -> list:
    """All that a page could change, as it stands."""
    tables = (
        ApiKey,
        Campaign,
        Consent,
        Contact,
        DataRequest,
        LegalHold,
        PrivacyPolicy,
        PrivacyStatement,
        Sender,
        SignUpForm,
        Message,
        Suppression,
        Evidence,
        KillSwitch,
    )
    return [sorted(map(str, table.objects.values_list())) for table in tables]


@pytest.mark.parametrize("group", WHO)
def test_each_page_opens_for_those_it_is_for_and_changes_nothing(numbers, group):
    client = signed_in(group)
    before = everything()
    answers = {path: client.get(path.format(**numbers)).status_code for path in PAGES}
    assert answers == {path: expected[WHO.index(group)] for path, expected in PAGES.items()}
    assert everything() == before


@pytest.mark.parametrize("path", BUTTONS)
def test_a_button_is_no_link(numbers, path):
    before = everything()
    assert signed_in(BUTTONS[path]).get(path.format(**numbers)).status_code == 405
    assert signed_in("Nobody").post(path.format(**numbers)).status_code == 403
    assert everything() == before


@pytest.mark.parametrize(
    "path",
    [
        "/admin/mailer/killswitch/",
        "/admin/mailer/killswitch/allow/",
        "/admin/mailer/suppression/record/",
        "/admin/mailer/datarequest/add/",
        "/admin/mailer/legalhold/",
        "/admin/mailer/legalhold/{h}/lift/",
        "/admin/mailer/apikey/add/",
        "/admin/mailer/apikey/{k}/revoke/",
        "/admin/mailer/privacypolicy/",
        *(path for path in BUTTONS if "datarequest" in path or "privacypolicy" in path),
    ],
)
def test_a_marketer_can_not_press_an_operator_s_button(numbers, path):
    before = everything()
    form = {
        "reason": "x",
        "name": "x",
        "scopes": ["mailable:read"],
        "address": "a@example.org",
        "channel": "phone",
        "received_at": "2026-01-01T10:00",
    }
    assert signed_in("Marketer").post(path.format(**numbers), form).status_code == 403
    assert everything() == before


@pytest.mark.parametrize(
    "path", [*BUTTONS, "/admin/mailer/campaign/{c}/launch/", "/admin/mailer/killswitch/"]
)
def test_a_button_asks_for_its_token(numbers, path):
    before = everything()
    client = signed_in("Operator", csrf=True)
    assert client.post(path.format(**numbers), {"reason": "because"}).status_code == 403
    assert everything() == before


@pytest.mark.parametrize("path", [*PAGES, *BUTTONS])
def test_a_stranger_is_asked_to_sign_in(client, numbers, path):
    answer = client.get(path.format(**numbers), HTTP_HOST="127.0.0.1")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/?next=")


def test_operators_hold_all_that_marketers_hold_and_no_rights_over_users():
    held = {
        group.name: set(group.permissions.values_list("codename", flat=True)) for group in Group.objects.all()
    }
    assert held["Marketer"] < held["Operator"]
    assert held["Operator"] - held["Marketer"] >= {
        "attest_sender",
        "turn_killswitch",
        "add_suppression",
        "add_apikey",
    }
    assert (
        not Permission.objects.filter(group__isnull=False).exclude(content_type__app_label="mailer").exists()
    )


@pytest.mark.parametrize("group", ["Marketer", "Operator", ""])
def test_the_sidebar_shows_only_what_opens(numbers, group):
    client = signed_in(group)
    shown = client.get("/admin/")
    links = [
        item["link"]
        for part in shown.context["sidebar_navigation"]
        for item in part["items"]
        if item["has_permission"] and item["link"] != "/inbox/"
    ]
    assert len(links) >= 6
    assert {client.get(link).status_code for link in links} == {200}
