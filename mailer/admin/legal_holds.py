"""Legal holds: while one stands, nothing is deleted for its age and nobody is erased."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin as PlainModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextareaWidget

from mailer.admin.pages import OnePage, needs, page
from mailer.models import LegalHold
from mailer.privacy import holds
from mailer.privacy.register import KEPT


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Why?",
        max_length=1_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Such as the file number of the case. It is kept for ever: write no names and no addresses.",
    )


@admin.register(LegalHold)
class LegalHoldAdmin(OnePage, ModelAdmin):
    """Set and lifted by two buttons, so one page and one more for each lift."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        mine = {"model_admin": self}
        return [
            path("", wrap(set_hold), mine, name="mailer_legalhold_changelist"),
            path("<int:number>/lift/", wrap(lift), mine, name="mailer_legalhold_lift"),
        ]


@needs("mailer.view_legalhold", "mailer.add_legalhold")
def set_hold(request: HttpRequest, model_admin: PlainModelAdmin) -> HttpResponse:
    """The holds that stand and stood, what is kept how long, and the button that sets one."""
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            holds.set_hold(form.cleaned_data["reason"], user=request.user)
        except holds.HoldRefused as refused:
            form.add_error("reason", str(refused))
        else:
            messages.success(request, "It stands. From now on nothing is deleted for its age.")
            return redirect("admin:mailer_legalhold_changelist")
    everything = LegalHold.objects.select_related("set_by", "lifted_by")
    return page(
        request, model_admin, "legal_holds.html", "Retention and legal holds", form=form,
        standing=everything.filter(lifted_at__isnull=True), lifted=everything.filter(lifted_at__isnull=False),
        kept=[table for table in KEPT.values() if table.holds],
    )  # fmt: skip


@needs("mailer.change_legalhold")
def lift(request: HttpRequest, model_admin: PlainModelAdmin, number: int) -> HttpResponse:
    """GET asks why, POST lifts it."""
    hold = get_object_or_404(LegalHold, pk=number, lifted_at__isnull=True)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            holds.lift(number, form.cleaned_data["reason"], user=request.user)
        except holds.HoldRefused as refused:
            form.add_error("reason", str(refused))
        else:
            messages.success(request, "Lifted. What waited for it is deleted in the next night.")
            return redirect("admin:mailer_legalhold_changelist")
    return page(
        request, model_admin, "form.html", "Lift a legal hold", form=form, button="Lift it",
        back="admin:mailer_legalhold_changelist",
        intro=f"It stands since {hold.set_at:%d %B %Y} because: {hold.reason} If no other one stands, erasures that "
        "people asked for are done at once, and what is past its time is deleted in the next night.",
    )  # fmt: skip
