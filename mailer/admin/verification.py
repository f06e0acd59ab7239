"""Whether the evidence is what it was when it was sealed: asked for here, found out by a worker."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from mailer import evidence, tasks
from mailer.admin.pages import changes, fragment, page, reads
from mailer.models import Verification


@reads("mailer.view_evidence")
def verification(request: HttpRequest, model_admin: ModelAdmin) -> HttpResponse:
    return page(request, model_admin, "verification.html", "Verification of the evidence", **told())


@reads("mailer.view_evidence")
def progress(request: HttpRequest, model_admin: ModelAdmin) -> HttpResponse:
    return fragment(request, "parts/verification.html", **told())


@changes("mailer.verify_evidence")
def verify(request: HttpRequest, model_admin: ModelAdmin) -> HttpResponse:
    with transaction.atomic():
        evidence.ask(request.user)
        tasks.nudge_verification()
    return redirect("admin:mailer_evidence_verification")


def told() -> dict[str, Any]:
    """What the page says: the last verification, and the end of the chain."""
    last = Verification.objects.select_related("asked_by").first()
    head = evidence.current_head()
    return {
        "last": last,
        "state": _state(last),
        "head": head,
        "percent": min(100, 100 * last.reached // head.position) if last and head else 0,
        "more": max(0, last.broken - len(last.words)) if last else 0,
    }


def _state(last: Verification | None) -> str:
    if last is None:
        return "never"
    if last.finished_at is None:
        return "running"
    return "broken" if last.broken else "whole"
