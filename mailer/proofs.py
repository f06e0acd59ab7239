"""Files that bear a claim out: kept once, named by their SHA-256, never changed (DUTIES D26, D34, D35, T14).

A program can't read a study. So a file on record takes no hold away: it stands beside what is held, and whoever
releases it has to have read it. What a file alone does away with is a warning that nothing bears the claim out.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from mailer import evidence
from mailer.models import Campaign, Proof

MOST_BYTES = 10_000_000


class ProofRefused(ValueError):
    """It is not recorded so; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a file proves, in whose words and of what day."""

    claim: str
    proves: str
    source: str
    found_on: date


def record(grounds: Grounds, file_name: str, data: bytes, campaign: Campaign, user: Any) -> Proof:
    """Record a file that a draft's claim rests on. Raises ProofRefused."""
    _assert_usable(grounds, data)
    with transaction.atomic():
        draft = _draft(campaign)
        proof = Proof.objects.create(
            claim=grounds.claim.strip(), proves=grounds.proves.strip(), source=grounds.source.strip(),
            found_on=grounds.found_on, file_name=file_name.strip()[-200:] or "file", size=len(data), data=data,
            sha256=hashlib.sha256(data).digest(), actor=evidence.by(user),
        )  # fmt: skip
        draft.proofs.add(proof)
        evidence.record(
            "proof recorded",
            actor=proof.actor,
            subject=f"proof {proof.pk}",
            campaign=draft.pk,
            sha256=proof.sha256.hex(),
        )
    return proof


def link(proof: Proof, campaign: Campaign) -> None:
    """A draft's claim rests on a file that is recorded already."""
    with transaction.atomic():
        _draft(campaign).proofs.add(proof)


def carry_over(original: Campaign, draft: Campaign) -> None:
    """A copy's claims rest on the same files."""
    for proof in original.proofs.defer("data"):
        link(proof, draft)


def unlink(proof: Proof, campaign: Campaign) -> None:
    """A draft's claim no longer rests on it. The record stays."""
    with transaction.atomic():
        _draft(campaign).proofs.remove(proof)


def _assert_usable(grounds: Grounds, data: bytes) -> None:
    if not data:
        raise ProofRefused("The file is empty.")
    if len(data) > MOST_BYTES:
        raise ProofRefused(
            f"The file is larger than {MOST_BYTES // 1_000_000} MB. Keep the pages that prove the claim."
        )
    if not all(words.strip() for words in (grounds.claim, grounds.proves, grounds.source)):
        raise ProofRefused("Say which words it proves, what it says of them, and who found it.")
    if grounds.found_on > timezone.localdate():
        raise ProofRefused("What is found on a day to come proves nothing yet.")


def _draft(campaign: Campaign) -> Campaign:
    found = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if found.state != Campaign.State.DRAFT:
        raise ProofRefused("It is no longer a draft; what it rests on can't be changed.")
    return found
