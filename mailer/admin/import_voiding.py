"""Taking a whole import back: what it would change, the reason, and no second chance."""

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from unfold.widgets import UnfoldAdminTextareaWidget

from mailer import evidence
from mailer.admin.pages import needs, page
from mailer.contacts import voiding
from mailer.models import Import


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="What was wrong with it?",
        min_length=voiding.LEAST_REASON,
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="It is kept for whoever asks later, a regulator too. Write no addresses.",
    )


@needs("mailer.void_import")
def take_back(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """Show what would go, then take it back for the reason given (DESIGN, promise 3)."""
    import_ = get_object_or_404(Import.objects.select_related("list"), pk=number)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            voiding.void(import_, reason=form.cleaned_data["reason"], actor=evidence.by(request.user))
        except voiding.VoidRefused as refused:
            messages.error(request, str(refused))
        return redirect("admin:mailer_import_page", number)
    return page(
        request, model_admin, "void_import.html", f"Take back import {number}",
        **{"import": import_, "form": form, "would": voiding.consequences(import_)},
    )  # fmt: skip
