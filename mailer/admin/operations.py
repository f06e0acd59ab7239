"""The machine room: the kill switch, who is alive, and whom tests may go to."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin as PlainModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextareaWidget

from mailer import addresses, campaigns, evidence
from mailer.admin.pages import OnePage, SimpleForm, changes, needs, page
from mailer.dispatch import waiting
from mailer.models import Heartbeat, KillSwitch, TestAddress

SILENT_AFTER = timedelta(seconds=60)
PARTS = {
    "worker": "No worker has shown itself for a minute, so nothing is sent or imported. Start one, or look at its log.",
    "beat": "The clock (beat) has not shown itself for a minute, so waiting work may not be noticed. Start it again.",
}
NOT_YET = (
    "No worker has shown itself yet. In the first seconds after the start that is as it should be; if this stays, "
    "nothing is sent or imported: start one, or look at its log."
)


def every_page(request: HttpRequest) -> dict[str, Any]:
    """What every page of the admin says if it is so (UNFOLD's GLOBAL_CALLBACK)."""
    if not request.user.is_staff:
        return {}
    return {"kill_switch": KillSwitch.objects.filter(is_on=True).select_related("changed_by").first()}


def silences() -> list[str]:
    """What to tell of silent processes, of what keeps mail from going out, and of evidence that is not in order."""
    return _silent_parts() + waiting.warnings() + evidence.warnings()


def _silent_parts() -> list[str]:
    seen = dict(Heartbeat.objects.filter(name__in=PARTS).values_list("name", "at"))
    if not seen:
        return [NOT_YET]
    long_ago = timezone.now() - SILENT_AFTER
    return [words for name, words in PARTS.items() if seen.get(name, long_ago) <= long_ago]


def worker_is_silent() -> bool:
    return not Heartbeat.objects.filter(name="worker", at__gte=timezone.now() - SILENT_AFTER).exists()


# -- kill switch --------------------------------------------------------------------------------------


class StopForm(forms.Form):
    reason = forms.CharField(
        label="Why?",
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Everybody sees it on every page, and it is kept.",
    )


@admin.register(KillSwitch)
class KillSwitchAdmin(OnePage, ModelAdmin):
    """One row, turned by two buttons: so one page instead of a list and a form."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        mine = {"model_admin": self}
        return [
            path("", wrap(switch), mine, name="mailer_killswitch_changelist"),
            path("allow/", wrap(allow), mine, name="mailer_killswitch_allow"),
        ]


@needs("mailer.turn_killswitch")
def switch(request: HttpRequest, model_admin: PlainModelAdmin) -> HttpResponse:
    form = StopForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        campaigns.stop_all(request.user, form.cleaned_data["reason"])
        messages.success(request, "Stopped. Nothing new is handed over until somebody allows it again.")
        return redirect("admin:mailer_killswitch_changelist")
    current = KillSwitch.objects.select_related("changed_by").filter(pk=1).first()
    return page(request, model_admin, "killswitch.html", "Stop all sending", form=form, switch=current)


@changes("mailer.turn_killswitch")
def allow(request: HttpRequest, model_admin: PlainModelAdmin) -> HttpResponse:
    campaigns.allow_all(request.user)
    messages.success(request, "Sending is allowed again. Campaigns go on from where they were.")
    return redirect("admin:mailer_killswitch_changelist")


# -- test addresses -----------------------------------------------------------------------------------


class TestAddressForm(forms.ModelForm):
    __test__ = False  # pytest collects classes by their name

    def clean_email(self) -> str:
        try:
            return addresses.parse(self.cleaned_data["email"]).text
        except addresses.AddressRefused as wrong:
            raise forms.ValidationError(str(wrong)) from None


@admin.register(TestAddress)
class TestAddressAdmin(SimpleForm):
    __test__ = False

    form = TestAddressForm
    actions = None
    list_display = ("email", "whose", "created_at")
