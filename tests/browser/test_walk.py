"""The main job by hand, in a browser, on the processes that `manage.py run` starts: nothing is made for it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection
from playwright.sync_api import expect

from mailer.models import Suppression
from tests.stories.parts import free_port

expect.set_options(timeout=60_000)  # ms, for a machine that is busy with other tests
pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PEOPLE = "email,first_name,last_name,status\n" + "".join(
    f"person{n}@example.org,Ada,Byron {n},{'unsubscribed' if n == 7 else ''}\n" for n in range(1, 41)
)
MESSAGE = '<h1>Roses</h1><p>Hello {{ first_name|default:"friend" }}, cover the roses now.</p>'
SENDER = {
    "legal_name": "Acme Garden LLC",
    "trade_name": "Acme Garden",
    "from_email": "news@example.org",
    "reply_to": "hello@reply.example.org",
    "contact": "+1 503 555 0142",
    "line1": "1450 Rose Street",
    "city": "Portland",
    "region": "OR",
    "postal_code": "97201",
    "country": "US",
}


@dataclass(frozen=True, slots=True)
class Running:
    """`manage.py run`, and what it told whoever started it."""

    base: str
    password: str


@pytest.fixture
def running(living_database, tmp_path: Path, settings) -> Iterator[Running]:
    web, inbox, words = free_port(), free_port(), tmp_path / "run.log"
    with words.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "run", "--no-example"],
            cwd=settings.BASE_DIR,
            env=living_database.environment(
                DATA_DIR=str(tmp_path / "data"),
                WEB_PORT=str(web),
                INBOX_PORT=str(inbox),
                WEB_WORKERS="2",
                WORKERS="2",
            ),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Running(f"http://127.0.0.1:{web}", _password(words, process))
    finally:
        os.killpg(process.pid, signal.SIGINT)
        ended = process.wait(timeout=60)
    assert ended == 0, words.read_text()


def _password(words: Path, process: subprocess.Popen) -> str:
    until = time.monotonic() + 60
    while not (shown := re.search(r"Password: (\S+)", words.read_text())):
        assert process.poll() is None, words.read_text()
        assert time.monotonic() < until, words.read_text()
        time.sleep(0.1)
    return shown[1]


@pytest.fixture
def page(running: Running, tmp_path: Path):
    """A page in which anything that a script, the console or the server complains of fails the test."""
    from playwright.sync_api import sync_playwright

    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1200, "height": 900}, base_url=running.base)
        page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
        page.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None)
        page.on("response", lambda r: complaints.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        page.on("request", lambda r: _loopback(r.url, running.base, complaints))
        _until_it_answers(page)
        complaints.clear()
        yield page
        browser.close()
    assert complaints == []


def _loopback(url: str, base: str, complaints: list[str]) -> None:
    if not url.startswith((base, "data:", "about:")):
        complaints.append(f"asked {url}")


def _until_it_answers(page) -> None:
    for _ in range(150):
        try:
            page.goto("/admin/")
            return
        except Exception:
            time.sleep(0.2)
    raise AssertionError("The web server never answered.")


def test_the_main_job_by_hand(running: Running, page, tmp_path: Path):
    shot = Shots(page, tmp_path)
    sign_in(page, running.password)
    shot("first page, empty")
    expect(page.locator(".c-steps li")).not_to_have_count(0)
    expect(page.locator(".c-steps li.c-done")).to_have_count(0)

    describe_the_sender(page, shot)
    bring_people_in(page, shot, tmp_path)
    first = write_a_campaign(page, "Roses", "Cover the roses now", "Friends of the garden")
    shot("draft")
    expect(page.locator("#content")).to_contain_text("Candor found nothing to object to.")
    look_at_it_in_every_view(page, shot)
    send_a_test(page, shot)
    launch(page, shot, first, people="39")
    wait_until_sent(page, shot)
    assert figures(page) == {"Accepted by the mail server": 39}

    opt_out_of_the_newest_message(page, running, shot)
    opt_out_by_mail(page, shot)
    opt_out_by_reply(page, shot)
    second = write_a_campaign(page, "Beans", "Sow broad beans now", "Friends of the garden")
    launch(page, shot, second, people="36")
    wait_until_sent(page, shot)
    assert figures(page) == {"Accepted by the mail server": 36, "Withheld": 3}
    expect(page.locator("#content")).to_contain_text("Opted out: 3")
    page.goto("/inbox/")
    expect(page.locator("body")).to_contain_text("78 messages in the inbox")  # 1 test, 39, 2 mails back, 36


class Shots:
    """Screenshots of the walk, numbered, for somebody to look at."""

    def __init__(self, page, folder: Path) -> None:
        self.page, self.folder, self.number = page, folder / "shots", 0
        self.folder.mkdir()

    def __call__(self, name: str) -> None:
        self.number += 1
        self.page.screenshot(path=self.folder / f"{self.number:02} {name}.png", full_page=True)


def sign_in(page, password: str) -> None:
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_url("**/admin/")


def describe_the_sender(page, shot: Shots) -> None:
    page.click("text=Say who sends")
    page.goto("/admin/mailer/sender/add/")
    for name, value in SENDER.items():
        page.fill(f"[name={name}]", value)
    page.click("button[name=_save]")
    page.click("th a:has-text('Acme Garden'), td a:has-text('Acme Garden')")
    shot("sender, not attested")
    for _ in range(2):
        page.click("a:has-text('Attest…') >> nth=0")
        page.click("button:has-text('I attest this')")
    expect(page.locator(".c-badge--ok")).to_have_count(2)
    shot("sender, attested")


def bring_people_in(page, shot: Shots, folder: Path) -> None:
    (folder / "people.csv").write_text(PEOPLE)
    page.goto("/admin/")
    page.click("text=Import people")
    page.set_input_files("[name=file]", folder / "people.csv")
    page.fill("[name=new_list]", "Friends of the garden")
    page.select_option("[name=source]", "customer")
    page.fill("[name=notice]", "Tick here to get our garden letter by email.")
    page.fill("[name=collected_by]", "Lee, at the till")
    page.fill("[name=collected_from]", "2026-05-01")
    page.fill("[name=collected_to]", "2026-05-31")
    shot("import form")
    page.click("button:has-text('Import')")
    page.wait_for_selector(
        "h2:text-is('Done')", timeout=60_000
    )  # by itself: the page looks every two seconds
    shot("import done")
    expect(page.locator(".c-figures")).to_contain_text("40")
    expect(page.locator("aside")).to_contain_text("Lee, at the till, 1 May 2026 to 31 May 2026")
    expect(page.locator("#content")).to_contain_text("1 of those accepted may not be mailed")


def write_a_campaign(page, name: str, subject: str, to: str) -> str:
    page.goto("/admin/")
    page.click("text=Write a campaign")
    page.fill("[name=name]", name)
    page.check(f"label:has-text('{to}') input, li:has-text('{to}') input")
    page.fill("[name=subject]", subject)
    page.select_option("[name=layout]", label="My own HTML")
    page.fill("[name=html]", MESSAGE)
    page.click("button[name=_save]")
    page.wait_for_url(re.compile(r"/campaign/\d+/$"))
    return page.url


def look_at_it_in_every_view(page, shot: Shots) -> None:
    html = page.frame_locator("iframe[title='The message in HTML']")
    expect(html.locator("body")).to_contain_text("Hello Dana, cover the roses now.")
    assert html.locator("body").inner_text().lstrip().startswith("Advertisement")
    page.click("text=Phone")
    expect(page.locator("iframe[title='The message in HTML']")).to_be_visible()
    assert page.locator("iframe[title='The message in HTML']").bounding_box()["width"] <= 375
    shot("preview on a phone")
    page.click("text=Plain text")
    expect(page.locator("pre")).to_contain_text("1450 Rose Street")
    page.click("text=Source")
    source = page.frame_locator('iframe[title="The message\'s source"]')
    expect(source.locator("body")).to_contain_text("List-Unsubscribe-Post: List-Unsubscribe=One-Click")


def send_a_test(page, shot: Shots) -> None:
    page.click("button:has-text('Send it')")
    page.wait_for_selector(".c-badge--ok:has-text('Accepted by the mail server')", timeout=60_000)
    shot("test sent")


def launch(page, shot: Shots, campaign: str, people: str) -> None:
    page.goto(campaign)
    page.click("a:has-text('Launch…')")
    shot("last look")
    page.click(f"button:has-text('Send it to {people} people now')")
    page.wait_for_url(campaign)
    shot("launched")


def wait_until_sent(page, shot: Shots) -> None:
    page.wait_for_selector(".c-head .c-badge--ok:has-text('Sent')", timeout=60_000)
    shot("sent")


def figures(page) -> dict[str, int]:
    rows = page.locator(".c-table tbody tr").all()
    return {
        row.locator("td").nth(0).inner_text().strip(): int(row.locator("td").nth(1).inner_text())
        for row in rows
    }


def opt_out_of_the_newest_message(page, running: Running, shot: Shots) -> None:
    """As a reader does: open the message, follow the link in its body, press the one button."""
    page.goto("/inbox/")
    shot("inbox")
    page.click("a[href^='/inbox/']:has-text('Cover the roses now') >> nth=0")
    shot("message in the inbox")
    frame = page.frame_locator("iframe").first
    link = frame.locator("a:has-text('Unsubscribe')").first.get_attribute("href")
    assert link.startswith(f"{running.base}/u/")
    page.goto(link)
    shot("opt-out page")
    page.click("button")
    expect(page.locator("h1")).to_have_text("Done.")
    shot("opted out")


def opt_out_by_mail(page, shot: Shots) -> None:
    """As a mail program does that knows no one-click: a mail to the address in the header."""
    page.goto("/inbox/")
    page.click("a[href^='/inbox/']:has-text('Cover the roses now') >> nth=1")
    page.click("button:has-text('Unsubscribe by mail')")
    expect(page.locator("[role=status]")).to_have_text("Your mail is on its way.")
    shot("opted out by mail")
    wait_for_entry("mailto")


def opt_out_by_reply(page, shot: Shots) -> None:
    page.goto("/inbox/")
    page.click("a[href^='/inbox/']:has-text('Cover the roses now') >> nth=2")
    expect(page.locator("pre").first).to_contain_text("Or reply to this email with UNSUBSCRIBE.")
    page.fill("textarea", "Please take me off your list. Thank you!")
    page.click("button:has-text('Send this reply')")
    expect(page.locator("[role=status]")).to_have_text("Your mail is on its way.")
    shot("opted out by reply")
    wait_for_entry("reply")


def wait_for_entry(channel: str) -> None:
    until = time.monotonic() + 60
    with ThreadPoolExecutor(
        1
    ) as beside_the_browser:  # whose event loop would not let Django ask the database
        while not beside_the_browser.submit(entries, channel).result():
            assert time.monotonic() < until, f"No opt-out came in by {channel}."
            time.sleep(0.1)


def entries(channel: str) -> int:
    with closing(connection):
        return Suppression.objects.filter(channel=channel).count()
