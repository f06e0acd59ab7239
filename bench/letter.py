"""The message that is measured: 11 kB when finished, with merge fields, like a shop's weekly letter."""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User

from mailer import campaigns
from mailer.management import example
from mailer.models import Campaign, MailingList, Sender

SIZE = 11_000  # bytes of a finished message, within 3 %; DESIGN §5

SUBJECT = "Three things to do in the garden this week"
GREETING = (
    '<h1>The garden in winter</h1><p>Hello {{ first_name|default:"friend" }} {{ last_name|default:"" }},</p>'
)
OFFER = """
<h2>Offer {number} of the week: covers for roses</h2>
<p style="color:#222; line-height:1.5">Nights are cold now, and the roses want their covers. Ours let air through
and keep frost out; put them on up to the graft, and take them off on mild days.
<a href="https://www.example.org/winter?offer={number}">See the winter page for it</a>.</p>
"""
HTML = GREETING + "".join(OFFER.format(number=number) for number in range(1, 13))


def sender_and_user() -> tuple[Sender, User]:
    """The example installation's attested sender, and its administrator."""
    user = get_user_model().objects.create_superuser("bench", "bench@example.org")
    example.put_example(user)
    return Sender.objects.get(), user


def launched(sender: Sender, user: User, list_: MailingList) -> Campaign:
    """A campaign of the letter to one list, launched by the verb that people use; its audience is not fixed."""
    campaign = Campaign.objects.create(name="Bench", sender=sender, subject=SUBJECT, html=HTML)
    campaign.lists.add(list_)
    campaigns.launch(campaign, user)
    return campaign
