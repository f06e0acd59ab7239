"""Joining in a real browser: by keyboard, without scripts, here and from another site, on a phone and in the dark."""

import http.server
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Page, expect, sync_playwright

from mailer import tokens
from mailer.admin.sign_ups import embedded
from mailer.models import Consent, SignUp, Subscription
from tests.mailer.joining_forms import DANA, WORDING, link, new_form
from tests.mailer.serving import served

expect.set_options(timeout=60_000)  # ms, for a machine that is busy with other tests
pytestmark = pytest.mark.browser

PHONE, DESKTOP = {"width": 390, "height": 780}, {"width": 1280, "height": 800}
# What axe asks first of a form: each field has a name, nothing is ticked or overflows, targets can be hit, and the
# text is told apart from its ground (WCAG 1.4.3: 4.5 to 1).
FIELDS = """() => [...document.querySelectorAll('input:not([type=hidden]), button')].map(field => {
  const box = field.getBoundingClientRect(), label = field.labels && field.labels[0];
  const target = label && field.type == 'checkbox' ? label.getBoundingClientRect() : box;
  return {name: label ? label.textContent.trim() : field.textContent, ticked: !!field.checked,
          hidden: !!field.closest('[aria-hidden=true]'), tall: Math.max(box.height, target.height)};
})"""
CONTRAST = """() => {
  const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(v => v / 255)
      .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
  const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
      if (c != 'rgba(0, 0, 0, 0)') return c; } };
  return Math.min(...[...document.querySelectorAll('h1, p, label, button, input, span, blockquote')].map(e => {
      const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
      return (a + .05) / (b + .05); }));
}"""
FOCUSED = "() => document.activeElement.id || document.activeElement.textContent"
OUTLINE = "() => getComputedStyle(document.activeElement).outlineStyle"


@pytest.fixture
def chromium(living_database) -> Iterator[Any]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


def database(ask: Callable[[], Any]) -> Any:
    """Asked from another thread: Django keeps its database out of the one in which Playwright has its loop."""

    def asked() -> Any:
        try:
            return ask()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asked).result()


def assert_can_be_used_by_all(page: Page, width: int) -> None:
    fields = [field for field in page.evaluate(FIELDS) if not field["hidden"]]
    assert all(field["name"] and not field["ticked"] and field["tall"] >= 44 for field in fields), fields
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(CONTRAST) >= 4.5
    assert page.evaluate("document.documentElement.lang") == "en"


@contextmanager
def another_site(html: str) -> Iterator[str]:
    """A page of the sender's own, on another host."""

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *words: object) -> None:
            """Nobody reads it."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/garden"
        server.shutdown()


@pytest.mark.parametrize(
    ("size", "scheme", "scripts"),
    [(PHONE, "light", True), (PHONE, "dark", False), (DESKTOP, "light", False), (DESKTOP, "dark", True)],
)
def test_by_keyboard_from_the_form_to_the_list(living_database, chromium, size, scheme, scripts):
    database(new_form)
    with (
        served(living_database, BROKER_URL="") as server,
        chromium.new_context(viewport=size, color_scheme=scheme, java_script_enabled=scripts) as context,
    ):
        page, complaints = context.new_page(), []
        page.on("console", lambda message: complaints.append(message.text))
        base = f"http://127.0.0.1:{server.port}"
        page.goto(f"{base}/join/letter")
        assert_can_be_used_by_all(page, size["width"])

        # past the field that only programs see
        for expected in ("email", "first-name", "consent", "Sign up"):
            page.keyboard.press("Tab")
            assert (page.evaluate(FOCUSED), page.evaluate(OUTLINE)) == (expected, "solid")
        page.keyboard.press("Enter")  # nothing is filled in: the browser keeps it
        expect(page).to_have_url(f"{base}/join/letter")
        assert database(SignUp.objects.count) == 0

        page.locator("#email").focus()
        page.keyboard.type("dana@mailinator.com")
        page.locator("#consent").focus()
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Mailboxes of this provider last some minutes.")).to_be_visible()
        expect(page.get_by_role("checkbox")).not_to_be_checked()
        expect(page.get_by_label("Your email address")).to_have_value("dana@mailinator.com")
        assert_can_be_used_by_all(page, size["width"])

        page.get_by_label("Your email address").fill(DANA)
        page.get_by_label(WORDING).check()
        page.get_by_role("button", name="Sign up").press("Enter")
        expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()

        page.goto(base + link(database(SignUp.objects.get)))
        assert_can_be_used_by_all(page, size["width"])
        assert database(Consent.objects.count) == 0
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="You are signed up")).to_be_visible()
        assert database(lambda: Subscription.objects.get().contact.email) == DANA
        assert context.cookies() == []
        assert {words for words in complaints if "status of 422" not in words} == set()


def test_from_a_page_on_another_site(living_database, chromium):
    html = database(lambda: embedded(new_form()))
    with served(living_database, BROKER_URL="") as server, chromium.new_context() as context:
        base = f"http://127.0.0.1:{server.port}"
        page = context.new_page()
        page.set_default_timeout(60_000)
        here = html.replace(tokens.settings.PUBLIC_URL, base)
        with another_site(f"<!doctype html><title>Garden</title>{here}") as garden:
            page.goto(garden)
            expect(page.get_by_label("Leave this empty")).not_to_be_in_viewport()
            page.get_by_label("Your email address").fill(DANA)
            page.get_by_label("Yes, send me").check()
            page.get_by_role("button", name="Sign up").click()
            expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
            assert page.url == f"{base}/join/letter"
            site = garden.removesuffix("garden")
        assert database(lambda: SignUp.objects.get().page_url) in {site, garden}
        assert context.cookies() == []
