"""Pictures: uploaded several at a time, each with what it shows, and put into messages by a click."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextareaWidget

from mailer import images
from mailer.admin.pages import LongList, SimpleForm, fragment, needs, page, reads
from mailer.models import Image

MOST_AT_ONCE = 10  # each may take seconds, and a browser waits
ASKED_AT_ONCE = 20
OFFERED = 30
UNDESCRIBED = {"alt": "", "is_decorative": False}
LIST = "admin:mailer_image_changelist"


class SeveralFiles(forms.FileInput):
    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    def clean(self, data: Any, initial: Any = None) -> list[TemporaryUploadedFile]:
        return [super(SeveralFilesField, self).clean(each, initial) for each in data or [None]]


class UploadForm(forms.Form):
    pictures = SeveralFilesField(
        label="Pictures",
        widget=SeveralFiles(
            attrs={"class": "c-input c-input--wide", "accept": "image/jpeg,image/png,image/gif,image/webp"}
        ),
        help_text=f"JPEG, PNG, GIF or WebP, up to {images.MOST_BYTES // 10**6} MB each and {MOST_AT_ONCE} at a time. "
        "They are made to fit messages, 1,200 pixels wide at most, and lose what a camera wrote into them: "
        "place, time, device.",
    )


class ImageForm(ModelForm):
    class Meta:
        model = Image
        fields = ("title", "alt", "is_decorative")
        help_texts = {
            "alt": "What readers are told who don’t see the picture: screen readers read it out, mail programs show "
            "it until pictures are loaded. Say what it says: “Red roses in a wooden crate”, or the words on it.",
            "is_decorative": "A line, a corner, a background. Screen readers then pass over it in silence.",
        }
        widgets = {"alt": UnfoldAdminTextareaWidget(attrs={"rows": 2})}

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("alt") and said.get("is_decorative"):
            self.add_error("is_decorative", "Either it shows something, or it is decoration. Not both.")
        return said


@admin.register(Image)
class ImageAdmin(LongList, SimpleForm):
    form = ImageForm
    list_display = ("thumbnail", "title", "told", "measures", "added_at")
    list_display_links = ("thumbnail", "title")
    search_fields = ("title", "alt")
    change_form_outer_before_template = "mailer/admin/parts/image.html"
    list_before_template = "mailer/admin/parts/images_undescribed.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Image]:
        return super().get_queryset(request).defer("data")

    @admin.display(description="picture")
    def thumbnail(self, image: Image) -> SafeString:
        return format_html('<img class="c-thumb" src="{}" alt="" loading="lazy">', image.path)

    @admin.display(description="what it shows")
    def told(self, image: Image) -> str | SafeString:
        if image.alt:
            return image.alt if len(image.alt) <= 60 else f"{image.alt[:59]}…"
        if image.is_decorative:
            return "Decoration"
        return format_html('<span class="c-badge c-badge--{}">{}</span>', "warn", "Not said yet")

    @admin.display(description="size")
    def measures(self, image: Image) -> str:
        return f"{image.width:,} × {image.height:,}, {max(1, round(image.size / 1000)):,} kB"

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponseBase:
        return upload(request, self)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        image = self.get_object(request, object_id)
        told = {"image": image, "tag": images.tag(image), "uses": images.uses_of(image)} if image else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **told})

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict | None = None
    ) -> HttpResponseBase:
        return delete(request, self, int(object_id) if object_id.isdecimal() else 0)

    def save_model(self, request: HttpRequest, obj: Image, form: ModelForm, change: bool) -> None:
        images.describe(obj, obj.alt, is_decorative=obj.is_decorative, title=obj.title)

    def get_custom_urls(self) -> tuple:
        return (
            ("describe/", "mailer_image_describe", describe),
            ("picker/", "mailer_image_picker", picker),
        )


@needs("mailer.add_image")
def upload(request: HttpRequest, model_admin: SimpleForm) -> HttpResponse:
    """Take several files; each is stored or refused by itself, with its reason."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if request.method == "POST" and form.is_valid():
        files = form.cleaned_data["pictures"]
        if len(files) > MOST_AT_ONCE:
            form.add_error(
                "pictures", f"These are {len(files)} files. Choose {MOST_AT_ONCE} at most, then the others."
            )
        elif added := _added(request, files, form):
            if any(not image.is_described for image in added):
                return redirect("admin:mailer_image_describe")
            return redirect(LIST)
    return page(
        request, model_admin, "form.html", "Upload pictures", form=form, button="Upload", back=LIST,
        intro="They are kept here and served from here, so that no other company learns who opens a message.",
    )  # fmt: skip


def _added(request: HttpRequest, files: Sequence[TemporaryUploadedFile], form: UploadForm) -> list[Image]:
    """What could be stored of them. If nothing could, the reasons stay beside the field."""
    added: list[Image] = []
    refused: list[str] = []
    new = 0
    for file in files:
        try:
            with Path(file.temporary_file_path()).open("rb") as content:
                done = images.add(content, file.name or "", request.user)
        except images.ImageRefused as reason:
            refused.append(f"{file.name}: {reason}")
            continue
        added.append(done.image)
        new += done.is_new
        if not done.is_new:
            messages.info(request, f"{file.name} is there already, as “{done.image}”.")
    for words in refused:
        if added:
            messages.error(request, words)
        else:
            form.add_error("pictures", words)
    if new:
        messages.success(request, "One picture is there." if new == 1 else f"{new} pictures are there.")
    return added


@needs("mailer.change_image")
def describe(request: HttpRequest, model_admin: SimpleForm) -> HttpResponse:
    """Ask of each picture what it shows. Whoever does not know yet leaves it open."""
    asked = list(Image.objects.filter(**UNDESCRIBED).defer("data")[:ASKED_AT_ONCE])
    if request.method == "POST":
        for image in asked:
            alt = request.POST.get(f"alt-{image.pk}", "").strip()[:300]
            is_decorative = not alt and f"decorative-{image.pk}" in request.POST
            if alt or is_decorative:
                images.describe(image, alt, is_decorative=is_decorative)
        messages.success(request, "Noted.")
        return redirect(LIST)
    if not asked:
        return redirect(LIST)
    return page(request, model_admin, "image_describe.html", "What do they show?", asked=asked)


@needs("mailer.delete_image")
def delete(request: HttpRequest, model_admin: SimpleForm, number: int) -> HttpResponse:
    """Ask once more, or say why it stays."""
    image = get_object_or_404(Image.objects.defer("data"), pk=number)
    if request.method == "POST":
        try:
            images.remove(image, request.user)
        except images.ImageRefused as refused:
            messages.error(request, str(refused))
            return redirect("admin:mailer_image_change", number)
        messages.success(request, f"“{image}” is gone.")
        return redirect(LIST)
    return page(
        request, model_admin, "image_delete.html", f"Delete {image}?", image=image, uses=images.uses_of(image)
    )


@reads("mailer.view_image")
def picker(request: HttpRequest, model_admin: SimpleForm) -> HttpResponse:
    """The newest pictures as buttons, for the page on which a campaign is written."""
    newest = Image.objects.defer("data")[:OFFERED]
    return fragment(
        request, "parts/image_thumbs.html", pictures=[(image, images.tag(image)) for image in newest]
    )
