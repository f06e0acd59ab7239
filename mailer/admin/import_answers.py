"""What only a person can say before a file comes in: what its columns are, whom it is of, how they know."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from mailer import tasks
from mailer.admin.pages import changes, staff
from mailer.contacts import importing, mapping
from mailer.contacts.reading import Holds, Look, Meaning
from mailer.models import Import

Asks = Import.Asks

MEANINGS = (
    (Meaning.NOTHING.value, "Not used"),
    (Meaning.EMAIL.value, "Email address"),
    (Meaning.FIRST_NAME.value, "First name"),
    (Meaning.LAST_NAME.value, "Last name"),
    (Meaning.STATUS.value, "Status, such as “unsubscribed”"),
    (Meaning.SINCE.value, "Subscribed since"),
    (Meaning.ZONE.value, "Time zone, such as Europe/Berlin"),
    (Meaning.BORN.value, "Date of birth (asked, not kept)"),
    (Meaning.OPTED_OUT.value, "Yes means: opted out"),
    (Meaning.COMPLAINED.value, "Yes means: complained"),
    (Meaning.BOUNCED.value, "Yes means: bounced"),
    (Meaning.NOT_ASKED.value, "Yes means: did not ask for mail"),
    (Meaning.DIGEST.value, "Digest of an address"),
)
IN_WORDS = dict(MEANINGS)


class AnswerForm(forms.Form):
    """The questions of one file: a choice for each column, and what Candor could not tell by itself."""

    def __init__(self, import_: Import, looks: list[Look], data: Any = None) -> None:
        super().__init__(data)
        self.looks = looks
        if import_.asks == Asks.HOLDS or import_.holds:
            self.fields["holds"] = forms.ChoiceField(
                label="What does the file hold?",
                choices=[(Holds.PEOPLE, "People to mail"), (Holds.OPT_OUTS, "People who must not be mailed")],
                initial=import_.holds,
                widget=UnfoldAdminRadioSelectWidget,
            )
        if import_.asks == Asks.VOUCHED or import_.vouched:
            self.fields["vouched"] = forms.CharField(
                label="How do you know that people gave you these addresses?",
                max_length=500,
                initial=import_.vouched,
                widget=UnfoldAdminTextInputWidget,
                help_text="Your answer is kept with the import.",
            )
        self._questions = [*self.fields]
        for place, look in enumerate(looks):
            for column, meaning in enumerate(look.meanings):
                self.fields[f"t{place}c{column}"] = forms.ChoiceField(
                    label=f"What “{look.headings[column]}” holds",
                    choices=MEANINGS,
                    required=False,
                    initial=meaning,
                    widget=UnfoldAdminSelectWidget,
                )

    def questions(self) -> list[forms.BoundField]:
        return [self[name] for name in self._questions]

    def tables(self) -> list[tuple[Look, list[tuple[str, str, forms.BoundField]]]]:
        """For each table its columns: the heading, what its first rows hold, the choice."""
        return [
            (
                look,
                [
                    (heading, _first_cells(look, column), self[f"t{place}c{column}"])
                    for column, heading in enumerate(look.headings)
                ],
            )
            for place, look in enumerate(self.looks)
        ]

    def meanings(self) -> dict[str, list[str]]:
        return {
            look.shape: [self.cleaned_data[f"t{place}c{column}"] for column in range(len(look.headings))]
            for place, look in enumerate(self.looks)
        }


def _first_cells(look: Look, column: int) -> str:
    cells = [row[column].strip() for row in look.sample if len(row) > column]
    return " · ".join(cell[:40] for cell in cells if cell)


def form_for(import_: Import, data: Any = None) -> AnswerForm | None:
    """The questions about a file that waits for an answer; None if it does not, or can't be looked at any more."""
    if import_.state not in importing.OPEN:
        return None
    try:
        return AnswerForm(import_, mapping.looks(import_), data)
    except importing.ImportRefused:
        return AnswerForm(import_, [], data)


@changes("mailer.add_import")
def answer(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """Try the file out, bring it in, or leave it, as the button says."""
    import_ = get_object_or_404(Import, pk=number)
    to_page = redirect("admin:mailer_import_page", number)
    if request.POST.get("do") == "leave":
        importing.give_up(import_, "It was not imported, as was asked on this page.")
        return to_page
    form = form_for(import_, request.POST)
    if form is None or not form.is_valid():
        messages.error(request, "Answer the questions first." if form else "This file waits for no answer.")
        return to_page
    try:
        with transaction.atomic():
            importing.answer(
                import_,
                is_trial=request.POST.get("do") != "import",
                holds=Holds(form.cleaned_data["holds"]) if "holds" in form.cleaned_data else None,
                vouched=form.cleaned_data.get("vouched"),
                meanings=form.meanings(),
                user=staff(request),
            )
            tasks.nudge_imports()
    except importing.ImportRefused as refused:
        messages.error(request, str(refused))
    return to_page
