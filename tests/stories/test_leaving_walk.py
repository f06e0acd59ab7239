"""Every way out, on real processes: by link, by mailto, by reply, off one list; then everybody is imported again."""

import http.client
import re
from datetime import UTC, datetime
from html import unescape
from urllib.parse import urlencode, urlsplit

import pytest

from mailer import addresses, audience, suppression
from mailer.models import Campaign, Contact, ListLeaving, MailingList, Message, Sender, Suppression
from project.inbox.store import Received
from tests.stories import parts
from tests.stories.parts import Installation
from tests.stories.test_opt_out_under_way import assert_none_after_its_answer, link

pytestmark = pytest.mark.long

DOMAIN = "reply.example.org"
BY_LINK, BY_MAILTO, BY_REPLY, OFF_NEWS, STAYS = (f"person{n}@example.org" for n in range(1, 6))
EVERYBODY = {BY_LINK, BY_MAILTO, BY_REPLY, OFF_NEWS, STAYS}
FILE = "email,first_name\n" + "".join(f"{email},Ada\n" for email in sorted(EVERYBODY))


def test_who_left_in_any_way_is_not_mailed_again_and_one_list_can_be_left_alone(installation: Installation):
    connected(installation)
    bring_in(installation, "news", "offers")
    sender = parts.attested_sender()
    Sender.objects.filter(pk=sender.pk).update(reply_to=f"hello@{DOMAIN}")
    sender.refresh_from_db()
    first = sent(installation, "news", sender)
    assert parts.recipients(installation.inbox, first) == dict.fromkeys(EVERYBODY, 1)

    status, page = asked(installation, opt_out_link(got(installation, BY_LINK)), page="1")
    assert (status, "<h1>Done.</h1>" in page) == (200, True)
    answered(installation, got(installation, BY_MAILTO), mailto="1")
    answered(installation, got(installation, BY_REPLY), words="Please take me off your list. Thank you!")
    installation.wait_for("both mails are acted on", lambda: Suppression.objects.count() == 3)
    assert set(Suppression.objects.values_list("channel", flat=True)) == {"page", "mailto", "reply"}
    leave_news(installation)

    Contact.objects.all().delete()
    bring_in(installation, "news", "offers")
    assert_stands()
    second, third = sent(installation, "news", sender), sent(installation, "offers", sender)
    assert parts.recipients(installation.inbox, second) == {STAYS: 1}
    assert parts.recipients(installation.inbox, third) == {OFF_NEWS: 1, STAYS: 1}
    assert (parts.states(second), parts.states(third)) == (
        {"accepted": 1, "withheld": 3},
        {"accepted": 2, "withheld": 3},
    )
    reasons = Message.objects.filter(state="withheld").values_list("reason", flat=True)
    assert set(reasons) == {"opt_out"}
    come_back_to_news(installation)
    fourth = sent(installation, "news", sender)
    assert parts.recipients(installation.inbox, fourth) == {OFF_NEWS: 1, STAYS: 1}


def test_a_list_left_while_its_campaign_goes_out_is_not_mailed_any_more(installation: Installation):
    """Promise 2's spirit: everyone is in the audience already, and half of them leave before workers come."""
    campaign = parts.draft(parts.list_of(20))
    parts.launch(campaign)
    installation.start("web")
    audience.snapshot(campaign)
    installation.wait_for_web()
    friends = MailingList.objects.get()
    leavers = {f"person{n}@example.org" for n in range(1, 11)}
    for email in leavers:
        status, page = asked(installation, preferences_of(email, campaign), shown=friends.pk, save=1)
        assert (status, "has left “Friends”" in page) == (200, True)
    installation.start("worker", "beat")
    installation.wait_until_sent(campaign)
    parts.assert_accounted(campaign, installation.inbox, 20)
    assert set(parts.recipients(installation.inbox)) & leavers == set()
    assert parts.states(campaign) == {"accepted": 10, "withheld": 10}
    assert set(Message.objects.filter(state="withheld").values_list("reason", flat=True)) == {"left_list"}


def test_no_hand_over_for_a_list_begins_after_the_answer_to_who_left_it(installation: Installation):
    """While workers send to a slow server, people leave the list one after another; every one is checked."""
    audience, leavers = 600, range(600, 450, -1)
    installation.replace_inbox(delay=0.05)
    installation.start("web", "worker", "beat")
    installation.wait_for_web()
    campaign = parts.launch(parts.draft(parts.list_of(audience)))
    friends = MailingList.objects.get()
    installation.wait_for_messages(audience // 50)
    answers = {}
    for number in leavers:
        email = f"person{number}@example.org"
        status, _ = asked(installation, preferences_of(email, campaign), shown=friends.pk, save=1)
        assert status == 200
        answers[email] = datetime.now(UTC)
    installation.wait_until_sent(campaign, 120)
    figures = assert_none_after_its_answer(installation, campaign, audience, answers)
    assert figures["withheld"] >= len(leavers) // 10, "they left too late to prove anything"
    assert set(Message.objects.filter(state="withheld").values_list("reason", flat=True)) == {"left_list"}
    assert ListLeaving.objects.count() == len(leavers)


def preferences_of(email: str, campaign: Campaign) -> str:
    return f"{link(email, campaign)}/preferences"


# -- the installation ----------------------------------------------------------------------------------


def connected(installation: Installation) -> None:
    """As `make run` is: an inbox of its own process, which hands mail to the domain to `receive_mail`."""
    installation.settings.INBOUND_DOMAIN = DOMAIN
    installation.stop_inbox()
    installation.start("inbox", "web", "worker", "beat", INBOUND_DOMAIN=DOMAIN)
    installation.wait_for_web()


def bring_in(installation: Installation, *slugs: str) -> None:
    """The operator's command, with everyone in the file."""
    file = installation.folder / "people.csv"
    file.write_text(FILE)
    for slug in slugs:
        done = installation.manage("import_contacts", str(file), "--list", slug, "--source", "customer")
        assert done.returncode == 0, done.stderr


def sent(installation: Installation, slug: str, sender: Sender) -> Campaign:
    campaign = parts.launch(parts.draft(MailingList.objects.get(slug=slug), sender))
    installation.wait_until_sent(campaign)
    return campaign


# -- people ----------------------------------------------------------------------------------------------


def got(installation: Installation, email: str) -> Received:
    """The newest message to somebody."""
    return [one for one in installation.inbox.store.iterate() if one.rcpt_tos == (email,)][-1]


def opt_out_link(received: Received) -> str:
    return parts.link_in(received).partition(">")[0]


def asked(installation: Installation, url: str, **form: object) -> tuple[int, str]:
    """The page at `url`, or what it answers to a form."""
    client = http.client.HTTPConnection("127.0.0.1", installation.settings.WEB_PORT, timeout=30)
    try:
        sent_form = urlencode(form, doseq=True) if form else None
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        headers["Origin"] = f"http://127.0.0.1:{installation.settings.WEB_PORT}"
        client.request("POST" if form else "GET", urlsplit(url).path, sent_form, headers)
        answer = client.getresponse()
        return answer.status, answer.read().decode()
    finally:
        client.close()


def answered(installation: Installation, received: Received, **form: str) -> None:
    """By the buttons of the local inbox."""
    assert asked(installation, f"/inbox/{received.number}/answer", **form)[0] == 302


def leave_news(installation: Installation) -> None:
    """From the footer's quieter link, on the page's own form, leaving Offers ticked."""
    body = parts.parsed(got(installation, OFF_NEWS)).get_body(("plain",)).get_content()
    opt_out, chooser = re.findall(r"http://\S+/u/\S+", body)
    assert chooser == f"{opt_out}/preferences"
    _, page = asked(installation, chooser)
    lists = {
        unescape(name): number
        for number, name in re.findall(r'name="shown" value="(\d+)"><span>([^<]+)</span>', page)
    }
    assert set(lists) == {"News", "Offers"}
    action = re.search(r'action="([^"]+)"[^>]*>\s*<fieldset>', page)[1]
    status, page = asked(
        installation, action, shown=[lists["News"], lists["Offers"]], keep=lists["Offers"], save=1
    )
    assert (status, "has left “News”" in page, "It is on “Offers”." in page) == (200, True, True)


def assert_stands() -> None:
    """After the whole file came in again."""
    off = ListLeaving.objects.get()
    assert (bytes(off.mailbox_key), off.list_slug) == (addresses.parse(OFF_NEWS).mailbox_key, "news")
    for email in EVERYBODY:
        assert bool(suppression.mailable(addresses.parse(email))) == (email in {OFF_NEWS, STAYS})
    news = MailingList.objects.get(slug="news")
    assert OFF_NEWS not in news.subscriptions.values_list("contact__email", flat=True)


def come_back_to_news(installation: Installation) -> None:
    """Asked on the page, confirmed from the mail that a worker sends."""
    body = parts.parsed(got(installation, OFF_NEWS)).get_body(("plain",)).get_content()
    chooser = re.search(r"http://\S+/preferences", body)[0]
    news, offers = (MailingList.objects.get(slug=slug).pk for slug in ("news", "offers"))
    before = installation.inbox.store.count()
    asked(installation, chooser, shown=[news, offers], keep=[news, offers], save=1)
    installation.wait_for_messages(before + 1)
    notice = parts.parsed(got(installation, OFF_NEWS))
    words = notice.get_content()
    assert "again, of these lists:\n- News\n" in words.replace("\r\n", "\n")
    status, page = asked(installation, re.search(r"http://\S+/u/back/\S+", words)[0], confirm="yes")
    assert (status, "Welcome back" in page) == (200, True)
