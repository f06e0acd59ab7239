"""Senders: who they are, and who vouches for it."""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import label_for_field
from django.db import transaction
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.decorators import display

from mailer import campaigns, evidence
from mailer.admin import sender_brands
from mailer.admin.pages import SimpleForm, changes, needs, page
from mailer.compliance import sender_dns
from mailer.compliance.freemail import is_freemail
from mailer.compliance.rules import display_name
from mailer.models import Sender


@dataclass(frozen=True, slots=True)
class Attestation:
    """Something of a sender that counts only once a named person has put their name to it."""

    name: str
    title: str
    fields: tuple[str, ...]
    sentence: str

    def fingerprint(self, sender: Sender) -> str:
        """Of what is attested: what is confirmed must be what was read."""
        values = "\0".join(str(getattr(sender, field)) for field in self.fields)
        return hashlib.sha256(values.encode()).hexdigest()

    def by(self, sender: Sender) -> Any:
        return getattr(sender, f"{self.name}_attested_by")

    def at(self, sender: Sender) -> Any:
        return getattr(sender, f"{self.name}_attested_at")

    def withdraw(self, sender: Sender) -> None:
        setattr(sender, f"{self.name}_attested_by", None)
        setattr(sender, f"{self.name}_attested_at", None)


IDENTITY = Attestation(
    name="identity",
    title="Names and mail addresses",
    fields=("legal_name", "trade_name", "from_email", "reply_to"),
    sentence="I attest that this is the legal name of the company or person responsible for this mail, that "
    "it is known to its readers by this trade name, that it may use this From address, and that somebody "
    "reads what is sent to this Reply-To address.",
)
# 16 CFR 316.2(p): a current street address, or a PO box or private mailbox accurately registered.
ADDRESS = Attestation(
    name="address",
    title="Postal address",
    fields=("address_kind", "line1", "line2", "city", "region", "postal_code", "country"),
    sentence="I attest that this is the sender's current and valid postal address, that mail sent to it "
    "arrives, and, if it is a PO box or private mailbox, that it is accurately registered under the "
    "regulations of the postal service.",
)
ATTESTATIONS = {attestation.name: attestation for attestation in (IDENTITY, ADDRESS)}


SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9_.-]{0,61}[a-z0-9])?")


class SenderForm(ModelForm):
    def clean_from_email(self) -> str:
        from_email = self.cleaned_data["from_email"]
        domain = from_email.rpartition("@")[2].lower()
        if is_freemail(domain):
            raise forms.ValidationError(
                f"Anybody can have a mailbox at {domain}, so mail “from” there is refused when it comes from "
                "elsewhere. Send from a domain of your own."
            )
        return _in_our_domains(from_email)

    def clean_trade_name(self) -> str:
        """What the gate would say of the name is said where it is typed."""
        name = str(self.cleaned_data["trade_name"])
        named = Sender(trade_name=name, legal_name=self.cleaned_data.get("legal_name", ""))
        if found := [finding.message for finding in display_name.check(named)]:
            raise forms.ValidationError(found)
        return name

    def clean_dkim_selectors(self) -> str:
        names = [name.strip().lower() for name in self.cleaned_data["dkim_selectors"].split(",")]
        given = [name.removesuffix("._domainkey") for name in names if name]
        wrong = [name for name in given if not SELECTOR.fullmatch(name)]
        if wrong:
            raise forms.ValidationError(
                f"“{wrong[0]}” is no selector. Write names such as s1, separated by commas."
            )
        return ", ".join(dict.fromkeys(given))

    def clean_reply_to(self) -> str:
        reply_to = self.cleaned_data["reply_to"]
        if reply_to.rpartition("@")[2].lower() == settings.INBOUND_DOMAIN:
            return str(reply_to)
        return _in_our_domains(reply_to)

    def clean_per_second(self) -> int | None:
        return _not_nothing(self.cleaned_data["per_second"])

    def clean_per_day(self) -> int | None:
        return _not_nothing(self.cleaned_data["per_day"])

    def clean_warm_up_first(self) -> int | None:
        return _not_nothing(self.cleaned_data["warm_up_first"])

    def clean_warm_up_growth(self) -> int:
        growth: int = self.cleaned_data["warm_up_growth"]
        if not 1 <= growth <= 1000:
            raise forms.ValidationError("Write a number of percent from 1 to 1000, such as 50.")
        return growth

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        begins, first = cleaned.get("warm_up_from"), cleaned.get("warm_up_first")
        if (begins is None) != (first is None) and not {"warm_up_from", "warm_up_first"} & set(self.errors):
            self.add_error(
                "warm_up_first" if first is None else "warm_up_from",
                "A warm-up needs both: the day on which it begins, and how many go out on it.",
            )
        return cleaned

    def clean_country(self) -> str:
        country = self.cleaned_data["country"].strip().upper()
        if len(country) != 2 or not country.isascii() or not country.isalpha():
            raise forms.ValidationError("Write the two letters of the country, such as US, DE or JP.")
        return country


def _not_nothing(number: int | None) -> int | None:
    if number == 0:
        raise forms.ValidationError(
            "0 would stop everything. To stop, pause the campaign or stop all sending; for no limit, leave this empty."
        )
    return number


def _in_our_domains(email: str) -> str:
    domain = email.rpartition("@")[2].lower()
    if domain in settings.SENDER_DOMAINS:
        return email
    raise forms.ValidationError(
        f"This installation sends from {', '.join(settings.SENDER_DOMAINS)} only. An operator adds {domain} to "
        "the setting SENDER_DOMAINS, if it is yours."
    )


@admin.register(Sender)
class SenderAdmin(SimpleForm):
    form = SenderForm
    actions = None
    list_display = ("trade_name", "from_email", "is_attested")
    change_form_outer_before_template = "mailer/admin/parts/attestations.html"
    change_form_outer_after_template = "mailer/admin/parts/dns.html"
    fieldsets = (
        ("Names", {"fields": ("legal_name", "trade_name")}),
        (
            "Mail addresses",
            {
                "fields": ("from_email", "reply_to", "dkim_selectors"),
                "description": "What readers see as the sender, and where their replies go.",
            },
        ),
        (
            "Postal address",
            {
                "fields": ("address_kind", "line1", "line2", "city", "region", "postal_code", "country"),
                "description": "Printed at the end of every message; the law asks for it "
                "(15 U.S.C. 7704(a)(5)(A)(iii)).",
            },
        ),
        ("Footer", {"fields": ("contact",)}),
        (
            "Pace",
            {
                "fields": ("per_second", "per_day", "warm_up_from", "warm_up_first", "warm_up_growth"),
                "description": "How fast mail of this sender may go, all campaigns together. Leave it empty unless "
                "your mail service sets a limit, or the address is new.",
            },
        ),
    )

    @display(description="Attested", label={"Yes": "success", "Not yet": "warning"})
    def is_attested(self, sender: Sender) -> str:
        return "Yes" if sender.identity_attested_at and sender.address_attested_at else "Not yet"

    def get_custom_urls(self) -> tuple:
        return (
            ("<int:number>/attest/<slug:what>/", "mailer_sender_attest", attest),
            ("<int:number>/dns/", "mailer_sender_dns", ask_dns),
            *sender_brands.URLS,
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        sender = self.get_object(request, object_id)
        shown = [
            {"of": attestation, "by": attestation.by(sender), "at": attestation.at(sender)}
            for attestation in (ATTESTATIONS.values() if sender else ())
        ]
        return super().change_view(
            request,
            object_id,
            form_url,
            {
                **(extra_context or {}),
                "attestations": shown,
                "sender": sender,
                "dns": sender_dns.last_told(sender) if sender else [],
            },
        )

    def save_model(self, request: HttpRequest, obj: Sender, form: ModelForm, change: bool) -> None:
        """Whatever was attested and now reads otherwise is attested no longer."""
        for attestation in ATTESTATIONS.values():
            if attestation.at(obj) and set(attestation.fields) & set(form.changed_data):
                attestation.withdraw(obj)
                evidence.record(
                    "attestation withdrawn",
                    actor=evidence.by(request.user),
                    subject=f"sender {obj.pk}",
                    what=attestation.name,
                )
                messages.warning(
                    request,
                    f"{attestation.title}: what was attested has changed, so it has to be attested again "
                    "before mail goes out in this sender's name.",
                )
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Sender | None = None) -> bool:
        """Only unused ones: a campaign must be able to say for ever who sent it, and a form who asks."""
        if obj is not None and (obj.campaigns.exists() or obj.sign_up_forms.exists()):
            return False
        return super().has_delete_permission(request, obj)


VERBS = {"identity": campaigns.attest_identity, "address": campaigns.attest_address}


@needs("mailer.attest_sender")
def attest(request: HttpRequest, model_admin: ModelAdmin, number: int, what: str) -> HttpResponse:
    """Show the sentence and the facts it is about; POST puts the user's name to them."""
    attestation = ATTESTATIONS.get(what)
    if attestation is None:
        raise Http404
    if request.method == "POST":
        return _attested(request, attestation, number)
    sender = get_object_or_404(Sender, pk=number)
    facts = [(label_for_field(field, Sender), _shown(sender, field)) for field in attestation.fields]
    return page(
        request,
        model_admin,
        "attest.html",
        f"{sender.trade_name}: {attestation.title.lower()}",
        sender=sender,
        attestation=attestation,
        facts=[(name, value) for name, value in facts if value],
        fingerprint=attestation.fingerprint(sender),
    )


def _attested(request: HttpRequest, attestation: Attestation, number: int) -> HttpResponse:
    with transaction.atomic():
        sender = get_object_or_404(Sender.objects.select_for_update(), pk=number)
        if request.POST.get("fingerprint") != attestation.fingerprint(sender):
            messages.error(request, "The sender was changed meanwhile. Read it once more, then attest.")
            return redirect("admin:mailer_sender_attest", number, attestation.name)
        try:
            VERBS[attestation.name](sender, request.user)
        except campaigns.CampaignRefused as refused:
            messages.error(request, str(refused))
            return redirect("admin:mailer_sender_change", number)
    messages.success(request, f"{attestation.title}: attested by you.")
    return redirect("admin:mailer_sender_change", number)


@changes("mailer.change_sender")
def ask_dns(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """“Check now”: takes as long as DNS does, 15 seconds at most."""
    sender_dns.refresh(get_object_or_404(Sender, pk=number))
    return redirect(f"{reverse('admin:mailer_sender_change', args=[number])}#dns")


def _shown(sender: Sender, field: str) -> str:
    display_name = getattr(sender, f"get_{field}_display", None)
    return display_name() if display_name else getattr(sender, field)
