"""The judge in process against Chromium, text by text."""

import io
from dataclasses import dataclass

from PIL import Image

from mailer.compliance.rules.hidden_text import trouble
from mailer.compliance.visible import Run, is_blank, see
from tests.mailer.chromium_eye import Eye, Seen, contrast_in

# Below these nobody reads anything; the judge asks for more.
TOUCHED, PIXELS, CONTRAST = 0.5, 6, 1.2
TALLEST = 12_000  # pixels of a page that is photographed


@dataclass(frozen=True, slots=True)
class Compared:
    """One text and both judgements."""

    text: str
    trouble: str  # what the judge finds; empty if it calls the text visible
    unseen: str  # what Chromium finds
    clear: bool  # whether Chromium shows it beyond doubt


def compare(eye: Eye, html: str, width: int = 375) -> list[Compared]:
    sight = see(html)
    view = eye.open(html.encode(), width)
    runs = [run for run in sight.runs if not run.is_image]
    seen = [each for each in view.texts if not is_blank(each.text)]
    assert [run.text for run in runs] == [each.text for each in seen], "the two read different texts"
    picture = None
    if view.height <= TALLEST:
        picture = Image.open(io.BytesIO(eye.page.screenshot(type="png", full_page=True))).convert("RGB")
    return [_compared(run, each, picture, bool(sight.doubts)) for run, each in zip(runs, seen, strict=True)]


def _compared(run: Run, seen: Seen, picture: Image.Image | None, doubted: bool) -> Compared:
    found = "doubted" if doubted else "hidden" if run.hidden else trouble(run)
    inside = [
        box
        for box in seen.boxes
        if picture
        and box[2] > 12
        and box[0] >= 0
        and box[0] + box[2] <= picture.width
        and box[1] + box[3] <= picture.height
    ]
    pixels = contrast_in(picture, inside[:2]) if picture and inside else None
    unseen = ""
    if seen.touched < TOUCHED:
        unseen = f"touched {seen.touched:.2f}"
    elif seen.pixels < PIXELS:
        unseen = f"{seen.pixels} px"
    elif pixels is not None and pixels < CONTRAST:
        unseen = f"contrast {pixels:.2f}"
    clear = seen.touched == 1 and seen.pixels >= 10 and pixels is not None and pixels > 3
    return Compared(run.text, found, unseen, clear)
