"""Layouts on a phone and on a desk, by day and by night: label, address and link show, and nothing has to be pushed."""

import os
import shutil

import pytest

from mailer.rendering import MJML, Brand
from tests.mailer.messages import compiled, parts, sent
from tests.mailer.test_rendering_layouts import BODY, LAYOUTS, OWN

pytestmark = pytest.mark.browser

# A picture as wide as a camera makes it, so that a layout that does not hold it in shows.
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="2400" height="1200"><rect width="100%" height="100%"/></svg>'
# What a reader would see of one box of ours, or what is wrong with it.
SEEN = """(role) => {
  const box = document.querySelector(`[role=${role}]`);
  box.scrollIntoView();
  const place = box.getBoundingClientRect(), wrong = [];
  if (place.left < 0 || place.right > innerWidth + 0.5) wrong.push('clipped');
  const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const words = walker.currentNode.nodeValue.trim(), range = document.createRange();
    if (!words) continue;
    range.selectNodeContents(walker.currentNode);
    const at = range.getClientRects()[0], above = walker.currentNode.parentElement;
    above.scrollIntoView({block: 'center'});
    const now = range.getClientRects()[0];
    const top = document.elementFromPoint(now.left + now.width / 2, now.top + now.height / 2);
    if (top !== above) wrong.push('covered: ' + words.slice(0, 40));
    if (parseFloat(getComputedStyle(above).fontSize) < 12) wrong.push('small: ' + words.slice(0, 40));
  }
  return [box.innerText, wrong];
}"""


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    # Playwright's loop would make Django think that it is called from an event loop
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(params=[(375, "light"), (375, "dark"), (1200, "light"), (1200, "dark")], ids=str)
def page(chromium, request):
    width, scheme = request.param
    page = chromium.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.route("**/*", lambda route: route.fulfill(content_type="image/svg+xml", body=PICTURE))
    yield page
    page.close()


@pytest.mark.parametrize("layout", (*LAYOUTS, MJML))
def test_label_address_and_link_show_and_nothing_is_wider_than_the_screen(page, layout):
    brand = Brand(logo="https://img.example.org/logo.png", accent="#8a2b3b", ground="#f6efe9", font="georgia")
    _, html = parts(sent(compiled(OWN if layout == MJML else BODY, layout=layout, brand=brand)))
    page.set_content(html, wait_until="load")
    label, wrong = page.evaluate(SEEN, "note")
    assert (label, wrong) == ("Advertisement · Acme Garden", [])
    footer, wrong = page.evaluate(SEEN, "contentinfo")
    assert wrong == []
    assert "1450 Rose Street\nPortland, OR 97201" in footer
    assert page.locator("[role=contentinfo] a").first.get_attribute("href").startswith("http://127.0.0.1")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_columns_stand_side_by_side_on_a_desk_and_below_each_other_on_a_phone(page):
    _, html = parts(sent(compiled(BODY, layout="newsletter")))
    page.set_content(html, wait_until="load")
    picture = page.locator("img[alt='A rose under jute']").bounding_box()
    words = page.get_by_text("Jute breathes.").bounding_box()
    if page.viewport_size["width"] == 375:
        assert words["y"] > picture["y"] + picture["height"]
        assert picture["width"] > 300
    else:
        assert words["x"] > picture["x"] + picture["width"]
