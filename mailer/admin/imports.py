"""Files that bring people in: chosen here, read by a worker, watched here."""

from pathlib import Path
from typing import Any

from django import forms
from django.contrib import admin
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.text import slugify
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from mailer import tasks
from mailer.admin.import_answers import IN_WORDS, answer, form_for
from mailer.admin.import_voiding import take_back
from mailer.admin.pages import NeverChanged, OwnPageList, fragment, needs, page, reads, spoken
from mailer.contacts import importing
from mailer.contacts.reading import Holds
from mailer.models import Import, MailingList, Subscription, VoidedImport

State = Import.State
BUSY = (State.WAITING, State.RUNNING)
REFUSED_SHOWN = 20
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
# What a file's rows are refused for, as a heading over the rows; each row has its own sentence.
REFUSALS = {
    "no_address": "No address in the row",
    "not_an_address": "Not an address that mail can be sent to",
    "not_carried": "An address that mail servers can't carry yet",
    "too_long": "Too long",
    "broken_row": "The row can't be read",
    "status_unknown": "A status word that Candor does not know",
    "no_consent": "Has not asked for mail, or not confirmed it",
    "wireless": "A telephone's address, which needs express permission",
    "not_a_digest": "Not a digest of an address",
    "under_age": "May be under age; nothing was kept",
    "template_syntax": "A merge field instead of an address",
    "zone_unknown": "A time zone that Candor does not know; the rest of the row counts",
}


class ImportForm(forms.Form):
    file = forms.FileField(
        label="CSV file, or a ZIP of such",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.txt,.tsv,.zip,text/csv,application/zip"}),
        help_text="As a spreadsheet or another mailing system exports it; those of Mailchimp, HubSpot, Constant "
        "Contact, Klaviyo, listmonk, Salesforce and Keila are understood as they are. What it says of people who "
        "unsubscribed, bounced or complained is obeyed: they are never mailed.",
    )
    list = forms.ModelChoiceField(
        MailingList.objects.all(), required=False, empty_label="A new list, named below",
        label="Into which list?", widget=UnfoldAdminSelectWidget,
    )  # fmt: skip
    new_list = forms.CharField(
        label="Name of the new list", required=False, max_length=80, widget=UnfoldAdminTextInputWidget
    )
    source = forms.ChoiceField(
        label="How did these people come to you?",
        choices=Subscription.Source.choices,
        widget=UnfoldAdminSelectWidget,
        help_text="It stands at the end of every message to them. Bought, rented or collected addresses have no "
        "place here: mailing them is what the law forbids, and what gets senders blocked.",
    )

    notice = forms.CharField(
        label="What were they told when they gave their address?",
        max_length=2_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="The words on the form, or what was said. If anybody asks for proof, this is where it begins.",
    )
    collected_by = forms.CharField(
        label="Who collected the addresses?", max_length=120, widget=UnfoldAdminTextInputWidget
    )
    collected_from = forms.DateField(
        label="From which day", widget=UnfoldAdminTextInputWidget(attrs={"type": "date"})
    )
    collected_to = forms.DateField(
        label="to which day?", widget=UnfoldAdminTextInputWidget(attrs={"type": "date"})
    )
    holds = forms.ChoiceField(
        label="What does the file hold?",
        required=False,
        choices=[
            (Holds.UNSAID.value, "It says so itself"),
            (Holds.PEOPLE.value, "People to mail"),
            (Holds.OPT_OUTS.value, "People who must not be mailed"),
        ],
        widget=UnfoldAdminSelectWidget,
        help_text="Candor asks for it when a file might be a suppression list.",
    )
    vouched = forms.CharField(
        label="How do you know that people gave you these addresses?",
        required=False,
        max_length=500,
        widget=UnfoldAdminTextInputWidget,
        help_text="Only needed when Candor took the addresses for generated ones. Your answer is kept with the import.",
    )

    try_first = forms.BooleanField(
        label="Try it out first",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Shows what would come in and how the columns are read. Nothing is changed until you say so.",
    )

    def clean_file(self) -> TemporaryUploadedFile:
        file = self.cleaned_data["file"]
        if not file.name.lower().endswith((".csv", ".txt", ".tsv", ".zip")):
            raise forms.ValidationError(
                "This is neither a CSV file nor a ZIP. In a spreadsheet program, choose “Save as” or “Download as” "
                "and CSV (UTF-8)."
            )
        return file

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if not said.get("list") and not said.get("new_list"):
            self.add_error("new_list", "Choose a list above, or give the new one a name.")
        return said


@admin.register(Import)
class ImportAdmin(NeverChanged, ModelAdmin):
    actions = None
    list_display = ("filename", "list", "how_far", "rows", "accepted", "created_at")
    own_page = "admin:mailer_import_page"
    list_select_related = ("list",)
    sortable_by = ()

    @display(
        description="State",
        label={
            State.WAITING.label: "info",
            State.RUNNING.label: "info",
            State.ASKING.label: "warning",
            State.TRIED.label: "warning",
            State.DONE.label: "success",
            State.FAILED.label: "danger",
        },
    )
    def how_far(self, import_: Import) -> str:
        return import_.get_state_display()

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return request.user.has_perm("mailer.add_import")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponseBase:
        return upload(request, self)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        return redirect("admin:mailer_import_page", object_id)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[OwnPageList]:
        return OwnPageList

    def get_custom_urls(self) -> tuple:
        return (
            ("<int:number>/", "mailer_import_page", import_page),
            ("<int:number>/progress/", "mailer_import_progress", progress),
            ("<int:number>/refused.csv", "mailer_import_refused", refused),
            ("<int:number>/answer/", "mailer_import_answer", answer),
            ("<int:number>/take-back/", "mailer_import_void", take_back),
        )


@needs("mailer.add_import")
def upload(request: HttpRequest, model_admin: ModelAdmin) -> HttpResponse:
    """Take the file; a worker reads it. Nothing of it counts until all of it is in."""
    form = ImportForm(
        request.POST or None, request.FILES or None, initial={"list": request.GET.get("list") or None}
    )
    if request.method == "POST" and form.is_valid():
        try:
            import_ = _begun(request, form.cleaned_data)
        except importing.ImportRefused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("admin:mailer_import_page", import_.pk)
    return page(
        request, model_admin, "form.html", "Import people", form=form, button="Import",
        back="admin:mailer_import_changelist",
        intro="The file comes in whole or not at all. Rows that can't be used are kept for you to correct.",
    )  # fmt: skip


def _begun(request: HttpRequest, said: dict[str, Any]) -> Import:
    with transaction.atomic():
        import_ = importing.begin(
            Path(said["file"].temporary_file_path()),
            list=said["list"] or _new_list(said["new_list"]),
            source=said["source"],
            holds=Holds(said["holds"]),
            vouched=said["vouched"],
            provenance=importing.Provenance(
                said["notice"], said["collected_by"], said["collected_from"], said["collected_to"]
            ),
            is_trial=said["try_first"],
            filename=said["file"].name,
            user=request.user,
        )
        tasks.nudge_imports()
    return import_


@reads("mailer.view_import")
def import_page(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    import_ = get_object_or_404(
        Import.objects.select_related("list", "started_by", "started_by_key"), pk=number
    )
    return page(
        request, model_admin, "import.html", import_.filename, live=import_.state in BUSY, answer=form_for(import_),
        understood=_understood(import_), voided=VoidedImport.objects.filter(import_id=number).first(),
        **_told(import_),
    )  # fmt: skip


@reads("mailer.view_import")
def progress(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    import_ = get_object_or_404(Import.objects.select_related("list"), pk=number)
    return fragment(request, "parts/import_progress.html", **_told(import_))


@reads("mailer.view_import")
def refused(request: HttpRequest, model_admin: ModelAdmin, number: int) -> StreamingHttpResponse:
    """The rows that did not come in, with their reasons, as a file to correct and import again."""
    import_ = get_object_or_404(Import, pk=number)
    return StreamingHttpResponse(
        importing.rejects_csv(import_),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="refused-rows-of-import-{number}.csv"'},
    )


def _told(import_: Import) -> dict[str, Any]:
    """What an import's page says of it."""
    share = import_.bytes_read / import_.bytes_total if import_.bytes_total else 0
    seconds = (
        ((import_.finished_at or timezone.now()) - import_.started_at).total_seconds()
        if import_.started_at
        else 0
    )
    rejected = sum(import_.rejected.values())
    to_correct = rejected + import_.flagged.get("zone_unknown", 0)
    return {
        "import": import_,
        "percent": 100 if import_.state in (State.DONE, State.TRIED) else int(min(share, 1) * 100),
        "rate": round(import_.rows / seconds) if seconds > 1 else None,
        "left": spoken(seconds / share * (1 - share)) if share > 0.02 and seconds > 1 else None,
        "took": spoken(seconds),
        "rejected": rejected,
        "to_correct": to_correct,
        "reasons": _reasons(import_),
        "examples": import_.refused_rows.all()[:REFUSED_SHOWN] if to_correct else [],
        "flags": [(flag.replace("_", " "), number) for flag, number in sorted(import_.flagged.items())],
    }


def _reasons(import_: Import) -> list[tuple[str, int]]:
    """Each reason in words, most frequent first."""
    without_zone = {name: n for name, n in import_.flagged.items() if name == "zone_unknown"}
    counted = sorted((import_.rejected | without_zone).items(), key=lambda reason: -reason[1])
    return [(REFUSALS.get(reason, reason.replace("_", " ")), number) for reason, number in counted]


def _understood(import_: Import) -> list[dict[str, Any]]:
    """How each table was read: its columns with what each was taken for."""
    return [
        {
            **table,
            "separator": SEPARATORS.get(table["delimiter"], table["delimiter"]),
            "columns": [
                (heading, IN_WORDS.get(meaning, meaning))
                for heading, meaning in zip(table["headings"], table["meanings"], strict=True)
            ],
        }
        for table in import_.understood
    ]


def _new_list(name: str) -> MailingList:
    """A list of this name, with a slug made from it."""
    slug = wanted = slugify(name)[:36].strip("-") or "list"
    number = 1
    while MailingList.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{wanted}-{number}"
    return MailingList.objects.create(name=name, slug=slug)
