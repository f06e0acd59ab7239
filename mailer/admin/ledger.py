"""The ledger of opt-outs: asked by address, entered by hand, lifted by nobody here.

An address is only ever sent in the body of a POST: a GET would leave it in addresses of pages, in the
browser's history and in every log on the way.
"""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin as PlainModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from unfold.admin import ModelAdmin

from mailer import addresses, evidence, suppression
from mailer.admin.pages import OnePage, needs, page
from mailer.admin.told import AddressForm, ToldForm, this_minute
from mailer.models import Contact, Evidence, Reinstatement, Suppression, VoidedImport


@admin.register(Suppression)
class LedgerAdmin(OnePage, ModelAdmin):
    """No list of rows, since they hold no address; so only the pages below, under the table's name."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        mine = {"model_admin": self}
        return [
            path("", wrap(look_up), mine, name="mailer_suppression_changelist"),
            path("record/", wrap(record), mine, name="mailer_suppression_record"),
        ]


@needs("mailer.view_suppression")
def look_up(request: HttpRequest, model_admin: PlainModelAdmin) -> HttpResponse:
    """What stands against a mailbox, and what was lifted by its owner."""
    form = AddressForm(request.POST or None)
    found: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        found = _found(request, form.cleaned_data["address"])
    return page(request, model_admin, "ledger.html", "Opt-out ledger", form=form, **found)


def _found(request: HttpRequest, address: addresses.Address) -> dict[str, Any]:
    entries = Suppression.objects.filter(mailbox_key=address.mailbox_key).order_by("-id")
    back = list(Reinstatement.objects.filter(mailbox_key=address.mailbox_key).order_by("-id"))
    voided = set(VoidedImport.objects.values_list("import_id", flat=True))
    lifted_up_to = max((r.up_to for r in back if bytes(r.address_key) == address.address_key), default=0)
    return {
        "address": address.text,
        "answer": suppression.mailable(address),
        "entries": [(entry, _standing(entry, lifted_up_to, voided)) for entry in entries],
        "reinstatements": [(r, bytes(r.address_key) == address.address_key) for r in back],
        "contacts": _contacts(request, address),
        "acts": _acts(request, address),
    }


def _standing(entry: Suppression, lifted_up_to: int, voided: set[int]) -> str:
    if entry.import_id in voided:
        return "Taken back with its import"
    return "Yes" if entry.pk > lifted_up_to else "Lifted by its owner"


def _contacts(request: HttpRequest, address: addresses.Address) -> Any:
    if not request.user.has_perm("mailer.view_contact"):
        return Contact.objects.none()
    return Contact.objects.filter(mailbox_key=address.mailbox_key).order_by("id")[:20]


def _acts(request: HttpRequest, address: addresses.Address) -> Any:
    if not request.user.has_perm("mailer.view_evidence"):
        return Evidence.objects.none()
    return Evidence.objects.filter(mailbox_key=address.mailbox_key).order_by("-id")[:20]


@needs("mailer.add_suppression")
def record(request: HttpRequest, model_admin: PlainModelAdmin) -> HttpResponse:
    """An opt-out by phone, post or in person counts like a click (D56): from now on, for all mail."""
    form = ToldForm(request.POST or None, initial={"received_at": this_minute()})
    if request.method == "POST" and form.is_valid():
        _recorded(request, form.cleaned_data)
        return redirect("admin:mailer_suppression_record")
    return page(
        request, model_admin, "form.html", "Record an opt-out", form=form, button="Record it",
        back="admin:mailer_suppression_changelist",
        intro="Somebody called, wrote or told you that they want no more mail? Enter it here, and from this moment "
        "nothing more goes to this mailbox: no other list, no other campaign, not even one that is going out now. "
        "It can't be taken back here; only the person can.",
    )  # fmt: skip


def _recorded(request: HttpRequest, said: dict[str, Any]) -> None:
    address = said["address"]
    is_new = suppression.suppress(
        address.mailbox_key,
        reason=Suppression.Reason.OPT_OUT,
        channel=said["channel"],
        actor=evidence.by(request.user),
        address_key=address.address_key,
        received_at=said["received_at"],
    )
    if is_new:
        messages.success(request, "Recorded. From now on nothing more goes to this mailbox.")
    else:
        messages.info(request, "This mailbox had opted out before. That stands; nothing goes to it.")
