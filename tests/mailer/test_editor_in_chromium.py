"""The editor in a real browser: words become HTML, code stays code, and nothing is lost on the way."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect, sync_playwright

from mailer.models import Campaign
from tests.mailer.admin_door import new_draft, signed_in
from tests.mailer.serving import served
from tests.mailer.test_joining_in_chromium import database

pytestmark = pytest.mark.browser

LOCAL = {
    "PUBLIC_URL": "",
    "DEBUG": "true",
    "GUNICORN_CMD_ARGS": "--threads 8",  # a browser keeps connections open before it has anything to ask
    "BROKER_URL": "",
    "EMAIL_URL": "",
    "SENDER_DOMAINS": "example.com",
}
WRITTEN = '<h2>Beans</h2>\n<p>Hello {{ first_name|default:"friend" }}</p>'


@pytest.fixture
def writing(living_database) -> Iterator[tuple[Any, int, list[str]]]:
    """The form of a draft, open in a browser that heard no complaint."""
    draft = database(lambda: new_draft(html=WRITTEN, layout="newsletter"))
    cookie = database(lambda: signed_in("Marketer").cookies["sessionid"].value)
    with served(living_database, **LOCAL) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1200, "height": 1600})
        base, complaints = f"http://127.0.0.1:{server.port}", []
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": base}])
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda wrong: complaints.append(str(wrong)))
        page.goto(f"{base}/admin/mailer/campaign/{draft.pk}/change/")
        yield page, draft.pk, complaints
        browser.close()


def test_words_are_written_seen_and_kept(writing):
    page, number, complaints = writing
    editor = page.locator(".ProseMirror[contenteditable=true]")
    expect(editor.locator("h2")).to_have_text("Beans")
    assert page.locator("[name=html]").input_value() == WRITTEN  # nobody has typed yet
    editor.locator("p").last.click()
    page.keyboard.press("End")
    page.keyboard.type(", sow them now.")
    page.get_by_role("button", name="Insert last name").click()
    preview = page.frame_locator("iframe[name=draft-preview]")
    expect(preview.locator("body")).to_contain_text("Hello Dana, sow them now.Miller")
    expect(preview.locator("body")).to_contain_text("Advertisement · Garden & Grain")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(f"**/campaign/{number}/")
    kept = database(lambda: Campaign.objects.get().html)
    assert kept == (
        '<h2>Beans</h2><p>Hello {{ first_name|default:"friend" }}, sow them now.{{ last_name|default:"" }}</p>'
    )
    assert complaints == []


def test_code_is_shown_as_code_and_the_editor_says_what_it_would_lose(writing):
    page, _, complaints = writing
    page.select_option("[name=layout]", "mjml")
    code = page.locator("[name=html]")
    expect(code).to_be_visible()
    code.fill('<div style="color:red"><p>Beans</p></div>')
    page.select_option("[name=layout]", "letter")
    expect(page.locator(".c-editor-note")).to_contain_text("The editor can’t show all of this message")
    assert code.input_value() == '<div style="color:red"><p>Beans</p></div>'
    page.get_by_role("button", name="Edit as HTML").click()
    expect(code).to_be_visible()
    page.get_by_role("button", name="Back to the editor").click()
    expect(code).to_be_hidden()
    assert complaints == []


def test_a_picture_that_is_picked_stands_where_the_cursor_is(writing):
    page, _, _ = writing
    page.locator("[contenteditable=true] h2").click()
    page.evaluate(
        "document.dispatchEvent(new CustomEvent('candor:image', {cancelable: true, detail: {src: '/i/x.png', "
        "alt: 'Beans', width: 600, height: 300, html: ''}}))"
    )
    assert (
        '<img src="/i/x.png" alt="Beans" width="600" height="300">'
        in page.locator("[name=html]").input_value()
    )
