"""Mail domains that get less at once: by an operator's wish, or because they asked for it."""

from django import forms
from django.contrib import admin
from django.utils import timezone
from unfold.decorators import display

from mailer.admin.pages import SimpleForm
from mailer.models import DomainPace
from project.values import HOST_NAME

NOT_NOTHING = "0 would stop all of it. Write how many may go, from 1 on, or leave it empty for no limit."


class DomainPaceForm(forms.ModelForm):
    def clean_domain(self) -> str:
        domain = self.cleaned_data["domain"].strip().lower().removeprefix("@")
        if not HOST_NAME.fullmatch(domain):
            raise forms.ValidationError("Write a domain such as example.com.")
        return domain

    def clean_per_second(self) -> int | None:
        if self.cleaned_data["per_second"] == 0:
            raise forms.ValidationError(NOT_NOTHING)
        return self.cleaned_data["per_second"]


@admin.register(DomainPace)
class DomainPaceAdmin(SimpleForm):
    form = DomainPaceForm
    actions = None
    list_display = ("domain", "pace", "state")
    fields = ("domain", "per_second")

    @display(description="At most")
    def pace(self, domain: DomainPace) -> str:
        return f"{domain.per_second:,} a second" if domain.per_second else "no limit"

    @display(description="Now", label={"Held": "warning", "Normal": "success"})
    def state(self, domain: DomainPace) -> str:
        held = domain.held_until is not None and domain.held_until > timezone.now()
        return "Held" if held else "Normal"
