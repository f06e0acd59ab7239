"""The page on which somebody keeps some lists: leaving is done at once, and nothing there alone lifts anything."""

import time
from unittest import mock

import pytest
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from mailer import addresses, suppression, tokens
from mailer.contacts import leaving
from mailer.models import (
    Evidence,
    ListLeaving,
    ListReturn,
    MailingList,
    Reinstatement,
    Subscription,
    Suppression,
    WayBack,
)
from mailer.public import choice
from tests.mailer import recipients
from tests.mailer.serving import served
from tests.mailer.test_public_pages import Parts, words

DANA = "dana@example.org"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def _database(request: pytest.FixtureRequest) -> None:
    if "living_database" not in request.fixturenames:
        request.getfixturevalue("db")


def new_list(name: str, *on: str) -> MailingList:
    made = MailingList.objects.create(name=name, slug=f"list-{MailingList.objects.count()}")
    for email in on:
        contact = recipients.Contact.objects.filter(email=email).first() or recipients.contact(email)
        Subscription.objects.create(list=made, contact=contact, source="customer")
    return made


@pytest.fixture
def news(_database) -> MailingList:
    return new_list("News", DANA)


@pytest.fixture
def offers(news) -> MailingList:
    return new_list("Offers", DANA)


@pytest.fixture
def path(_database) -> str:
    return recipients.link(campaign=recipients.campaign(recipients.sender()).pk) + "/preferences"


def form(shown, kept=(), end="save=1") -> str:
    """What a browser sends, in the order of the page."""
    fields = []
    for one in shown:
        fields += ([f"keep={one.pk}"] if one in kept else []) + [f"shown={one.pk}"]
    return "&".join([*fields, end])


def save(client, path, shown, kept=()):
    answer = client.post(path, form(shown, kept), FORM)
    assert answer.status_code == 200
    return answer


def on(email=DANA) -> set[str]:
    return {one.name for one in leaving.places_of(addresses.parse(email).mailbox_key).on}


def mailable(email=DANA) -> bool:
    return bool(suppression.mailable(addresses.parse(email)))


def nothing_changed() -> bool:
    return not (
        ListLeaving.objects.exists()
        or Suppression.objects.exists()
        or WayBack.objects.exists()
        or ListReturn.objects.exists()
        or Evidence.objects.exists()
    )


def boxes(page) -> dict[str, bool]:
    """Ticked or not, by number."""
    fields = Parts(page.content.decode()).named("input")
    return {field["value"]: "checked" in field for field in fields if field["type"] == "checkbox"}


# -- looking -----------------------------------------------------------------------------------------------


def test_the_page_shows_the_mailbox_masked_the_sender_and_its_lists_and_nothing_else(
    client, path, news, offers
):
    new_list("Secret people", "erin@example.org")
    page = client.get(path)
    assert words(page) == (
        "Email from Acme Garden GmbH to d•••@e•••.org Want no more of it? One button is enough. "
        "Unsubscribe from everything Or choose the lists that you want Leaving a list takes effect at once. "
        "News Offers Save"
    )
    assert boxes(page) == {str(news.pk): True, str(offers.pk): True}


@pytest.mark.duty("D53")
def test_the_first_button_is_the_opt_out_with_the_same_entry_as_ever(client, path, news):
    parts = Parts(client.get(path).content.decode())
    opt_out = path.removesuffix("/preferences")
    assert [(f["method"], f["action"]) for f in parts.named("form")] == [("post", opt_out), ("post", path)]
    first = [name for name, _ in parts.seen if name in {"button", "input", "a"}][:2]
    assert (first, parts.named("input")[0]) == (
        ["input", "button"],
        {"type": "hidden", "name": "page", "value": "1"},
    )
    answer = client.post(opt_out, "page=1", FORM)
    assert words(answer).startswith("Done. All mailings from Acme Garden GmbH to d•••@e•••.org have stopped.")
    entry = Suppression.objects.get()
    assert (entry.reason, entry.channel) == ("opt_out", "page")
    assert not ListLeaving.objects.exists()


def test_the_page_after_an_opt_out_links_to_it(client, path, news):
    done = client.post(path.removesuffix("/preferences"))
    assert path in [link["href"] for link in Parts(done.content.decode()).named("a")]


def test_looking_changes_nothing_whatever_the_method(living_database):
    news = new_list("News", DANA)
    path = recipients.link() + "/preferences"
    with served(living_database) as server:
        answers = {m: server.ask(m, path) for m in ("GET", "HEAD", "OPTIONS")}
        refused = {
            m: server.ask(m, path, body=form([news]).encode()).status
            for m in ("PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")
        }
        query = server.ask("GET", f"{path}?{form([news])}")
        log = server.log.read_text()
    assert {m: (a.status, len(a.body) > 0) for m, a in answers.items()} == {
        "GET": (200, True),
        "HEAD": (200, False),
        "OPTIONS": (204, False),
    }
    assert set(refused.values()) == {405}
    assert query.body == answers["GET"].body
    assert not {"set-cookie", "location", "vary"} & set(answers["GET"].headers)
    assert nothing_changed()
    assert tokens.sign(tokens.read(path.split("/")[2])) not in log


def test_names_of_lists_are_text_whatever_stands_in_them(client, path):
    new_list('<script>alert(1)</script> & "Söhne"', DANA)
    shown = client.get(path).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;Söhne&quot;" in shown
    assert "<script" not in shown


def test_any_address_of_the_mailbox_counts_and_no_other_mailbox(client, path):
    both = new_list("Both", "dana+shop@example.org", "erin@example.org")
    assert boxes(client.get(path)) == {str(both.pk): True}
    save(client, path, [both])
    assert (on("dana+shop@example.org"), on("erin@example.org")) == (set(), {"Both"})


# -- leaving -----------------------------------------------------------------------------------------------


def test_who_unticks_a_list_has_left_it_at_once_and_is_told_what_holds(client, path, news, offers):
    answer = save(client, path, [news, offers], [offers])
    left = ListLeaving.objects.get()
    token = tokens.read(path.split("/")[2])
    assert (bytes(left.mailbox_key), left.list_slug, left.campaign_number) == (
        token.mailbox_key,
        news.slug,
        token.campaign,
    )
    at = left.recorded_at
    assert words(answer).startswith(
        "Saved. d•••@e•••.org has left “News”. "
        f"This took effect at {at:%H:%M} UTC on {at.day} {at:%B %Y}, and nobody but you can change it. "
        "It is on “Offers”."
    )
    assert on() == {"Offers"}
    assert mailable()
    assert boxes(client.get(path)) == {str(news.pk): False, str(offers.pk): True}


def test_leaving_the_last_list_says_that_it_is_no_opt_out_and_offers_one(client, path, news):
    answer = save(client, path, [news])
    assert "It is on no list now. That is not yet a word against all mail" in words(answer)
    assert words(answer).endswith("Unsubscribe from everything")
    assert mailable()


def test_saving_what_is_changes_nothing(client, path, news, offers):
    answer = save(client, path, [news, offers], [news, offers])
    assert words(answer).startswith("Saved. It is on “News” and “Offers”.")
    assert nothing_changed()


def test_a_list_that_came_after_the_page_was_opened_is_not_left_by_it(client, path, news):
    later = new_list("Later", DANA)
    save(client, path, [news])
    assert on() == {later.name}


def test_numbers_of_lists_that_are_not_theirs_do_nothing(client, path, news):
    strange = new_list("Strangers", "erin@example.org")
    save(client, path, [news, strange], [news, strange])
    client.post(path, f"keep={news.pk}&shown={news.pk}&shown=999999999&save=1", FORM)
    assert nothing_changed()
    assert on("erin@example.org") == {"Strangers"}


# -- coming back -------------------------------------------------------------------------------------------


def confirmation(way_back: WayBack) -> str:
    return tokens.way_back_url(way_back.pk).removeprefix(tokens.settings.PUBLIC_URL)


def test_ticking_a_list_again_asks_for_a_mail_whose_page_alone_brings_back(client, path, news, offers):
    save(client, path, [news, offers], [offers])
    answer = save(client, path, [news, offers], [news, offers])
    assert "To come back to “News”, look into your mailbox" in words(answer)
    assert on() == {"Offers"}
    asked = WayBack.objects.get()
    assert (asked.joins, asked.leaves, asked.lifts_opt_out) == ([news.slug], [], False)
    assert asked.campaign_number == tokens.read(path.split("/")[2]).campaign

    looked = client.get(confirmation(asked))
    assert "Of these lists: “News”." in words(looked)
    assert words(looked).endswith("all stays as it is. Yes, send me email again")
    assert on() == {"Offers"}
    done = client.post(confirmation(asked))
    assert "to d•••@e•••.org again, of “News”. You confirmed this at" in words(done)
    assert on() == {"News", "Offers"}
    assert Subscription.objects.get(list=news).source == "form"
    assert client.post(confirmation(asked)).content == done.content
    assert ListReturn.objects.count() == 1


def test_leaving_once_more_is_not_undone_by_the_old_link(client, path, news):
    save(client, path, [news])
    save(client, path, [news], [news])
    link = confirmation(WayBack.objects.get())
    client.post(link)
    save(client, path, [news])
    assert "This link was used before" in words(client.post(link))
    assert on() == set()


def test_one_mail_a_day_whatever_is_asked_for(client, path, news, offers):
    save(client, path, [news, offers])
    for _ in range(3):
        save(client, path, [news, offers], [news, offers])
    client.post(path.removesuffix("/preferences"))
    client.post(path.removesuffix("/preferences") + "/back")
    assert WayBack.objects.count() == 1


def test_who_opted_out_after_asking_for_a_list_is_not_brought_back_by_it(client, path, news):
    save(client, path, [news])
    save(client, path, [news], [news])
    recipients.opt_out()
    answer = client.post(confirmation(WayBack.objects.get()))
    assert (answer.status_code, words(answer)[:46]) == (200, "You have unsubscribed since you asked for this")
    assert not mailable()
    assert not Reinstatement.objects.exists()
    assert not ListReturn.objects.exists()


# -- a mailbox that has opted out -----------------------------------------------------------------------------


def test_who_opted_out_reads_so_and_is_offered_the_way_back(client, path, news, offers):
    recipients.opt_out()
    at = Suppression.objects.get().recorded_at
    page = client.get(path)
    assert words(page) == (
        "Email from Acme Garden GmbH to d•••@e•••.org All mailings have stopped, since "
        f"{at:%H:%M} UTC on {at.day} {at:%B %Y}. You need to do nothing else. "
        "Or get the mail of some lists again Tick them. We send one confirmation mail; until you press the "
        "button behind its link, nothing is sent to you. News Offers Send me the confirmation mail "
        "Pressed it by accident? A confirmation mail can bring you back to all you were on. That was a mistake"
    )
    assert boxes(page) == {str(news.pk): False, str(offers.pk): False}
    assert [f["action"] for f in Parts(page.content.decode()).named("form")] == [
        path,
        path.removesuffix("/preferences") + "/back",
    ]


def test_only_some_lists_again_takes_the_mail_and_leaves_the_others(client, path, news, offers):
    recipients.opt_out()
    answer = save(client, path, [news, offers], [offers])
    assert words(answer).startswith("Look into your mailbox")
    asked = WayBack.objects.get()
    assert (asked.joins, asked.leaves, asked.lifts_opt_out) == ([offers.slug], [news.slug], True)
    assert not mailable()
    assert not ListLeaving.objects.exists()
    assert "Of these lists: “Offers”. Not of “News”." in words(client.get(confirmation(asked)))
    client.post(confirmation(asked))
    assert mailable()
    assert on() == {"Offers"}
    assert list(Evidence.objects.order_by("id").values_list("verb", flat=True)) == [
        "suppressed",
        "way back asked",
        "reinstated",
        "left lists",
        "came back to lists",
    ]


def test_with_no_list_ticked_nothing_is_asked_for_and_the_page_says_what_to_do(client, path, news):
    recipients.opt_out()
    answer = save(client, path, [news])
    assert "no list is ticked. You stay unsubscribed. To get the mail of a list again, tick it." in words(
        answer
    )
    assert not WayBack.objects.exists()
    assert not ListLeaving.objects.exists()


def test_a_mailbox_that_only_bounced_has_not_opted_out(client, path, news):
    suppression.suppress(
        addresses.parse(DANA).mailbox_key, reason="hard_bounce", channel="esp", actor="worker"
    )
    assert "Unsubscribe from everything" in words(client.get(path))
    recipients.opt_out()
    assert "All mailings have stopped" in words(client.get(path))


# -- what comes in wrong -----------------------------------------------------------------------------------

NOT_THE_FORM = [
    b"",
    b"save=1&keep=1",
    b"page=1",
    b"List-Unsubscribe=One-Click",
    b"shown=%d&keep=",
    b"shown=%d",
    b"shown=%d&save=",
    b"shown=%d&save=1&",
    b"shown=%d&save=1&save=1",
    b"shown=%d&save=2",
    b"shown=%d&sav",
    b"shown=%d;save=1",
    b"shown=-%d&save=1",
    b"shown= %d&save=1",
    b"shown=%d&shown=&save=1",
    b"shown=%d&keep=77&save=1",
    b"shown=%d&other=1&save=1",
    b"SHOWN=%d&SAVE=1",
    b"shown=\xd9\xa1&save=1",
    b"shown=%%D9%%A1&save=1",
    b"shown=" + b"9" * 400 + b"&save=1",
    b"\x00\xff\xfe",
    b'{"shown": [%d], "save": 1}',
    b"<shown>%d</shown>",
    b'--b\r\nContent-Disposition: form-data; name="shown"\r\n\r\n%d\r\n--b--\r\n',
    b"shown=%d&" + b"shown=1&" * 9_000 + b"save=1",
    b"shown=%d&save=1" + b"&" * 70_000,
]


@pytest.mark.parametrize("body", NOT_THE_FORM, ids=lambda body: repr(body[:30]))
def test_a_body_that_is_not_the_form_from_beginning_to_end_changes_nothing_and_says_what_to_do(
    client, path, news, body
):
    body = body.replace(b"%d", str(news.pk).encode()).replace(b"%%", b"%")
    answer = client.post(path, body, FORM)
    assert answer.status_code == 200
    assert "Nothing was changed: your choice did not arrive as the page sends it." in words(answer)
    assert boxes(answer) == {str(news.pk): True}
    assert nothing_changed()


@given(st.binary(max_size=300) | st.text("shownkeepv=&1234567890%+;", max_size=80).map(str.encode))
def test_any_body_is_a_choice_or_none(body):
    chosen = choice.read(body)
    assert chosen is None or (chosen.kept <= chosen.shown and body.endswith(b"save=1"))


@given(st.sets(st.integers(0, 10**18 - 1), max_size=50), st.data())
def test_every_choice_that_the_page_can_send_is_read_and_no_beginning_of_it(shown, data):
    kept = data.draw(st.sets(st.sampled_from(sorted(shown)))) if shown else set()
    fields = [f"keep={one}" for one in kept] + [f"shown={one}" for one in shown]
    whole = "&".join([*fields, "save=1"]).encode()
    assert choice.read(whole) == choice.Choice(frozenset(shown), frozenset(kept))
    cut = data.draw(st.integers(0, len(whole) - 1))
    assert choice.read(whole[:cut]) is None


def test_two_hundred_lists_fit_into_a_choice(client, path):
    many = [new_list(f"List {n}", DANA) for n in range(200)]
    save(client, path, many, many[100:])
    assert len(on()) == 100


def test_a_body_that_breaks_off_takes_nobody_off_a_list(living_database):
    news = new_list("News", DANA)
    path = recipients.link() + "/preferences"
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: 900\r\n\r\n"
    with served(living_database) as server:
        cut = server.exchange(head.encode() + f"shown={news.pk}&save=1".encode()[:-1], end=True)
        chunked = server.ask(
            "POST", path, "Transfer-Encoding: chunked", body=b"%x\r\n%s\r\n0\r\n\r\n" % (6, b"save=1")
        )
        long = server.ask("POST", path, f"Content-Type: {FORM}", body=b"x" * 2**19)
    assert (cut.status, chunked.status, long.status) == (200, 200, 200)
    assert "Nothing was changed" in cut.text
    assert "Nothing was changed" in long.text
    assert nothing_changed()


def test_it_works_over_real_http_with_foreign_cookies_origins_and_chunks(living_database):
    news, offers = new_list("News", DANA), new_list("Offers", DANA)
    path = recipients.link() + "/preferences"
    body = form([news, offers], [offers]).encode()
    with served(living_database) as server:
        answer = server.ask(
            "POST",
            path,
            "Transfer-Encoding: chunked",
            f"Content-Type: {FORM}",
            "Cookie: sessionid=x; csrftoken=y",
            "Origin: https://evil.example",
            body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body),
        )
    assert (answer.status, "has left “News”" in answer.text) == (200, True)
    assert not {"set-cookie", "location", "vary"} & set(answer.headers)
    assert on() == {"Offers"}


def test_races_leave_one_entry_and_one_row_of_evidence(living_database):
    from concurrent.futures import ThreadPoolExecutor

    news = new_list("News", DANA)
    path = recipients.link() + "/preferences"
    with served(living_database) as server, ThreadPoolExecutor(10) as clients:
        body = form([news]).encode()
        answers = list(
            clients.map(
                lambda _: server.ask("POST", path, f"Content-Type: {FORM}", body=body).status, range(10)
            )
        )
    assert answers == [200] * 10
    assert ListLeaving.objects.count() == Evidence.objects.filter(verb="left lists").count() == 1


def test_without_a_database_nothing_is_promised(living_database):
    path = recipients.link() + "/preferences"
    with served(living_database) as server:
        connection.close()
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'ALTER DATABASE "{living_database.name}" ALLOW_CONNECTIONS false')
        try:
            answers = [server.ask("GET", path), server.ask("POST", path, body=b"save=1")]
        finally:
            with connection._nodb_cursor() as cursor:
                cursor.execute(f'ALTER DATABASE "{living_database.name}" ALLOW_CONNECTIONS true')
    assert [(a.status, a.headers["retry-after"]) for a in answers] == [(503, "60")] * 2


# -- links ---------------------------------------------------------------------------------------------------

DAMAGE = {
    "trailing slash": lambda t: f"/u/{t}/preferences/",
    "doubled slashes": lambda t: f"/u//{t}//preferences//",
    "capitals": lambda t: f"/U/{t}/PREFERENCES",
    "full stop": lambda t: f"/u/{t}/preferences.",
    "angle bracket": lambda t: f"/u/{t}/preferences>",
    "quote, encoded": lambda t: f"/u/{t}/preferences%22%3E",
    "=3D before the token": lambda t: f"/u/=3D{t}/preferences",
    "encoded": lambda t: f"/u/{t}%2Fpreferences",
    "encoded twice": lambda t: f"/u/{t}%252Fpreferences",
    "a line break in the token": lambda t: f"/u/{t[:20]}%3D%0D%0A{t[20:]}/preferences",
    "a line break in the word": lambda t: f"/u/{t}/prefer%3D%0D%0Aences",
    "a tracker's query": lambda t: f"/u/{t}/preferences?utm_source=news",
    "a tracker's query, encoded": lambda t: f"/u/{t}/preferences%3Futm_source=news",
    "a sentence behind it": lambda t: f"/u/{t}/preferences%20Your%20right%20to%20object",
    "backslash": lambda t: f"/u/{t}%5Cpreferences",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_link_that_a_mail_client_damaged_is_read_and_its_forms_go_to_whole_ones(client, path, news, damage):
    page = client.get(DAMAGE[damage](path.split("/")[2]))
    assert (page.status_code, page.content) == (200, client.get(path).content)
    assert save(client, DAMAGE[damage](path.split("/")[2]), [news]).status_code == 200
    assert on() == set()


@pytest.mark.parametrize("rest", ["prefer", "preference", "x", "pre/ferences"])
def test_a_link_that_lost_the_page_s_name_opens_the_opt_out_page(client, path, news, rest):
    page = client.get(path.removesuffix("preferences") + rest)
    assert words(page).startswith("Unsubscribe d•••@e•••.org from all email")
    assert nothing_changed()


def test_a_forged_link_is_refused_and_shows_nothing(client, path, news):
    token = path.split("/")[2]
    for at in range(len(token)):
        forged = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        answer = (
            client.get(f"/u/{forged}/preferences"),
            client.post(f"/u/{forged}/preferences", form([news]), FORM),
        )
        assert [one.status_code for one in answer] == [400, 400]
        assert b"News" not in answer[0].content + answer[1].content
    assert client.get("/u/preferences").status_code == 400
    assert nothing_changed()


def test_a_link_outlives_its_contact_campaign_sender_and_ten_years(client, path, news):
    then = time.time() + 10 * 366 * 24 * 3600
    recipients.Contact.objects.all().delete()
    recipients.Campaign.objects.all().delete()
    recipients.Sender.objects.all().delete()
    with mock.patch("time.time", lambda: then):
        page = client.get(path)
    assert words(page) == (
        "Email from 127.0.0.1 to this mailbox Want no more of it? One button is enough. "
        "Unsubscribe from everything This mailbox is on no list here that could be left on its own."
    )
    action = Parts(page.content.decode()).named("form")[0]["action"]
    assert client.post(action, "page=1", FORM).status_code == 200
    assert not mailable()
    assert "All mailings have stopped" in words(client.get(path))


def test_who_left_and_was_deleted_can_not_be_written_to_and_stays_off(client, path, news):
    save(client, path, [news])
    recipients.Contact.objects.all().delete()
    assert boxes(client.get(path)) == {str(news.pk): False}
    save(client, path, [news], [news])
    assert not WayBack.objects.exists()
    assert leaving.has_left(addresses.parse(DANA), news)


def test_the_link_of_a_test_changes_nothing_and_says_so(client, news):
    spring = recipients.campaign(recipients.sender())
    spring.lists.add(new_list("Gardeners"))
    path = recipients.link(campaign=spring.pk, is_test=True) + "/preferences"
    page = client.get(path)
    assert "This link came in a test message. In a test, the buttons change nothing." in words(page)
    assert "Gardeners Save" in words(page)
    assert "News" not in words(page)
    answer = save(client, path, [*spring.lists.all()])
    assert words(answer).startswith("Test message: nothing was changed")
    opt_out = Parts(page.content.decode()).named("form")[0]["action"]
    assert words(client.post(opt_out, "page=1", FORM)).startswith("Test message: nothing was changed")
    assert nothing_changed()
    assert on() == {"News"}


def test_a_member_of_staff_who_is_signed_in_is_like_anybody(client, path, news, admin_user):
    browser = Client()
    browser.force_login(admin_user)
    assert browser.get(path).content == client.get(path).content
    save(browser, path, [news])
    assert Evidence.objects.get(verb="left lists").actor == "recipient"
