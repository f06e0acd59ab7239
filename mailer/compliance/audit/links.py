"""The opt-out link in the body is the header's, unwrapped; and nobody counts who opened the message.

RFC 8058 §3.2 and DESIGN §3 “Transports”: click-wrapping of the opt-out link is never used, since a tracker's host
decides then whether an opt-out works, and for how long (DUTIES D50, D81).
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from mailer.compliance.audit.received import Received
from mailer.compliance.findings import Finding, Severity

RULE = "opt_out_wrapped"
SOURCE = "15 U.S.C. 7704(a)(3)(A); RFC 8058 §3"
OPTING_OUT = re.compile(r"unsubscribe|opt[ -]?out", re.IGNORECASE)
ADDRESS = re.compile(r"https?://[^\s<>\"]+")


def check(received: Received) -> Iterator[Finding]:
    link = received.message.opt_out
    anchors = [each for each in received.message.tree.iter("a") if OPTING_OUT.search(each.text_content())]
    yield from _each("HTML", link, [each.get("href", "").strip() for each in anchors])
    yield from _each("plain text", link, _after_notice(received.message.text))
    if any(_is_pixel(image) for image in received.message.tree.iter("img")):
        yield Finding(
            "tracking_pixel",
            Severity.WARN,
            "Somebody added an invisible picture that counts who opens the message. Switch open tracking off there.",
            "ePrivacy Directive 5(3); DUTIES D113",
            "html",
        )


def _each(part: str, link: str, found: list[str]) -> Iterator[Finding]:
    for other in found:
        if other == link:
            continue
        host = _host(other)
        if host == _host(link):
            yield _finding(f"The opt-out link in the {part} is not the one in the header.")
        else:
            yield _finding(
                f"The opt-out link in the {part} leads to {host or 'no host'}, not to the header’s: click tracking "
                "or somebody’s own unsubscribe page took its place. Switch that off at the ESP."
            )


def _after_notice(text: str) -> list[str]:
    """The links on the lines that follow each sentence on unsubscribing, up to a blank line."""
    found = []
    for block in re.split(r"\n[ \t]*\n", text):
        lines = block.splitlines()
        for index, line in enumerate(lines):
            if line.strip().lower().startswith("unsubscribe from all email"):
                found += ADDRESS.findall("\n".join(lines[index:]))
    return found


def _host(link: str) -> str:
    try:
        return urlsplit(link).netloc.lower()
    except ValueError:
        return ""


def _is_pixel(image: HtmlElement) -> bool:
    """1 × 1 outside of the author's part: authors' own spacers stand inside of it."""
    parent = image.getparent()
    in_frame = parent is not None and parent.tag in {"body", "html"}
    tiny = all(image.get(side, "").removesuffix("px") in {"0", "1"} for side in ("width", "height"))
    return in_frame and tiny


def _finding(message: str) -> Finding:
    return Finding(RULE, Severity.BLOCK, message, SOURCE)
