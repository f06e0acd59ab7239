"""Lists, and adding one person to one by hand."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from mailer import addresses, audience, evidence
from mailer.admin.pages import SimpleForm, count, fragment, needs, page, reads
from mailer.contacts import leaving, people
from mailer.models import Campaign, Contact, Import, MailingList, SignUpForm, Subscription


@admin.register(MailingList)
class MailingListAdmin(SimpleForm):
    actions = None
    list_display = ("name", "slug", "people")
    prepopulated_fields = {"slug": ("name",)}
    change_form_outer_before_template = "mailer/admin/parts/list.html"
    delete_confirmation_template = "mailer/admin/delete_list.html"
    sortable_by = ("name", "slug")

    @admin.display(description="people")
    def people(self, mailing_list: MailingList) -> str:
        return str(count(mailing_list.subscriptions.all()))

    def get_readonly_fields(self, request: HttpRequest, obj: MailingList | None = None) -> tuple[str, ...]:
        """The slug is the list's name in every message's List-Id (RFC 2919): filters of readers rely on it."""
        return ("slug",) if obj else ()

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: MailingList | None = None
    ) -> dict[str, tuple[str, ...]]:
        return {} if obj else {"slug": ("name",)}

    def get_custom_urls(self) -> tuple:
        return (
            ("<int:number>/add-person/", "mailer_mailinglist_add_person", add_person),
            ("<int:number>/count/", "mailer_mailinglist_count", count_people),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        mailing_list = self.get_object(request, object_id)
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), "mailing_list": mailing_list}
        )

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple:
        """Say how many places go, not each by name: a list may have a million."""
        places = Subscription.objects.filter(list__in=objs)
        busy = [reason for mailing_list in objs for reason in _in_use(mailing_list)]
        gone = {"places on the list": str(count(places))}
        if forms := SignUpForm.objects.filter(list__in=objs).count():
            gone["sign-up forms"] = str(forms)
        return [str(o) for o in objs], gone, set(), busy

    def delete_model(self, request: HttpRequest, obj: MailingList) -> None:
        """With the records of its imports: what became of their people stands in the evidence."""
        evidence.record("list deleted", actor=evidence.by(request.user), subject=f"list {obj.pk}")
        obj.imports.all().delete()
        super().delete_model(request, obj)


def _in_use(mailing_list: MailingList) -> Iterator[str]:
    going_out = mailing_list.campaigns.filter(state__in=[Campaign.State.SENDING, Campaign.State.PAUSED])
    for campaign in mailing_list.campaigns.filter(state=Campaign.State.SCHEDULED):
        yield f"The campaign “{campaign}” is scheduled to go out to it. Make it a draft again first."
    for campaign in going_out:
        yield f"The campaign “{campaign}” is going out to it. Wait for its end, or cancel it."
    if mailing_list.imports.filter(state__in=[Import.State.WAITING, Import.State.RUNNING]).exists():
        yield "A file is being imported into it. Wait for its end."


class PersonForm(forms.Form):
    email = forms.CharField(label="Address", max_length=254, widget=UnfoldAdminEmailInputWidget)
    first_name = forms.CharField(max_length=80, required=False, widget=UnfoldAdminTextInputWidget)
    last_name = forms.CharField(max_length=80, required=False, widget=UnfoldAdminTextInputWidget)
    source = forms.ChoiceField(
        label="How did this person come to you?",
        choices=Subscription.Source.choices,
        widget=UnfoldAdminSelectWidget,
        help_text="It stands at the end of every message to them. Bought or collected addresses have no place here.",
    )

    def clean_email(self) -> addresses.Address:
        try:
            return addresses.parse(self.cleaned_data["email"])
        except addresses.AddressRefused as wrong:
            raise forms.ValidationError(str(wrong)) from None


@needs("mailer.add_contact", "mailer.add_subscription")
def add_person(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """One person, by hand. Whoever opted out stays opted out."""
    mailing_list = get_object_or_404(MailingList, pk=number)
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            contact = _added(request, mailing_list, form)
        except (addresses.AddressRefused, leaving.LeftList) as wrong:
            form.add_error("email", str(wrong))
        else:
            messages.success(request, f"Now on the list “{mailing_list}”.")
            return redirect("admin:mailer_contact_change", contact.pk)
    return page(
        request, model_admin, "form.html", f"Add a person to {mailing_list}",
        form=form, button="Add this person",
        back=model_admin.admin_site.name + ":mailer_mailinglist_change", back_to=mailing_list.pk,
        intro="If this mailbox has opted out of your mail, it stays opted out: only its owner can change that.",
    )  # fmt: skip


def _added(request: HttpRequest, mailing_list: MailingList, form: PersonForm) -> Contact:
    said = form.cleaned_data
    return people.add(
        said["email"],
        mailing_list,
        source=said["source"],
        first_name=said["first_name"],
        last_name=said["last_name"],
        actor=evidence.by(request.user),
    )


@reads("mailer.view_mailinglist")
def count_people(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """How many are on it and how many of them may be mailed: counted, so it may take seconds."""
    mailing_list = get_object_or_404(MailingList, pk=number)
    return fragment(request, "parts/estimate.html", estimate=audience.estimate([mailing_list]))
