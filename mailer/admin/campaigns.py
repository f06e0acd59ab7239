"""Campaigns: the list of them, and the form in which a draft is written."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from mailer import evidence, hours
from mailer.admin import (
    campaign_approval,
    campaign_checks,
    campaign_drafts,
    campaign_grounds,
    campaign_kinds,
    campaign_messages,
    campaign_offers,
    campaign_pages,
    campaign_plan,
    campaign_tests,
    campaign_unknown,
    rules_page,
)
from mailer.admin.editor import BodyWidget, with_nonce
from mailer.admin.pages import LongList, OwnPageList, SimpleForm, staff
from mailer.models import Campaign, MailingList, Sender
from mailer.rendering import KindFacts
from mailer.rendering.mjml import is_mjml

State = Campaign.State
WRITTEN = ("name", "sender", "subject", "preheader", "layout", "html", "text")


class CampaignForm(campaign_kinds.KindForm):
    lists = forms.ModelMultipleChoiceField(
        MailingList.objects.all(),
        label="To the people on",
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Whoever is on several of them gets it once.",
    )

    class Meta(campaign_kinds.KindForm.Meta):
        model = Campaign
        fields = (*WRITTEN, "lists", "kind", "advertisers", "is_explicit")
        labels = {
            **campaign_kinds.KindForm.Meta.labels,
            "preheader": "Preview line",
            "layout": "Layout",
            "html": "Message",
            "text": "Message (plain text)",
        }
        help_texts = {
            **campaign_kinds.KindForm.Meta.help_texts,
            "layout": "What is drawn around your words, in the sender's colours. The last two take what a designer "
            "gives you.",
            "html": "In a layout, a link alone in its paragraph becomes a button, and a picture alone in its paragraph "
            "is as wide as the sheet. To write plain text only, leave it empty.",
            "text": "For readers whose mail program shows no HTML. Leave it empty to have it made from the HTML.",
        }
        widgets = {
            "html": BodyWidget,
            "text": UnfoldAdminTextareaWidget(attrs={"rows": 10}),
        }

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("kind") == Campaign.Kind.NOTICE:  # plain text: nothing is drawn around it
            said["layout"] = Campaign.Layout.OWN_HTML
        if is_mjml(said.get("html", "")) and said.get("layout") != Campaign.Layout.MJML:
            self.add_error("layout", "The message is MJML. Choose “My own MJML” here.")
        if not said.get("html", "").strip() and not said.get("text", "").strip():
            raise forms.ValidationError("There is no message yet: write HTML or plain text.")
        return said


@admin.register(Campaign)
class CampaignAdmin(LongList, SimpleForm):
    form = CampaignForm
    own_page = "admin:mailer_campaign_page"
    list_display = ("name", "state_shown", "progress", "subject", "sender", "launched_at")
    list_select_related = ("sender",)
    list_filter = ("state",)
    ordering = ("-id",)
    warn_unsaved_form = True
    fieldsets = (
        (None, {"fields": ("name", "sender", "lists")}),
        (
            "What readers see first",
            {
                "fields": ("subject", "preheader"),
                "description": "Say what the message is. Every claim in a subject must be borne out by the message.",
            },
        ),
        ("Message", {"fields": ("layout", "html", "text")}),
        campaign_kinds.FIELDSET,
    )
    change_form_outer_before_template = "mailer/admin/parts/merge_fields.html"
    change_form_outer_after_template = "mailer/admin/parts/draft_preview.html"

    @admin.display(description="progress")
    def progress(self, campaign: Campaign) -> str:
        """Fetched after the page: counting a million messages takes longer than a page may."""
        if campaign.state == State.SCHEDULED and campaign.begins_at:
            return f"begins {hours.told(campaign.begins_at, campaign.zone)}"
        if campaign.state == State.DRAFT:
            return "waits for your decision" if campaign.asks else "–"
        url = reverse("admin:mailer_campaign_brief", args=[campaign.pk])
        return format_html('<span data-once="{}"><a class="c-link" href="{}">Count</a></span>', url, url)

    @display(
        description="State",
        label={
            State.DRAFT.label: "default",
            State.SCHEDULED.label: "info",
            State.SENDING.label: "info",
            State.PAUSED.label: "warning",
            State.SENT.label: "success",
            State.CANCELLED.label: "danger",
        },
    )
    def state_shown(self, campaign: Campaign) -> str:
        return campaign.get_state_display()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[OwnPageList]:
        return OwnPageList

    def get_custom_urls(self) -> tuple:
        return (
            *campaign_drafts.URLS,
            *campaign_pages.URLS,
            *campaign_plan.URLS,
            *campaign_approval.URLS,
            *campaign_checks.URLS,
            *campaign_offers.URLS,
            *campaign_grounds.URLS,
            *campaign_tests.URLS,
            *campaign_messages.URLS,
            *campaign_unknown.URLS,
            ("rules/", "mailer_campaign_rules", rules_page.rules_page),
        )

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, *args, **kwargs)
        form.may_choose = campaign_kinds.may_choose(request)
        return form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        only = Sender.objects.values_list("pk", flat=True)[:2]
        sender = {"sender": only[0]} if len(only) == 1 else {}
        return {"layout": Campaign.Layout.NEWSLETTER, **sender}

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        return super().render_change_form(request, with_nonce(context, request), *args, **kwargs)

    # -- what went out stays as it was ---------------------------------------------------------------

    def has_change_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.state == State.DRAFT)

    def has_delete_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.state == State.DRAFT)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        """Who wrote on while somebody launched it is told so, instead of being called forbidden."""
        campaign = self.get_object(request, object_id)
        if request.method == "POST" and campaign is not None and campaign.state != State.DRAFT:
            messages.error(
                request,
                "It is no longer a draft, so nothing was saved. Your words are still in the form, one step back in "
                "your browser; “Copy as a new draft” makes a place for them.",
            )
            return redirect(self.own_page, campaign.pk)
        return super().change_view(request, object_id, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Campaign, form: ModelForm, change: bool) -> None:
        """Only what was written, and only while it is a draft: it may be launched while somebody types."""
        obj.last_writer = staff(request)
        if not change:
            obj.author = staff(request)
            obj.save()
        elif _locked_draft(obj.pk):
            obj.save(update_fields=[*WRITTEN, *campaign_kinds.FIELDS, "last_writer"])
        else:
            raise PermissionDenied
        evidence.record(
            "wrote",
            actor=evidence.by(request.user),
            subject=f"campaign {obj.pk}",
            changed=form.changed_data,
            kind=KindFacts.of(obj).as_json(),
        )

    def delete_model(self, request: HttpRequest, obj: Campaign) -> None:
        if not _locked_draft(obj.pk):
            raise PermissionDenied
        evidence.record("draft deleted", actor=evidence.by(request.user), subject=f"campaign {obj.pk}")
        super().delete_model(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple:
        """A draft has nothing that would need listing but itself: no message of it has gone out."""
        return [str(o) for o in objs], {"drafts": len(objs)}, set(), []

    # -- after saving comes the campaign's page, where it is looked at and sent ----------------------

    def response_post_save_add(self, request: HttpRequest, obj: Campaign) -> HttpResponse:
        return redirect(self.own_page, obj.pk)

    def response_post_save_change(self, request: HttpRequest, obj: Campaign) -> HttpResponse:
        return redirect(self.own_page, obj.pk)


def _locked_draft(number: int) -> bool:
    """Whether it is a draft; if so it stays one until this transaction ends."""
    return Campaign.objects.select_for_update().filter(pk=number, state=State.DRAFT).exists()
