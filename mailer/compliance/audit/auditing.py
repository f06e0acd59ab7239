"""The audit itself."""

from collections.abc import Iterator

from mailer.compliance.audit import fields, links, markup, signatures, structure, unsubscribe
from mailer.compliance.audit.received import Received, read
from mailer.compliance.findings import Finding, Severity
from mailer.compliance.finished import UnreadableMessage
from mailer.compliance.postal.reading import judge_lines
from mailer.compliance.rules import (
    address_shown,
    blank_space,
    body,
    fake_reply,
    footer_last,
    hidden_text,
    label_first,
    line_characters,
    opt_out_link,
    postal_address,
    size,
    subject_length,
    unresolved_fields,
)
from mailer.rendering import SenderFacts

# What the gate asks of finished bytes and what can be asked of received ones without the compiled message.
RULES = (
    subject_length.check,
    line_characters.check,
    fake_reply.check,
    label_first.check,
    footer_last.check,
    address_shown.check,
    opt_out_link.check,
    hidden_text.check,
    blank_space.check,
    unresolved_fields.check,
    body.check,
    size.check,
)


def audit(raw: bytes, sender: SenderFacts | None = None) -> list[Finding]:
    """What of promise 1 does not hold on these bytes; empty if all does.

    With a `sender` its names, addresses and address lines must be there; without one, what the message itself
    claims must agree with itself, and its postal address must be able to be one. Signatures are held against
    the body but not against the signer's key, which needs DNS.
    """
    try:
        received = read(raw, sender)
    except UnreadableMessage as unreadable:
        return [Finding("readable", Severity.BLOCK, str(unreadable), "RFC 5322; RFC 2045")]
    return list(dict.fromkeys(_findings(received, sender)))


def is_signed(raw: bytes) -> bool:
    """Whether the message has a DKIM signature, whoever made it."""
    return signatures.is_signed(raw)


def _findings(received: Received, sender: SenderFacts | None) -> Iterator[Finding]:
    yield from structure.check(received)
    yield from fields.check(received, sender)
    yield from unsubscribe.check(received)
    yield from links.check(received)
    yield from signatures.check(received)
    yield from markup.check(received)
    for rule in RULES:
        yield from rule(received.message)
    if sender is None:
        yield from _address(received)


def _address(received: Received) -> Iterator[Finding]:
    lines = received.message.skeleton.sender.address_lines
    problems = judge_lines(lines).problems if lines else ()
    for problem in problems:
        yield Finding(
            postal_address.RULE, Severity.BLOCK, problem.message, postal_address.SOURCE, problem.where
        )
