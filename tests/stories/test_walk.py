"""The main job, from a row in a file to the campaign that skips who has opted out."""

from email.message import EmailMessage

from mailer import tasks
from mailer.contacts import importing
from mailer.models import Campaign, Evidence, Import, MailingList, Message
from project.inbox.store import Received
from tests.stories import parts
from tests.stories.parts import Installation

CSV = """\
email,first_name,last_name
ada@example.org,Ada,Abara
ben@example.org,Ben,Berg
chloe+garden@example.org,Chloé,Costa
not an address,Deniz,Dimitrov
"""
PEOPLE = {"ada@example.org", "ben@example.org", "chloe+garden@example.org"}
ADDRESS = ("Acme Garden LLC", "1450 Rose Street", "Portland, OR 97201", "US")


def test_from_a_row_to_the_campaign_that_skips_who_opted_out(installation: Installation, settings):
    settings.UPLOAD_DIR = installation.folder / "uploads"
    installation.start("web", "worker", "beat")
    friends = imported(installation)
    first = launched(installation, friends)
    messages = {one.rcpt_tos[0]: one for one in installation.inbox.store.iterate()}
    assert set(messages) == PEOPLE
    assert installation.inbox.store.count() == len(PEOPLE)
    for email, received in messages.items():
        assert_lawful(email, received, first)
    assert len({parts.parsed(one)["Message-ID"] for one in messages.values()}) == len(PEOPLE)

    installation.wait_for_web()
    status, _ = installation.post(parts.link_in(messages["ben@example.org"]))
    assert status == 200

    second = launched(installation, friends)
    assert set(parts.recipients(installation.inbox, second)) == PEOPLE - {"ben@example.org"}
    assert parts.states(second) == {"accepted": 2, "withheld": 1}
    withheld = Message.objects.get(campaign_id=second.pk, state="withheld")
    assert (withheld.reason, withheld.handed_over_at, withheld.attempts) == ("opt_out", None, 0)
    for campaign in (first, second):
        parts.assert_accounted(campaign, installation.inbox, len(PEOPLE))
        verbs = Evidence.objects.filter(subject=f"campaign {campaign.pk}").order_by("id")
        assert list(verbs.values_list("verb", flat=True)) == ["launched", "audience fixed", "sent"]


def imported(installation: Installation) -> MailingList:
    friends = MailingList.objects.create(slug="friends", name="Friends")
    path = installation.folder / "people.csv"
    path.write_text(CSV, encoding="utf-8")
    coming = importing.begin(path, list=friends, source="customer", filename="people.csv")
    tasks.nudge_imports()
    installation.wait_for(
        "the file is in", lambda: Import.objects.filter(pk=coming.pk, state="done").exists()
    )
    coming.refresh_from_db()
    assert (coming.rows, coming.accepted, sum(coming.rejected.values())) == (4, 3, 1)
    return friends


def launched(installation: Installation, to: MailingList) -> Campaign:
    campaign = parts.launch(parts.draft(to))
    installation.wait_until_sent(campaign)
    return campaign


def assert_lawful(email: str, received: Received, campaign: Campaign) -> None:
    """Promise 1 on the bytes: label first, address and opt-out last, the header pair, one To."""
    message = parts.parsed(received)
    assert message.get_all("To") == [email]
    assert received.rcpt_tos == (email,)
    assert message["From"].addresses[0].addr_spec == "news@example.org"
    assert message["Subject"] == campaign.subject
    link = parts.link_in(received)
    assert [value.strip() for value in message.get_all("List-Unsubscribe")] == [f"<{link}>"]
    assert message.get_all("List-Unsubscribe-Post") == ["List-Unsubscribe=One-Click"]
    assert not {"Cc", "Bcc"} & set(message.keys())
    for words in (text_of(message, "plain"), text_of(message, "html")):
        assert link in words
        assert all(line in words for line in ADDRESS)
        assert words.index("Advertisement · Acme Garden") < words.index("cover the roses now")
        assert words.index("cover the roses now") < words.rindex(ADDRESS[1])
    assert text_of(message, "plain").lstrip().startswith("Advertisement · Acme Garden")


def text_of(message: EmailMessage, subtype: str) -> str:
    part = message.get_body(preferencelist=(subtype,))
    assert part is not None
    return part.get_content()
