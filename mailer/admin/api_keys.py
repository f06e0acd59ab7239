"""Keys of other programs: made by operators, shown once, revoked for ever."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from mailer import api_keys
from mailer.admin.pages import NeverChanged, OwnPageList, changes, needs, page, reads
from mailer.models import ApiKey

VALID, EXPIRED, REVOKED = "Valid", "Expired", "Revoked"
UNTIL = {"90": "90 days", "365": "One year", "730": "Two years", "": "Until it is revoked"}


class KeyForm(forms.Form):
    name = forms.CharField(
        label="Which program will use it?",
        max_length=80,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Web shop"}),
        help_text="One key for each program, so that one can be revoked without the others.",
    )
    scopes = forms.MultipleChoiceField(
        label="What may it do?",
        choices=ApiKey.Scope.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Only what it needs; it can't be changed later. No key can take an opt-out back or read who has "
        "opted out.",
    )
    days = forms.ChoiceField(
        label="How long is it valid?",
        required=False,
        choices=list(UNTIL.items()),
        initial="365",
        widget=UnfoldAdminSelectWidget,
    )

    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=int(days)) if days else None


@admin.register(ApiKey)
class ApiKeyAdmin(NeverChanged, ModelAdmin):
    actions = None
    list_display = ("name", "beginning", "last_used_on", "state")
    own_page = "admin:mailer_apikey_page"
    sortable_by = ()

    @admin.display(description="begins with")
    def beginning(self, key: ApiKey) -> str:
        return f"{api_keys.MARK}_{key.prefix}_…"

    @display(description="State", label={VALID: "success", EXPIRED: "warning", REVOKED: "danger"})
    def state(self, key: ApiKey) -> str:
        return state_of(key)

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return request.user.has_perm("mailer.add_apikey")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponseBase:
        return make(request, self)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        return redirect("admin:mailer_apikey_page", object_id)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[OwnPageList]:
        return OwnPageList

    def get_custom_urls(self) -> tuple:
        return (
            ("<int:number>/", "mailer_apikey_page", key_page),
            ("<int:number>/revoke/", "mailer_apikey_revoke", revoke),
        )


def state_of(key: ApiKey) -> str:
    if key.revoked_at:
        return REVOKED
    return EXPIRED if key.expires_at and key.expires_at <= timezone.now() else VALID


@needs("mailer.add_apikey")
def make(request: HttpRequest, model_admin: ModelAdmin) -> HttpResponse:
    """Make a key. Its text is in the answer to this POST and nowhere else: no session and no message keeps it."""
    form = KeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        key, text = api_keys.create(
            form.cleaned_data["name"],
            form.cleaned_data["scopes"],
            expires_at=form.expires_at(),
            user=request.user,
        )
        return page(request, model_admin, "api_key_made.html", f"Key for {key.name}", key=key, text=text)
    return page(
        request, model_admin, "form.html", "Make an API key", form=form, button="Make the key",
        back="admin:mailer_apikey_changelist",
        intro="With a key, another program of yours can put people on lists, record opt-outs, and ask whether an "
        "address may be mailed. Whoever has the key can do that, so treat it like a password.",
    )  # fmt: skip


@reads("mailer.view_apikey")
def key_page(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    key = get_object_or_404(ApiKey.objects.select_related("created_by"), pk=number)
    scopes = [(scope, ApiKey.Scope(scope).label) for scope in key.scopes]
    return page(
        request, model_admin, "api_key.html", key.name, key=key, scopes=scopes, state=state_of(key),
        begins=f"{api_keys.MARK}_{key.prefix}_…",
    )  # fmt: skip


@changes("mailer.revoke_apikey")
def revoke(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """From now on the key opens nothing, for ever."""
    key = get_object_or_404(ApiKey, pk=number)
    if api_keys.revoke(key, user=request.user):
        messages.success(request, f"Revoked. From now on the key of {key.name} opens nothing.")
    else:
        messages.info(request, "It was revoked before.")
    return redirect("admin:mailer_apikey_page", number)
