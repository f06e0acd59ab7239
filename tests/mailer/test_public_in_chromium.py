"""The opt-out in a real browser: one look, one press, at the same address, by keyboard and without scripts."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import expect

from mailer.models import ListLeaving, MailingList, Subscription, Suppression, WayBack
from tests.mailer import recipients
from tests.mailer.serving import served

expect.set_options(timeout=60_000)  # ms, for a machine that is busy with other tests
pytestmark = pytest.mark.browser

PHONE, DESKTOP = {"width": 375, "height": 640}, {"width": 1200, "height": 800}
# The styled button, which a wrong hash in the CSP would leave grey: its ground, height, and the page's width.
LOOK = """() => [getComputedStyle(document.querySelector('button')).backgroundColor,
  document.querySelector('button').offsetHeight, document.documentElement.scrollWidth]"""
OUTLINE = "() => getComputedStyle(document.activeElement).outlineStyle + document.activeElement.textContent"


FOCUSED = """() => { const one = document.activeElement; return one.tagName === 'INPUT'
  ? [one.type, one.closest('label').textContent.trim(), getComputedStyle(one).outlineStyle]
  : [one.tagName.toLowerCase(), one.textContent.trim(), getComputedStyle(one).outlineStyle]; }"""


@pytest.fixture
def chromium(living_database, monkeypatch):
    """A browser, started after the database: under Playwright's loop Django has a connection of its own."""
    from playwright.sync_api import sync_playwright

    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()
        connection.close()


@pytest.mark.parametrize(
    ("size", "scheme", "scripts", "ground"),
    [
        (PHONE, "light", False, "rgb(23, 96, 60)"),
        (PHONE, "dark", True, "rgb(127, 211, 164)"),
        (DESKTOP, "light", True, "rgb(23, 96, 60)"),
        (DESKTOP, "dark", False, "rgb(127, 211, 164)"),
    ],
)
def test_one_look_and_one_key_opt_out(living_database, chromium, size, scheme, scripts, ground):
    recipients.contact()
    acme = recipients.sender(
        "Gartenbaubedarfsvertriebsgesellschaft Hochtaunus mbH & Co. Kommanditgesellschaft"
    )
    link = recipients.link(campaign=recipients.campaign(acme).pk)
    with (
        served(living_database) as server,
        chromium.new_context(viewport=size, color_scheme=scheme, java_script_enabled=scripts) as context,
    ):
        page, asked, complaints = context.new_page(), [], []
        page.on("request", lambda request: asked.append((request.method, request.url)))
        page.on("console", lambda message: complaints.append(message.text))
        address = f"http://127.0.0.1:{server.port}{link}"
        page.goto(address)
        colour, height, width = page.evaluate(LOOK)
        assert (colour, height >= 44, width) == (ground, True, size["width"])
        page.keyboard.press("Tab")
        assert page.evaluate(OUTLINE) == "solidUnsubscribe"
        assert not Suppression.objects.exists()
        page.keyboard.press("Enter")
        page.wait_for_selector("text=Done.")
        assert Suppression.objects.get().channel == "page"
        assert asked == [("GET", address), ("POST", address)]
        assert page.url == address
        assert complaints == []
        assert context.cookies() == []
        page.click("text=That was a mistake")
        page.wait_for_selector("text=Look into your mailbox")
        assert page.url == f"{address}/back"


@pytest.mark.parametrize(
    ("size", "scheme", "scripts"),
    [(PHONE, "light", False), (PHONE, "dark", True), (DESKTOP, "light", True), (DESKTOP, "dark", False)],
)
def test_lists_are_left_and_asked_back_by_keyboard_alone(
    living_database, chromium, tmp_path, size, scheme, scripts
):
    link = on_three_lists()
    with (
        served(living_database) as server,
        chromium.new_context(viewport=size, color_scheme=scheme, java_script_enabled=scripts) as context,
    ):
        page, complaints = context.new_page(), []
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(f"http://127.0.0.1:{server.port}{link}/preferences")
        shoot(page, tmp_path, "lists")
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
        assert all(height >= 44 for height in page.evaluate(HEIGHTS))
        seen = tabs(page, 5)
        assert [one[:2] for one in seen] == [
            ["button", "Unsubscribe from everything"],
            ["checkbox", LONG],
            ["checkbox", "News"],
            ["checkbox", "Offers"],
            ["button", "Save"],
        ]
        assert {one[2] for one in seen} == {"solid"}
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Space")
        page.keyboard.press("Enter")  # in a box, Enter saves: it never opts out
        expect(page.locator("h1")).to_have_text("Saved.")
        expect(page.locator("main")).to_contain_text("has left “News”.")
        shoot(page, tmp_path, "saved")
        assert beside(ListLeaving.objects.values_list, "list_slug") == [("news",)]
        assert beside(Suppression.objects.values_list, "id") == []

        page.click("text=Choose again")
        expect(page.get_by_label("News")).not_to_be_checked()
        page.get_by_label("News").focus()
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_contain_text("To come back to “News”, look into your mailbox")
        shoot(page, tmp_path, "asked back")
        assert beside(WayBack.objects.values_list, "joins") == [(["news"],)]

        page.click("text=Choose again")
        expect(page.get_by_label("News")).not_to_be_checked()
        tabs(page, 1)
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Done.")
        shoot(page, tmp_path, "done")
        assert beside(Suppression.objects.values_list, "channel") == [("page",)]
        page.click("text=choose lists to keep")
        expect(page.locator("main")).to_contain_text("All mailings have stopped, since")
        shoot(page, tmp_path, "opted out")
        page.click("text=Send me the confirmation mail")
        expect(page.locator("[role=alert]")).to_contain_text("no list is ticked")
        shoot(page, tmp_path, "nothing ticked")
        assert complaints == []
        assert context.cookies() == []


LONG = "Gartenbaubedarfsvertriebsgesellschaftsneuigkeiten und <b>Angebote</b>, Frühling"
HEIGHTS = "() => [...document.querySelectorAll('button, label')].map((one) => one.offsetHeight)"


def on_three_lists() -> str:
    dana = recipients.contact()
    for name, slug in (("News", "news"), ("Offers", "offers"), (LONG, "long")):
        made = MailingList.objects.create(name=name, slug=slug)
        Subscription.objects.create(list=made, contact=dana, source="form")
    return recipients.link(campaign=recipients.campaign(recipients.sender()).pk)


def tabs(page: Any, number: int) -> list[list[str]]:
    """What the next presses of Tab reach, each with its outline."""
    reached = []
    for _ in range(number):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
    return reached


def shoot(page: Any, folder: Any, name: str) -> None:
    page.screenshot(path=folder / f"{name}.png", full_page=True)


def beside(ask: Any, *fields: str) -> list[Any]:
    """Rows, asked in a thread beside the browser's, whose event loop would not let Django ask."""

    def asked() -> list[Any]:
        with closing(connection):
            return list(ask(*fields))

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asked).result(30)
