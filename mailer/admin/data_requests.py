"""Requests of persons about their own data: noted, watched by the clock, and answered by the room's verbs."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from mailer import addresses, evidence
from mailer.admin.pages import NeverChanged, OwnPageList, carry_out, changes, needs, page
from mailer.admin.told import ToldForm, this_minute
from mailer.models import Contact, DataRequest
from mailer.privacy import access, correction, erasure, requests
from mailer.privacy.persons import Person, person_of

Kind = DataRequest.Kind


class RequestForm(ToldForm):
    """The law counts 30 days from the arrival; address and words are forgotten when the request is closed."""

    field_order = ("kind", "address", "channel", "received_at", "words")

    kind = forms.ChoiceField(
        label="What do they ask for?", choices=Kind.choices, widget=UnfoldAdminSelectWidget
    )
    words = forms.CharField(
        label="In their words",
        required=False,
        max_length=4_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text="What they ask, as far as it helps you to answer. It is forgotten when the request is closed.",
    )


class NamesForm(forms.Form):
    first_name = forms.CharField(max_length=80, required=False, widget=UnfoldAdminTextInputWidget)
    last_name = forms.CharField(max_length=80, required=False, widget=UnfoldAdminTextInputWidget)


class RefusalForm(forms.Form):
    reason = forms.CharField(
        label="Why?",
        max_length=1_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="The person has a right to the reason, and must be told that they can complain to an authority. "
        "It is kept: write no name or address.",
    )

    def clean_reason(self) -> str:
        reason = str(self.cleaned_data["reason"])
        if "@" in reason:
            raise forms.ValidationError("Leave the address out: this is kept after the person is forgotten.")
        return reason


class OpenFilter(admin.SimpleListFilter):
    """Open ones first and by themselves: closed ones are only looked up."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("open", "Open"), ("closed", "Closed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() in ("open", "closed"):
            return queryset.filter(closed_at__isnull=self.value() == "open")
        return queryset


@admin.register(DataRequest)
class DataRequestAdmin(NeverChanged, ModelAdmin):
    """Each request has a page of its own; nothing is edited in a form."""

    actions = None
    list_display = ("number", "kind", "received", "clock", "came_by")
    list_filter = (OpenFilter,)
    ordering = (
        "-closed_at",
        "received_at",
    )  # open ones first: PostgreSQL puts NULL before all when descending
    sortable_by = ()
    own_page = "admin:mailer_datarequest_page"

    @admin.display(description="request")
    def number(self, request: DataRequest) -> str:
        return f"Request {request.pk}"

    @admin.display(description="arrived (UTC)")
    def received(self, request: DataRequest) -> str:
        return f"{request.received_at:%d %b %Y}"

    @admin.display(description="how it came")
    def came_by(self, request: DataRequest) -> str:
        return request.get_channel_display()

    @display(
        description="Clock",
        label={"Open": "", "Done": "success", "Refused": "info", "Soon": "warning", "Overdue": "danger"},
    )
    def clock(self, request: DataRequest) -> tuple[str, str]:
        return _clock(request)

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return request.user.has_perm("mailer.add_datarequest")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponseBase:
        return note(request, self)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        return redirect("admin:mailer_datarequest_page", object_id)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[OwnPageList]:
        return OwnPageList

    def get_custom_urls(self) -> tuple:
        return (
            ("<int:number>/", "mailer_datarequest_page", request_page),
            ("<int:number>/export/", "mailer_datarequest_export", export),
            ("<int:number>/names/", "mailer_datarequest_names", correct_names),
            ("<int:number>/erase/", "mailer_datarequest_erase", erase),
            ("<int:number>/object/", "mailer_datarequest_object", obey_objection),
            ("<int:number>/close/", "mailer_datarequest_close", close),
            ("<int:number>/refuse/", "mailer_datarequest_refuse", refuse),
        )


def _clock(request: DataRequest) -> tuple[str, str]:
    """How much time is left, and how urgent that is."""
    if request.closed_at is not None:
        return ("Refused" if request.outcome == "refused" else "Done"), request.get_outcome_display()
    left = request.days_left
    if left < 0:
        return "Overdue", f"{_days(-left)} overdue"
    return ("Soon" if request.is_soon else "Open"), f"{_days(left)} left"


def _days(number: int) -> str:
    return f"{number} day{'' if number == 1 else 's'}"


@needs("mailer.add_datarequest")
def note(request: HttpRequest, model_admin: ModelAdmin) -> HttpResponse:
    """A request that reached staff by mail, phone or post is entered, and its clock runs."""
    form = RequestForm(
        request.POST or None, initial={"received_at": this_minute(), "address": _address_of(request)}
    )
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        noted = requests.receive(
            said["kind"],
            said["address"],
            channel=said["channel"],
            received_at=said["received_at"],
            words=said["words"],
            user=request.user,
        )
        return redirect("admin:mailer_datarequest_page", noted.pk)
    return page(
        request, model_admin, "form.html", "Note a request", form=form, button="Note it",
        back="admin:mailer_datarequest_changelist",
        intro="Somebody asks what you know of them, wants it corrected or erased, or objects to its use? They can do "
        "it by themselves from the page behind any unsubscribe link. If they ask you instead, note it here: they must "
        "have an answer within 30 days.",
    )  # fmt: skip


def _address_of(request: HttpRequest) -> str:
    """Of the contact whose page led here, by number: no address stands in a URL."""
    number = request.GET.get("contact", "")
    if not (number.isdecimal() and len(number) < 19):
        return ""
    return Contact.objects.filter(pk=number).values_list("email", flat=True).first() or ""


@needs("mailer.view_datarequest")
def request_page(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """One request: what is asked, how long there still is, what is held, and what can be done."""
    asked = get_object_or_404(DataRequest.objects.select_related("entered_by", "closed_by"), pk=number)
    person = _person(asked)
    is_open = asked.closed_at is None
    return page(
        request, model_admin, "data_request.html", f"Request {asked.pk}: {asked.get_kind_display().lower()}",
        asked=asked, clock=_clock(asked), is_open=is_open, contacts=person.contacts,
        held=access.gather(person, timezone.now()) if is_open else None,
        obstacles=erasure.obstacles() if is_open and asked.kind == Kind.ERASURE else [],
        names=_names_form(person), refusal=RefusalForm(),
    )  # fmt: skip


def _person(asked: DataRequest) -> Person:
    given = [addresses.parse(asked.address)] if asked.address else []
    return person_of(bytes(asked.mailbox_key), *given)


def _names_form(person: Person, posted: Any = None) -> NamesForm | None:
    if not person.contacts:
        return None
    known = person.contacts[0]
    return NamesForm(posted, initial={"first_name": known.first_name, "last_name": known.last_name})


@changes("mailer.change_datarequest")
def export(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """All that is held, as a file to give to the person. That it was taken out is recorded."""
    asked = get_object_or_404(DataRequest, pk=number, closed_at__isnull=True)
    requests.tell_exported(asked, user=request.user)
    held = access.gather(_person(asked), timezone.now())
    return HttpResponse(
        held.as_json(),
        content_type="application/json",
        headers={
            "Content-Disposition": f'attachment; filename="data-of-request-{number}.json"',
            "Cache-Control": "no-store",
        },
    )


@changes("mailer.change_datarequest")
def correct_names(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    asked = get_object_or_404(DataRequest, pk=number, closed_at__isnull=True)
    form = _names_form(_person(asked), request.POST)
    if form is None or not form.is_valid():
        messages.error(request, "The names were not changed: nobody with this address is on your books.")
        return redirect("admin:mailer_datarequest_page", number)
    for contact in _person(asked).contacts:
        correction.correct_names(contact, **form.cleaned_data, actor=evidence.by(request.user))
    messages.success(request, "The names are as you wrote them. Tell the person, then close the request.")
    return redirect("admin:mailer_datarequest_page", number)


@changes("mailer.change_datarequest")
def erase(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    asked = get_object_or_404(DataRequest, pk=number)
    return _done(
        request,
        number,
        lambda: erasure.order(asked, actor=evidence.by(request.user), user=request.user),
        "The person is opted out from now on. Their data is erased as soon as nothing stands in the way.",
    )


@changes("mailer.change_datarequest")
def obey_objection(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    asked = get_object_or_404(DataRequest, pk=number)
    return _done(
        request,
        number,
        lambda: requests.obey_objection(asked, user=request.user),
        "From now on nothing more goes to this mailbox. The request is closed.",
    )


@changes("mailer.change_datarequest")
def close(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    asked = get_object_or_404(DataRequest, pk=number)
    return _done(
        request,
        number,
        lambda: requests.close(asked, user=request.user),
        "Closed. The address and their words are forgotten.",
    )


@changes("mailer.change_datarequest")
def refuse(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    asked = get_object_or_404(DataRequest, pk=number)
    form = RefusalForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect("admin:mailer_datarequest_page", number)
    return _done(
        request,
        number,
        lambda: requests.refuse(asked, form.cleaned_data["reason"], user=request.user),
        "Refused. Tell the person why, and that they can complain to an authority.",
    )


def _done(request: HttpRequest, number: int, act: Callable[[], object], words: str) -> HttpResponse:
    carry_out(request, act, words, refusal=requests.RequestRefused)
    return redirect("admin:mailer_datarequest_page", number)


def urgent() -> list[DataRequest]:
    """For the first page: what must be answered within a week, or should have been."""
    return [one for one in requests.open_requests() if one.is_soon]
