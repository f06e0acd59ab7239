"""A file bears a claim out: kept once, named by its bytes, told to whoever has to decide (D26, D34, T14)."""

import hashlib
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from mailer import campaigns, proofs
from mailer.models import Campaign, Evidence, Proof
from tests.mailer.admin_door import member, new_draft, signed_in

pytestmark = pytest.mark.django_db

STUDY = b"%PDF-1.7 a study of 64 people"
SUBJECT = "Clinically tested serum for dry skin"
BODY = "<p>Our serum is for dry skin. A bottle of 30 ml costs $34 and lasts for about two months of daily use.</p>"


def grounds(**said) -> proofs.Grounds:
    return proofs.Grounds(
        **{"claim": "clinically tested", "proves": "Dry skin got better in 46 of 64 people.",
           "source": "Hautlab Zürich", "found_on": date(2025, 5, 3), **said}
    )  # fmt: skip


def draft(**written) -> Campaign:
    return new_draft(**{"subject": SUBJECT, "html": BODY, **written})


def held(campaign: Campaign) -> dict[str, str]:
    campaign = Campaign.objects.get(pk=campaign.pk)
    return {each.rule: each.message for each in campaigns.findings_of(campaign) if each.severity == "hold"}


@pytest.mark.duty("D26", "D34")
def test_a_claim_without_a_source_is_held_and_the_file_says_what_to_read():
    campaign = draft()
    assert "Nothing says who found" in held(campaign)["subject_proof"]
    proof = proofs.record(grounds(), "study.pdf", STUDY, campaign, member("Marketer"))
    told = held(campaign)["subject_proof"]
    assert "Hautlab Zürich, 3 May 2025" in told and hashlib.sha256(STUDY).hexdigest()[:12] in told
    assert told.endswith("Read it before you release this.")
    row = Evidence.objects.get(verb="proof recorded")
    assert (row.subject, row.details) == (
        f"proof {proof.pk}", {"campaign": campaign.pk, "sha256": hashlib.sha256(STUDY).hexdigest()},
    )  # fmt: skip


def test_a_file_for_other_words_explains_nothing():
    campaign = draft()
    proofs.record(grounds(claim="dermatologist approved"), "study.pdf", STUDY, campaign, member("Marketer"))
    assert "On file" not in held(campaign)["subject_proof"]


def test_a_file_takes_away_the_warning_that_nothing_bears_a_claim_out():
    campaign = draft(subject="Results in 2 weeks", html=BODY)
    before = {each.rule for each in campaigns.findings_of(campaign) if each.severity == "warn"}
    assert "subject_outcome" in before
    proofs.record(grounds(claim="results in 2 weeks"), "study.pdf", STUDY, campaign, member("Marketer"))
    assert "subject_outcome" not in {
        each.rule for each in campaigns.findings_of(Campaign.objects.get(pk=campaign.pk))
    }


def test_an_approval_is_bound_to_the_files_too():
    campaign = draft()
    proof = proofs.record(grounds(), "study.pdf", STUDY, campaign, member("Marketer"))
    campaigns.approve(campaign, member("Operator"), "I have read the study, pages 3 to 9.")
    assert campaigns.approval_of(Campaign.objects.get(pk=campaign.pk)) is not None
    proofs.unlink(proof, campaign)
    assert campaigns.approval_of(Campaign.objects.get(pk=campaign.pk)) is None
    proofs.link(proof, campaign)
    assert campaigns.approval_of(Campaign.objects.get(pk=campaign.pk)) is not None


@pytest.mark.parametrize(
    ("said", "data", "words"),
    [
        ({}, b"", "empty"),
        ({}, b"x" * (proofs.MOST_BYTES + 1), "larger than 10 MB"),
        ({"source": " "}, STUDY, "who found it"),
        ({"found_on": timezone.localdate() + timedelta(days=1)}, STUDY, "a day to come"),
    ],
)
def test_what_proves_nothing_is_refused_in_words(said, data, words):
    with pytest.raises(proofs.ProofRefused, match=words):
        proofs.record(grounds(**said), "study.pdf", data, draft(), member("Marketer"))
    assert not Proof.objects.exists()


def test_the_database_keeps_a_file_to_its_name():
    with pytest.raises(IntegrityError, match="proof_is_named_by_its_content"), transaction.atomic():
        Proof.objects.create(
            claim="a", proves="b", source="c", found_on=date(2025, 5, 3), file_name="d", size=1, data=b"e",
            sha256=hashlib.sha256(b"f").digest(), actor="user 1",
        )  # fmt: skip


def test_from_the_page_to_the_record_and_back_byte_for_byte():
    campaign = draft()
    browser = signed_in("Marketer")
    page = browser.get(f"/admin/mailer/campaign/{campaign.pk}/proof/")
    assert page.status_code == 200 and "Which words does it prove?" in page.text
    browser.post(
        f"/admin/mailer/campaign/{campaign.pk}/proof/",
        {"claim": "clinically tested", "proves": "It helped.", "source": "Hautlab", "found_on": "2025-05-03",
         "file": SimpleUploadedFile('st"udy.pdf', STUDY)},
    )  # fmt: skip
    proof = Proof.objects.get()
    assert "clinically tested" in browser.get(f"/admin/mailer/campaign/{campaign.pk}/").text
    answer = browser.get(f"/admin/mailer/campaign/{campaign.pk}/proof/{proof.pk}/")
    assert answer.content == STUDY and answer["Content-Disposition"].startswith("attachment")
    assert (
        answer["Content-Type"] == "application/octet-stream" and answer["X-Content-Type-Options"] == "nosniff"
    )


def test_who_may_not_write_campaigns_records_no_file_but_reads_it():
    campaign = draft()
    proof = proofs.record(grounds(), "study.pdf", STUDY, campaign, member("Marketer"))
    browser = signed_in("Auditor")
    assert browser.get(f"/admin/mailer/campaign/{campaign.pk}/proof/").status_code == 403
    assert browser.get(f"/admin/mailer/campaign/{campaign.pk}/proof/{proof.pk}/").content == STUDY
