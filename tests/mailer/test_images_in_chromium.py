"""Pictures and the copy on the web in a real browser: picked by key, shown at every width, nothing else loaded."""

import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from mailer import campaigns, rendering, tokens
from tests.mailer.admin_door import member, new_draft, signed_in
from tests.mailer.pictures import photo, stored
from tests.mailer.serving import PUBLIC, served
from tests.mailer.test_editor_in_chromium import LOCAL
from tests.mailer.test_joining_in_chromium import database

pytestmark = pytest.mark.browser

OWN = PUBLIC["PUBLIC_URL"]
ELSEWHERE = '<img src="https://cdn.example.net/x.png" alt="From elsewhere">'


def launched():
    roses = stored(photo(2400, 1600), alt="Red roses")
    draft = new_draft(html=f'<p>Hello</p><img src="{roses.path}" alt="Red roses">{ELSEWHERE}')
    revision = campaigns.launch(draft, member("Marketer"))
    skeleton = rendering.Skeleton.from_bytes(revision.skeleton)
    return tokens.view_url(tokens.ViewToken(draft.pk, skeleton.sha256))


@pytest.mark.parametrize(("width", "scheme"), [(375, "dark"), (1200, "light")])
def test_the_copy_shows_our_pictures_and_loads_nothing_else(living_database, settings, width, scheme):
    settings.PUBLIC_URL = OWN
    link = database(launched)
    with served(living_database) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        asked = []

        def answer(route):
            asked.append(route.request.url)
            path = route.request.url.removeprefix(OWN)
            got = server.ask("GET", path, "X-Forwarded-Proto: https", "Connection: close")
            route.fulfill(status=got.status, headers=got.headers, body=got.body)

        page.route("**/*", answer)
        page.goto(link)
        picture = page.get_by_role("img", name="Red roses")
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("image => image.naturalWidth") == 1200
        box = picture.bounding_box()
        assert box["width"] == min(600, width - 32)
        assert abs(box["width"] / box["height"] - 1.5) < 0.02
        assert page.locator("body").bounding_box()["width"] == width
        assert {url.removeprefix(OWN)[:3] for url in asked} == {"/v/", "/i/"}
        page.get_by_role("link", name="How to unsubscribe").click()
        expect(page.get_by_role("heading")).to_have_text("How to unsubscribe")
        browser.close()


def test_a_picture_is_picked_with_the_keyboard(living_database):
    roses = database(lambda: stored(alt="Red roses"))
    draft = database(lambda: new_draft(html="<p>Hello</p>", layout=""))
    cookie = database(lambda: signed_in("Marketer").cookies["sessionid"].value)
    with served(living_database, **LOCAL) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1200, "height": 1600})
        base, complaints = f"http://127.0.0.1:{server.port}", []
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": base}])
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(f"{base}/admin/mailer/campaign/{draft.pk}/change/")
        page.locator("[name=html]").click()
        page.keyboard.press("Control+End")
        page.get_by_role("button", name="Put in roses").focus()
        page.keyboard.press("Enter")
        expect(page.locator("[data-told]")).to_have_text("“roses” is in the message.")
        tag = f'<img src="{roses.path}" alt="Red roses" width="40" height="30">'
        assert page.locator("[name=html]").input_value() == f"<p>Hello</p>{tag}"
        assert complaints == []
        browser.close()
