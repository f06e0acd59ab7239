"""Where a picture is shown: mail in people's mailboxes loads it from here whenever it is opened."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from mailer.models import Campaign, Image


@dataclass(frozen=True, slots=True)
class Uses:
    """The campaigns that show a picture."""

    launched: Sequence[Campaign]
    drafts: Sequence[Campaign]

    def in_words(self) -> str:
        """Why it has to stay."""
        if self.launched:
            return (
                f"It has gone out with {_named(self.launched)}: mail that is already in people’s mailboxes shows it "
                "from here, and would have a hole where it was. So it stays."
            )
        return f"{_named(self.drafts)} shows it. Take it out there first."


def uses_of(image: Image) -> Uses:
    """Launched campaigns from the record of what they show, drafts from what is written in them now."""
    shown = Campaign.objects.filter(revisions__images_shown__image=image).distinct()
    file = f"{image.name}.{image.kind}"
    drafts = Campaign.objects.filter(
        Q(html__contains=file) | Q(text__contains=file), state=Campaign.State.DRAFT
    )
    return Uses(list(shown), list(drafts))


def _named(campaigns: Sequence[Campaign]) -> str:
    names = ", ".join(f"“{campaign}”" for campaign in campaigns[:3])
    return f"{names} and {len(campaigns) - 3} more" if len(campaigns) > 3 else names
