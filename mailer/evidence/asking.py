"""Verifications that staff ask for: a worker does them piece by piece, since millions of rows take minutes."""

import time
from typing import Any

from django.db import transaction
from django.utils import timezone

from mailer import locks
from mailer.evidence.heads import Head, HeadsUnreadable, heads_file, read_heads
from mailer.evidence.recording import by, record
from mailer.evidence.verifying import Break, Verdict, look_behind, walk
from mailer.models import Verification


def ask(user: Any) -> Verification:
    """Want the evidence verified; one that is not finished yet serves whoever asks again."""
    with transaction.atomic():
        waiting = Verification.objects.filter(finished_at__isnull=True).first()
        if waiting:
            return waiting
        record("verification asked", actor=by(user), subject="evidence")
        return Verification.objects.create(asked_by=user)


def is_verification_waiting() -> bool:
    return Verification.objects.filter(finished_at__isnull=True).exists()


def carry_on(seconds: float) -> bool:
    """Work on the verification that waits, for at most about `seconds`; returns whether more is to do."""
    with locks.held(locks.VERIFICATION, 0) as free:
        waiting = Verification.objects.filter(finished_at__isnull=True).order_by("id").first()
        if not free or waiting is None:
            return False
        verdict, heads = _resumed(waiting), _heads()
        is_over = _walked(verdict, heads, seconds)
        if is_over:
            look_behind(verdict, heads)
        waiting.heads = len(heads)
        _keep(waiting, verdict, is_over=is_over)
        return not is_over


def _walked(verdict: Verdict, heads: list[Head], seconds: float) -> bool:
    """Whether the end was reached in time."""
    ends = time.monotonic() + seconds
    steps = walk(verdict, heads)
    return not any(time.monotonic() > ends for _ in steps)


def _heads() -> list[Head]:
    """Ours, as far as they can be read: the page says against how many the chain was held."""
    try:
        return list(read_heads(heads_file()))
    except HeadsUnreadable:
        return []


def _resumed(waiting: Verification) -> Verdict:
    told = [Break("", None, None, words) for words in waiting.words]
    newest = float("-inf") if waiting.newest is None else waiting.newest
    return Verdict(reached=waiting.reached, newest=newest, broken=waiting.broken, breaks=told)


def _keep(waiting: Verification, verdict: Verdict, *, is_over: bool) -> None:
    waiting.reached, waiting.broken = verdict.reached, verdict.broken
    waiting.newest = verdict.newest
    waiting.words = [one.words for one in verdict.breaks]
    with transaction.atomic():
        if is_over:
            waiting.unsealed, waiting.finished_at = verdict.unsealed, timezone.now()
            record(
                "verified", actor="worker", subject="evidence", seals=verdict.reached, broken=verdict.broken
            )
        waiting.save()
