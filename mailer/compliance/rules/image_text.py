"""Every picture says in words what it shows, or says that it is decoration.

People who listen to their mail, and everybody until pictures are loaded, read that instead: 15 U.S.C. 7704(a)(2) judges
what a subject promises by what readers get; WCAG 2.2, 1.1.1 (DUTIES D44: each part carries everything). `alt=""` is
right for decoration and is taken at its word, but not where the picture is all that a link has.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import FinishedMessage

RULE = "image_text"
SOURCE = "WCAG 2.2, 1.1.1; 15 U.S.C. 7704(a)(2)"
REVIEWED = Reviewed("2026-11-30", version=1, duties="D44")
NAMED = 3


def check(message: FinishedMessage) -> Iterator[Finding]:
    pictures = [run.element for run in message.runs if run.is_image and run.element.get("src")]
    silent = [picture for picture in pictures if picture.get("alt") is None]
    if silent:
        yield _finding(
            f"{_names(silent)} {'has' if len(silent) == 1 else 'have'} no words. Write in alt what it shows: people "
            'who don’t see pictures read that instead. If it is decoration, write alt="".'
        )
    bare = [
        picture
        for picture in pictures
        if picture.get("alt", " ").strip() == "" and _is_all_of_a_link(picture)
    ]
    if bare:
        yield _finding(
            f"{_names(bare)} leads somewhere when it is clicked, and no words say where. Write that in alt, such as "
            "“To the shop”."
        )


def _is_all_of_a_link(picture: HtmlElement) -> bool:
    link = next(picture.iterancestors("a"), None)
    return (
        link is not None
        and not link.text_content().strip()
        and not any(image.get("alt", "").strip() for image in link.iter("img"))
    )


def _names(pictures: list[HtmlElement]) -> str:
    """As authors know them: by the file's name."""
    files = list(dict.fromkeys(_file(picture) for picture in pictures))
    named = ", ".join(files[:NAMED]) + (f" and {len(files) - NAMED} more" if len(files) > NAMED else "")
    return f"The picture {named}" if len(pictures) == 1 else f"The pictures {named}"


def _file(picture: HtmlElement) -> str:
    return urlsplit(picture.get("src", "")).path.rpartition("/")[2][:60] or "without a name"


def _finding(message: str) -> Finding:
    return Finding(RULE, Severity.WARN, message, SOURCE, "html")
