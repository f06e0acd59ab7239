"""The rules as they stand in the code: law, version, day of review, and what each found lately. Nothing is set here."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.contrib.admin import ModelAdmin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from mailer.admin.pages import page, reads
from mailer.compliance import reminders
from mailer.compliance.catalogue import Rule, catalogue
from mailer.compliance.consent_laws import LAWS
from mailer.models import Approval, Campaign, Evidence

LATELY = (30, 90)  # days


@dataclass(frozen=True, slots=True)
class Told:
    """A rule, and in how many launches it spoke, how many it stopped, and how often it was released of late."""

    rule: Rule
    spoke: tuple[int, ...]
    stopped: tuple[int, ...]
    released: tuple[int, ...]

    @property
    def is_quiet(self) -> bool:
        return not any((*self.spoke, *self.stopped, *self.released))


@reads("mailer.view_campaign")
def rules_page(request: HttpRequest, model_admin: ModelAdmin) -> HttpResponse:
    return page(
        request, model_admin, "rules.html", "Rules",
        groups=[(name, list(rules)) for name, rules in groupby(_told(), lambda told: told.rule.group)],
        lately=LATELY, due=reminders.reviews_due(), number=len(catalogue()),
        laws=LAWS,
    )  # fmt: skip


def _told() -> Iterator[Told]:
    starts = [timezone.now() - timedelta(days=days) for days in LATELY]
    launches = [_found(since) for since in starts]
    released = [_released(since) for since in starts]
    for rule in catalogue():
        yield Told(
            rule,
            spoke=tuple(spoke[rule.name] for spoke, _ in launches),
            stopped=tuple(stopped[rule.name] for _, stopped in launches),
            released=tuple(count[rule.name] for count in released),
        )


def _found(since: datetime) -> tuple[Counter[str], Counter[str]]:
    """In how many launches each rule spoke, and in how many it was among those that stopped one."""
    recent = Campaign.objects.filter(Q(launched_at__gte=since) | Q(state__in=["draft", "scheduled"]))
    subjects = [f"campaign {number}" for number in recent.values_list("pk", flat=True)]
    rows = Evidence.objects.filter(
        subject__in=subjects, at__gte=since, verb__in=("launched", "launch refused", "not begun")
    )
    spoke: Counter[str] = Counter()
    stopped: Counter[str] = Counter()
    for verb, details in rows.order_by().values_list("verb", "details"):
        findings = details.get("findings", [])
        spoke.update({found["rule"] for found in findings})
        if verb != "launched":
            stopped.update({found["rule"] for found in findings if found["severity"] != "warn"})
    return spoke, stopped


def _released(since: datetime) -> Counter[str]:
    releases = Approval.objects.filter(approved_at__gte=since).values_list("releases", flat=True)
    return Counter(rule for each in releases for rule in {released["rule"] for released in each})
