"""What Chromium shows of a message, by touching it and by the pixels of its picture: no style is believed."""

import base64
import io
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from mailer.colours import ratio
from mailer.rendering import SenderFacts

SETTINGS = tuple((width, scheme) for width in (375, 1200) for scheme in ("light", "dark"))
HEIGHT = 800
LEAST_PIXELS, LEAST_CONTRAST = 12, 4.5
PLAIN = 7.0  # contrast of greys at which nobody needs to count colours
MOST_EMPTY = 2600  # pixels without words or pictures; the gate allows about 2000, counted roughly

# Every text that is not blank, in its order: where it is on the page before anything is scrolled, and which share of
# it a finger touches that scrolls to it. Lines are sampled; pictures that did not load show their words instead.
TEXTS = r"""() => {
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT), nodes = [];
  const outside = new Set(['STYLE', 'SCRIPT', 'TITLE', 'TEMPLATE', 'NOSCRIPT', 'TEXTAREA', 'XMP', 'IFRAME']);
  const onPage = rect => [rect.left + scrollX, rect.top + scrollY, rect.width, rect.height];
  const lines = range => [...range.getClientRects()].filter(rect => rect.width >= 1 && rect.height >= 1);
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!node.data.trim() || !parent || outside.has(parent.tagName) || parent.closest('head')) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    nodes.push({node, parent, range, boxes: lines(range).slice(0, 60).map(onPage)});
  }
  const pictures = [...document.images].map(image => onPage(image.getBoundingClientRect()));
  const page = document.documentElement, height = page.scrollHeight, wide = page.scrollWidth;
  const scrollers = [...document.querySelectorAll('div')].filter(box => box.scrollWidth > box.clientWidth + 1 &&
    getComputedStyle(box).overflowX == 'auto');
  const texts = nodes.map(({node, parent, range, boxes}) => {
    const count = boxes.length, step = Math.max(1, Math.ceil(count / 3));
    let touched = 0, asked = 0;
    for (let index = 0; index < count; index += step) for (const share of [0.15, 0.5, 0.85]) {
      const place = () => { const rect = lines(range)[index]; return rect &&
        [rect.left + rect.width * share, rect.top + rect.height / 2] };
      let [x, y] = place() || [-1, -1];
      if (y < 2 || y >= innerHeight - 2) { scrollBy({top: y - innerHeight / 2, behavior: 'instant'}); }
      const aside = x < 0 || x >= innerWidth ? x - innerWidth / 2 : 0;
      for (const box of scrollers) if (box.contains(parent)) box.scrollLeft += aside;
      [x, y] = place() || [-1, -1];
      const hit = document.elementFromPoint(x, y);
      asked += 1; touched += hit !== null && (hit === parent || parent.contains(hit)) ? 1 : 0;
    }
    const link = parent.closest('a');
    return {
      text: node.data, touched: asked ? touched / asked : 0, pixels: parseFloat(getComputedStyle(parent).fontSize),
      href: link ? link.getAttribute('href') : null, boxes,
    };
  });
  for (const box of scrollers) box.scrollLeft = 0;
  scrollTo(0, 0);
  return {texts, pictures, height, wide};
}"""

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Seen:
    """One text as Chromium shows it."""

    text: str
    touched: float
    pixels: float
    href: str | None
    boxes: list[Box]

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


@dataclass(frozen=True, slots=True)
class View:
    """A message in one window."""

    texts: list[Seen]
    pictures: list[Box]
    height: float
    wide: float


class Eye:
    """One browser and one page for everything; scripts are off, as in mail programs."""

    def __init__(self, page) -> None:
        self.page = page
        self.shown = ""

    def open(
        self, html: bytes, width: int, scheme: str = "light", kind: str = "text/html; charset=utf-8"
    ) -> View:
        self.page.set_viewport_size({"width": width, "height": HEIGHT})
        self.page.emulate_media(color_scheme=scheme)
        address = f"data:{kind.replace(' ', '')};base64,{base64.b64encode(html).decode()}"
        if address != self.shown:
            self.page.goto(address, wait_until="load")  # not before: pictures that fail become words
            self.shown = address
        return self.look()

    def look(self) -> View:
        seen = self.page.evaluate(TEXTS)
        texts = [Seen(**each) for each in seen["texts"]]
        return View(texts, seen["pictures"], seen["height"], seen["wide"])

    def contrasts(self, texts: list[Seen]) -> list[float]:
        """Of texts near each other: the most contrast between the commonest colour there and any other."""
        top = min(box[1] for seen in texts for box in seen.boxes)
        scrolled = self.page.evaluate("top => { scrollTo(0, top - 100); return scrollY }", top)
        picture = Image.open(io.BytesIO(self.page.screenshot(type="png"))).convert("RGB")
        return [contrast_in(picture, seen.boxes, scrolled) for seen in texts]


def contrast_in(picture: Image.Image, boxes: list[Box], scrolled: float = 0.0) -> float:
    """The most contrast there; told by lightest and darkest where that is plain."""
    best = 1.0
    for left, top, width, height in boxes[:4]:
        edges = (max(0, int(left)), max(0, int(top - scrolled)),
                 min(picture.width, int(left + width)), min(picture.height, int(top + height - scrolled)))  # fmt: skip
        if edges[0] >= edges[2] or edges[1] >= edges[3]:
            continue
        darkest, lightest = picture.crop(edges).convert("L").getextrema()
        if ratio((lightest,) * 3, (darkest,) * 3) > PLAIN:
            return PLAIN
        colours = Counter({colour: count for count, colour in picture.crop(edges).getcolors(1 << 24)})
        paper = colours.most_common(1)[0][0]
        best = max([best, *(_ratio(paper, colour) for colour in colours)])
    return best


_ratio = lru_cache(maxsize=200_000)(ratio)


@contextmanager
def open_eye() -> Iterator[Eye]:
    from playwright.sync_api import sync_playwright

    # Playwright's loop would make Django think that it is called from an event loop
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"),
                args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND"],
            )
            yield Eye(browser.new_context(java_script_enabled=False).new_page())
            browser.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


# -- the judge ------------------------------------------------------------------------------------------


def wrong_with(eye: Eye, html: bytes, facts: SenderFacts, link: str, width: int, scheme: str) -> list[str]:
    """What of promise 1 a reader does not get in this window; empty if all is there."""
    view = eye.open(html, width, scheme)
    label = [seen for seen in view.texts if seen.words == f"Advertisement · {facts.trade_name}"][:1]
    links = [seen for seen in view.texts if seen.href == link and "unsubscribe" in seen.words.lower()][-1:]
    lines = [_last(view, line) for line in facts.address_lines]
    wanted = {"label": label, "opt-out": links} | {
        f"address line {number}": [line] if line else [] for number, line in enumerate(lines)
    }
    wrong = [problem for name, found in wanted.items() for problem in _about(name, found, width)]
    if wrong:
        return wrong
    footer = [*links, *(line for line in lines if line)]
    for texts in [[*label, *footer]] if view.height <= HEIGHT else [label, footer]:
        for seen, contrast_seen in zip(texts, eye.contrasts(texts), strict=True):
            if contrast_seen < LEAST_CONTRAST:
                wrong.append(f"{seen.words!r} has too little contrast, {contrast_seen:.1f}")
    return [*wrong, *_order(view, label[0], footer), *_emptiness(view)]


def _last(view: View, line: str) -> Seen | None:
    return next((seen for seen in reversed(view.texts) if seen.words == " ".join(line.split())), None)


def _about(name: str, found: list[Seen], width: int) -> Iterator[str]:
    if not found:
        yield f"{name} missing"
        return
    seen = found[0]
    if seen.touched < 1:
        yield f"{name} is covered, clipped or elsewhere: touched {seen.touched:.2f}"
    if seen.pixels < LEAST_PIXELS or any(box[3] < LEAST_PIXELS for box in seen.boxes):
        yield f"{name} is too small: {seen.pixels} px"
    if any(box[0] < 0 or box[0] + box[2] > width + 1 for box in seen.boxes):
        yield f"{name} is not within the window: {seen.boxes[0]}"


def _order(view: View, label: Seen, footer: list[Seen]) -> Iterator[str]:
    shown = [seen for seen in view.texts if seen.touched]
    if shown[0] is not label:
        yield f"before the label: {shown[0].words[:60]!r}"
    end = label.boxes[-1][1] + label.boxes[-1][3]
    if any(box[2] * box[3] > 0 and box[1] < end - 2 for box in view.pictures):
        yield "a picture stands before the label"
    start = min(box[1] for seen in footer for box in seen.boxes)
    last = view.texts.index(footer[-1])
    if any(seen.touched and seen.boxes[0][1] > start for seen in view.texts[: view.texts.index(footer[0])]):
        yield "content stands beside or below the footer"
    if len([seen for seen in view.texts[last + 1 :] if seen.touched]) > 1:  # the contact
        yield f"after the footer: {view.texts[-1].words[:60]!r}"


def _emptiness(view: View) -> Iterator[str]:
    boxes = [*(box for seen in view.texts if seen.touched for box in seen.boxes), *view.pictures]
    reached = 0.0
    for box in sorted(boxes, key=lambda box: box[1]):
        if box[1] - reached > MOST_EMPTY:
            yield f"{box[1] - reached:.0f} pixels of nothing"
        reached = max(reached, box[1] + box[3])
