"""Pictures come from our own host: any other learns who opens the message, and can change what it shows.

Nobody's opening is observed without their consent (CNIL, deliberation 2026-042; DUTIES D115), and what was approved is
what readers get. A warning, since many shops keep their pictures elsewhere, and only they know on what terms.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from mailer.compliance.dated import Reviewed
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import FinishedMessage
from mailer.rendering import is_own_picture

RULE = "image_host"
SOURCE = "risk under GDPR 6(1) and ePrivacy 5(3); CNIL deliberation 2026-042"
REVIEWED = Reviewed("2026-11-30", version=1, duties="D115")
NAMED = 3
UNSEEN = 2  # pixels: nobody sees it, so it is there for somebody else


def check(message: FinishedMessage) -> Iterator[Finding]:
    foreign = [
        run.element
        for run in message.runs
        if run.is_image and run.element.get("src") and not is_own_picture(run.element.get("src", ""))
    ]
    unseen = [picture for picture in foreign if _is_unseen(picture)]
    if unseen:
        yield _finding(
            f"A picture that nobody can see is loaded from {_hosts(unseen)}. Such pictures count who opens a message, "
            "which needs each reader’s consent. Take it out; if it is only there for space, use padding."
        )
    if seen := [picture for picture in foreign if picture not in unseen]:
        yield _finding(
            f"Pictures are loaded from {_hosts(seen)}. Whoever runs that host learns who opens the message, can change "
            "what it shows, and leaves a hole when it is gone. Upload them under Images."
        )


def _is_unseen(picture: HtmlElement) -> bool:
    sizes = [picture.get(name, "").strip().removesuffix("px") for name in ("width", "height")]
    return all(size.isdecimal() and int(size) <= UNSEEN for size in sizes)


def _hosts(pictures: list[HtmlElement]) -> str:
    hosts = sorted({urlsplit(picture.get("src", "")).hostname or "an unknown host" for picture in pictures})
    return ", ".join(hosts[:NAMED]) + (f" and {len(hosts) - NAMED} more" if len(hosts) > NAMED else "")


def _finding(message: str) -> Finding:
    return Finding(RULE, Severity.WARN, message, SOURCE, "html")
