"""People on the books: found by their exact address, read, corrected, deleted on request."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Field as ModelField
from django.db.models import QuerySet
from django.forms import ChoiceField, Field, ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from mailer import addresses, evidence, suppression
from mailer.admin import sign_ups
from mailer.admin.campaign_offers import ZONE_CHOICES
from mailer.admin.pages import LongList, SimpleForm, changes, count
from mailer.contacts import leaving
from mailer.models import Contact, MailingList, Subscription


class SubscriptionInline(TabularInline):
    """The lists a person is on. Taking them off one is not an opt-out: that goes into the ledger."""

    model = Subscription
    fields = readonly_fields = ("list", "source", "subscribed_at", "import_id")
    extra = 0
    verbose_name = "place on a list"
    verbose_name_plural = "on these lists"

    def has_add_permission(self, request: HttpRequest, obj: Contact | None = None) -> bool:
        return False


class ListFilter(admin.SimpleListFilter):
    """People of one list."""

    title = "list"
    parameter_name = "list"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Any:
        return [(str(pk), name) for pk, name in MailingList.objects.values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not (self.value() or "").isdecimal():
            return queryset
        return queryset.filter(subscriptions__list=self.value())


@admin.register(Contact)
class ContactAdmin(LongList, SimpleForm):
    list_display = ("email", "first_name", "last_name", "created_at")
    list_filter = (ListFilter,)
    list_before_template = "mailer/admin/parts/find_contact.html"
    change_form_outer_before_template = "mailer/admin/parts/contact_privacy.html"
    delete_confirmation_template = "mailer/admin/delete_contact.html"
    ordering = ("email",)
    fields = (
        "email",
        "first_name",
        "last_name",
        "zone",
        "created_at",
        "may_be_mailed",
        "left_lists",
        "consents",
    )
    readonly_fields = ("email", "created_at", "may_be_mailed", "left_lists", "consents")
    inlines = (SubscriptionInline,)

    @display(description="May be mailed")
    def may_be_mailed(self, contact: Contact) -> str:
        answer = suppression.mailable(addresses.parse(contact.email))
        if answer:
            return "Yes"
        reasons = [suppression.Reason(reason).label.lower() for reason in answer.reasons]
        return f"No: {', '.join(reasons)}. The ledger has the entries."

    @display(description="Left by themselves")
    def left_lists(self, contact: Contact) -> str:
        left = leaving.places_of(bytes(contact.mailbox_key)).left
        names = ", ".join(f"“{one.name}”" for one in left)
        return (
            f"{names}. Only they can come back, by the link in any mail or a sign-up form."
            if left
            else "No list"
        )

    @display(description="Consents")
    def consents(self, contact: Contact) -> str:
        return sign_ups.told(sign_ups.consents_of(contact))

    def formfield_for_dbfield(
        self, db_field: ModelField, request: HttpRequest, **kwargs: Any
    ) -> Field | None:
        if db_field.name != "zone":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        return ChoiceField(
            label="Time zone", required=False, choices=[("", "Not known"), *ZONE_CHOICES],
            widget=UnfoldAdminSelectWidget,
            help_text="Campaigns can go out by each recipient's own clocks, where they are known.",
        )  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People come in through a list, with the way they came."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        about = str(count(Contact.objects.all()))
        return super().changelist_view(request, {**(extra_context or {}), "people": about})

    def get_custom_urls(self) -> tuple:
        return (("find/", "mailer_contact_find", find),)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple:
        """By number: Django's own summary would print and log more than it should."""
        places = Subscription.objects.filter(contact__in=objs).count()
        return [str(o) for o in objs], {"contacts": len(objs), "places on lists": places}, set(), []

    def delete_model(self, request: HttpRequest, obj: Contact) -> None:
        evidence.record(
            "contact deleted",
            actor=evidence.by(request.user),
            subject=f"contact {obj.pk}",
            mailbox_key=bytes(obj.mailbox_key),
        )
        super().delete_model(request, obj)

    def save_model(self, request: HttpRequest, obj: Contact, form: ModelForm, change: bool) -> None:
        """Not the address: it and its keys belong together and are written by the rooms that parse them."""
        obj.save(update_fields=["first_name", "last_name", "zone"])


@changes("mailer.view_contact")
def find(request: HttpRequest, model_admin: ModelAdmin) -> HttpResponse:
    """To the person with this address. A POST, so that no address gets into addresses of pages and logs."""
    try:
        address = addresses.parse(request.POST.get("address", ""))
    except addresses.AddressRefused as wrong:
        messages.error(request, f"That is not an address: {wrong}")
        return redirect("admin:mailer_contact_changelist")
    contact = (
        Contact.objects.filter(address_key=address.address_key).first()
        or Contact.objects.filter(mailbox_key=address.mailbox_key).order_by("id").first()
    )
    if contact is None:
        messages.warning(request, "Nobody on your books has this address or another one of its mailbox.")
        return redirect("admin:mailer_contact_changelist")
    return redirect("admin:mailer_contact_change", contact.pk)
