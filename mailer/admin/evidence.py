"""Who did what, when: read, never changed."""

from typing import Any

from django.contrib import admin
from django.db.models import Max, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from unfold.admin import ModelAdmin

from mailer.admin import dossiers, verification
from mailer.admin.pages import LongList, NeverChanged
from mailer.models import Evidence, Seal

# A verb has no index (each would cost every opt-out a write), so it is looked for among the newest rows.
LOOKED_THROUGH = 200_000


class VerbFilter(admin.SimpleListFilter):
    """The verbs of the newest rows; among these it filters, as its title says."""

    title = "what was done (newest 200,000 rows)"
    parameter_name = "verb"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        newest = Evidence.objects.order_by("-id").values_list("verb", flat=True)[:5000]
        return [(verb, verb) for verb in sorted(set(newest))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        newest = Evidence.objects.aggregate(last=Max("id"))["last"] or 0
        return queryset.filter(verb=self.value(), id__gt=newest - LOOKED_THROUGH)


@admin.register(Evidence)
class EvidenceAdmin(LongList, NeverChanged, ModelAdmin):
    list_display = ("when", "verb", "actor", "about")
    list_filter = (VerbFilter,)
    search_fields = ("subject",)
    search_help_text = "All about one thing, such as “campaign 12”, “sender 1” or “import 3”."
    ordering = ("-id",)
    list_before_template = "mailer/admin/parts/evidence_list.html"

    def get_custom_urls(self) -> tuple:
        return (
            ("dossiers/", "mailer_evidence_dossiers", dossiers.dossiers),
            ("dossiers/campaign/<int:number>/", "mailer_evidence_dossier_of_campaign", dossiers.of_campaign),
            ("verification/", "mailer_evidence_verification", verification.verification),
            ("verification/progress/", "mailer_evidence_verification_progress", verification.progress),
            ("verification/now/", "mailer_evidence_verify", verification.verify),
        )

    @admin.display(description="at (UTC)")
    def when(self, row: Evidence) -> str:
        return f"{row.at:%d %b %Y, %H:%M:%S}"

    @admin.display(description="about")
    def about(self, row: Evidence) -> str:
        return row.subject or (f"mailbox {bytes(row.mailbox_key).hex()[:8]}…" if row.mailbox_key else "–")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """The exact subject, which has an index; a search inside of words would read the whole table."""
        wanted = " ".join(search_term.split()).lower()
        return (queryset.filter(subject=wanted) if wanted else queryset), False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("when", "verb", "actor", "about", "mailbox", "said", "sealed")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.get_fields(request, obj)

    @admin.display(description="mailbox key")
    def mailbox(self, row: Evidence) -> str:
        return bytes(row.mailbox_key).hex() if row.mailbox_key else "–"

    @admin.display(description="details")
    def said(self, row: Evidence) -> str:
        facts = [(name, "–" if value is None else value) for name, value in row.details.items()]
        lines = format_html_join("", "<dt>{}</dt><dd>{}</dd>", facts)
        return format_html('<dl class="c-facts">{}</dl>', lines) if lines else "–"

    @admin.display(description="seal")
    def sealed(self, row: Evidence) -> str:
        seal = Seal.objects.filter(evidence_id=row.pk).first()
        if seal is None:
            return "Not yet sealed"
        return f"Sealed at {seal.sealed_at:%d %b %Y, %H:%M:%S} UTC, position {seal.position:,}"
