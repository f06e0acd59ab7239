"""A real browser agrees: label first, footer last, neither covered nor pushed away, whatever an author writes."""

import os
import shutil

import pytest

from mailer.management.example import HTML
from tests.mailer.messages import compiled, parts, sent
from tests.mailer.test_rendering_hostile_html import HOSTILE, SHOWN

pytestmark = pytest.mark.browser

# What is wrong with the page, or nothing: three boxes in order, label and footer large enough and on top
# where a reader would touch them, first and last words right, and no more than three screens between.
JUDGE = """() => {
  const boxes = [...document.body.children], [label, author, footer] = boxes.slice(-3);
  const words = document.body.innerText.trim();
  if (label.getAttribute('role') !== 'note' || footer.getAttribute('role') !== 'contentinfo') return 'order';
  if (boxes.length > 3 && boxes[0].offsetHeight > 0) return 'preheader shows';
  if (!words.startsWith('Advertisement · Acme Garden\\n')) return 'first words: ' + words.slice(0, 60);
  if (!words.endsWith('\\nUS\\n+1 503 555 0100')) return 'last words: ' + words.slice(-60);
  if (label.offsetHeight < 20 || footer.offsetHeight < 100) return 'too small';
  if (author.offsetHeight > 3000) return 'pushed away by ' + author.offsetHeight;
  for (const box of [label, footer]) {
    box.scrollIntoView();
    const place = box.getBoundingClientRect();
    for (const x of [20, place.width / 3]) for (const y of [4, place.height / 2, place.height - 4]) {
      const touched = document.elementFromPoint(place.left + x, place.top + y);
      if (!box.contains(touched)) return 'covered by ' + touched?.outerHTML.slice(0, 80);
    }
  }
  return '';
}"""


@pytest.fixture(scope="module")
def page():
    from playwright.sync_api import sync_playwright

    # Playwright's loop would make Django think that it is called from an event loop
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 800, "height": 900})
        page.route("**/*", lambda route: route.abort())
        yield page
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.mark.parametrize("name", SHOWN)
def test_chromium_shows_the_label_first_and_the_footer_last(page, name):
    page.set_content(parts(sent(compiled(HOSTILE[name])))[1], wait_until="domcontentloaded")
    assert page.evaluate(JUDGE) == ""


def test_chromium_shows_the_example_with_its_preheader_hidden(page):
    page.set_content(parts(sent(compiled(HTML, preheader="Roses, hoses and broad beans.")))[1])
    assert page.evaluate(JUDGE) == ""


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ("</body>", "<p>more</p></body>", "order"),
        ('<div role="note"', '<div style="position:fixed;inset:0"></div><div role="note"', ""),
        ("</div>\n<div role=\"contentinfo\"", '<p style="height:4000px"></p></div>\n<div role="contentinfo"', "pushed"),
    ],
)  # fmt: skip
def test_the_judge_sees_what_is_wrong(page, old, new, verdict):
    html = parts(sent(compiled()))[1]
    assert old in html
    page.set_content(html.replace(old, new))
    found = page.evaluate(JUDGE)
    assert found and found.startswith(verdict)
