"""Making the dossier of a campaign or of a recipient, for whoever looks after evidence."""

import tempfile
from collections.abc import Callable
from typing import IO, Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from mailer import dossier
from mailer.admin.pages import changes, needs, page
from mailer.admin.told import AddressForm
from mailer.dossier import DossierRefused, Made


class CampaignForm(forms.Form):
    campaign = forms.IntegerField(
        label="Number of the campaign", min_value=1, widget=UnfoldAdminIntegerFieldWidget,
        help_text="It stands on the campaign’s page.",
    )  # fmt: skip


@needs("mailer.make_dossier")
def dossiers(request: HttpRequest, model_admin: ModelAdmin) -> HttpResponseBase:
    """Of whom or what? An address is only ever sent in the body of a POST."""
    asked = request.POST if request.method == "POST" else None
    campaign = CampaignForm(asked if asked and "campaign" in asked else None)
    recipient = AddressForm(asked if asked and "address" in asked else None)
    if campaign.is_valid():
        number = campaign.cleaned_data["campaign"]
        try:
            return _download(
                f"candor-campaign-{number}.zip",
                lambda file: dossier.of_campaign(number, file, user=request.user),
            )
        except DossierRefused as refused:
            campaign.add_error("campaign", str(refused))
    if recipient.is_valid():
        address = recipient.cleaned_data["address"]
        return _download(
            f"candor-recipient-{address.mailbox_key.hex()[:8]}.zip",
            lambda file: dossier.of_recipient(address, file, user=request.user),
        )
    return page(
        request,
        model_admin,
        "dossiers.html",
        "Make a dossier",
        campaign_form=campaign,
        recipient_form=recipient,
    )


@changes("mailer.make_dossier")
def of_campaign(request: HttpRequest, model_admin: ModelAdmin, number: int) -> HttpResponseBase:
    """The button on a campaign's page."""
    try:
        return _download(
            f"candor-campaign-{number}.zip",
            lambda file: dossier.of_campaign(number, file, user=request.user),
        )
    except DossierRefused as refused:
        messages.error(request, str(refused))
        return redirect("admin:mailer_campaign_page", number)


def _download(name: str, make: Callable[[IO[bytes]], Made]) -> HttpResponse | FileResponse:
    """The file lies on the disk, not in memory, and is gone when it was sent."""
    file: Any = tempfile.TemporaryFile()  # noqa: SIM115  the response closes it
    try:
        make(file)
    except DossierRefused:
        file.close()
        raise
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
