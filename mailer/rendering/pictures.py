"""An author's pictures: our own get their whole address and their measures, so that no message jumps while it loads."""

import re
from collections.abc import Iterable, Mapping

from django.conf import settings
from lxml.html import HtmlElement

from mailer.models import Image
from mailer.models.images import FILE_NAME, FOLDER
from mailer.rendering.facts import Problem
from mailer.rendering.styles import declarations

TALLEST = 1000  # what a height attribute may say in a message
PIXELS = re.compile(r"\s*(\d{1,4})(?:px)?\s*", re.IGNORECASE)
MEASURES = ("width", "height", "max-width", "min-width", "min-height", "max-height")


def place(tree: HtmlElement, problems: list[Problem]) -> None:
    """Make `<img src="/i/…">` what every mail program shows. A picture that is not there is added to `problems`."""
    ours = [(element, file) for element in tree.iter("img") if (file := _file(element.get("src", "")))]
    stored = _stored(file for _, file in ours)
    for element, file in ours:
        if (image := stored.get(file)) is None:
            problems.append(_missing(file))
            continue
        element.set("src", f"{settings.PUBLIC_URL}{image.path}")
        _measure(element, image)


def is_ours(source: str) -> bool:
    """Whether a picture's address is one that this installation serves."""
    return source.startswith(f"{settings.PUBLIC_URL}{FOLDER}")


def names_in(html: str) -> set[str]:
    """The names of our pictures that finished HTML shows."""
    return {
        found["name"]
        for piece in html.split(f"{settings.PUBLIC_URL}{FOLDER}")[1:]
        if (found := FILE_NAME.match(piece))
    }


def _file(source: str) -> str:
    """The part of `source` behind /i/; empty if it leads elsewhere."""
    local = source.strip().removeprefix(settings.PUBLIC_URL)
    return local.removeprefix(FOLDER) if local.startswith(FOLDER) else ""


def _stored(files: Iterable[str]) -> Mapping[str, Image]:
    names = {found["name"] for file in files if (found := FILE_NAME.fullmatch(file))}
    if not names:
        return {}
    known = Image.objects.filter(name__in=names).defer("data")
    return {image.path.removeprefix(FOLDER): image for image in known}


def _missing(file: str) -> Problem:
    return Problem(
        "picture_missing",
        f"There is no picture {FOLDER}{file[:60]}. Upload it under Images, and put it in from there.",
        "html",
    )


def _measure(element: HtmlElement, image: Image) -> None:
    """Width and height where the author says nothing else; and never wider than a telephone."""
    wanted = declarations(element.get("style", ""))
    if any(name in wanted for name in MEASURES):
        return
    width, height = _measures(element, image)
    if width is None:
        return
    element.set("width", str(width))
    if height is not None and height <= TALLEST:
        element.set("height", str(height))
    style = element.get("style", "").rstrip("; ")
    element.set("style", f"{style};max-width:100%;height:auto".lstrip(";"))


def _measures(element: HtmlElement, image: Image) -> tuple[int | None, int | None]:
    """What the author wrote, and what follows from it; nothing where it is not in pixels."""
    given = [PIXELS.fullmatch(element.get(name, "")) for name in ("width", "height")]
    if any(element.get(name) and not found for name, found in zip(("width", "height"), given, strict=True)):
        return None, None
    width, height = (int(found[1]) if found else None for found in given)
    if width is None:
        width = round(image.width * height / image.height) if height else image.shown_width
    return width, height or max(1, round(image.height * width / image.width))
