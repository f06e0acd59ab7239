"""The opt-out link in the body is the header's, unwrapped; and nobody counts who opened the message.

RFC 8058 §3.2 and DESIGN §3 “Transports”: click-wrapping of the opt-out link is never used, since a tracker's host
decides then whether an opt-out works, and for how long (DUTIES D50, D81).
"""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

from lxml import etree
from lxml.html import HtmlElement, tostring

from mailer.compliance.audit.received import Received, ReceivedMessage
from mailer.compliance.findings import Finding, Severity
from mailer.tokens import preferences_link

WRAPPED, FOREIGN, PIXEL = "opt_out_wrapped", "opt_out_foreign", "tracking_pixel"
SOURCE = "15 U.S.C. 7704(a)(3)(A); RFC 8058 §3"
OPTING_OUT = re.compile(r"unsubscribe|opt[ -]?out", re.IGNORECASE)
OURS = "unsubscribe from all email"
CHOOSING = "choose which lists"
ADDRESS = re.compile(r"https?://[^\s<>\"]+")
TINY = re.compile(r"(?:^|;)\s*(?:max-)?(?:width|height)\s*:\s*[01](?:px)?\s*(?:;|$)")

Repair = Callable[[], object]


def check(received: Received) -> tuple[list[Finding], ReceivedMessage]:
    """What is wrong with links and pictures, and the message with just that put right, for the other rules."""
    message = received.message
    tree = deepcopy(message.tree)
    found = [*_anchors(message, tree), *_foreign(message, tree), *_pixels(tree)]
    for _, repair in found:
        repair()
    findings, text = [finding for finding, _ in found], message.text
    for kind, other, right in _after_notices(message):
        findings.append(_wrapped("plain text", kind, other, right))
        text = text.replace(other, right)
    html = tostring(tree, encoding="unicode", doctype="<!DOCTYPE html>") if found else message.html
    return findings, message if not findings else replace(message, text=text, html=html)


# -- our own links, changed -----------------------------------------------------------------------------


def _anchors(message: ReceivedMessage, tree: HtmlElement) -> Iterator[tuple[Finding, Repair]]:
    for anchor in tree.iter("a"):
        kind, right = _wanted(message, str(anchor.text_content()))
        other = anchor.get("href", "").strip()
        if right and other and other != right:  # without an address it is no link, which another rule says
            yield _wrapped("HTML", kind, other, right), partial(anchor.set, "href", right)


def _wanted(message: ReceivedMessage, words: str) -> tuple[str, str]:
    """Which of our links has these words, and where it must lead; nothing for anybody else's."""
    shown = " ".join(words.split()).lower()
    if shown.startswith(OURS):
        return "The opt-out link", message.opt_out
    return (
        ("The link to choose lists", preferences_link(message.opt_out))
        if shown.startswith(CHOOSING)
        else ("", "")
    )


def _after_notices(message: ReceivedMessage) -> Iterator[tuple[str, str, str]]:
    """The links that follow each of our sentences in the text and are not the right ones, up to a blank line."""
    for block in re.split(r"\n[ \t]*\n", message.text):
        lines = block.splitlines()
        for index, line in enumerate(lines):
            kind, right = _wanted(message, line)
            for other in ADDRESS.findall("\n".join(lines[index:])) if right else ():
                if other != right:
                    yield kind, other, right


def _wrapped(part: str, kind: str, other: str, right: str) -> Finding:
    host = _host(other)
    if host == _host(right):
        words = f"{kind} in the {part} is not the one in the header."
    else:
        words = (
            f"{kind} in the {part} leads to {host or 'no host'}, not to the header’s: click tracking or somebody’s own "
            "unsubscribe page took its place. Switch that off at the ESP."
        )
    return Finding(WRAPPED, Severity.BLOCK, words, SOURCE)


# -- what others put beside our frame ----------------------------------------------------------------------


def _foreign(message: ReceivedMessage, tree: HtmlElement) -> Iterator[tuple[Finding, Repair]]:
    for box in _outside(tree):
        for anchor in list(box.iter("a")):
            if (
                OPTING_OUT.search(str(anchor.text_content()))
                and not _wanted(message, anchor.text_content())[1]
            ):
                host = _host(anchor.get("href", "")) or "no host"
                words = (
                    f"Somebody added an unsubscribe link of their own, to {host}: whoever takes it is not opted out "
                    "here. Switch that off at the ESP."
                )
                yield Finding(FOREIGN, Severity.BLOCK, words, SOURCE, "html"), partial(_drop, anchor)


def _outside(tree: HtmlElement) -> list[HtmlElement]:
    """What stands before the label and after the footer, where those are where they belong."""
    boxes = [box for box in (tree.body if tree.body is not None else ()) if isinstance(box.tag, str)]
    roles = [box.get("role") for box in boxes]
    if roles.count("note") != 1 or roles.count("contentinfo") != 1:
        return []
    return boxes[: roles.index("note")] + boxes[roles.index("contentinfo") + 1 :]


def _pixels(tree: HtmlElement) -> Iterator[tuple[Finding, Repair]]:
    outside = {image for box in _outside(tree) for image in box.iter("img")}
    body = tree.body if tree.body is not None else ()
    for image in outside | {box for box in body if box.tag == "img"}:
        sides = [image.get(side, "").strip().removesuffix("px") for side in ("width", "height")]
        if all(side in {"0", "1"} for side in sides) or TINY.search(image.get("style", "")):
            words = (
                "Somebody added an invisible picture that counts who opens the message. Switch open tracking off "
                "there."
            )
            finding = Finding(PIXEL, Severity.WARN, words, "ePrivacy Directive 5(3); DUTIES D113", "html")
            yield finding, partial(_drop, image)


def _drop(element: HtmlElement) -> None:
    """The element is gone, and boxes that held nothing else with it."""
    parent = element.getparent()
    if parent is None:
        return
    element.drop_tree()
    is_empty = not len(parent) and not (parent.text or "").strip(" \t\r\n|·–-")
    if is_empty and isinstance(parent, etree.ElementBase) and parent.tag not in {"body", "html"}:
        _drop(parent)


def _host(link: str) -> str:
    try:
        return urlsplit(link).netloc.lower()
    except ValueError:
        return ""
