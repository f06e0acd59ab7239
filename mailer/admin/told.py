"""What people told staff by phone, post or in person: which address, how, and when it arrived."""

from typing import Any

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from mailer import addresses
from mailer.models import Suppression

Channel = Suppression.Channel
# What reaches staff (D56); the machine's own channels are entered by the machine.
TOLD_TO_STAFF = (
    Channel.PHONE,
    Channel.POST,
    Channel.IN_PERSON,
    Channel.WEB_FORM,
    Channel.REPLY,
    Channel.STAFF,
)


class AddressForm(forms.Form):
    address = forms.CharField(
        label="Address",
        max_length=400,
        widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_address(self) -> addresses.Address:
        try:
            return addresses.parse(self.cleaned_data["address"])
        except addresses.AddressRefused as wrong:
            raise forms.ValidationError(f"This is not an address: {wrong}") from None


class ToldForm(AddressForm):
    channel = forms.ChoiceField(
        label="How were you told?",
        choices=[(channel.value, channel.label) for channel in TOLD_TO_STAFF],
        widget=UnfoldAdminSelectWidget,
    )
    received_at = forms.DateTimeField(
        label="When did it arrive? (UTC)",
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
        help_text="When the person told you, not when you write it down. The law counts from then.",
    )

    def clean_received_at(self) -> Any:
        received_at = self.cleaned_data["received_at"]
        if received_at > timezone.now():
            raise forms.ValidationError("This is in the future. When did it arrive?")
        return received_at


def this_minute() -> str:
    """Now, as a `datetime-local` field takes it."""
    return timezone.now().strftime("%Y-%m-%dT%H:%M")
