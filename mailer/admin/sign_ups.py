"""Sign-up forms, the requests that wait for their owner, and the consents that people gave."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from mailer import evidence
from mailer.admin.pages import LongList, NeverChanged, SimpleForm
from mailer.contacts import joining
from mailer.contacts.reading.refusals import is_template
from mailer.models import Consent, Contact, Sender, SignUp, SignUpForm

# What makes a link dead or a proof false if it changes.
FIXED = ("list", "slug")


class WordedForm(ModelForm):
    """A sign-up form with the words beside its box, of which each change is a new version."""

    wording = forms.CharField(
        label="What people agree to",
        max_length=joining.LONGEST_WORDING,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text="It stands beside a box that is never ticked for anybody. Say who writes, about what, and how often. "
        "A change is a new version; who agreed before has agreed to the words of their time, which are kept.",
    )

    class Meta:
        model = SignUpForm
        fields = ("list", "sender", "slug", "title", "asks_name", "is_open")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and self.instance.wording:
            self.initial["wording"] = self.instance.wording.text

    def clean_wording(self) -> str:
        text = "\n".join(line.strip() for line in self.cleaned_data["wording"].splitlines()).strip()
        if is_template(text):
            raise forms.ValidationError(
                "Nothing is filled in here: write the words as people shall read them."
            )
        return text

    def clean(self) -> dict[str, Any]:
        """Who agrees must know to whose mail (GDPR, recital 42)."""
        said = super().clean() or {}
        sender = said.get("sender")
        text = said.get("wording", "").lower()
        if (
            sender
            and text
            and not any(name.lower() in text for name in (sender.trade_name, sender.legal_name))
        ):
            self.add_error(
                "wording", f"Say whose mail it is: “{sender.trade_name}” or “{sender.legal_name}”."
            )
        return said


@admin.register(SignUpForm)
class SignUpFormAdmin(SimpleForm):
    form = WordedForm
    actions = None
    list_display = ("title", "list", "address", "state")
    list_select_related = ("list", "sender")
    sortable_by = ()
    fieldsets = (
        (None, {"fields": ("title", "slug", "list", "sender")}),
        ("The form", {"fields": ("wording", "asks_name", "is_open")}),
    )
    change_form_outer_before_template = "mailer/admin/parts/embed.html"

    @admin.display(description="address")
    def address(self, form: SignUpForm) -> str:
        return f"/join/{form.slug}"

    @display(
        description="State", label={"Open": "success", "Closed": "default", "Sender not attested": "warning"}
    )
    def state(self, form: SignUpForm) -> str:
        if not form.is_open:
            return "Closed"
        return "Open" if form.takes_requests else "Sender not attested"

    def get_readonly_fields(self, request: HttpRequest, obj: SignUpForm | None = None) -> tuple[str, ...]:
        return FIXED if obj else ()

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: SignUpForm | None = None
    ) -> dict[str, tuple[str, ...]]:
        return {} if obj else {"slug": ("title",)}

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        only = Sender.objects.values_list("pk", flat=True)[:2]
        first = {"sender": only[0]} if len(only) == 1 else {}
        return {**first, **super().get_changeform_initial_data(request)}

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        form = self.get_object(request, object_id)
        shown = _shown(form) if form is not None else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **shown})

    def save_model(self, request: HttpRequest, obj: SignUpForm, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        changed = [name for name in form.changed_data if name != "wording"]
        if changed:
            evidence.record(
                "sign-up form changed" if change else "sign-up form made",
                actor=evidence.by(request.user),
                subject=f"sign-up form {obj.pk}",
                changed=changed,
            )
        if "wording" in form.cleaned_data:
            joining.word(obj, form.cleaned_data["wording"], actor=evidence.by(request.user))

    def delete_model(self, request: HttpRequest, obj: SignUpForm) -> None:
        evidence.record(
            "sign-up form deleted", actor=evidence.by(request.user), subject=f"sign-up form {obj.pk}"
        )
        super().delete_model(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple:
        """By number: requests hold addresses, which Django's own summary would print and log."""
        waiting = SignUp.objects.filter(form__in=objs, confirmed_at__isnull=True).count()
        return [str(o) for o in objs], {"requests that wait": waiting}, set(), []


def _shown(form: SignUpForm) -> dict[str, Any]:
    return {
        "sign_up_form": form,
        "page_url": f"{settings.PUBLIC_URL}/join/{form.slug}",
        "embedded": embedded(form) if form.wording else "",
        "given": Consent.objects.filter(form_number=form.pk).count(),
        "waiting": form.requests.filter(confirmed_at__isnull=True).count(),
    }


def embedded(form: SignUpForm) -> str:
    """The form as plain HTML for any page of the sender's: no script, no style but what hides the trap."""
    return render_to_string(
        "mailer/admin/embedded_form.html",
        {"form": form, "wording": form.wording, "fields": joining, "site": settings.PUBLIC_URL},
    )


@admin.register(SignUp)
class SignUpAdmin(LongList, NeverChanged, ModelAdmin):
    """Requests of the last seven days. One that is confirmed shows no address any more: its consent is the record."""

    list_display = ("requested_at", "form", "who", "state")
    list_select_related = ("form",)
    list_filter = ("form",)
    ordering = ("-id",)
    fields = readonly_fields = ("form", "who", "requested_at", "page_url", "state", "confirmed_at")

    @admin.display(description="address")
    def who(self, sign_up: SignUp) -> str:
        return sign_up.email or "–"

    @admin.display(description="state")
    def state(self, sign_up: SignUp) -> str:
        if sign_up.confirmed_at:
            return "Confirmed"
        if sign_up.outcome:
            return f"Mail: {sign_up.get_outcome_display().lower()}"
        return "Mail is being sent" if sign_up.handed_over_at else "Mail waits"


@admin.register(Consent)
class ConsentAdmin(LongList, NeverChanged, ModelAdmin):
    """The proof, row by row; a person's own are on their page."""

    list_display = ("confirmed", "list_name", "version", "person")
    ordering = ("-id",)
    fields = readonly_fields = (
        "person",
        "list_name",
        "version",
        "words",
        "page_url",
        "requested",
        "confirmed",
        "place",
        "mail",
        "fingerprint",
    )

    @admin.display(description="confirmed (UTC)")
    def confirmed(self, consent: Consent) -> str:
        return f"{consent.confirmed_at:%d %b %Y, %H:%M:%S}"

    @admin.display(description="asked (UTC)")
    def requested(self, consent: Consent) -> str:
        return f"{consent.requested_at:%d %b %Y, %H:%M:%S}"

    @admin.display(description="wording")
    def version(self, consent: Consent) -> str:
        return f"form {consent.form_number}, version {consent.wording_version}"

    @admin.display(description="words agreed to")
    def words(self, consent: Consent) -> str:
        return format_html('<blockquote class="c-quote">{}</blockquote>', consent.wording)

    @admin.display(description="SHA-256 of the words")
    def fingerprint(self, consent: Consent) -> str:
        return format_html('<span class="c-long">{}</span>', bytes(consent.wording_sha256).hex())

    @admin.display(description="confirmation mail")
    def mail(self, consent: Consent) -> str:
        return format_html('<span class="c-long">{}</span>', consent.message_id)

    @admin.display(description="person")
    def person(self, consent: Consent) -> str:
        """Whoever has the address today; nobody where it was deleted, and the row says no more than its key."""
        contact = Contact.objects.filter(address_key=bytes(consent.address_key)).first()
        if contact is None:
            return f"no contact any more (address key {bytes(consent.address_key).hex()[:8]}…)"
        url = reverse("admin:mailer_contact_change", args=[contact.pk])
        return format_html('<a class="c-link" href="{}">{}</a>', url, contact)


def consents_of(contact: Contact) -> QuerySet[Consent]:
    return Consent.objects.filter(
        mailbox_key=bytes(contact.mailbox_key), address_key=bytes(contact.address_key)
    )


def told(consents: QuerySet[Consent]) -> str:
    """A person's consents as lines, each with a link to its proof."""
    lines = format_html_join(
        "",
        '<li><a class="c-link" href="{}">{}</a> · {} · wording {} of form {}</li>',
        (
            (
                reverse("admin:mailer_consent_change", args=[consent.pk]),
                f"{consent.confirmed_at:%d %b %Y, %H:%M} UTC",
                consent.list_name,
                consent.wording_version,
                consent.form_number,
            )
            for consent in consents
        ),
    )
    return format_html('<ul class="c-list">{}</ul>', lines) if lines else "None given through a form here"
