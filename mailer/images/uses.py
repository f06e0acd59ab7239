"""Where a picture is shown: mail in people's mailboxes loads it from here whenever it is opened."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from mailer.models import Campaign, Image, Sender


@dataclass(frozen=True, slots=True)
class Uses:
    """The campaigns that show a picture, and the senders whose logo it is."""

    launched: Sequence[Campaign]
    drafts: Sequence[Campaign]
    logos: Sequence[Sender] = ()

    def __bool__(self) -> bool:
        return bool(self.launched or self.drafts or self.logos)

    def in_words(self) -> str:
        """Why it has to stay."""
        if self.launched:
            return (
                f"It has gone out with {_named(self.launched)}: mail that is already in people’s mailboxes shows it "
                "from here, and would have a hole where it was. So it stays."
            )
        if self.logos:
            return f"It is the logo of {_named(self.logos)}. Choose another one there first."
        return f"{_named(self.drafts)} shows it. Take it out there first."


def uses_of(image: Image) -> Uses:
    """Launched campaigns from the record of what they show, those not begun from what is written in them now."""
    shown = Campaign.objects.filter(revisions__images_shown__image=image).distinct()
    file = f"{image.name}.{image.kind}"
    drafts = Campaign.objects.filter(
        Q(html__contains=file) | Q(text__contains=file),
        state__in=[Campaign.State.DRAFT, Campaign.State.SCHEDULED],
    )
    return Uses(list(shown), list(drafts), list(Sender.objects.filter(brand__logo=image)))


def _named(users: Sequence[Campaign] | Sequence[Sender]) -> str:
    names = ", ".join(f"“{user}”" for user in users[:3])
    return f"{names} and {len(users) - 3} more" if len(users) > 3 else names
