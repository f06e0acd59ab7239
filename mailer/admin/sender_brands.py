"""How a sender's mail looks: chosen with an example of each layout beside it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.clickjacking import xframe_options_sameorigin
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from mailer import evidence, rendering
from mailer.admin.pages import needs, page, reads
from mailer.admin.previews import as_preview
from mailer.models import Campaign, Image, Sender, SenderBrand
from mailer.rendering import Brand, Content, ListFacts, SenderFacts

SAMPLE = """
<h1>The garden in winter</h1>
<p>Hello {{ first_name|default:"friend" }}, nights are cold now, and the roses want their covers. There is
<a href="https://www.example.org/">more on our pages</a>.</p>
<ul><li>Cover roses and young figs.</li><li>Sow broad beans.</li></ul>
<p><a href="https://www.example.org/">See the covers</a></p>
<h2>Warm hands</h2><p>Lee</p>
"""


class BrandForm(forms.ModelForm):
    class Meta:
        model = SenderBrand
        fields = ("accent", "ink", "ground", "font", "logo", "logo_width")
        labels = {"logo": "Logo", "logo_width": "Width of the logo"}
        widgets = {
            **dict.fromkeys(("accent", "ink", "ground"), UnfoldAdminTextInputWidget(attrs={"type": "color"})),
            "font": UnfoldAdminSelectWidget,
            "logo": UnfoldAdminSelectWidget,
            "logo_width": UnfoldAdminIntegerFieldWidget,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pictures = self.fields["logo"]
        if isinstance(pictures, forms.ModelChoiceField):
            pictures.queryset = Image.objects.defer("data")
            pictures.empty_label = "None: the trade name"


@needs("mailer.change_senderbrand")
def choose(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponse:
    """The form; POST keeps what was chosen, for every message compiled from now on."""
    sender = get_object_or_404(Sender, pk=number)
    chosen = SenderBrand.objects.filter(sender=sender).first() or SenderBrand(sender=sender)
    form = BrandForm(request.POST or None, instance=chosen)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            evidence.record(
                "chose a look",
                actor=evidence.by(request.user),
                subject=f"sender {sender.pk}",
                changed=form.changed_data,
            )
        messages.success(
            request, "Kept. Drafts look like this from now on; what was launched stays as it was."
        )
        return redirect("admin:mailer_sender_brand", number)
    layouts = [choice for choice in Campaign.Layout.choices if choice[0] in rendering.LAYOUTS and choice[0]]
    return page(
        request,
        model_admin,
        "brand.html",
        f"How mail of {sender} looks",
        sender=sender,
        form=form,
        layouts=layouts,
    )


@xframe_options_sameorigin
@reads("mailer.change_senderbrand")
def example(request: HttpRequest, model_admin: ModelAdmin, number: int, layout: str) -> HttpResponse:
    """A short message in one layout, as the sender's brand is now."""
    sender = get_object_or_404(Sender, pk=number)
    if layout not in rendering.LAYOUTS:
        raise Http404
    content = Content("The garden in winter", "", SAMPLE, "", layout, Brand.of(sender))
    try:
        skeleton = rendering.compile_content(
            content, SenderFacts.of(sender), ListFacts("Friends", "friends"), campaign=0
        )
    except rendering.ContentRefused:  # a sender whose names can't stand in a header yet
        raise Http404 from None
    return as_preview(rendering.preview(skeleton, rendering.SAMPLE_RECIPIENT).html)


URLS = (
    ("<int:number>/look/", "mailer_sender_brand", choose),
    ("<int:number>/look/<slug:layout>/", "mailer_sender_brand_example", example),
)
