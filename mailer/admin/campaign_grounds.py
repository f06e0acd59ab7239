"""On what a campaign's claims rest beside its offers: files that prove them, and numbers that are asked again."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from mailer import counters, proofs
from mailer.admin.pages import carry_out, changes, needs, page, reads
from mailer.compliance.subjects.normalise import normalise
from mailer.compliance.subjects.scarcity import scarcity_in
from mailer.models import Campaign, Counter, Proof

PAGE = "admin:mailer_campaign_page"


class ProofForm(forms.Form):
    claim = forms.CharField(
        label="Which words does it prove?", max_length=200, widget=UnfoldAdminTextInputWidget,
        help_text="Exactly as they stand in the subject, such as “clinically tested”.",
    )  # fmt: skip
    proves = forms.CharField(
        label="What does it say of them?", max_length=1_000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="In one sentence, such as “Dry skin got better in 46 of 64 people”. Name no customers.",
    )  # fmt: skip
    source = forms.CharField(
        label="Who found it?", max_length=200, widget=UnfoldAdminTextInputWidget,
        help_text="The laboratory, the magazine, the owner of the name who permits its use.",
    )  # fmt: skip
    found_on = forms.DateField(
        label="On which day?", widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
    )  # fmt: skip
    file = forms.FileField(
        label="The file", max_length=200, widget=forms.FileInput(attrs={"class": "c-input c-input--wide"}),
        help_text=f"Up to {proofs.MOST_BYTES // 1_000_000} MB. It is kept as it is, and can’t be changed or "
            f"removed.",
    )  # fmt: skip

    def grounds(self) -> proofs.Grounds:
        said = self.cleaned_data
        return proofs.Grounds(said["claim"], said["proves"], said["source"], said["found_on"])


class NumberForm(forms.Form):
    value = forms.IntegerField(
        label="How many are there now?", min_value=0, max_value=counters.MOST,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
    )  # fmt: skip


class CounterForm(NumberForm):
    what = forms.CharField(
        label="What is counted?", max_length=200, widget=UnfoldAdminTextInputWidget,
        help_text="Such as “seats for the webinar on 2 December”.",
    )  # fmt: skip
    field_order = ("what", "value")


@needs("mailer.change_campaign", "mailer.add_proof")
def record_proof(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """Record a file that bears out what the campaign claims."""
    campaign = get_object_or_404(Campaign, pk=number)
    form = ProofForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            proofs.record(form.grounds(), file.name, file.read(), campaign, request.user)
        except proofs.ProofRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "Recorded. Whoever decides about the campaign is told of it.")
            return redirect(PAGE, number)
    return page(
        request, model_admin, "form.html", f"Record what proves a claim of {campaign.name}", form=form,
        button="Record it", back=PAGE, back_to=number, is_multipart=True,
        intro="A program can’t read a study: what is held stays held, and whoever releases it is asked to read "
            "this.",
    )  # fmt: skip


@reads("mailer.view_proof")
def file(request: HttpRequest, model_admin: ModelAdmin, number: int, proof: int) -> HttpResponse:
    """The file as it was brought. A stranger's document: it is saved and never shown."""
    found = get_object_or_404(Proof, pk=proof, campaigns=number)
    answer = HttpResponse(bytes(found.data), content_type="application/octet-stream")
    name = "".join(character for character in found.file_name if character.isalnum() or character in " ._-")
    answer["Content-Disposition"] = (
        f'attachment; filename="proof-{found.pk}-{name.encode("ascii", "ignore").decode()}"'
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


@changes("mailer.change_campaign")
def unlink_proof(request: HttpRequest, model_admin: ModelAdmin, number: int, proof: int) -> HttpResponse:
    """The campaign's claims no longer rest on it."""
    found, campaign = get_object_or_404(Proof, pk=proof), get_object_or_404(Campaign, pk=number)
    carry_out(
        request, lambda: proofs.unlink(found, campaign), "It stays on record.", refusal=proofs.ProofRefused
    )
    return redirect(PAGE, number)


@needs("mailer.change_campaign", "mailer.add_counter")
def record_counter(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """Record a number that the campaign speaks of."""
    campaign = get_object_or_404(Campaign, pk=number)
    form = CounterForm(request.POST or None, initial=_from_subject(campaign))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            counters.record(said["what"], said["value"], campaign, request.user)
        except counters.CounterRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "Recorded. It is asked before each message goes out.")
            return redirect(PAGE, number)
    hours = int(counters.GOOD_FOR.total_seconds() // 3600)
    return page(
        request, model_admin, "form.html", f"Record a number of {campaign.name}", form=form, button="Record it",
        back=PAGE, back_to=number,
        intro="Messages that say this number go out only while it is so. Tell it again whenever it changes, and at "
        f"least every {hours} hours while the campaign goes out.",
    )  # fmt: skip


@needs("mailer.add_reading")
def tell(request: HttpRequest, model_admin: ModelAdmin, number: int, counter: int) -> HttpResponse:
    """It stands at another number now, or still at this one."""
    found = get_object_or_404(Counter, pk=counter, spoken__campaign=number)
    form = NumberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        counters.tell(found, form.cleaned_data["value"], request.user)
        return redirect(PAGE, number)
    return page(
        request, model_admin, "form.html", f"Tell the number of {found.what}", form=form, button="Tell it",
        back=PAGE, back_to=number, intro="Every number that was told is kept, with who told it and when.",
    )  # fmt: skip


@changes("mailer.change_campaign")
def unsay(request: HttpRequest, model_admin: ModelAdmin, number: int, counter: int) -> HttpResponse:
    """The campaign no longer speaks of it."""
    found, campaign = get_object_or_404(Counter, pk=counter), get_object_or_404(Campaign, pk=number)
    carry_out(
        request,
        lambda: counters.unsay(found, campaign),
        "It stays on record.",
        refusal=counters.CounterRefused,
    )
    return redirect(PAGE, number)


def told(campaign: Campaign) -> dict[str, Any]:
    """The campaign's files and numbers, for its page."""
    return {
        "proofs": campaign.proofs.defer("data").order_by("id"),
        "counts": counters.standings(campaign),
    }


def _from_subject(campaign: Campaign) -> dict[str, Any]:
    """What the subject says already, so that nobody types it twice."""
    line = normalise(campaign.subject)
    claim = next((each for each in scarcity_in(line) if each.left is not None), None)
    return {"value": claim.left, "what": campaign.subject} if claim else {}


URLS = (
    ("<int:number>/proof/", "mailer_campaign_proof", record_proof),
    ("<int:number>/proof/<int:proof>/", "mailer_campaign_proof_file", file),
    ("<int:number>/proof/<int:proof>/unlink/", "mailer_campaign_proof_unlink", unlink_proof),
    ("<int:number>/counter/", "mailer_campaign_counter", record_counter),
    ("<int:number>/counter/<int:counter>/tell/", "mailer_campaign_counter_tell", tell),
    ("<int:number>/counter/<int:counter>/unsay/", "mailer_campaign_counter_unsay", unsay),
)
