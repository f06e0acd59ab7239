"""What kind of mail a campaign is, as its form asks for it: one choice, in plain words (DESIGN §3, “Kinds”)."""

from typing import Any

from django import forms
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from mailer.models import Campaign
from mailer.rendering import KindFacts, SenderFacts
from mailer.rendering.kinds import NOTICE_PURPOSES, RELATIONSHIP_PURPOSES, notice_subject

Kind, Purpose = Campaign.Kind, Campaign.Purpose
FIELDS = ("kind", "purpose", "advertisers", "is_explicit")
EVERYBODYS = (
    (Kind.COMMERCIAL.value, "Commercial: it advertises something"),
    (Kind.MIXED.value, "Contains advertising: a newsletter that is about something else, with offers in it"),
    (Kind.EDITORIAL.value, "Editorial: no advertising in it at all, such as a club's or a charity's letter"),
)
RELATIONSHIP = "No advertising in it, and everybody who gets it knows of the matter"
NOTICE = "Reaches people who have opted out, too"
FIELDSET = (
    "What kind of mail it is",
    {
        "fields": ("kind", "advertisers", "is_explicit"),
        "description": "“Commercial” whenever something is offered, sold or promoted, and in doubt. The kind decides "
        "the line at the top and the words at the end; postal address and opt-out are in every kind. What goes out "
        "without the word “advertisement” is released by somebody who may approve.",
    },
)


class KindForm(forms.ModelForm):
    """The fields of the kind. `may_choose` is whether the person may choose what the law sets apart."""

    may_choose = False

    kind = forms.ChoiceField(
        label="What kind of mail is it?", required=False, widget=UnfoldAdminSelectWidget,
        help_text="Label: Commercial says “Advertisement”, the others “Contains advertising”, “Newsletter”, or what "
        "the message is about.",
    )  # fmt: skip
    advertisers = forms.CharField(
        label="Who else advertises in it?", required=False, max_length=800,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="The names of other companies whose things it promotes, one a line. The footer names them, and says "
        "that the sender answers for the whole message. The message must promote something of the sender's own, too.",
    )  # fmt: skip

    class Meta:
        labels = {"is_explicit": "It is sexually oriented"}
        help_texts = {
            "is_explicit": "The subject then starts with “SEXUALLY-EXPLICIT: ”, exactly so, and only people who have "
            "confirmed a sign-up to one of its lists get it."
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = _value(self.instance.kind, self.instance.purpose)
        asked = self.fields.get("kind")  # none of them is there where somebody only reads
        if isinstance(asked, forms.ChoiceField):
            asked.choices = choices(self.may_choose, chosen)
            self.initial["kind"] = chosen

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        before = _value(self.instance.kind, self.instance.purpose)
        kind, _, purpose = (said.get("kind") or before).partition(":")
        said["kind"], self.instance.purpose = kind, purpose
        if kind not in {Kind.COMMERCIAL, Kind.MIXED}:
            self._assert_promotes_nothing(said)
        if kind == Kind.NOTICE:
            self._shape_notice(said)
        return said

    def _assert_promotes_nothing(self, said: dict[str, Any]) -> None:
        if said.get("advertisers", "").strip():
            self.add_error(
                "advertisers", "Mail of this kind advertises nothing, so nobody else does in it either."
            )
        if said.get("is_explicit"):
            self.add_error("is_explicit", "Sexually oriented mail is commercial. Choose that kind.")

    def _shape_notice(self, said: dict[str, Any]) -> None:
        """Its subject is fixed, and it is plain text without a preview line: nothing in it can advertise."""
        if said.get("html", "").strip():
            self.add_error("html", "A notice is plain text: write it below, and leave this empty.")
        if said.get("sender"):
            facts = KindFacts(kind=Kind.NOTICE.value, purpose=self.instance.purpose)
            said["subject"] = notice_subject(SenderFacts.of(said["sender"]), facts)
        said["html"] = said["preheader"] = ""


def choices(may_choose: bool, chosen: str) -> list[Any]:
    """What a person may choose. What was chosen before stays, so that others can mend the words of it."""
    kept = [] if may_choose or chosen in dict(EVERYBODYS) else [(chosen, said_of(chosen))]
    if not may_choose:
        return [*EVERYBODYS, *kept]
    return [
        *EVERYBODYS,
        (
            RELATIONSHIP,
            [
                (f"{Kind.RELATIONSHIP}:{each}", f"Relationship: {each.label}")
                for each in RELATIONSHIP_PURPOSES
            ],
        ),
        (NOTICE, [(f"{Kind.NOTICE}:{each}", f"Required by law: {each.label}") for each in NOTICE_PURPOSES]),
    ]


def may_choose(request: HttpRequest) -> bool:
    """Whether somebody may say that mail is none that the law asks a label of, or that it may reach everybody (D4)."""
    return request.user.has_perm("mailer.choose_kind")


def copied(original: Campaign, request: HttpRequest) -> dict[str, Any]:
    """The kind of a copy: the original's, if the person may choose it, else commercial."""
    if original.kind in dict(EVERYBODYS) or may_choose(request):
        return {name: getattr(original, name) for name in FIELDS}
    return {}


def said_of(chosen: str) -> str:
    """A kind in words, as campaign pages show it."""
    kind, _, purpose = chosen.partition(":")
    name = str(Kind(kind).label)
    return f"{name}: {Purpose(purpose).label}" if purpose else name


def told(campaign: Campaign) -> str:
    return said_of(_value(campaign.kind, campaign.purpose))


def _value(kind: str, purpose: str) -> str:
    return f"{kind}:{purpose}" if purpose else str(kind)
