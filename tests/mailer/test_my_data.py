"""One's own data by a mailed link: only the mailbox's reader comes to it, and looking changes nothing."""

import json
import re
from datetime import timedelta
from unittest import mock

import pytest
from django.core import signing
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mailer import addresses, campaigns, dispatch, suppression, tasks, tokens
from mailer.contacts import leaving, people
from mailer.models import (
    Contact,
    DataLink,
    DataRequest,
    Evidence,
    HashedOptOut,
    Import,
    MailingList,
    Sender,
    Subscription,
    Suppression,
)
from mailer.privacy import links
from tests.mailer import recipients
from tests.mailer.admin_door import HOSTILE
from tests.mailer.test_public_pages import Parts, words
from tests.stories import parts

DANA, NEW = "Dana@example.org", "dana.new@example.net"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def server(living_database, settings, data_dir, tmp_path_factory):
    with parts.mail_server(settings, tmp_path_factory.mktemp("elsewhere")) as inbox:
        parts.attested_sender()
        yield inbox
    parts._forget_broker()


@pytest.fixture
def dana(server) -> Contact:
    friends = MailingList.objects.create(name="Friends", slug="friends")
    return people.add(
        addresses.parse(DANA), friends, source="event", first_name="Dana", last_name="Miler", actor="shell"
    )


def received(server, to: str = DANA):
    (only,) = [one for one in server.store.iterate() if one.rcpt_tos == (to,)]
    return only


def link_in(server, to: str = DANA) -> str:
    """The path of the link in the mail, from the bytes that the server got."""
    text = parts.parsed(received(server, to)).get_content()
    (url,) = [line for line in text.splitlines() if "/my-data/" in line]
    return url.removeprefix(tokens.settings.PUBLIC_URL)


@pytest.fixture
def link(client, server, dana) -> str:
    client.post(recipients.link(DANA) + "/data")
    tasks.send_data_links()
    return link_in(server)


# -- asking --------------------------------------------------------------------------------------------


def test_the_page_after_opting_out_leads_to_the_mail_with_the_link(client, server, dana):
    page = client.post(recipients.link(DANA))
    href = recipients.link(DANA) + "/data"
    assert href in [a["href"] for a in Parts(page.content.decode()).named("a")]
    assert words(client.get(href)).startswith("See what Acme Garden LLC holds about D•••@e•••.org?")
    assert not DataLink.objects.exists()
    assert "If this mailbox is known here" in words(client.post(href))
    tasks.send_data_links()
    tasks.send_data_links()
    got = received(server)
    message = parts.parsed(got)
    text = message.get_content()
    assert message["Subject"] == "Your data with Acme Garden"
    assert (message["To"], message["Auto-Submitted"]) == (DANA, "auto-generated")
    assert message["From"] == "Acme Garden <news@example.org>"
    assert "1450 Rose Street" in text
    assert "Advertisement" not in text
    assert (message["List-Unsubscribe"], got.mail_from) == (None, "news@example.org")
    assert DANA not in re.search(r"http\S+", text)[0]
    asked = DataLink.objects.get()
    assert asked.settled_at is not None
    told = Evidence.objects.get(verb="data link asked")
    assert (told.actor, told.subject, bytes(told.mailbox_key), told.details) == (
        "recipient",
        f"data link {asked.pk}",
        bytes(dana.mailbox_key),
        {"purpose": "data"},
    )


def test_the_answer_is_the_same_for_everybody_and_only_who_is_on_the_books_is_written_to(
    client, server, dana
):
    answers = {
        client.post(recipients.link(email) + "/data").content for email in (DANA, DANA, "nobody@example.org")
    } | {
        client.post("/my-data", f"address={email}", FORM).content
        for email in ("dana%2Bx%40example.org", "nobody%40example.org")
    }
    assert len(answers) == 1
    assert DataLink.objects.get().contact_id == dana.pk


def test_one_mail_in_24_hours_and_the_next_after_them(client, dana):
    path = recipients.link(DANA) + "/data"
    client.post(path)
    DataLink.objects.update(requested_at=timezone.now() - timedelta(hours=23, minutes=59))
    client.post(path)
    assert DataLink.objects.count() == 1
    DataLink.objects.update(requested_at=timezone.now() - timedelta(hours=24, minutes=1))
    client.post(path)
    assert DataLink.objects.count() == 2


def test_who_has_no_link_at_hand_writes_their_address(client, server, dana):
    page = Parts(client.get("/my-data").content.decode())
    assert page.named("form") == [{"method": "post", "action": "/my-data"}]
    client.post("/my-data", "address=DANA%40example.org", FORM)
    tasks.send_data_links()
    assert link_in(server).startswith("/my-data/")


@pytest.mark.parametrize(
    "body", ["", "address=", "address=dana", f"address={HOSTILE}", "address=a%40b%0d%0ac.org"]
)
def test_what_is_no_address_is_told_and_shown_as_text(client, dana, body):
    page = client.post("/my-data", body, FORM)
    assert (page.status_code, "This is not an address" in words(page)) == (400, True)
    assert HOSTILE not in page.content.decode()
    assert not DataLink.objects.exists()


def test_a_damaged_link_asks_for_nothing(client, dana):
    path = recipients.link(DANA)[:-1] + "x/data"
    assert [client.get(path).status_code, client.post(path).status_code] == [400, 400]
    assert not DataLink.objects.exists()


def test_it_reaches_who_opted_out_and_waits_for_the_kill_switch(client, server, dana):
    recipients.opt_out(DANA)
    campaigns.stop_all(parts.staff(), "wrong")
    client.post(recipients.link(DANA) + "/data")
    tasks.send_data_links()
    assert server.store.count() == 0
    campaigns.allow_all(parts.staff())
    tasks.sweep()
    assert link_in(server)
    assert not suppression.mailable(addresses.parse(DANA))


def test_a_busy_server_is_asked_again_for_a_day(client, server, dana):
    server._handler.reply = lambda stage, _: "451 4.3.2 later" if stage == "rcpt" else None
    client.post(recipients.link(DANA) + "/data")
    tasks.send_data_links()
    assert dispatch.waiting_data_links() == [DataLink.objects.get().pk]
    server._handler.reply = None
    tasks.send_data_links()
    assert link_in(server)
    DataLink.objects.update(handed_over_at=None, requested_at=timezone.now() - timedelta(hours=25))
    assert dispatch.waiting_data_links() == []
    dispatch.send_data_link(DataLink.objects.get().pk)
    assert server.store.count() == 1


def test_without_an_attested_sender_nothing_is_sent(client, server, dana):
    Sender.objects.update(address_attested_by=None, address_attested_at=None)
    client.post(recipients.link(DANA) + "/data")
    tasks.send_data_links()
    assert (server.store.count(), DataLink.objects.get().settled_at is not None) == (0, True)


# -- seeing --------------------------------------------------------------------------------------------


@pytest.mark.duty("D108")
def test_the_link_shows_all_to_read_and_to_take_along(client, link, dana):
    page = client.get(link)
    text = words(page)
    for told in ("Dana@example.org", "Miler", "Friends", "Event", "we hand our mail to", "for ever"):
        assert told in text, told
    file = client.get(f"{link}/data.json")
    assert (file["Content-Type"], file["Content-Disposition"]) == (
        "application/json",
        'attachment; filename="my-data.json"',
    )
    assert json.loads(file.content)["contact"][0]["last name"] == "Miler"
    for answer in (page, file):
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert answer["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
        assert not answer.cookies


def test_looking_changes_nothing(client, link, dana):
    def everything():
        return [
            sorted(map(str, table.objects.values_list()))
            for table in (Contact, Subscription, Suppression, DataLink, DataRequest, Evidence)
        ]

    before = everything()
    for path in ("", "/data.json", "/names", "/address", "/erase"):
        for method in ("get", "head", "options"):
            assert getattr(client, method)(link + path).status_code in (200, 204), path
        assert client.put(link + path).status_code == 405
    assert everything() == before


def test_it_is_shown_to_nobody_after_a_day(client, link):
    signed_at = signing.time.time()
    with mock.patch("django.core.signing.time.time", lambda: signed_at + 24 * 3600 - 30):
        assert client.get(link).status_code == 200
    with mock.patch("django.core.signing.time.time", lambda: signed_at + 24 * 3600 + 30):
        for path in ("", "/data.json", "/names", "/address", "/erase"):
            for method in ("get", "post"):
                answer = getattr(client, method)(link + path)
                assert answer.status_code == 410, path
                assert "Dana" not in answer.content.decode()
    assert Contact.objects.exists()


def test_a_link_that_is_not_ours_shows_nothing(client, link):
    number, rest = link.removeprefix("/my-data/").split(":", 1)
    other_purpose = tokens.new_address_url(int(number)).rpartition("/")[2]
    for wrong in (
        f"/my-data/{int(number) + 1}:{rest}",
        f"/my-data/{signing.TimestampSigner().sign(number)}",
        f"/my-data/{other_purpose}",
        "/my-data/" + tokens.way_back_url(int(number)).rpartition("/")[2],
        tokens.data_url(int(number) + 1).removeprefix(tokens.settings.PUBLIC_URL),
        link[:-1],
        "/my-data/x",
        "/my-data/address",
        f"/my-data/address/{number}:{rest}",
    ):
        for path in (wrong, f"{wrong}/data.json", f"{wrong}/erase"):
            assert client.post(path).status_code == 400, path
    assert Contact.objects.exists()


@hypothesis_settings(max_examples=200, deadline=None)
@given(
    number=st.integers(1, 2**62),
    at=st.integers(0, 60),
    letter=st.characters(codec="ascii", categories=["L", "N"]),
)
def test_a_link_tells_its_number_and_no_letter_of_it_can_be_changed(number, at, letter):
    for url, purpose, other in (
        (tokens.data_url(number), tokens.MY_DATA, tokens.NEW_ADDRESS),
        (tokens.new_address_url(number), tokens.NEW_ADDRESS, tokens.MY_DATA),
    ):
        text = url.rpartition("/")[2]
        assert tokens.read_data_link(text, purpose) == number
        with pytest.raises(tokens.DamagedToken):
            tokens.read_data_link(text, other)
        at %= len(text)
        changed = text[:at] + letter + text[at + 1 :]
        if changed != text:
            with pytest.raises(tokens.DamagedToken):
                tokens.read_data_link(changed, purpose)


@pytest.mark.parametrize("damage", ["{}/", "{}.", "{}%3E"])
def test_a_link_that_a_mail_client_damaged_a_little_is_read(client, link, damage):
    assert client.get(damage.format(link)).status_code == 200


def test_pages_are_whole_without_script_and_what_stands_in_them_is_text(client, link, dana):
    Contact.objects.filter(pk=dana.pk).update(first_name=HOSTILE, last_name='"><b>')
    for page in (client.get(link), client.get(f"{link}/erase"), client.get("/my-data")):
        html = page.content.decode()
        assert HOSTILE not in html
        assert '"><b>' not in html
        found = Parts(html)
        assert {tag for tag, _ in found.seen} <= {
            "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "a", "details", "summary",
            "dl", "dt", "dd", "form", "label", "input", "button", "div", "footer",
        }  # fmt: skip
        assert {form["method"] for form in found.named("form")} == {"post"}
        assert all(field.get("id") for field in found.named("input") if field.get("type") != "hidden")
        assert all(a["href"].startswith("/") for a in found.named("a"))
        assert {label["for"] for label in found.named("label")} <= {
            one.get("id") for one in found.named("input")
        }


# -- correcting ----------------------------------------------------------------------------------------


def test_names_are_written_as_their_owner_writes_them(client, link, dana):
    answer = client.post(f"{link}/names", "first_name=Dan%C3%A4&last_name=Miller%0d%0aBcc:+x", FORM)
    assert "Your names are now as you wrote them." in words(answer)
    dana.refresh_from_db()
    assert (dana.first_name, dana.last_name) == ("Danä", "Miller Bcc: x")
    assert 'value="Miller Bcc: x"' in answer.content.decode()
    told = Evidence.objects.get(verb="names corrected")
    assert (told.actor, told.details) == ("recipient", {"fields": ["first_name", "last_name"]})


@pytest.mark.duty("D9", "D109")
def test_a_new_address_counts_once_its_reader_has_confirmed_it(client, server, link, dana):
    Contact.objects.update(zone="Asia/Tokyo")
    answer = client.post(f"{link}/address", "address=dana.new%40example.net", FORM)
    assert "one confirmation mail is on its way to it" in words(answer)
    tasks.send_data_links()
    message = parts.parsed(received(server, NEW))
    assert message["Subject"] == "Please confirm your new address for Acme Garden"
    assert not re.search("dana@|Miler|Friends", message.get_content(), re.IGNORECASE)
    confirm = link_in(server, NEW)
    assert "Is d•••@e•••.net your address" in words(client.get(confirm))
    assert Contact.objects.get() == dana
    assert "Your address is changed" in words(client.post(confirm))
    found = Contact.objects.get()
    told = (found.email, found.first_name, found.last_name, found.zone)
    assert told == (NEW, "Dana", "Miler", "Asia/Tokyo")
    assert (bytes(found.address_key), bytes(found.mailbox_key)) == (
        addresses.parse(NEW).address_key,
        addresses.parse(NEW).mailbox_key,
    )
    place = Subscription.objects.get()
    assert (place.contact, place.source, place.list.slug) == (found, "event", "friends")
    assert DataLink.objects.get(purpose="address").new_address == ""
    assert [one.verb for one in Evidence.objects.filter(subject__startswith="data link").order_by("id")][
        -2:
    ] == [
        "address corrected",
        "address confirmed",
    ]
    assert "Your address is changed" in words(client.post(confirm))  # again: the same words, nothing new
    assert Contact.objects.count() == 1
    assert "Nobody with this mailbox" in words(client.get(link))


def confirm_new(client, server, link, new: str = NEW) -> None:
    client.post(f"{link}/address", f"address={new.replace('@', '%40')}", FORM)
    tasks.send_data_links()
    client.post(link_in(server, new))


@pytest.mark.duty("D9")
@pytest.mark.parametrize(
    ("reason", "goes_along"), [("opt_out", True), ("complaint", True), ("hard_bounce", False)]
)
def test_an_opt_out_goes_with_the_person_and_a_bounce_does_not(
    client, server, link, dana, reason, goes_along
):
    old = addresses.parse(DANA)
    suppression.suppress(old.mailbox_key, reason=reason, channel="page", actor="recipient")
    confirm_new(client, server, link)
    assert suppression.mailable(addresses.parse(NEW)).reasons == ((reason,) if goes_along else ())
    assert suppression.mailable(old).reasons == (reason,)


def test_the_lists_that_were_left_stay_left_at_the_new_address_but_for_places_of_its_own(
    client, server, link, dana
):
    news, offers = (MailingList.objects.create(name=name, slug=name.lower()) for name in ("News", "Offers"))
    people.add(addresses.parse(NEW), offers, source="form", actor="shell")
    leaving.leave(addresses.parse(DANA).mailbox_key, [news, offers], actor="recipient")
    confirm_new(client, server, link)
    new = addresses.parse(NEW)
    assert (leaving.has_left(new, news), leaving.has_left(new, offers)) == (True, False)
    assert {one.slug for one in leaving.places_of(new.mailbox_key).on} == {"friends", "offers"}


def test_a_suppression_list_that_names_the_new_address_by_digest_is_obeyed(client, server, link, dana):
    from hashlib import sha256

    HashedOptOut.objects.create(digest=sha256(NEW.encode()).digest(), import_id=1)
    confirm_new(client, server, link)
    assert suppression.mailable(addresses.parse(NEW)).reasons == ("opt_out",)


def test_somebody_who_is_there_with_the_new_address_keeps_their_places(client, server, link, dana):
    other = MailingList.objects.create(name="Other", slug="other")
    friends = MailingList.objects.get(slug="friends")
    for place in (other, friends):
        people.add(addresses.parse(NEW), place, source="form", first_name="D.", actor="shell")
    people.add(
        addresses.parse(DANA),
        MailingList.objects.create(name="Third", slug="third"),
        source="event",
        actor="x",
    )
    confirm_new(client, server, link)
    found = Contact.objects.get()
    assert (found.email, found.first_name) == (NEW, "D.")
    assert {place.list.slug: place.source for place in found.subscriptions.select_related("list")} == {
        "friends": "form",
        "other": "form",
        "third": "event",
    }


def test_nobody_who_opted_out_is_asked_whether_an_address_is_theirs(client, server, link):
    recipients.opt_out(NEW)
    answer = client.post(f"{link}/address", "address=dana.new%40example.net", FORM)
    tasks.send_data_links()
    assert "If mail may go to the new address" in words(answer)
    assert server.store.count() == 1  # the link itself


def test_one_confirmation_a_day_by_a_person_and_to_a_mailbox(client, server, link, dana):
    client.post(f"{link}/address", "address=one%40example.net", FORM)
    client.post(f"{link}/address", "address=two%40example.net", FORM)
    erin = people.add(
        addresses.parse("erin@example.org"), MailingList.objects.get(), source="form", actor="shell"
    )
    assert links.ask_address(erin, "one+x@example.net") is None
    assert [one.new_address for one in DataLink.objects.filter(purpose="address")] == ["one@example.net"]


@pytest.mark.parametrize("address", ["", "dana", "ä%40example.org", "a%40b.org%0d%0aBcc:c%40d.org"])
def test_an_address_that_can_not_be_mailed_is_refused_in_words(client, link, address):
    answer = client.post(f"{link}/address", f"address={address}", FORM)
    assert (answer.status_code, "Nothing was changed:" in words(answer)) == (400, True)
    assert not DataLink.objects.filter(purpose="address").exists()


def test_a_person_who_went_before_confirming_is_not_brought_back(client, server, link, dana):
    client.post(f"{link}/address", "address=dana.new%40example.net", FORM)
    tasks.send_data_links()
    confirm = link_in(server, NEW)
    client.post(f"{link}/erase")
    assert not Contact.objects.exists()
    assert "Nobody with this mailbox" in words(client.post(confirm))
    assert not Contact.objects.exists()
    assert set(DataLink.objects.values_list("new_address", flat=True)) == {""}


# -- erasing -------------------------------------------------------------------------------------------


def test_erasing_says_what_goes_what_stays_and_why(client, link, dana):
    asked = words(client.get(f"{link}/erase"))
    assert asked.startswith("Erase all that Acme Garden LLC holds about D•••@e•••.org?")
    assert "One thing is kept: a keyed entry" in asked
    done = words(client.post(f"{link}/erase", "", FORM))
    assert done.startswith("Erased What named you here is gone, and nothing more goes to D•••@e•••.org.")
    assert "Kept is a keyed entry for this mailbox" in done
    assert not Contact.objects.exists()
    entered = Suppression.objects.get()
    assert (entered.reason, entered.channel, bytes(entered.mailbox_key)) == (
        "opt_out",
        "data_page",
        bytes(dana.mailbox_key),
    )
    request = DataRequest.objects.get()
    assert (request.kind, request.channel, request.outcome) == ("erasure", "data_page", "done")
    assert "Nobody with this mailbox is on our books any more" in words(client.post(f"{link}/erase"))
    assert DataRequest.objects.count() == 1


def test_what_must_wait_is_said_with_the_day_of_the_answer(client, link, dana):
    friends = MailingList.objects.get()
    Import.objects.create(list=friends, source="form", filename="a.csv", path="x", state="running")
    for _ in range(2):
        said = words(client.post(f"{link}/erase"))
    request = DataRequest.objects.get()
    assert said.startswith("Your wish is noted, and email has stopped")
    assert "A file with people is being read" in said
    assert (
        f"by {request.due_at:%H:%M} UTC on {request.due_at.day} {request.due_at:%B %Y} at the latest" in said
    )
    assert not suppression.mailable(addresses.parse(DANA))
    assert Contact.objects.exists()


def test_the_opt_out_on_the_page_is_the_one_of_every_message(client, link):
    (action,) = [
        f["action"] for f in Parts(client.get(link).content.decode()).named("form") if "/u/" in f["action"]
    ]
    assert words(client.post(action, "page=1", FORM)).startswith("Done.")
    assert not suppression.mailable(addresses.parse(DANA))
