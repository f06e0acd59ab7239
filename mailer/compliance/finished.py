"""A message as bytes, read back the way a receiver reads it: what the rules judge."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from functools import cached_property

from lxml.html import HtmlElement

from mailer.compliance.visible import Run, Sight, see
from mailer.rendering import SAMPLE_RECIPIENT, Recipient, Skeleton, Unfillable, fill

NAMELESS = replace(SAMPLE_RECIPIENT, first_name="", last_name="")
# What a hostile sign-up form could hand us as a name; it must change nothing but the place it stands in.
HOSTILE = replace(
    SAMPLE_RECIPIENT,
    first_name="\r\nBcc: x@example.org\r\n\r\n\"'><!--<style>*{display:none}\u202e{{ email }}",
    last_name="\u2028=?utf-8?q?=0D=0ABcc:_x=40example.org?= \"' onload=x =0D=0A.\0",
)
KINDS = ["multipart/alternative", "text/plain", "text/html"]
SAMPLES = (SAMPLE_RECIPIENT, NAMELESS, HOSTILE)
SAMPLE_DATE = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OPENING = re.compile(rb"\A.*?\r\n\r\n", re.DOTALL)


class UnreadableMessage(ValueError):
    """These bytes aren't a message that a receiver could read, in words for an operator."""


@dataclass(frozen=True)
class FinishedMessage:
    """One filled message. Both of Python's readings are kept: the modern one decodes, the old one counts."""

    raw: bytes
    skeleton: Skeleton
    recipient: Recipient
    parsed: EmailMessage
    plain: Message
    text: str
    html: str

    @cached_property
    def header(self) -> bytes:
        found = OPENING.match(self.raw)
        return found[0] if found else self.raw

    @cached_property
    def sight(self) -> Sight:
        return see(self.html)

    @cached_property
    def tree(self) -> HtmlElement:
        return self.sight.tree

    @cached_property
    def runs(self) -> list[Run]:
        return self.sight.runs

    @cached_property
    def visible_text(self) -> str:
        """All that shows of the HTML part, in single spaces."""
        return " ".join(" ".join(run.text for run in self.runs if not run.hidden).split())

    @cached_property
    def subject(self) -> str:
        return str(self.parsed["Subject"] or "")

    @cached_property
    def preheader(self) -> str:
        if not self.skeleton.preheader or self.tree.body is None or not len(self.tree.body):
            return ""
        return str(self.tree.body[0].text_content())

    @cached_property
    def opt_out(self) -> str:
        """The link of the header, without its angle brackets; empty if there is none."""
        values = self.plain.get_all("List-Unsubscribe", [])
        return (
            values[0].partition(",")[0].strip().removeprefix("<").removesuffix(">")
            if len(values) == 1
            else ""
        )

    def lines(self) -> Iterator[tuple[str, str]]:
        """What readers see before they open the message, each by the name of its field."""
        yield "subject", self.subject
        if self.preheader:
            yield "preheader", self.preheader


def finished_messages(skeleton: Skeleton) -> list[FinishedMessage]:
    """A sample with names, one without, one with hostile names; one only, if it names nobody.

    Raises UnreadableMessage.
    """
    try:
        filled = {
            fill(skeleton, recipient, at=SAMPLE_DATE).data: recipient for recipient in reversed(SAMPLES)
        }
    except (Unfillable, ValueError, KeyError) as wrong:
        raise UnreadableMessage(f"The compiled message can’t be filled: {wrong}") from wrong
    return [_finished(skeleton, recipient, raw) for raw, recipient in reversed(filled.items())]


def _finished(skeleton: Skeleton, recipient: Recipient, raw: bytes) -> FinishedMessage:
    parsed = message_from_bytes(raw, policy=policy.default)
    parts = list(parsed.iter_parts())
    kinds = [parsed.get_content_type(), *(part.get_content_type() for part in parts)]
    if kinds != KINDS or parsed.defects or any(part.defects for part in parts):
        raise UnreadableMessage("The finished message does not read back as text and HTML. Make it anew.")
    try:
        text, html = (part.get_content() for part in parts)
    except (ValueError, LookupError) as wrong:
        raise UnreadableMessage(f"A part of the finished message can’t be decoded: {wrong}") from wrong
    plain = message_from_bytes(raw, policy=policy.compat32)
    return FinishedMessage(raw, skeleton, recipient, parsed, plain, text, html)
