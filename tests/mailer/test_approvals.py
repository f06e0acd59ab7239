"""What a rule holds goes out only when somebody answers for exactly that (DESIGN, “Findings and approval”)."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from mailer import approvals, campaigns
from mailer.compliance import Severity, catalogue
from mailer.models import Approval, Campaign, Evidence, MailingList
from tests.mailer.admin_door import member, new_draft, said, signed_in

pytestmark = pytest.mark.django_db

HELD = {
    "subject": "Following up on our call yesterday",
    "html": "<p>Our garden tour goes on all year, every Saturday morning at ten. Come and see the roses with us, bring "
    "your friends, and stay for a cup of tea in the old barn.</p>",
}
BLOCKED = {"subject": "Re: your order"}
REASON = "The venue confirmed the seats by phone."


def held_draft(author="Marketer", **written) -> Campaign:
    draft = new_draft(**{**HELD, **written})
    draft.author = draft.last_writer = member(author) if author else None
    draft.save()
    findings = campaigns.findings_of(draft)
    assert {finding.severity for finding in findings} >= {Severity.HOLD}
    assert Severity.BLOCK not in {finding.severity for finding in findings}
    return draft


@pytest.fixture(params=[approvals.TWO_PERSON, approvals.SELF_WITH_REASON])
def policy(request, settings) -> str:
    settings.APPROVAL = request.param
    return request.param


@pytest.fixture
def two_person(settings):
    settings.APPROVAL = approvals.TWO_PERSON


def test_what_no_rule_holds_is_approved_by_whoever_launches_it(policy):
    draft = new_draft()
    user = member("Marketer")
    campaigns.launch(draft, user)
    approval = Approval.objects.get()
    assert (approval.campaign_number, approval.actor, approval.policy, approval.releases, approval.reason) == (
        draft.pk, f"user {user.pk}", policy, [], "",
    )  # fmt: skip
    assert draft.revision.approval == approval


def test_what_is_held_does_not_go_out_whoever_launches_it(policy):
    draft = held_draft()
    for user in (member("Marketer"), member("Operator"), member(), None):
        with pytest.raises(campaigns.CampaignRefused, match="needs a decision"):
            campaigns.launch(draft, user)
    with pytest.raises(CommandError, match="needs a decision"):
        call_command("send_campaign", draft.pk)
    with pytest.raises(campaigns.CampaignRefused, match="can't go out"):
        campaigns.request_test(draft, "operator@example.com", member("Operator"))
    draft.refresh_from_db()
    assert (draft.state, Approval.objects.count()) == ("draft", 0)


@pytest.mark.duty("D6", "D31", "D34", "D121")
def test_released_by_somebody_else_for_a_reason_it_goes_out(policy):
    draft = held_draft()
    approver = member("Approver")
    approval = campaigns.approve(draft, approver, REASON)
    held = approvals.held(campaigns.findings_of(draft))
    assert [(released["rule"], released["message"]) for released in approval.releases] == [
        (finding.rule, finding.message) for finding in held
    ]
    assert (approval.reason, approval.actor) == (REASON, f"user {approver.pk}")
    proof = Evidence.objects.get(verb="approved")
    assert (proof.actor, proof.subject) == (f"user {approver.pk}", f"campaign {draft.pk}")
    assert proof.details == {
        "approval": approval.pk, "sha256": bytes(approval.sha256).hex(), "policy": policy,
        "kind": "commercial", "released": [finding.rule for finding in held], "rules": catalogue.versions(),
    }  # fmt: skip
    campaigns.launch(draft, member("Marketer"))
    assert draft.revision.approval == approval
    assert Approval.objects.count() == 1


@pytest.mark.duty("D121")
@pytest.mark.parametrize("who", ["author", "last writer"])
def test_two_persons_means_that_nobody_releases_what_they_wrote(two_person, who):
    draft = held_draft(author=None)
    writer = member()  # a superuser too
    setattr(draft, {"author": "author", "last writer": "last_writer"}[who], writer)
    draft.save()
    with pytest.raises(campaigns.CampaignRefused, match="You wrote it"):
        campaigns.approve(draft, writer, REASON)
    assert not Approval.objects.exists()


def test_nobody_without_an_account_releases_anything(two_person):
    with pytest.raises(campaigns.CampaignRefused, match="a person with an account"):
        campaigns.approve(held_draft(), None, REASON)


def test_alone_one_releases_ones_own_with_a_reason(settings):
    settings.APPROVAL = approvals.SELF_WITH_REASON
    draft = held_draft()
    campaigns.approve(draft, draft.author, REASON)
    campaigns.launch(draft, draft.author)
    assert draft.state == "sending"


@pytest.mark.parametrize("reason", ["", "   ", "fine"])
def test_without_a_reason_nothing_is_released(policy, reason):
    with pytest.raises(campaigns.CampaignRefused, match="Write why"):
        campaigns.approve(held_draft(), member("Approver"), reason)
    assert not Approval.objects.exists()


def test_what_is_blocked_can_not_be_approved(policy):
    draft = new_draft(**BLOCKED)
    with pytest.raises(campaigns.CampaignRefused, match="can't go out"):
        campaigns.approve(draft, member("Approver"), REASON)
    assert not Approval.objects.exists()


CHANGES = {
    "a word of the subject": lambda draft: Campaign.objects.filter(pk=draft.pk).update(
        subject="Following up on our call last week"
    ),
    "a word of the body": lambda draft: Campaign.objects.filter(pk=draft.pk).update(
        html=f"{draft.html}<p>Soon.</p>"
    ),
    "the preheader": lambda draft: Campaign.objects.filter(pk=draft.pk).update(preheader="In our garden"),
    "the sender's address": lambda draft: type(draft.sender).objects.update(line1="1451 Rose Street"),
    "another list": lambda draft: draft.lists.add(MailingList.objects.create(name="Aside", slug="zaside")),
}


@pytest.mark.duty("D25", "D121")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_change_asks_for_approval_again(policy, change):
    draft = held_draft()
    campaigns.approve(draft, member("Approver"), REASON)
    change(draft)
    draft = Campaign.objects.get(pk=draft.pk)
    assert campaigns.approval_of(draft) is None
    with pytest.raises(campaigns.CampaignRefused, match="needs a decision"):
        campaigns.launch(draft, member("Operator"))


def test_changed_back_to_the_letter_the_approval_counts_again(policy):
    draft = held_draft()
    campaigns.approve(draft, member("Approver"), REASON)
    subject = draft.subject
    for words in ("Something else", subject):
        Campaign.objects.filter(pk=draft.pk).update(subject=words)
    assert campaigns.approval_of(Campaign.objects.get(pk=draft.pk)) is not None


def test_an_approval_is_of_one_campaign_only(policy):
    draft = held_draft()
    campaigns.approve(draft, member("Approver"), REASON)
    other = Campaign.objects.create(name="Copy", sender=draft.sender, **HELD)
    other.lists.set(draft.lists.all())
    assert campaigns.approval_of(other) is None


def test_the_database_keeps_no_release_without_a_reason():
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.create(
            campaign_number=1, sha256=b"0" * 32, actor="user 1", policy="two_person", releases=[{"rule": "x"}]
        )


# -- by hand -------------------------------------------------------------------------------------------


def test_a_marketer_asks_an_approver_decides_and_the_marketer_launches(two_person):
    draft = held_draft()
    page = f"/admin/mailer/campaign/{draft.pk}/"
    marketer, approver = signed_in("Marketer"), signed_in("Approver")
    shown = marketer.get(page).content.decode()
    assert "Somebody has to decide" in shown
    assert "Release and approve" not in shown
    assert marketer.post(f"{page}approve/", {"reason": REASON}).status_code == 403
    marketer.post(f"{page}ask-for-review/")
    assert "Waiting for a second pair of eyes" in approver.get("/admin/").content.decode()
    assert Evidence.objects.filter(verb="asked for review", subject=f"campaign {draft.pk}").count() == 1
    assert "Release and approve" in approver.get(page).content.decode()
    answer = approver.post(f"{page}approve/", {"reason": "x"}, follow=True)
    assert any("Write why" in each for each in said(answer))
    approver.post(f"{page}approve/", {"reason": f"<b>{REASON}"})
    shown = marketer.get(page).content.decode()
    assert "Approved as it stands" in shown
    assert f"&lt;b&gt;{REASON}" in shown
    assert "Launch…" in shown
    assert approver.get(f"{page}launch/").status_code == 403
    launch = marketer.get(f"{page}launch/").content.decode()
    fingerprint = launch.split('name="fingerprint" value="')[1].split('"')[0]
    marketer.post(f"{page}launch/", {"fingerprint": fingerprint})
    draft.refresh_from_db()
    assert draft.state == "sending"


def test_who_wrote_it_is_told_that_somebody_else_must_release_it(two_person):
    draft = held_draft(author="Operator")
    operator = signed_in("Operator")
    shown = operator.get(f"/admin/mailer/campaign/{draft.pk}/").content.decode()
    assert "You wrote it, so somebody else has to release what is held." in shown
    assert "Release and approve" not in shown


def test_an_edit_makes_the_editor_the_last_writer(two_person):
    draft = held_draft()
    operator = signed_in("Operator")
    form = {
        "name": draft.name, "sender": draft.sender_id, "lists": [each.pk for each in draft.lists.all()],
        "subject": draft.subject, "preheader": "", "html": draft.html, "text": "",
    }  # fmt: skip
    assert operator.post(f"/admin/mailer/campaign/{draft.pk}/change/", form).status_code == 302
    draft.refresh_from_db()
    assert draft.last_writer == member("Operator")
    assert draft.author == member("Marketer")


@pytest.mark.parametrize(
    "page",
    ["", "mailer/campaign/", "mailer/contact/", "mailer/import/", "mailer/suppression/", "mailer/evidence/"],
)
def test_an_auditor_sees_everything_and_changes_nothing(page):
    held = Group.objects.get(name="Auditor").permissions.values_list("codename", flat=True)
    assert {code for code in held if not code.startswith("view_")} == {"verify_evidence", "make_dossier"}
    assert signed_in("Auditor").get(f"/admin/{page}").status_code == 200
